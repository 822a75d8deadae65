/**
 * Candidates whose precision takes two parts (`solver/twoParts.ts`): a solve on a tier that lacks it, then some iterations on
 * one that has it. Each part has a candidate, and so a model, of its own.
 */
import type { Discretisation } from "../scheme/discretisation.ts";
import type { MemoryPlan, SolveOptions, SolveRecord } from "../solver/options.ts";
import { readCandidate } from "../tiers/candidate.ts";
import type { Unavailable } from "../tiers/tier.ts";
import { barredBy, reachable, simplestAlike, type BatchSize, type Demand, type PlanCandidate } from "./candidates.ts";
import { predict, type CandidateModel, type Prediction } from "./model.ts";
import { refiningIterations, taskOf, typicalIterations } from "./task.ts";
import type { IterationWork } from "./work.ts";

/** A candidate whose times are known. */
export interface Modelled {
  readonly candidate: PlanCandidate;
  readonly model: CandidateModel;
}

/** A part of a planned solve: the whole of it, or one of two. */
export interface PlannedPart extends Modelled {
  /** The same on other numbers of threads, as far as they may be chosen: on some sizes they do the same work. */
  readonly others: readonly Modelled[];
  readonly memory: MemoryPlan;
  readonly iterations: number;
}

/** A candidate with all that the planner knows of it. */
export interface Ranked {
  readonly candidate: PlanCandidate;
  /** Itself, or the two that it runs on. */
  readonly parts: readonly PlannedPart[];
  readonly predicted: Prediction;
}

/** The candidates, and those in two parts that their tiers offer. */
export function withTwoParts(candidates: readonly PlanCandidate[], demand: Demand): PlanCandidate[] {
  const more = candidates.flatMap((first) => {
    const { tier, residency, text, place } = first;
    const refinement = tier.refinement?.(residency);
    if (!refinement || first.precision !== refinement.from) return [];
    const { precision, on } = refinement;
    if (tier.solvePrecisions(residency).includes(precision)) return [];
    const second = secondOf(candidates, on, precision);
    const found = first.found.state === "unavailable" ? first.found : (second?.found ?? missing(on));
    const whole: PlanCandidate = {
      ...first,
      name: `${text} ${precision}${place.threads === undefined ? "" : ` x${place.threads}`}`,
      precision,
      rank: first.rank + 2,
      found: found.state === "unavailable" ? found : first.found,
      barred: barredBy(found.state === "unavailable" ? found : first.found, precision, demand),
      ...(second && { parts: [first, second] as const }),
    };
    return [whole];
  });
  return [...candidates, ...more].toSorted((a, b) => a.rank - b.rank);
}

/** The candidate of the second part, as `findTier` takes it: the tier's first variant and residency, on as many threads as it may. */
function secondOf(
  candidates: readonly PlanCandidate[],
  on: string,
  precision: PlanCandidate["precision"],
): PlanCandidate | undefined {
  const wanted = readCandidate(on);
  return candidates
    .filter(
      ({ tier, variant, residency, precision: own }) =>
        tier.name === wanted.tier &&
        own === precision &&
        variant === (wanted.variant ?? tier.variants[0]) &&
        residency === (wanted.residency ?? tier.residencies[0]),
    )
    .toSorted((a, b) => (b.place.threads ?? 0) - (a.place.threads ?? 0))[0];
}

function missing(on: string): Unavailable {
  const why = `Its second part runs on ${on}, which is not among the tiers.`;
  return { state: "unavailable", code: "MFGPU_TIER_UNAVAILABLE", why, fix: `Leave ${on} among the tiers.` };
}

/** The candidates that a solve on this one runs on: itself, or one after the other. */
export function partsOf(candidate: PlanCandidate): readonly PlanCandidate[] {
  return candidate.parts ?? [candidate];
}

/** Iterations of each part. */
export function iterationsOf(candidate: PlanCandidate, options: SolveOptions, whole: number): readonly number[] {
  const [first] = candidate.parts ?? [];
  if (!first) return [whole];
  const coarse = reachable[first.precision];
  const limit = options.maxIterations ?? 200;
  const before = Math.min(limit, typicalIterations(coarse, options));
  const after = Math.min(limit - before, refiningIterations(coarse, options.tolerance ?? 1e-8));
  return after > 0 ? [before, after] : [before];
}

/** Iterations that each part of a finished solve took. */
export function iterationsDone(record: SolveRecord): readonly number[] {
  return record.parts?.map(({ iterations }) => iterations) ?? [record.iterations];
}

export function batchSize(d: Discretisation, members: number): BatchSize {
  return { dimension: d.grid.shape.length, points: d.grid.points, members };
}

/** The part, or the simpler candidate that does the same there: equal work has one predicted time, not two noisy ones. */
export function doingItsWork(part: PlannedPart, size: BatchSize): Modelled {
  const all = [part, ...part.others];
  const simplest = simplestAlike(
    part.candidate,
    part.others.map(({ candidate }) => candidate),
    size,
  );
  return all.find(({ candidate }) => candidate === simplest) ?? part;
}

/** The time of a solve, its parts one after the other. */
export function predictParts(
  parts: readonly PlannedPart[],
  d: Discretisation,
  members: number,
  work: IterationWork,
  cold: (name: string) => boolean,
): Prediction {
  const each = parts.map((part) => {
    const { candidate, model } = doingItsWork(part, batchSize(d, members));
    return predict(model, taskOf(d, members, work, part.iterations, part.memory, cold(candidate.name)));
  });
  const [first, ...others] = each;
  if (!first) throw new Error("a solve without parts has no time");
  return others.reduce(added, first);
}

/** Errors of two models are taken to be independent, those of the work common to both. */
function added(a: Prediction, b: Prediction): Prediction {
  const seconds = a.seconds + b.seconds;
  const sum = (part: keyof Prediction["parts"]): number => a.parts[part] + b.parts[part];
  return {
    seconds,
    low: a.low + b.low,
    high: a.high + b.high,
    uncertainty: Math.hypot(a.seconds * a.uncertainty, b.seconds * b.uncertainty) / seconds,
    moving: a.moving + b.moving,
    parts: {
      setup: sum("setup"),
      transfer: sum("transfer"),
      hjb: sum("hjb"),
      fokkerPlanck: sum("fokkerPlanck"),
      relax: sum("relax"),
      certify: sum("certify"),
    },
  };
}
