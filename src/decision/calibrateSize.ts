/** One size of a calibration: every candidate's workspace opened, held to the reference, and its parts timed. */
import type { Discretisation } from "../scheme/discretisation.ts";
import type { Precision, Workspace } from "../tiers/tier.ts";
import type { PlanCandidate } from "./candidates.ts";
import type { Clock } from "./clock.ts";
import { measure, type Contestant, type Excluded, type Timing } from "./measure.ts";
import type { Sample } from "./model.ts";
import { mean, quantile } from "./statistics.ts";
import { ratesOfData, workOf } from "./work.ts";

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
}

/** A candidate this many times slower than the best is measured at one size and left at that. */
export const hopeless = 8;

/** What a candidate's sweep may differ from the reference's, relative to the field's largest value. */
const bounds: Readonly<Record<Precision, number>> = { f64: 1e-9, compensated: 1e-5, f32: 2e-3 };

interface Entrant {
  readonly candidate: PlanCandidate;
  readonly workspace: Workspace;
  readonly setup: number;
  readonly workspaceBytes: number;
  substeps: { hjb: number; fokkerPlanck: number };
  firstExcess: number;
  column: number | undefined;
}

export interface SizeOutcome {
  readonly samples: ReadonlyMap<string, Sample>;
  readonly excluded: readonly Excluded[];
  readonly notes: readonly string[];
}

