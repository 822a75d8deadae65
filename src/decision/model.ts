/**
 * The cost model: what a candidate's sweeps cost per stage and point, fitted to measured sweeps of its real workspace, and
 * the time of a whole solve that follows. Times in milliseconds.
 *
 * A stage over N points takes latency + max(N, saturation) x cost; moving data and setting up are affine in bytes. Fits
 * minimise relative errors, so that small sizes count as much as large ones.
 */
import { dot } from "./fit.ts";
import type { IterationWork, SweepWork } from "./work.ts";

export interface Affine {
  readonly fixed: number;
  /** Per byte, per number or whatever the unit is. */
  readonly each: number;
}

/** A ratio of times at one size. */
export interface Ratio {
  readonly points: number;
  readonly ratio: number;
}

export interface SweepCosts {
  /** Per stage, whatever its size. */
  readonly latency: number;
  /** Per point and stage; a stored level (coupling, speeds, checks) counts as two advective stages. */
  readonly advection: number;
  readonly diffusion: number;
  /** Points below which a stage gets no cheaper. */
  readonly saturation: number;
  /** What was measured over what the coefficients give, by size: caches and threads are not linear. Ascending. */
  readonly ratios: readonly Ratio[];
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
  /** Shares of the sweeps' times that go into moving data between memories; 0 where they stay where they are. */
  readonly moving: { readonly hjb: number; readonly fokkerPlanck: number };
  /** Relaxation per number of a history, and per number and column of an Anderson step. */
  readonly relax: Affine;
  readonly column: number;
  /** A certificate in backward sweeps, and per number of a history. */
  readonly certify: { readonly sweeps: number; readonly each: number };
  /** Time of a batch whose members run beside each other over the same members one by one, at a few sizes; else empty. */
  readonly beside: readonly Ratio[];
  /** Range of points that was measured; beyond it predictions widen. */
  readonly fewest: number;
  readonly most: number;
  /** Relative noise of the measurements. */
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
  /** Seconds in which data move between memories: to begin with, in the end, and within the sweeps. */
  readonly moving: number;
  readonly parts: {
    readonly setup: number;
    readonly transfer: number;
    readonly hjb: number;
    readonly fokkerPlanck: number;
    readonly relax: number;
    readonly certify: number;
  };
}

export const bytesPerNumber = 8;
const stagesPerLevel = 2;

/** Stages, points times advective stages, points times diffusive stages: what the costs of a sweep are multiplied by. */
export function features(work: SweepWork, points: number, saturation: number): number[] {
  const effective = Math.max(points, saturation);
  const stages = work.advection + work.diffusion + work.levels;
  return [stages, (work.advection + stagesPerLevel * work.levels) * effective, work.diffusion * effective];
}

const coefficients = (c: SweepCosts): number[] => [c.latency, c.advection, c.diffusion];

/** Milliseconds of one sweep. */
export function sweepTime(costs: SweepCosts, work: SweepWork, points: number): number {
  return ratioAt(costs.ratios, points) * dot(coefficients(costs), features(work, points, costs.saturation));
}

const affine = ({ fixed, each }: Affine, units: number): number => fixed + each * units;

/** Relative error that each doubling of the size beyond what was measured adds. */
const perDoubling = 0.06;
/** Relative error that sub-step counts and iterations carry where they are estimated; the same for every candidate. */
export const workUncertainty = 0.2;

/** The ratio at a size, linear in the logarithm between those that were measured. */
function ratioAt(measured: readonly Ratio[], points: number): number {
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
  const turns = members > 1 ? Math.max(1, members * ratioAt(model.beside, points)) : members;
  const parts = {
    setup: affine(model.setup, workspaceBytes) + (task.cold ? model.cold : 0),
    transfer:
      members * (affine(model.upload, bytesPerNumber * numbers) + 2 * affine(model.download, bytesPerNumber * numbers)),
    hjb: turns * iterations * sweep,
    fokkerPlanck: turns * iterations * sweepTime(model.fokkerPlanck, work.fokkerPlanck, points),
    relax: turns * ((iterations - 1) * affine(model.relax, numbers) + columns * model.column * numbers),
    certify: turns * (model.certify.sweeps * sweep + model.certify.each * numbers),
  };
  const moving =
    parts.transfer + model.moving.hjb * (parts.hjb + parts.certify) + model.moving.fokkerPlanck * parts.fokkerPlanck;
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
    moving: moving / 1000,
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
  const still = (costs: SweepCosts, share: number): SweepCosts => ({
    ...costs,
    latency: (1 - share) * costs.latency,
    advection: (1 - share) * costs.advection,
    diffusion: (1 - share) * costs.diffusion,
  });
  return {
    ...model,
    upload: { fixed: 0, each: 0 },
    download: { fixed: 0, each: 0 },
    hjb: still(model.hjb, model.moving.hjb),
    fokkerPlanck: still(model.fokkerPlanck, model.moving.fokkerPlanck),
    moving: { hjb: 0, fokkerPlanck: 0 },
  };
}
