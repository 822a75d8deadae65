/** Measures real sweeps of real workspaces at several sizes: what the cost model is fitted to. */
import type { Problem } from "../problem/types.ts";
import { discretise } from "../scheme/discretise.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import type { SchemeOptions } from "../scheme/options.ts";
import type { PlanCandidate } from "./candidates.ts";
import { hopeless, measureSize, type CalibrationOptions } from "./calibrateSize.ts";
import { systemClock } from "./clock.ts";
import type { Excluded } from "./measure.ts";
import type { Sample } from "./model.ts";
import { median } from "./statistics.ts";
import { longestStep, ratesOfData } from "./work.ts";

export interface Calibration {
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly excluded: readonly Excluded[];
  readonly notes: readonly string[];
  readonly spent: number;
}

const fewestPoints: Readonly<Record<number, number>> = { 1: 48, 2: 196, 3: 729 };
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
    if (k > 1 && left() <= 0) {
      notes.push(`The time limit ended the calibration at ${sizes[k - 1]?.join("x")}.`);
      break;
    }
    field = field.filter((candidate) => worthwhile(candidate, samples, size));
    if (!field.some(({ name }) => options.wanted?.has(name) ?? true)) break;
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
