import type { Discretisation } from "./discretisation.ts";

/** End weights of Gregory's rule of fourth order; 1 in between. */
const gregory = [3 / 8, 7 / 6, 23 / 24] as const;

/**
 * Weights of a time integral over the stored levels: Gregory's fourth-order rule in the level index, times dt/dk; the
 * trapezoidal rule where there are fewer than six intervals.
 */
export function levelWeights(d: Discretisation): Float64Array {
  const { steps, scheme, problem } = d;
  return Float64Array.from({ length: steps + 1 }, (_, k) => {
    const fromEnd = Math.min(k, steps - k);
    const slope =
      (problem.horizon / steps) *
      (1 - scheme.grading + scheme.grading * (Math.PI / 2) * Math.sin((Math.PI * k) / steps));
    const weight = steps < 6 ? (fromEnd === 0 ? 0.5 : 1) : (gregory[fromEnd] ?? 1);
    return weight * slope;
  });
}