export async function measureSize(
  field: readonly PlanCandidate[],
  reference: PlanCandidate,
  d: Discretisation,
  options: CalibrationOptions & { readonly clock: Clock },
): Promise<SizeOutcome> {
  const { clock } = options;
  const excluded: Excluded[] = [];
  const notes: string[] = [];
  const entrants: Entrant[] = [];
  const opened: Workspace[] = [];
  try {
    const truth = await reference.tier.workspace([d], workspaceOptions(reference));
    opened.push(truth);
    await truth.load(0, d.initialDensity);
    const wanted = { hjb: await truth.hjb(0), fokkerPlanck: await truth.fokkerPlanck(0) };
    if (wanted.hjb.failure ?? wanted.fokkerPlanck.failure) {
      return { samples: new Map(), excluded, notes: ["the short sweep of the calibration did not stay finite"] };
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
        const substeps = {
          hjb: (await workspace.hjb(0)).substeps,
          fokkerPlanck: (await workspace.fokkerPlanck(0)).substeps,
        };
        const reason =
          difference("value", await workspace.read(0, "value"), value, bounds[candidate.precision]) ??
          difference("density", await workspace.read(0, "transported"), density, bounds[candidate.precision]);
        if (reason !== undefined) {
          excluded.push({ name: candidate.name, kind: "wrong", reason });
          continue;
        }
        const workspaceBytes = candidate.tier.memoryNeed([d], workspaceOptions(candidate)).bytes;
        entrants.push({ candidate, workspace, setup, workspaceBytes, substeps, firstExcess: 0, column: undefined });
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
    const { warmUpMs } = options;
    if (warmUpMs !== undefined) {
      for (const entrant of entrants) await attempt(entrant, () => warmUp(entrant, d, clock, warmUpMs));
    }
    const running = entrants.filter((entrant) => !failed.has(entrant));
    const times = new Map<string, Map<Part, Timing>>(running.map(({ candidate }) => [candidate.name, new Map()]));
    for (const part of parts) {
      const share = options.budgetMs * (part === "hjb" || part === "fokkerPlanck" ? 0.3 : 0.1);
      const contestants = running
        .filter(({ candidate }) => times.has(candidate.name))
        .map((entrant) => contestantFor(entrant, part, d));
      const { timings, excluded: out } = await measure(contestants, {
        clock,
        samples: options.samples ?? 5,
        dropAt: hopeless,
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
    for (const entrant of running) {
      const own = times.get(entrant.candidate.name);
      const sample = own && (await attempt(entrant, () => sampleOf(entrant, own, d, clock)));
      if (sample) samples.set(entrant.candidate.name, sample);
    }
    return { samples, excluded, notes };
  } finally {
    for (const workspace of opened) await workspace[Symbol.asyncDispose]();
  }
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
}

type Part = "load" | "hjb" | "fokkerPlanck" | "certify" | "relax" | "read";
/** In this order, so that relaxation does not change what the sweeps are timed on. */
const parts: readonly Part[] = ["load", "hjb", "fokkerPlanck", "certify", "relax", "read"];

function contestantFor({ candidate, workspace }: Entrant, part: Part, d: Discretisation): Contestant {
  const finite = (failure: unknown): void => {
    if (failure !== undefined) throw new Error("the sweep met a number that is not finite");
  };
  const work: Readonly<Record<Part, () => Promise<unknown>>> = {
    load: () => workspace.load(0, d.initialDensity),
    hjb: async () => finite((await workspace.hjb(0)).failure),
    fokkerPlanck: async () => finite((await workspace.fokkerPlanck(0)).failure),
    certify: () => workspace.certify(0),
    relax: () => workspace.relax(0, { kind: "blend", theta: 0.1 }, { kind: "blend", theta: 0.1 }),
    read: () => workspace.read(0, "value"),
  };
  return { name: candidate.name, run: work[part] };
}

const andersonRounds = 4;

/** What other processes add to a sample they never take away: below the median there is less of it. */
const lowerQuartile = ({ samples }: Timing): number => quantile(samples, 0.25);

/** What was measured as one sample; undefined where a part is missing. */
async function sampleOf(
  entrant: Entrant,
  times: ReadonlyMap<Part, Timing>,
  d: Discretisation,
  clock: Clock,
): Promise<Sample | undefined> {
  const { workspace, setup, workspaceBytes, substeps } = entrant;
  const [load, hjb, fokkerPlanck, certify, relax, read] = parts.map((part) => times.get(part));
  if (!load || !hjb || !fokkerPlanck || !certify || !relax || !read) return undefined;
  const numbers = (d.steps + 1) * d.grid.points;
  let column: number | undefined;
  if (d.grid.points < 5000) {
    // A few real iterations, so that the Anderson step has columns to work with.
    for (let k = 1; k <= andersonRounds; k++) {
      await workspace.hjb(0);
      await workspace.fokkerPlanck(0);
      const start = clock.now();
      const done = await workspace.relax(0, { kind: "anderson", beta: 0.1 }, { kind: "blend", theta: 0.5 });
      const time = clock.now() - start;
      if (done.depth > 0) column = Math.max(0, time - relax.median) / (done.depth * numbers);
    }
  }
  const rates = ratesOfData(d);
  const beside = workspace.concurrent === true ? await timeBeside(entrant, d, clock, lowerQuartile(hjb)) : undefined;
  return {
    beside,
    points: d.grid.points,
    workspaceBytes,
    numbers,
    setup,
    load: lowerQuartile(load),
    read: lowerQuartile(read),
    hjb: lowerQuartile(hjb),
    fokkerPlanck: lowerQuartile(fokkerPlanck),
    relax: lowerQuartile(relax),
    certify: lowerQuartile(certify),
    column,
    work: workOf(d, rates, substeps),
    firstExcess:
      entrant.firstExcess + [certify, relax].reduce((sum, part) => sum + Math.max(0, part.first - part.median), 0),
    noise: mean([hjb.error, fokkerPlanck.error]),
  };
}

const besideRounds = 5;

/** Two members' backward sweeps beside each other, over two sweeps in turn: the middle of a few. */
async function timeBeside({ candidate }: Entrant, d: Discretisation, clock: Clock, single: number): Promise<number> {
  await using pair = await candidate.tier.workspace([d, d], workspaceOptions(candidate));
  for (const member of [0, 1]) await pair.load(member, d.initialDensity);
  const times: number[] = [];
  for (let k = 0; k < besideRounds; k++) {
    const begun = clock.now();
    await Promise.all([pair.hjb(0), pair.hjb(1)]);
    times.push(clock.now() - begun);
  }
  return Math.min(1.2, quantile(times, 0.25) / (2 * single));
}

export function workspaceOptions(candidate: PlanCandidate): Parameters<PlanCandidate["tier"]["workspace"]>[1] {
  return {
    ...candidate.place,
    precision: candidate.precision,
    residency: candidate.residency,
    andersonDepth: andersonRounds,
    keepTransported: true,
  };
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
