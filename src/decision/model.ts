/**
 * The cost model: what a candidate's sweeps cost per stage and point, fitted to measured sweeps of its real workspace, and
 * the time of a whole solve that follows. Times in milliseconds.
 *
 * A stage over N points takes latency + max(N, saturation) x cost; moving data and setting up are affine in bytes. Fits
 * minimise relative errors, so that small sizes count as much as large ones.
 */
import { dot, fitNonNegative, relativeErrors } from "./fit.ts";
import { median } from "./statistics.ts";
import type { IterationWork, SweepWork } from "./work.ts";

export interface Affine {
  readonly fixed: number;
  /** Per byte, per number or whatever the unit is. */
  readonly each: number;
}

export interface SweepCosts {
  /** Per stage, whatever its size. */
  readonly latency: number;
  /** Per point and stage; a stored level (coupling, speeds, checks) counts as two advective stages. */
  readonly advection: number;
  readonly diffusion: number;
  /** Points below which a stage gets no cheaper. */
  readonly saturation: number;
  /** Root mean square of the relative errors of the fit on what it was fitted to. */
  readonly spread: number;
}

/** All that is known of one candidate's speed on one kind of problem; plain JSON. */
export interface CandidateModel {
  readonly setup: Affine;
  /** What the first solve of a process pays on top: compilation, device, pipelines. */
  readonly cold: number;
  readonly upload: Affine;
  readonly download: Affine;
  readonly hjb: SweepCosts;
  readonly fokkerPlanck: SweepCosts;
  /** Relaxation per number of a history, and per number and column of an Anderson step. */
  readonly relax: Affine;
  readonly column: number;
  /** A certificate in backward sweeps, and per number of a history. */
  readonly certify: { readonly sweeps: number; readonly each: number };
  /** Time of a batch whose members run beside each other over the same members one by one, at a few sizes; else empty. */
  readonly beside: readonly { readonly points: number; readonly ratio: number }[];
  /** Range of points that was measured; beyond it predictions widen. */
  readonly fewest: number;
  readonly most: number;
  /** Relative noise of the measurements. */
  readonly noise: number;
}

/** What was measured of one candidate at one size. */
export interface Sample {
  readonly points: number;
  readonly workspaceBytes: number;
  /** Numbers in one history. */
  readonly numbers: number;
  readonly setup: number;
  readonly load: number;
  readonly read: number;
  readonly hjb: number;
  readonly fokkerPlanck: number;
  readonly relax: number;
  readonly certify: number;
  /** Milliseconds per number and column of Anderson steps, where they were measured. */
  readonly column: number | undefined;
  /** Time of two members beside each other over twice one member's; undefined where members take turns. */
  readonly beside: number | undefined;
  readonly work: IterationWork;
  /** What the first calls cost more than the later ones. */
  readonly firstExcess: number;
  readonly noise: number;
}

/** A whole solve as the model sees it. */
export interface SolveTask {
  readonly points: number;
  readonly members: number;
  readonly steps: number;
  readonly iterations: number;
  readonly work: IterationWork;
  readonly workspaceBytes: number;
  /** Columns of the Anderson combination, summed over the iterations; 0 without. */
  readonly columns: number;
  /** True where this process has not run the candidate before. */
  readonly cold: boolean;
}

export interface Prediction {
  /** Seconds of the whole solve, set-up and transfers included. */
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
  /** Relative half-width of what is the candidate's own uncertainty; the work is the same for all. */
  readonly uncertainty: number;
  readonly parts: {
    readonly setup: number;
    readonly transfer: number;
    readonly hjb: number;
    readonly fokkerPlanck: number;
    readonly relax: number;
    readonly certify: number;
  };
}

const bytesPerNumber = 8;
const stagesPerLevel = 2;

function features(work: SweepWork, points: number, saturation: number): number[] {
  const effective = Math.max(points, saturation);
  const stages = work.advection + work.diffusion + work.levels;
  return [stages, (work.advection + stagesPerLevel * work.levels) * effective, work.diffusion * effective];
}

const coefficients = (c: SweepCosts): number[] => [c.latency, c.advection, c.diffusion];

/** Milliseconds of one sweep. */
export function sweepTime(costs: SweepCosts, work: SweepWork, points: number): number {
  return dot(coefficients(costs), features(work, points, costs.saturation));
}

/** A saturation must make the fit this much better than none, or it is noise that it follows. */
const worthSaturation = 0.7;
const sizesForSaturation = 4;

function fitSweep(samples: readonly Sample[], part: "hjb" | "fokkerPlanck"): SweepCosts {
  const targets = samples.map((sample) => sample[part]);
  const sizes = [...new Set(samples.map((sample) => sample.points))].toSorted((a, b) => a - b);
  let best: SweepCosts | undefined;
  let least = Infinity;
  for (const saturation of [0, ...(sizes.length >= sizesForSaturation ? sizes.slice(1, -1) : [])]) {
    const rows = samples.map((sample) => features(sample.work[part], sample.points, saturation));
    const x = fitNonNegative(rows, targets);
    const errors = relativeErrors(rows, targets, x).map(Math.abs);
    const rms = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
    if (rms >= (saturation === 0 ? 1 : worthSaturation) * least) continue;
    least = rms;
    const [latency = 0, advection = 0, diffusion = 0] = x;
    best = { latency, advection, diffusion, saturation, spread: rms };
  }
  if (!best) throw new Error("a sweep without samples cannot be fitted");
  return best;
}

