/**
 * What a backward sweep on the GPU decides, interval by interval, as src/tiers/host/hjbSweep.ts does: how many sub-steps an interval
 * takes, and whether it has to be done again. Who runs the intervals does a chunk of them at a time with the counts of the last
 * iteration, and the first one whose count was not the right one is done again together with all that follow. The counts, and so
 * the map, are those of the host's rule.
 */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { explicitStep, needOf } from "../../../scheme/substeps.ts";
import type { IntervalCounts } from "../../host/intervalCounts.ts";
import { fullRadius, growingStep } from "../../host/stepLimits.ts";
import type { SweepReport } from "../../tier.ts";

/** As in src/tiers/host/hjbSweep.ts. */
const mostRepeats = 12;
const overspeed = 1.3;

/** Most intervals of one chunk. */
export const longestChunk = 32;

/** What was found of an interval that was run. */
export interface IntervalResult {
  readonly count: number;
  /** Speeds at the starts of its pieces in order, each with the length of its sub-step; those within the limit may be left out. */
  readonly speeds: readonly { readonly rate: number; readonly dt: number }[];
  /** The complement of the first index that is not finite; 0 where all are. */
  readonly bad: number;
  /** Sub-steps that the next interval needs, where that was measured. */
  readonly need: number | undefined;
}

export interface IntervalRunner {
  /** Sub-steps that the first interval, the last in time, needs. */
  firstNeed(): Promise<number>;
  /** Runs intervals k, k - 1, ...: the first with `count` sub-steps, those after it as planned in the counts. */
  run(k: number, count: number): Promise<readonly IntervalResult[]>;
  /** Nodes and levels in which a log coupling used its floor so far. */
  floored(): number;
}

/** Runs all intervals; `counts` as on the host. */
export async function sweepIntervals(
  d: Discretisation,
  runner: IntervalRunner,
  counts: IntervalCounts,
): Promise<SweepReport> {
  const { cfl } = d.scheme;
  let substeps = 0;
  let repeats = 0;
  let k = d.steps - 1;
  let exact = 0;
  let need = await runner.firstNeed();
  const failed = (level: number, index: number): SweepReport => ({
    substeps,
    floored: runner.floored(),
    failure: { level, index, field: "value" },
  });
  while (k >= 0) {
    if (!Number.isFinite(need)) return failed(k, 0);
    const chosen = counts.choose(k, need, "hjb");
    const chunk = await runner.run(k, exact > 0 ? exact : chosen);
    exact = 0;
    // The first interval that has to be done again ends the use of the chunk.
    for (const [i, { count, speeds, bad, need: next }] of chunk.entries()) {
      const excess = excessOf(speeds, cfl);
      if (!(excess <= 1)) {
        if (repeats++ === mostRepeats || !Number.isFinite(excess)) return failed(k, 0);
        exact = Math.max(count + 1, Math.ceil(count * excess * overspeed));
        counts.floors[k] = exact;
        break;
      }
      repeats = 0;
      counts.last[k] = count;
      substeps += count;
      if (bad !== 0) return failed(k, ~bad >>> 0);
      k--;
      if (next === undefined) break;
      need = next;
      if (chunk[i + 1]?.count !== counts.choose(k, need, "hjb")) break;
    }
  }
  return { substeps, floored: runner.floored(), failure: undefined };
}

/** Speed x step over its limit. */
export function excessAt(rate: number, dt: number, cfl: number): number {
  return (rate * dt) / (cfl * overspeed);
}

/** Largest (speed x step)/limit up to the first sub-step that was too fast; above 1: repeat. */
function excessOf(speeds: IntervalResult["speeds"], cfl: number): number {
  for (const { rate, dt } of speeds) {
    const excess = excessAt(rate, dt, cfl);
    if (!(excess <= 1)) return excess;
  }
  return 1;
}

/** Sub-steps that interval k needs, from the speed at its later end and the growth that the sources of both ends cause. */
export function needAt(d: Discretisation, k: number, rate: number, growth: number): number {
  const { levels, scheme } = d;
  let dt = growingStep(d, rate, growth);
  if (scheme.splitting === "explicit") dt = explicitStep(dt, fullRadius(d));
  return needOf(levels[k + 1]! - levels[k]!, dt);
}
