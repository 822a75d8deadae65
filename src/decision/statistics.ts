/** The few numbers that describe repeated timings. */

/** The value that a share `p` (0 to 1) of the numbers does not exceed, linear between neighbours; NaN of none. */
export function quantile(numbers: readonly number[], p: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below];
  if (low === undefined) return Number.NaN;
  const high = sorted[below + 1] ?? low;
  return low + (at - below) * (high - low);
}

/** The middle of the numbers. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** Median absolute deviation from the median. */
export function medianDeviation(numbers: readonly number[]): number {
  const middle = median(numbers);
  return median(numbers.map((x) => Math.abs(x - middle)));
}

export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

/** Standard deviation of normal noise whose median absolute deviation is 1. */
const normalScale = 1.4826;

/** Relative standard error of the median of n normal samples with this median and median absolute deviation. */
export function relativeError(middle: number, deviation: number, n: number): number {
  return (1.2533 * normalScale * deviation) / (middle * Math.sqrt(Math.max(1, n)));
}
