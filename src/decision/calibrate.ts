/** Measures real sweeps of real workspaces at several sizes: what the cost model is fitted to. */
import type { Problem } from "../problem/types.ts";
import { discretise } from "../scheme/discretise.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import type { SchemeOptions } from "../scheme/options.ts";
import type { Precision, Workspace } from "../tiers/tier.ts";
import type { PlanCandidate } from "./candidates.ts";
import { systemClock, type Clock } from "./clock.ts";
import { measure, type Contestant, type Excluded, type Timing } from "./measure.ts";
import type { Sample } from "./model.ts";
import { mean, median } from "./statistics.ts";
import { longestStep, ratesOfData, workOf } from "./work.ts";

/** What a candidate's sweep may differ from the reference's, relative to the field's largest value. */
const bounds: Readonly<Record<Precision, number>> = { f64: 1e-9, compensated: 1e-5, f32: 2e-3 };

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

export interface Calibration {
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly excluded: readonly Excluded[];
  readonly notes: readonly string[];
  readonly spent: number;
}

const fewestPoints: Readonly<Record<number, number>> = { 1: 48, 2: 196, 3: 729 };
/** A candidate this many times slower than the best is measured at one size and left at that. */
const hopeless = 8;
/** Relative error of a median above which a reader is told. */
const noiseTold = 0.1;
/** Longest sweep, in milliseconds, that a calibration runs. */
const longestSweep = 400;

/** Grids with the proportions of `shape`, from few points to its own, about `factor` apart in points. */
export function ladder(
  shape: readonly number[],
  factor: number = 3.5,
  fewest: number = fewestPoints[shape.length] ?? 100,
): number[][] {
  const points = shape.reduce((product, n) => product * n, 1);
  const rungs = Math.max(1, Math.ceil(Math.log(points / fewest) / Math.log(factor)));
  const sizes = Array.from({ length: rungs + 1 }, (_, k) => {
    const share = points <= fewest ? 1 : (fewest / points) ** (1 - k / rungs);
    return shape.map((n) => Math.max(7, Math.round(n * share ** (1 / shape.length))));
  });
  // Small grids may coincide once rounded.
  return sizes.filter((size, k) => k === 0 || size.join() !== sizes[k - 1]?.join());
}

/** The problem on a grid with a horizon so short that its few levels take a few sub-steps each. */
export function shortened(
  problem: Problem,
  shape: readonly number[],
  steps: number,
  scheme: SchemeOptions,
): Discretisation {
  const whole = discretise(problem, shape, 1, scheme);
  const horizon = Math.min(problem.horizon, 5 * steps * longestStep(whole, ratesOfData(whole)));
  return discretise({ ...problem, horizon }, shape, steps, scheme);
}

interface Entrant {
  readonly candidate: PlanCandidate;
  readonly workspace: Workspace;
  readonly setup: number;
  readonly workspaceBytes: number;
  substeps: { hjb: number; fokkerPlanck: number };
  firstExcess: number;
  column: number | undefined;
}

/**
 * Times the parts of a solve for every candidate, size by size. Each candidate is held to `reference` before it is timed;
 * one that is wrong or throws is left out from there on.
 *
 * @param reference f64 on the processor, always there
 */
export async function calibrate(
  candidates: readonly PlanCandidate[],
  reference: PlanCandidate,
  problem: Problem,
  shape: readonly number[],
  scheme: SchemeOptions,
  options: CalibrationOptions,
): Promise<Calibration> {
  const { clock = systemClock, budgetMs, signal } = options;
  const begun = clock.now();
  const left = (): number => budgetMs - (clock.now() - begun);
  const samples = new Map<string, Sample[]>();
  const excluded: Excluded[] = [];
  const notes: string[] = [];
  let field = [...candidates];
  const sizes = ladder(shape, options.factor, options.fewest);
  for (const [k, size] of sizes.entries()) {
    field = field.filter((candidate) => worthwhile(candidate, samples, size));
    if (!field.some(({ name }) => options.wanted?.has(name) ?? true)) break;
    if (k > 1 && left() <= 0) {
      notes.push(`The time limit ended the calibration at ${sizes[k - 1]?.join("x")}.`);
      break;
    }
    const d = shortened(problem, size, k % 2 === 0 ? 3 : 6, scheme);
    const share = left() / (sizes.length - k);
    const outcome = await measureSize(field, reference, d, {
      ...options,
      clock,
      budgetMs: share,
      ...(k === 0 ? { warmUpMs: options.warmUpMs ?? Math.min(200, budgetMs / 50) } : {}),
      ...(signal && { signal }),
    });
    for (const [name, sample] of outcome.samples) samples.set(name, [...(samples.get(name) ?? []), sample]);
    excluded.push(...outcome.excluded);
    for (const note of outcome.notes) notes.push(note);
    const out = new Set(outcome.excluded.map(({ name }) => name));
    for (const name of out) samples.delete(name);
    field = field.filter(({ name }) => !out.has(name));
  }
  const noisy = [...samples].flatMap(([name, all]) =>
    median(all.map(({ noise }) => noise)) > noiseTold ? [name] : [],
  );
  if (noisy.length > 0) notes.push(`The machine was busy: the timings of ${noisy.join(", ")} are noisy.`);
  return { samples, excluded, notes: [...new Set(notes)], spent: clock.now() - begun };
}

function worthwhile(
  candidate: PlanCandidate,
  samples: ReadonlyMap<string, readonly Sample[]>,
  size: readonly number[],
): boolean {
  const own = samples.get(candidate.name) ?? [];
  const last = own.at(-1);
  if (!last) return true;
  const points = size.reduce((product, n) => product * n, 1);
  const time = (sample: Sample): number => sample.hjb + sample.fokkerPlanck;
  if ((time(last) * points) / last.points > longestSweep) return false;
  const best = Math.min(
    ...[...samples.values()].map((all) => {
      const same = all.find((sample) => sample.points === last.points);
      return same ? time(same) : Infinity;
    }),
  );
  return time(last) <= hopeless * best;
}

interface SizeOutcome {
  readonly samples: ReadonlyMap<string, Sample>;
  readonly excluded: readonly Excluded[];
  readonly notes: readonly string[];
}

async function measureSize(
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
    if (options.warmUpMs !== undefined)
      for (const entrant of entrants) await warmUp(entrant, d, clock, options.warmUpMs);
    const times = new Map<string, Map<Part, Timing>>(entrants.map(({ candidate }) => [candidate.name, new Map()]));
    for (const part of parts) {
      const share = options.budgetMs * (part === "hjb" || part === "fokkerPlanck" ? 0.3 : 0.1);
      const contestants = entrants
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
    for (const entrant of entrants) {
      const own = times.get(entrant.candidate.name);
      const sample = own && (await sampleOf(entrant, own, d, clock));
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
  return {
    points: d.grid.points,
    workspaceBytes,
    numbers,
    setup,
    load: load.median,
    read: read.median,
    hjb: hjb.median,
    fokkerPlanck: fokkerPlanck.median,
    relax: relax.median,
    certify: certify.median,
    column,
    work: workOf(d, rates, substeps),
    firstExcess:
      entrant.firstExcess + [certify, relax].reduce((sum, part) => sum + Math.max(0, part.first - part.median), 0),
    noise: mean([hjb.error, fokkerPlanck.error]),
  };
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
