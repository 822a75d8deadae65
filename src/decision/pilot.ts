/**
 * A pilot: the first iterations of the solve on grids that are coarser than its own, for the sub-steps that they take. Nothing is
 * timed for the answer; the clock only ends the pilot.
 */
import type { Discretisation } from "../scheme/discretisation.ts";
import { discretisationOf, stepsOf } from "../solver/configure.ts";
import type { SolveOptions } from "../solver/options.ts";
import type { TierName } from "../tiers/tier.ts";
import type { PlanCandidate } from "./candidates.ts";
import { systemClock } from "./clock.ts";
import { ratesOfHistories, type Rates } from "./rates.ts";
import { mean } from "./statistics.ts";
import { matchedRates, workOf } from "./work.ts";

/** Tiers that a pilot runs on: f64, no device to open, the one with the shortest start first. */
const pilotTiers: readonly TierName[] = ["rust", "batched", "scalar"];
/** Points per axis of the coarsest pilot, by dimension. */
const fewestPoints: Readonly<Record<number, number>> = { 1: 48, 2: 20, 3: 10 };
/** Stored intervals: sub-steps depend little on them, and more of them hide what a finer grid needs. */
const mostSteps = 12;
/** Iterations: the first ones swing and take more sub-steps than those after. */
const mostIterations = 6;
/** A further pilot may take this many milliseconds, or this share of what the whole solve seems to take on its tier. */
const leastMs = 60;
const share = 0.02;
const mostMs = 2000;
/** A further pilot is at least so much finer along every axis. */
const leastFiner = 1.2;
/** How much of what one doubling of the grid changed in the rates is believed of the next one. */
const belief = 0.5;

/** Where a pilot has come to: both histories on its grid, and how fast they move. */
export interface Pilot {
  readonly d: Discretisation;
  readonly value: Float64Array;
  readonly density: Float64Array;
  readonly rates: Rates;
}

interface Run extends Pilot {
  /** Sub-steps of every iteration. */
  readonly hjb: readonly number[];
  readonly fokkerPlanck: readonly number[];
  readonly milliseconds: number;
}

/**
 * The finest pilot that is worth it, its rates averaged over so many iterations; undefined where none came through.
 *
 * @param d the problem on its own grid
 * @param candidates those at hand, barred or not
 */
export async function runPilot(
  d: Discretisation,
  options: SolveOptions,
  candidates: readonly PlanCandidate[],
  iterations: number,
): Promise<Pilot | undefined> {
  for (const name of pilotTiers) {
    const able = candidates.find(
      ({ tier, found, precision, residency }) =>
        tier.name === name && found.state === "available" && precision === "f64" && residency === "resident",
    );
    if (!able) continue;
    const pilot = await pilotOn(able, d, options, iterations);
    if (pilot) return pilot;
  }
  return undefined;
}

/** From the coarsest grid up, twice as fine each time, no further than half the problem's own and no longer than it is worth. */
async function pilotOn(
  candidate: PlanCandidate,
  d: Discretisation,
  options: SolveOptions,
  iterations: number,
): Promise<Pilot | undefined> {
  const own = d.grid.shape;
  const axes = own.length;
  const start = fewestPoints[axes] ?? 10;
  let last: Run | undefined;
  let before: Run | undefined;
  const longest = Math.max(...own);
  for (let points = start; ; points = Math.min(2 * points, Math.floor(longest / 2))) {
    const grid = own.map((n) => Math.min(n, Math.max(7, Math.round((n * points) / longest))));
    const finer = last ? points / Math.max(...last.d.grid.shape) : Infinity;
    if (last && (finer < leastFiner || !worthwhile(last, axes, finer))) break;
    const next = await run(candidate, d, options, grid, iterations);
    if (!next) break;
    before = last;
    last = next;
  }
  if (!last || !before) return last;
  return { ...last, rates: { ...last.rates, ...trendOf(before, last) } };

  function worthwhile({ milliseconds, hjb, d: coarse }: Run, dimension: number, finer: number): boolean {
    const each = milliseconds / hjb.length;
    const whole = each * iterations * (longest / Math.max(...coarse.grid.shape)) ** (dimension + 1);
    return milliseconds * finer ** (dimension + 1) <= Math.min(mostMs, Math.max(leastMs, share * whole));
  }
}

async function run(
  { tier, place, residency }: PlanCandidate,
  whole: Discretisation,
  options: SolveOptions,
  grid: readonly number[],
  iterations: number,
): Promise<Run | undefined> {
  const d = discretisationOf(whole.problem, { ...options, grid, steps: Math.min(stepsOf(options), mostSteps) });
  const begun = systemClock.now();
  const hjb: number[] = [];
  const fokkerPlanck: number[] = [];
  try {
    // One thread: a coarse grid has nothing for a second one.
    const alone = place.threads === undefined ? place : { ...place, threads: 1 };
    const kept = { ...alone, precision: "f64", residency, andersonDepth: 0, keepTransported: true } as const;
    await using workspace = await tier.workspace([d], kept);
    await workspace.load(0, d.initialDensity);
    const count = Math.min(iterations, mostIterations);
    for (let k = 0; k < count; k++) {
      options.signal?.throwIfAborted();
      const backward = await workspace.hjb(0);
      const forward = backward.failure ? undefined : await workspace.fokkerPlanck(0);
      if (!forward || forward.failure) return undefined;
      hjb.push(backward.substeps);
      fokkerPlanck.push(forward.substeps);
      const theta = typeof options.relaxation === "number" ? options.relaxation : 2 / (k + 2);
      const blend = { kind: "blend", theta } as const;
      if (k < count - 1) await workspace.relax(0, blend, blend);
      // The last iteration takes the sub-steps that a solve has settled on when it is past its first swings.
      if (k === count - 2) await workspace.settle(0, true);
    }
    const milliseconds = systemClock.now() - begun;
    // A warm start has no first iterations that swing.
    const average = (counts: readonly number[]): number =>
      options.warmStart === undefined ? meanOver(counts, iterations) : (counts.at(-1) ?? 0);
    const seen = { hjb: average(hjb), fokkerPlanck: average(fokkerPlanck) };
    const value = await workspace.read(0, "value");
    const density = await workspace.read(0, "transported");
    const rates = matchedRates(d, ratesOfHistories(d, value, density), seen);
    return { d, value, density, hjb, fokkerPlanck, rates, milliseconds };
  } catch {
    options.signal?.throwIfAborted();
    // A tier that fails here fails again, and with its reason, where it is measured or run.
    return undefined;
  }
}

/** The mean over all iterations of a solve, of which those after the pilot's last take as many sub-steps as that. */
function meanOver(counts: readonly number[], iterations: number): number {
  const rest = Math.max(0, iterations - counts.length);
  return (mean(counts) * counts.length + rest * (counts.at(-1) ?? 0)) / (counts.length + rest);
}

/** How the rates of the coarser run missed the sub-steps of the finer one, as an exponent of the spacing. */
function trendOf(coarse: Run, fine: Run): Pick<Rates, "hjbTrend" | "densityTrend"> {
  const finer = fine.rates.inverseSpacing / coarse.rates.inverseSpacing;
  const expected = workOf(fine.d, coarse.rates);
  const seen = workOf(fine.d, fine.rates);
  const trend = (was: number, is: number): number =>
    belief * Math.max(-1, Math.min(1, Math.log(is / was) / Math.log(finer)));
  return {
    hjbTrend: trend(expected.hjb.substeps, seen.hjb.substeps),
    densityTrend: trend(expected.fokkerPlanck.substeps, seen.fokkerPlanck.substeps),
  };
}
