/** The procedure's baseline: the hot function on the scalar tier, timed call by call. */
import { systemClock, type Clock } from "./clock.ts";
import { mean, median } from "./statistics.ts";

export interface BaselineOptions {
  /** Repeats of the measurement. Default 10. */
  readonly repeats?: number;
  /** Most calls, and most milliseconds, of one repeat. Default 10,000 and 2 s; at least five calls are made. */
  readonly calls?: number;
  readonly repeatMs?: number;
  /** Microseconds per call below which acceleration is not worth it, and above which it is. Default 10 and 100. */
  readonly gate?: readonly [number, number];
  readonly clock?: Clock;
}

export type Gate = "not worth it" | "borderline" | "worth it";

/** Times in microseconds. */
export interface Baseline {
  /** Of one call on the whole grid, over the repeats. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly perStencil: number;
  readonly stencils: number;
  /** Calls of each repeat. */
  readonly calls: readonly number[];
  readonly samples: readonly number[];
  readonly gate: Gate;
  readonly thresholds: readonly [number, number];
}

const fewestCalls = 5;

/** Times `call`, which handles so many stencils at once. */
export async function measureBaseline(
  call: () => Promise<void>,
  stencils: number,
  options: BaselineOptions = {},
): Promise<Baseline> {
  const { repeats = 10, calls: most = 10_000, repeatMs = 2000, gate = [10, 100], clock = systemClock } = options;
  const samples: number[] = [];
  const counts: number[] = [];
  for (let k = 0; k < fewestCalls; k++) await call();
  for (let r = 0; r < repeats; r++) {
    const begun = clock.now();
    let calls = 0;
    while (calls < fewestCalls || (calls < most && clock.now() - begun < repeatMs)) {
      await call();
      calls++;
    }
    samples.push((1000 * (clock.now() - begun)) / calls);
    counts.push(calls);
  }
  const middle = median(samples);
  const [lower, upper] = gate;
  return {
    median: middle,
    min: Math.min(...samples),
    max: Math.max(...samples),
    perStencil: middle / stencils,
    stencils,
    calls: counts,
    samples,
    gate: middle < lower ? "not worth it" : middle > upper ? "worth it" : "borderline",
    thresholds: gate,
  };
}

/** The text of `baseline_performance.txt`. */
export function baselineText({
  median: middle,
  min,
  max,
  perStencil,
  stencils,
  calls,
  gate,
  thresholds,
}: Baseline): string {
  const us = (x: number): string => `${x.toPrecision(4)} us`;
  return [
    "Baseline: WENO5 smoothness indicators and nonlinear weights, scalar tier",
    `one call: ${stencils} stencils`,
    `repeats: ${calls.length}, calls per repeat: ${mean(calls).toFixed(0)}`,
    `median: ${us(middle)} per call`,
    `min: ${us(min)} per call`,
    `max: ${us(max)} per call`,
    `per stencil: ${us(perStencil)}`,
    `gate: ${gate} (below ${thresholds[0]} us not worth it, above ${thresholds[1]} us worth it)`,
    "",
  ].join("\n");
}
