/** The public solve: a named tier is taken as it is; `auto` is planned, watched and, where a tier fails, moved on. */
import { MfgError } from "../errors.ts";
import { Journal } from "../solver/journal.ts";
import type { BatchOptions, PlanRecord, SolveResult } from "../solver/options.ts";
import { solveBatch as solveOnNamedTier, solveOnTier } from "../solver/solve.ts";
import { solveInTwoParts } from "../solver/twoParts.ts";
import type { Tier, TierName } from "../tiers/tier.ts";
import type { PlanCandidate } from "./candidates.ts";
import { machineOf } from "./fingerprint.ts";
import type { PlanMode } from "./plan.ts";
import { planSolve, processWisdom, type Planned } from "./planner.ts";
import { problemHash } from "./task.ts";
import { iterationsDone, predictParts, type Ranked } from "./twoParts.ts";
import type { Wisdom } from "./wisdom.ts";
import type { WisdomEntry } from "./wisdomEntries.ts";
import { workOf } from "./work.ts";

/** What a solve may be told about its choice of a tier. */
export interface AutoOptions extends BatchOptions {
  /** Default: nothing is measured for a short solve, what is not known yet for a long one. */
  readonly planMode?: PlanMode;
  /** Most milliseconds of measuring. Default: a twentieth of the predicted time, 10 s at most. */
  readonly planLimitMs?: number;
  /** Default: what this process has learned; `Wisdom.open(path)` for a file. */
  readonly wisdom?: Wisdom;
  /** Called with the plan before anything is solved. */
  readonly onChoice?: (planned: Planned) => void;
  /** Called where a tier failed and the run moves on. */
  readonly onFailure?: (failure: PlanRecord["failures"][number]) => void;
  /** Tiers to choose from. Default: all of this version. */
  readonly tiers?: readonly Tier[];
}

/** Seconds of a solve on the processor below which no graphics adapter is looked for: that alone takes about as long. */
const worthAdapter = 1;
/** Seconds of a solve from which on measuring may pay, and the share of them that it may take. */
const worthMeasuring = 10;
const measuringShare = 0.05;

/**
 * Computes the equilibrium of a mean field game.
 *
 * @param problem a `Problem`, or its JSON form
 * @param options see `SolveOptions`; everything has a default. Without a tier the planner chooses one: the record's `plan`
 *   says which, why, at which predicted time, and what happened where a tier failed.
 * @returns value and density histories, (steps + 1) x grid in C order, the stored times, coordinates and the record. A run
 *   that does not converge is a result with its `stopReason`, never an exception.
 * @throws MFGPU_PROBLEM_*, MFGPU_CONFIG_*, MFGPU_MEMORY_BUDGET, MFGPU_TIER_*; a tier that was named never gives way
 *
 * @example
 * const { record, value, density } = await solve(loadCatalogueProblem("two-crowds-1d"), { grid: 100, steps: 50 });
 * console.log(record.stopReason, record.residual, record.plan?.why);
 */
export async function solve(problem: unknown, options: AutoOptions = {}): Promise<SolveResult> {
  const [result] = await solveBatch([problem], options);
  if (!result) throw new Error("a batch of one gave no result");
  return result;
}

/**
 * Computes several equilibria on one grid in one workspace; each member has its own iteration and stop.
 *
 * @param problems problems of one dimension
 */
export async function solveBatch(problems: readonly unknown[], options: AutoOptions = {}): Promise<SolveResult[]> {
  if (options.tier !== undefined && options.tier !== "auto") {
    return solveOnNamedTier(problems, options).catch((error: unknown) => {
      throw unwrapped(error);
    });
  }
  const planned = await planAuto(problems, options);
  options.onChoice?.(planned);
  return runPlan(problems, options, planned);
}

/** Plans so that planning stays a small share of the solve. */
async function planAuto(problems: readonly unknown[], options: AutoOptions): Promise<Planned> {
  const { wisdom = processWisdom, planMode, planLimitMs } = options;
  const shared = { wisdom, warm: (name: string) => ran.has(name), ...(options.tiers && { tiers: options.tiers }) };
  if (planMode !== undefined) {
    const limit = planLimitMs === undefined ? {} : { timeLimitMs: planLimitMs };
    return planSolve(problems, options, { ...shared, mode: planMode, ...limit });
  }
  const skip = (name: TierName): string | undefined =>
    options.adapter === undefined && (name === "gpujs" || name === "webgpu")
      ? "The solve is too short to look for a graphics adapter."
      : undefined;
  const first = await planSolve(problems, options, { ...shared, mode: "estimate", skip });
  const seconds = first.ranked[0]?.predicted.seconds ?? Infinity;
  if (seconds < worthAdapter) return first;
  const second = await planSolve(problems, options, { ...shared, mode: "estimate", pilot: true });
  const best = second.ranked[0];
  const expected = best?.predicted.seconds ?? 0;
  const unknown = second.plan.candidates.some(({ source }) => source === "shipped" || source === "derived");
  if (expected < worthMeasuring || !unknown) return second;
  const timeLimitMs = planLimitMs ?? Math.min(10_000, 1000 * measuringShare * expected);
  return planSolve(problems, options, { ...shared, mode: "measure", timeLimitMs });
}

/** Candidates that this process has run: they pay for no more compilation. */
const ran = new Set<string>();

