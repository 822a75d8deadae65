/** The time of one run, out of the samples of all rounds. */
import { median, medianDeviation } from "../decision/statistics.ts";

/** Milliseconds of one run. */
export interface Times {
  /** The row's figure; everything else of a row that has to do with time is by it. */
  readonly time: number;
  /** How much longer it takes by the third quietest round, or the other of two; of one round alone, and of medians, the median absolute deviation. */
  readonly spread: number;
  /** Of all samples. */
  readonly median: number;
  readonly mad: number;
  readonly max: number;
  readonly n: number;
}

/** What disturbs adds to a time, and to a difference of times what it likes. */
export type Figure = "least" | "median";

/**
 * The quietest round's figure, or where a time is a difference of two the median of all samples. Others on the same processor add to
 * a sample and never take away, for seconds on end, so that medians of samples tell how often they did (Chen and Revels, Robust
 * benchmarking in noisy environments, 2016, section IV).
 *
 * @param rounds samples of every round, in milliseconds; none is empty
 */
export function timesOf(rounds: readonly (readonly number[])[], figure: Figure): Times {
  const samples = rounds.flat();
  const middle = median(samples);
  const mad = medianDeviation(samples);
  const quietest = rounds.map((some) => Math.min(...some)).toSorted((a, b) => a - b);
  const [least = Number.NaN, second, third = second] = quietest;
  const ofRounds = figure === "least" && third !== undefined;
  return {
    time: figure === "least" ? least : middle,
    spread: ofRounds ? third - least : mad,
    median: middle,
    mad,
    max: Math.max(...samples),
    n: samples.length,
  };
}
