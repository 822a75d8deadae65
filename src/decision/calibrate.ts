/** Measures real sweeps of real workspaces at several sizes: what the cost model is fitted to. */
import type { Problem } from "../problem/types.ts";
import { discretise } from "../scheme/discretise.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import type { SchemeOptions } from "../scheme/options.ts";
import { breaksOf, type PlanCandidate } from "./candidates.ts";
import { measureSize, type CalibrationOptions } from "./calibrateSize.ts";
import { systemClock } from "./clock.ts";
import { onGridOf } from "./finer.ts";
import type { Excluded } from "./measure.ts";
import type { Sample } from "./fitModel.ts";
import { median } from "./statistics.ts";
import type { Pilot } from "./pilot.ts";
import { ratesOfData, ratesOfHistories, type Rates } from "./rates.ts";
import { longestStep } from "./work.ts";

export interface Calibration {
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  readonly excluded: readonly Excluded[];
  readonly notes: readonly string[];
  readonly spent: number;
}

const fewestPoints: Readonly<Record<number, number>> = { 1: 48, 2: 196, 3: 343 };
/** Relative error of a median above which a reader is told. */
const noiseTold = 0.1;
/** Longest sweep, in milliseconds, that a calibration runs. */
const longestSweep = 400;
/** Share of the time that is kept for sizes beyond breaks. */
const keptForBreaks = 0.15;
/** A candidate this many times slower than the best is measured at two sizes and left at that. */
const beaten = 4;

/** What a level of a window needs; it takes one more. */
const substepsPerLevel = 3;
/** Shares of a sweep's sub-steps at which its windows lie, in turn. */
const windows = [0.3, 0.7] as const;

/** Grids with the proportions of `shape`, from few points to its own, about `factor` apart in points. */
export function ladder(
  shape: readonly number[],
  factor: number = 7,
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
  const horizon = Math.min(problem.horizon, substepsPerLevel * steps * longestStep(whole, ratesOfData(whole)));
  return discretise({ ...problem, horizon }, shape, steps, scheme);
}

/**
 * A window of the solve: a few levels of a few sub-steps each, from the pilot's state at the time by which a sweep has taken the
 * share `at` of its sub-steps. Sweeps cost there what they cost in the solve: its data alone are steeper, and its first sub-steps
 * shorter, than most.
 */
export function windowOf(
  { d: coarse, value, density, rates }: Pilot,
  problem: Problem,
  shape: readonly number[],
  steps: number,
  scheme: SchemeOptions,
  at: number,
): Discretisation {
  const whole = discretise(problem, shape, 1, scheme);
  const level = levelAt(rates, at);
  const slice = (history: Float64Array): Float64Array => {
    const { points, shape: from } = coarse.grid;
    return onGridOf(history.subarray(level * points, (level + 1) * points), from, whole);
  };
  const state = { terminalCost: slice(value), initialDensity: slice(density).map((m) => Math.max(0, m)) };
  const here = ratesOfHistories({ ...whole, levels: Float64Array.of(0) }, state.terminalCost, state.initialDensity);
  const horizon = Math.min(problem.horizon, substepsPerLevel * steps * longestStep(whole, here));
  return { ...discretise({ ...problem, horizon }, shape, steps, scheme), ...state };
}

/** The stored level by which the share `at` of the sub-steps is done, if they are as many as the speed is high. */
function levelAt({ t, speed }: Rates, at: number): number {
  const parts = t.slice(1).map((time, k) => (time - (t[k] ?? 0)) * Math.max(speed[k] ?? 0, speed[k + 1] ?? 0));
  const total = parts.reduce((sum, part) => sum + part, 0);
  let done = 0;
  for (const [k, part] of parts.entries()) {
    done += part;
    if (done >= at * total) return done - at * total > part / 2 ? k : k + 1;
  }
  return t.length - 1;
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
  const own = ladder(shape, options.factor, options.fewest);
  const further = beyondBreaks(candidates, shape, own);
  const sizes = [...own, ...further.map(({ size }) => size)];
  let lastSpent = 0;
  const kept = further.length > 0 ? keptForBreaks * budgetMs : 0;
  let lastField = field.length;
  for (const [k, size] of sizes.entries()) {
    const only = further.find((one) => one.size === size)?.names;
    field = field.filter((candidate) => worthwhile(candidate, samples, size) && (only?.has(candidate.name) ?? true));
    // A candidate takes about as long as at the size before, or longer: what would not end in time is not begun. A size beyond
    // a break is for a few fast candidates and has time of its own; nothing that is smaller tells what happens there.
    if (k > 1 && left() <= (only ? 0 : (lastSpent * field.length) / lastField + kept)) {
      notes.push(`The time limit ended the calibration before ${size.join("x")}.`);
      if (k < own.length && further.length > 0) continue;
      break;
    }
    lastField = field.length;
    if (!field.some(({ name }) => options.wanted?.has(name) ?? true)) break;
    const started = clock.now();
    const steps = k % 2 === 0 || only ? 3 : 6;
    const { pilot } = options;
    const d = pilot
      ? windowOf(pilot, problem, size, steps, scheme, windows[k % windows.length] ?? 0.5)
      : shortened(problem, size, steps, scheme);
    const share = only ? left() / (sizes.length - k) : (left() - kept) / (own.length - k);
    const outcome = await measureSize(field, reference, d, {
      ...options,
      clock,
      whole: k < 2,
      budgetMs: share,
      ...(k === 0 ? { warmUpMs: options.warmUpMs ?? Math.min(150, budgetMs / 90) } : {}),
      ...(signal && { signal }),
    });
    lastSpent = clock.now() - started;
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

/** A break further away than this, in points, is left to a calibration of a grid that is nearer to it. */
const breakWithin = 8;

/** Sizes just beyond where candidates change their way of working, if no other size lies there, and for whom. */
function beyondBreaks(
  candidates: readonly PlanCandidate[],
  shape: readonly number[],
  sizes: readonly (readonly number[])[],
): { readonly size: number[]; readonly names: ReadonlySet<string> }[] {
  const pointsOf = (size: readonly number[]): number => size.reduce((product, n) => product * n, 1);
  const most = Math.max(...sizes.map(pointsOf));
  const breaks = new Map<number, Set<string>>();
  for (const candidate of candidates) {
    for (const at of breaksOf(candidate, shape.length)) {
      if (at > most && at <= breakWithin * most)
        breaks.set(at, (breaks.get(at) ?? new Set<string>()).add(candidate.name));
    }
  }
  return [...breaks]
    .toSorted(([a], [b]) => a - b)
    .map(([at, names]) => {
      const factor = (at / pointsOf(shape)) ** (1 / shape.length);
      return { size: shape.map((n) => Math.ceil(n * factor)), names };
    });
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
  // A second size tells what grows with it from what does not.
  if (own.length < 2) return true;
  const best = Math.min(
    ...[...samples.values()].map((all) => {
      const same = all.find((sample) => sample.points === last.points);
      return same ? time(same) : Infinity;
    }),
  );
  return time(last) <= beaten * best;
}