function fitAffine(units: readonly number[], times: readonly number[]): Affine {
  const [fixed = 0, each = 0] = fitNonNegative(
    units.map((unit) => [1, unit]),
    times.map((time) => Math.max(time, 1e-6)),
  );
  return { fixed, each };
}

/** The model of a candidate from what was measured of it, one sample per size or more. */
export function fitModel(samples: readonly Sample[]): CandidateModel {
  const of = (read: (sample: Sample) => number): number[] => samples.map(read);
  const numbers = of((sample) => sample.numbers);
  const [sweeps = 1, each = 0] = fitNonNegative(
    samples.map((sample) => [sample.hjb, sample.numbers]),
    of((sample) => sample.certify),
  );
  const columns = samples.flatMap((sample) => (sample.column === undefined ? [] : [sample.column]));
  return {
    setup: fitAffine(
      of((sample) => sample.workspaceBytes),
      of((sample) => sample.setup),
    ),
    cold: Math.max(0, ...of((sample) => sample.firstExcess)),
    upload: fitAffine(
      numbers.map((n) => n * bytesPerNumber),
      of((sample) => sample.load),
    ),
    download: fitAffine(
      numbers.map((n) => n * bytesPerNumber),
      of((sample) => sample.read),
    ),
    hjb: fitSweep(samples, "hjb"),
    fokkerPlanck: fitSweep(samples, "fokkerPlanck"),
    relax: fitAffine(
      numbers,
      of((sample) => sample.relax),
    ),
    // One call each, so the least disturbed one.
    column: Math.min(Infinity, ...columns) === Infinity ? 0 : Math.min(...columns),
    certify: { sweeps, each },
    beside: samples.flatMap(({ points, beside }) => (beside === undefined ? [] : [{ points, ratio: beside }])),
    fewest: Math.min(...of((sample) => sample.points)),
    most: Math.max(...of((sample) => sample.points)),
    noise: median(of((sample) => sample.noise)),
  };
}

const affine = ({ fixed, each }: Affine, units: number): number => fixed + each * units;

/** Relative error that each doubling of the size beyond what was measured adds. */
const perDoubling = 0.06;
/** Relative error that sub-step counts and iterations carry where they are estimated; the same for every candidate. */
export const workUncertainty = 0.2;

/** The ratio at a size, linear in the logarithm between those that were measured. */
function besideAt(measured: CandidateModel["beside"], points: number): number {
  const sorted = measured.toSorted((a, b) => a.points - b.points);
  const [first] = sorted;
  const last = sorted.at(-1);
  if (!first || !last) return 1;
  const above = sorted.find((one) => one.points >= points) ?? last;
  const below = sorted.findLast((one) => one.points <= points) ?? first;
  if (above.points <= below.points) return above.ratio;
  const share = Math.log(points / below.points) / Math.log(above.points / below.points);
  return below.ratio + share * (above.ratio - below.ratio);
}

/** The time of a whole solve. */
export function predict(model: CandidateModel, task: SolveTask): Prediction {
  const { points, members, steps, iterations, work, workspaceBytes, columns } = task;
  const numbers = (steps + 1) * points;
  const sweep = sweepTime(model.hjb, work.hjb, points);
  // Sweeps of one member: those of others may run beside them.
  const turns = members > 1 ? Math.max(1, members * besideAt(model.beside, points)) : members;
  const parts = {
    setup: affine(model.setup, workspaceBytes) + (task.cold ? model.cold : 0),
    transfer:
      members * (affine(model.upload, bytesPerNumber * numbers) + 2 * affine(model.download, bytesPerNumber * numbers)),
    hjb: turns * iterations * sweep,
    fokkerPlanck: turns * iterations * sweepTime(model.fokkerPlanck, work.fokkerPlanck, points),
    relax: turns * ((iterations - 1) * affine(model.relax, numbers) + columns * model.column * numbers),
    certify: turns * (model.certify.sweeps * sweep + model.certify.each * numbers),
  };
  const seconds = Object.values(parts).reduce((sum, part) => sum + part, 0) / 1000;
  const beyond = Math.max(0, Math.log2(points / model.most), Math.log2(model.fewest / points));
  const spread = Math.max(model.hjb.spread, model.fokkerPlanck.spread);
  const uncertainty = Math.hypot(spread, model.noise, perDoubling * beyond);
  const whole = Math.hypot(uncertainty, workUncertainty);
  return {
    seconds,
    low: seconds / (1 + whole),
    high: seconds * (1 + whole),
    uncertainty,
    parts: mapParts(parts),
  };
}

function mapParts(parts: Prediction["parts"]): Prediction["parts"] {
  const { setup, transfer, hjb, fokkerPlanck, relax, certify } = parts;
  return {
    setup: setup / 1000,
    transfer: transfer / 1000,
    hjb: hjb / 1000,
    fokkerPlanck: fokkerPlanck / 1000,
    relax: relax / 1000,
    certify: certify / 1000,
  };
}

/** The same model with data that move for nothing, to see what transfers decide. */
export function withoutTransfers(model: CandidateModel): CandidateModel {
  return { ...model, upload: { fixed: 0, each: 0 }, download: { fixed: 0, each: 0 } };
}
