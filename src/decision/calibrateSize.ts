/** One size of a calibration: every candidate's workspace opened, held to the reference, and its parts timed. */
import type { Discretisation } from "../scheme/discretisation.ts";
import type { Precision, SweepReport, Workspace } from "../tiers/tier.ts";
import type { PlanCandidate } from "./candidates.ts";
import type { Clock } from "./clock.ts";
import { measure, type Excluded } from "./measure.ts";
import type { Sample } from "./fitModel.ts";
import type { Pilot } from "./pilot.ts";
import {
  contestantFor,
  longOnce,
  veryLongOnce,
  nothingSwept,
  once,
  parts,
  single,
  sampleOf,
  workspaceOptions,
  type Entrant,
  type Part,
  type PartTime,
} from "./sample.ts";

/** What one size of a calibration is measured for. */
export interface SizeOptions extends CalibrationOptions {
  readonly clock: Clock;
  /** True where certificates and Anderson steps are measured as well: they need no more than two sizes. */
  readonly whole: boolean;
}

export interface CalibrationOptions {
  /** Most milliseconds for everything. */
  readonly budgetMs: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Milliseconds that each candidate runs at a size before it is timed. Default: at the first size, a fiftieth of all. */
  readonly warmUpMs?: number;
  /** Candidates that the calibration is for; it ends when none of them is left. Default: all. */
  readonly wanted?: ReadonlySet<string>;
  /** Samples per timing. Default 5. */
  readonly samples?: number;
  /** Fewest points of the ladder and the factor between its sizes. */
  readonly fewest?: number;
  readonly factor?: number;
  /** A solve on a coarser grid, whose states the timed sweeps start from. Default: the problem's own data. */
  readonly pilot?: Pilot;
}

/** A candidate this many times slower than the best is not warmed up. */
const hopeless = 16;
/** Slower than the best by `behind` and long, or by `farBehind` and not short: timed once, or as it was checked. */
const behind = 3;
const farBehind = 8;

/** Milliseconds after which the reference's two sweeps are given up, and the size with them. */
const longestReference = 3000;

/** What a candidate's sweep may differ from the reference's, relative to the field's largest value. */
const bounds: Readonly<Record<Precision, number>> = { f64: 1e-9, compensated: 1e-5, f32: 2e-3 };
export interface SizeOutcome {
  readonly samples: ReadonlyMap<string, Sample>;
  readonly excluded: readonly Excluded[];
  readonly notes: readonly string[];
}

