/** Where the stored time levels stand, and how slices are interpolated between them (docs/numerics.md section 3.4). */
import type { TimeInterpolation } from "./options.ts";

/**
 * The share of the horizon that has passed at the share x of the levels: (1 - g) x + g (1 - cos(pi x))/2, with the square of
 * the sine because 1 - cos loses digits near x = 0.
 */
function gradedShare(x: number, grading: number): number {
  return (1 - grading) * x + grading * Math.sin((Math.PI / 2) * x) ** 2;
}

/** Time of stored level k; the second half mirrors the first, so that the ends are exact. */
function levelTime(k: number, horizon: number, steps: number, grading: number): number {
  if (2 * k <= steps) return horizon * gradedShare(k / steps, grading);
  return horizon - horizon * gradedShare((steps - k) / steps, grading);
}

/**
 * The steps + 1 stored times, 0 first and `horizon` last; grading 0 is uniform, 1 the full cosine.
 *
 * @example
 * gradedLevels(1, 4, 0); // 0, 0.25, 0.5, 0.75, 1
 */
export function gradedLevels(horizon: number, steps: number, grading: number): Float64Array {
  return Float64Array.from({ length: steps + 1 }, (_, k) => levelTime(k, horizon, steps, grading));
}

/**
 * The level index k(t), a real number in [0, steps]: the inverse of `gradedLevels`, to round-off, and whole at the stored
 * times, where one slice is meant and not its neighbours with weights of the size of round-off.
 *
 * Newton's method from the middle: the share is convex up to x = 1/2, so the iterates fall monotonically onto the root
 * and the first one that does not fall is the end.
 */
export function levelIndexAt(time: number, horizon: number, steps: number, grading: number): number {
  if (time <= 0) return 0;
  if (time >= horizon) return steps;
  const mirrored = time > horizon / 2;
  const share = (mirrored ? horizon - time : time) / horizon;
  let x = 0.5;
  for (;;) {
    const slope = 1 - grading + grading * (Math.PI / 2) * Math.sin(Math.PI * x);
    const next = x - (gradedShare(x, grading) - share) / slope;
    if (!(next < x)) break;
    x = next;
  }
  const index = mirrored ? steps * (1 - x) : steps * x;
  const stored = Math.round(index);
  return levelTime(stored, horizon, steps, grading) === time ? stored : index;
}

/** How many stored slices an interpolation reads: min(4, steps + 1), or 2 for `linear`. */
export function interpolationPoints(steps: number, kind: TimeInterpolation): number {
  return kind === "linear" ? 2 : Math.min(4, steps + 1);
}

/**
 * Lagrange weights in the index variable at the real level index `kappa`, one-sided at both ends.
 *
 * @param weights takes `interpolationPoints(steps, kind)` numbers; what lies beyond is set to 0.
 * @param interval the stored interval k that kappa lies in: the points stand around [k, k + 1], also at its ends, where
 *   round-off in kappa could name the next interval.
 * @returns the level that weights[0] belongs to; the others follow it.
 */
export function interpolationWeights(
  kappa: number,
  steps: number,
  kind: TimeInterpolation,
  weights: Float64Array,
  interval: number = Math.floor(kappa),
): number {
  const points = interpolationPoints(steps, kind);
  const before = points === 4 ? 1 : 0;
  const first = Math.max(0, Math.min(interval - before, steps + 1 - points));
  const x = kappa - first;
  weights.fill(0);
  for (let j = 0; j < points; j++) {
    let weight = 1;
    for (let l = 0; l < points; l++) if (l !== j) weight *= (x - l) / (j - l);
    weights[j] = weight;
  }
  return first;
}
