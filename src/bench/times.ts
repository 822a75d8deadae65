/** The time of one run, out of the samples of all rounds. */
import { median, medianDeviation } from "../decision/statistics.ts";

/** Milliseconds of one run. */
export interface Times {
  /** The row's figure; everything else of a row that has to do with time is by it. */
  readonly time: number;
  /** How much longer it takes by the third quietest round, or the other of two; of one round alone the median absolute deviation. */
  readonly spread: number;
  /** Of all samples. */
  readonly median: number;
  readonly mad: number;
  readonly max: number;
  readonly n: number;
}

/** How a round's samples become one number: what disturbs adds to a time, and to a difference of times what it likes. */
export type Figure = "least" | "median";

/**
 * The quietest round's figure. Others on the same processor add to a sample and never take away, for seconds on end, so that medians of
 * samples tell how often they did (Chen and Revels, Robust benchmarking in noisy environments, 2016, section IV).
 *
 * @param rounds samples of every round, in milliseconds; none is empty
 */
export function timesOf(rounds: readonly (readonly number[])[], figure: Figure): Times {
  const samples = rounds.flat();
  const figures = rounds.map((some) => (figure === "least" ? Math.min(...some) : median(some)));
  const [time = Number.NaN, second, third = second] = figures.toSorted((a, b) => a - b);
  const mad = medianDeviation(samples);
  return {
    time,
    spread: third === undefined ? mad : third - time,
    median: median(samples),
    mad,
    max: Math.max(...samples),
    n: samples.length,
  };
}