export async function measureSize(
  field: readonly PlanCandidate[],
  reference: PlanCandidate,
  d: Discretisation,
  options: SizeOptions,
): Promise<SizeOutcome> {
  const { clock } = options;
  const excluded: Excluded[] = [];
  const notes: string[] = [];
  const entrants: Entrant[] = [];
  const opened: Workspace[] = [];
  try {
    const patience = AbortSignal.timeout(longestReference);
    const signal = options.signal ? AbortSignal.any([options.signal, patience]) : patience;
    const truth = await reference.tier.workspace([d], { ...workspaceOptions(reference), signal });
    opened.push(truth);
    await truth.load(0, d.initialDensity);
    const wanted = await sweepsOf(truth).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      if (patience.aborted) return undefined;
      throw error;
    });
    const failure = wanted?.hjb.failure ?? wanted?.fokkerPlanck?.failure;
    if (!wanted || failure) {
      const what = failure ? "did not stay finite" : "took too long";
      return {
        samples: new Map(),
        excluded,
        notes: [`A sweep of the calibration at ${d.grid.shape.join("x")} ${what}.`],
      };
    }
    const value = await truth.read(0, "value");
    const density = await truth.read(0, "transported");

    for (const candidate of field) {
      try {
        const start = clock.now();
        const workspace = await candidate.tier.workspace([d], workspaceOptions(candidate));
        opened.push(workspace);
        const setup = clock.now() - start;
        await workspace.load(0, d.initialDensity);
        const begun = clock.now();
        const hjb = await workspace.hjb(0);
        const between = clock.now();
        const fokkerPlanck = await workspace.fokkerPlanck(0);
        const end = clock.now();
        const substeps = { hjb: hjb.substeps, fokkerPlanck: fokkerPlanck.substeps };
        const checked = { hjb: between - begun, fokkerPlanck: end - between };
        const reason =
          difference("value", await workspace.read(0, "value"), value, bounds[candidate.precision]) ??
          difference("density", await workspace.read(0, "transported"), density, bounds[candidate.precision]);
        if (reason !== undefined) {
          excluded.push({ name: candidate.name, kind: "wrong", reason });
          continue;
        }
        const workspaceBytes = candidate.tier.memoryNeed([d], workspaceOptions(candidate)).bytes;
        entrants.push({
          candidate,
          workspace,
          setup,
          workspaceBytes,
          substeps,
          checked,
          once: end - begun,
          firstExcess: 0,
          swept: nothingSwept(),
        });
      } catch (error) {
        options.signal?.throwIfAborted();
        excluded.push({ name: candidate.name, kind: "failed", reason: reasonOf(error) });
      }
    }
    // A candidate that fails is out with its reason, wherever it fails; the rest goes on.
    const failed = new Set<Entrant>();
    const attempt = async <Result>(entrant: Entrant, work: () => Promise<Result>): Promise<Result | undefined> => {
      try {
        return await work();
      } catch (error) {
        options.signal?.throwIfAborted();
        excluded.push({ name: entrant.candidate.name, kind: "failed", reason: reasonOf(error) });
        failed.add(entrant);
        return undefined;
      }
    };
    const { warmUpMs, whole } = options;
    if (warmUpMs !== undefined) {
      // Who needs seconds where others need milliseconds stays behind however warm it is.
      const cold = Math.min(...entrants.map((entrant) => entrant.once));
      for (const entrant of entrants)
        if (entrant.once <= Math.max(hopeless * cold, veryLongOnce))
          await attempt(entrant, () => warmUp(entrant, d, clock, warmUpMs));
    }
    const best = Math.min(...entrants.map((entrant) => entrant.once));
    const slow = new Set(
      entrants.filter(
        (entrant) =>
          entrant.once > Math.max(farBehind * best, longOnce) || entrant.once > Math.max(behind * best, veryLongOnce),
      ),
    );
    const times = new Map<string, Map<Part, PartTime>>(entrants.map(({ candidate }) => [candidate.name, new Map()]));
    for (const part of parts) {
      if (part === "certify" && !whole) continue;
      const share = options.budgetMs * (part === "hjb" || part === "fokkerPlanck" ? 0.3 : 0.1);
      for (const entrant of slow) {
        if (failed.has(entrant) || part === "certify") continue;
        const time = await attempt(
          entrant,
          async () =>
            checkedTime(entrant, part, warmUpMs === undefined) ?? once(contestantFor(entrant, part, d, clock), clock),
        );
        if (time) times.get(entrant.candidate.name)?.set(part, time);
      }
      const contestants = entrants
        .filter((entrant) => !slow.has(entrant) && !failed.has(entrant) && times.has(entrant.candidate.name))
        .map((entrant) => contestantFor(entrant, part, d, clock));
      const { timings, excluded: out } = await measure(contestants, {
        clock,
        samples: options.samples ?? 5,
        dropAt: behind,
        budgetMs: share,
        ...(options.signal && { signal: options.signal }),
      });
      for (const timing of timings) times.get(timing.name)?.set(part, timing);
      for (const gone of out) {
        excluded.push(gone);
        times.delete(gone.name);
      }
    }
    const samples = new Map<string, Sample>();
    for (const entrant of entrants) {
      const own = times.get(entrant.candidate.name);
      if (!own || failed.has(entrant)) continue;
      const sample = await attempt(entrant, () => sampleOf(entrant, own, d, clock, whole && !slow.has(entrant)));
      if (sample) samples.set(entrant.candidate.name, sample);
    }
    return { samples, excluded, notes };
  } finally {
    for (const workspace of opened) await workspace[Symbol.asyncDispose]();
  }
}

/** Both sweeps, the second one where the first came through. */
async function sweepsOf(workspace: Workspace): Promise<{ hjb: SweepReport; fokkerPlanck: SweepReport | undefined }> {
  const hjb = await workspace.hjb(0);
  return { hjb, fokkerPlanck: hjb.failure ? undefined : await workspace.fokkerPlanck(0) };
}

/** The sweep that was held to the reference, where it was no first one and nobody has to know what of it was moving data. */
function checkedTime({ checked, workspace }: Entrant, part: Part, warm: boolean): PartTime | undefined {
  if (!warm || workspace.phases || (part !== "hjb" && part !== "fokkerPlanck")) return undefined;
  return single(checked[part]);
}

/** Sweeps for so long that the engine has compiled what it will compile; what the first ones cost more is kept. */
async function warmUp(entrant: Entrant, d: Discretisation, clock: Clock, limitMs: number): Promise<void> {
  const { workspace } = entrant;
  const begun = clock.now();
  let rounds = 0;
  let last = begun;
  let fastest = Infinity;
  while (last - begun < limitMs) {
    await workspace.load(0, d.initialDensity);
    await workspace.hjb(0);
    await workspace.fokkerPlanck(0);
    const now = clock.now();
    fastest = Math.min(fastest, now - last);
    last = now;
    rounds++;
  }
  // All of the warm-up that steady sweeps would not have taken.
  entrant.firstExcess = Math.max(0, last - begun - rounds * fastest);
  entrant.once = fastest;
}
/** How a field differs from the reference's, where it does by more than `bound` of its largest value. */
function difference(name: string, got: Float64Array, wanted: Float64Array, bound: number): string | undefined {
  let worst = 0;
  let scale = 0;
  for (const [i, x] of wanted.entries()) {
    const off = Math.abs((got[i] ?? Number.NaN) - x);
    if (!(off <= worst)) worst = off;
    scale = Math.max(scale, Math.abs(x));
  }
  if (worst <= bound * scale) return undefined;
  return `its ${name} differs from the reference by ${(worst / scale).toExponential(1)} (bound ${bound.toExponential(0)})`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
