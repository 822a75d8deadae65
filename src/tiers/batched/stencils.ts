/** Indicators and weights of many independent stencils, row by row (docs/numerics.md sections 2.1 and 2.2). */
import type { KernelArray } from "../tier.ts";

/**
 * Smoothness indicators of n stencils: n x 5 -> n x 3, formed from differences so that a large mean does not cancel.
 */
export function smoothnessRows(stencils: KernelArray, n: number, out: KernelArray): void {
  for (let i = 0, v = 0, s = 0; i < n; i++, v += 5, s += 3) {
    const v2 = stencils[v + 1]!;
    const v3 = stencils[v + 2]!;
    const v4 = stencils[v + 3]!;
    const a = v2 - stencils[v]!;
    const b = v3 - v2;
    const c = v4 - v3;
    const d = stencils[v + 4]! - v4;
    const t0 = a - b;
    const t1 = b - c;
    const t2 = c - d;
    const f0 = a - 3 * b;
    const f1 = b + c;
    const f2 = 3 * c - d;
    out[s] = (13 / 12) * t0 * t0 + 0.25 * f0 * f0;
    out[s + 1] = (13 / 12) * t1 * t1 + 0.25 * f1 * f1;
    out[s + 2] = (13 / 12) * t2 * t2 + 0.25 * f2 * f2;
  }
}

/**
 * JS weights of n stencils: n x 3 -> n x 3, over the common denominator (b0 b1 b2)^2: one division a row and no smallest
 * indicator, 2.8 ns instead of 4.4. Fourth powers leave the range of f64 where indicators are beyond about 1e77 or all below
 * 1e-77; the sum times its inverse then is no finite number, and the rows are done again by ratios.
 */
export function jsWeightRows(
  beta: Float64Array,
  linear: Float64Array,
  epsilon: number,
  n: number,
  out: Float64Array,
): void {
  const d0 = linear[0]!;
  const d1 = linear[1]!;
  const d2 = linear[2]!;
  let ones = 0;
  for (let i = 0, k = 0; i < n; i++, k += 3) {
    const b0 = beta[k]! + epsilon;
    const b1 = beta[k + 1]! + epsilon;
    const b2 = beta[k + 2]! + epsilon;
    const p0 = b1 * b2;
    const p1 = b0 * b2;
    const p2 = b0 * b1;
    const a0 = d0 * p0 * p0;
    const a1 = d1 * p1 * p1;
    const a2 = d2 * p2 * p2;
    const sum = a0 + a1 + a2;
    const inverse = 1 / sum;
    ones += sum * inverse;
    out[k] = a0 * inverse;
    out[k + 1] = a1 * inverse;
    out[k + 2] = a2 * inverse;
  }
  if (!Number.isFinite(ones)) jsWeightRowsByRatios(beta, linear, epsilon, n, out);
}

/** The same for indicators of any size: ratios to the smallest one keep every square within [0, 1]. */
function jsWeightRowsByRatios(
  beta: Float64Array,
  linear: Float64Array,
  epsilon: number,
  n: number,
  out: Float64Array,
): void {
  const d0 = linear[0]!;
  const d1 = linear[1]!;
  const d2 = linear[2]!;
  for (let i = 0, k = 0; i < n; i++, k += 3) {
    const b0 = beta[k]! + epsilon;
    const b1 = beta[k + 1]! + epsilon;
    const b2 = beta[k + 2]! + epsilon;
    const least = Math.min(b0, Math.min(b1, b2));
    const r0 = least / b0;
    const r1 = least / b1;
    const r2 = least / b2;
    const a0 = d0 * r0 * r0;
    const a1 = d1 * r1 * r1;
    const a2 = d2 * r2 * r2;
    const inverse = 1 / (a0 + a1 + a2);
    out[k] = a0 * inverse;
    out[k + 1] = a1 * inverse;
    out[k + 2] = a2 * inverse;
  }
}

/** Rows that are widened at a time: they stay in the first cache. */
const blockRows = 256;

/**
 * `jsWeightRows` of numbers stored in f32, widened block by block. A loop that has met both kinds of arrays takes half as long again
 * on each, so the loop sees f64 alone.
 *
 * @param scratch of `weightScratch` entries
 */
export function jsWeightRows32(
  beta: Float32Array,
  linear: Float32Array,
  epsilon: number,
  n: number,
  out: Float32Array,
  scratch: Float64Array,
): void {
  const wide = scratch.subarray(0, 3 * blockRows);
  const weights = scratch.subarray(3 * blockRows);
  const exact = Float64Array.from(linear);
  for (let row = 0; row < n; row += blockRows) {
    const count = Math.min(blockRows, n - row);
    wide.set(beta.subarray(3 * row, 3 * (row + count)));
    jsWeightRows(wide, exact, epsilon, count, weights);
    out.set(weights.subarray(0, 3 * count), 3 * row);
  }
}

/** Entries of what `jsWeightRows32` works in. */
export const weightScratch: number = 6 * blockRows;