/** Solves on the planned candidates, one after the other until one of them comes through. */
async function runPlan(problems: readonly unknown[], options: AutoOptions, planned: Planned): Promise<SolveResult[]> {
  const { ranked, plan } = planned;
  const [first] = ranked;
  if (!first) throw noCandidate(planned);
  const begun = performance.now();
  const journal = new Journal(problems.length);
  const failures: PlanRecord["failures"][number][] = [];
  let last: unknown;
  for (const one of ranked) {
    try {
      const results = await attempt(one.candidate, problems, options, journal);
      const actual = (performance.now() - begun) / 1000;
      const record: PlanRecord = {
        chosen: first.candidate.name,
        why: plan.why,
        mode: plan.mode,
        predicted: { seconds: first.predicted.seconds, low: first.predicted.low, high: first.predicted.high },
        actual,
        planning: plan.seconds,
        candidates: plan.candidates.map(({ name, predicted, reason }) => ({
          name,
          seconds: predicted?.seconds ?? null,
          reason,
        })),
        notes: plan.notes,
        failures,
      };
      if (failures.length === 0) await learn(one, planned, results, actual, options);
      ran.add(one.candidate.name);
      return results.map((result, i) => withPlan(result, record, journal, i));
    } catch (thrown) {
      const error = unwrapped(thrown);
      options.signal?.throwIfAborted();
      if (!movesOn(error)) throw error;
      last = error;
      const failure = {
        candidate: one.candidate.name,
        code: error instanceof MfgError ? error.code : "MFGPU_UNEXPECTED",
        message: error instanceof Error ? error.message : String(error),
        iterations: Math.max(...problems.map((_, i) => journal.reports(i).length)),
        resumedAfter: Math.min(...problems.map((_, i) => journal.startedAfter(i))),
      };
      failures.push(failure);
      options.onFailure?.(failure);
    }
  }
  throw last;
}

async function attempt(
  candidate: PlanCandidate,
  problems: readonly unknown[],
  options: AutoOptions,
  journal: Journal,
): Promise<SolveResult[]> {
  const { tier, variant, residency, precision, place, text, parts } = candidate;
  const done = Math.max(...problems.map((_, i) => journal.reports(i).length));
  const own: BatchOptions = {
    ...options,
    ...place,
    tier: text,
    precision,
    maxIterations: Math.max(1, (options.maxIterations ?? 200) - done),
    onIteration: (report, member) => {
      const whole = journal.note(member, report);
      options.onIteration?.(whole, member);
    },
  };
  const way = { variant, residency };
  if (!parts) return solveOnTier(tier, problems, own, way, journal);
  const [first, second] = parts;
  // The second part starts from the first one's result, not from what an earlier failure left.
  const solveOn: typeof solveOnTier = (on, some, rest, there) =>
    solveOnTier(on, some, rest, there, on === first.tier ? journal : undefined);
  return solveInTwoParts(solveOn, tier, problems, own, way, { precision, from: first.precision, on: second.text });
}

/** The result with its plan, and with the iterations of all tiers that it ran on. */
function withPlan(result: SolveResult, plan: PlanRecord, journal: Journal, member: number): SolveResult {
  const history = journal.reports(member);
  const total = plan.failures.length > 0 ? plan.actual : result.record.timings.total;
  const timings = { ...result.record.timings, total };
  return { ...result, record: { ...result.record, plan, history, iterations: history.length, timings } };
}

/** True for what another tier may not suffer from: a lost device, a failed allocation, a tier that cannot do this. */
function movesOn(error: unknown): boolean {
  if (error instanceof MfgError) return /^MFGPU_(DEVICE|TIER|MEMORY)_/.test(error.code);
  // What V8 throws where an array cannot be allocated.
  return error instanceof RangeError;
}

/** The error that came first, where disposing of the workspace failed as well. */
export function unwrapped(error: unknown): unknown {
  if (error instanceof Error && error.name === "SuppressedError") {
    return (error as Error & { readonly suppressed: unknown }).suppressed;
  }
  return error;
}

function noCandidate({ plan, refusal }: Planned): MfgError {
  if (refusal) return refusal;
  const reasons = plan.candidates.map(({ name, reason }) => `${name}: ${reason}`).join("\n  ");
  return new MfgError({
    code: "MFGPU_TIER_NO_CANDIDATE",
    message: `No candidate can solve this as asked.\n  ${reasons}`,
    fix: "Ask for another precision, tolerance or memory budget, or name a tier to see what it lacks.",
    path: "tier",
    value: "auto",
  });
}

/** Remembers the work that the problem took, and how the time compares with the model for that work. */
async function learn(
  { candidate, parts }: Ranked,
  planned: Planned,
  results: readonly SolveResult[],
  actual: number,
  options: AutoOptions,
): Promise<void> {
  const { d, rates, plan } = planned;
  const { wisdom = processWisdom } = options;
  const [first] = results;
  const software = candidate.found.state === "available" && candidate.found.software;
  if (!first || software || results.some(({ record }) => record.stopReason === "aborted")) return;
  const { iterations, substeps } = first.record;
  const done = results.map(({ record }) => iterationsDone(record));
  const taken = parts.map((part, i) => ({ ...part, iterations: Math.max(...done.map((counts) => counts[i] ?? 0)) }));
  const entries: WisdomEntry[] = [];
  const tolerance = options.tolerance ?? 1e-8;
  if (first.record.converged && results.length === 1 && options.warmStart === undefined) {
    const { hjb, fokkerPlanck } = substeps;
    entries.push({ kind: "work", problem: problemHash(d), tolerance, iterations, hjb, fokkerPlanck });
  }
  const cold = (): boolean => !ran.has(candidate.name);
  const expected = predictParts(taken, d, results.length, workOf(d, rates, substeps), cold).seconds;
  if (options.warmStart === undefined && expected > 0 && Number.isFinite(actual / expected)) {
    const machine = machineOf(candidate);
    const ratio = actual / expected;
    entries.push({
      kind: "outcome",
      candidate: candidate.name,
      mode: plan.kind,
      machine,
      points: d.grid.points,
      ratio,
    });
  }
  await wisdom.learn(entries);
}
