/**
 * The functions that gpu.js compiles: plain arithmetic on one cell, in forms that its JavaScript, WebAssembly and WGSL
 * compilers all take. What they call `this` is gpu.js's; an index may be made of whole numbers only.
 *
 * f32 throughout, hence the reciprocal form of docs/numerics.md section 2.3. Its weights are scaled by the smallest
 * indicator instead of epsilon: every ratio lies in (0, 1] and one of them is 1, so that nothing overflows and no sum is 0,
 * whatever the data and the epsilon.
 */

/** The cell at hand, and what was passed in when the function was compiled. */
export interface Cell<Constants> {
  readonly thread: { readonly x: number; readonly y: number };
  readonly constants: Constants;
}

/** Smallest guard and epsilon: ten times the smallest normal f32, since a WebGPU may take less for 0. */
export const smallestGuard32 = 1e-37;

/**
 * One smoothness indicator, 13/12 (a - b)^2 + 1/4 (p a + q b)^2 with a, b two neighbouring differences of the five values
 * (docs/numerics.md section 2.1): S1, S2, S3 start at the values 0, 1, 2 and have (p, q) = (1, -3), (1, 1), (3, -1).
 */
function indicator(this: Cell<unknown>, stencils: readonly number[], start: number, p: number, q: number): number {
  const at = 5 * this.thread.x + start;
  const a = stencils[at + 1]! - stencils[at]!;
  const b = stencils[at + 2]! - stencils[at + 1]!;
  const t = a - b;
  const f = p * a + q * b;
  return 1.0833333333333333 * t * t + 0.25 * f * f;
}

/** One over the sum of the unnormalised JS weights d_k (least/(S_k + epsilon))^2. */
function inverseSum(
  this: Cell<unknown>,
  beta: readonly number[],
  d0: number,
  d1: number,
  d2: number,
  epsilon: number,
): number {
  const at = 3 * this.thread.x;
  const b0 = beta[at]! + epsilon;
  const b1 = beta[at + 1]! + epsilon;
  const b2 = beta[at + 2]! + epsilon;
  const least = Math.min(b0, Math.min(b1, b2));
  const r0 = least / b0;
  const r1 = least / b1;
  const r2 = least / b2;
  return 1.0 / (d0 * r0 * r0 + d1 * r1 * r1 + d2 * r2 * r2);
}

/** One JS weight, of linear weight d, normalised by `inverse`. */
function weight(
  this: Cell<unknown>,
  beta: readonly number[],
  inverse: readonly number[],
  k: number,
  d: number,
  epsilon: number,
): number {
  const at = 3 * this.thread.x;
  const least = Math.min(beta[at]!, Math.min(beta[at + 1]!, beta[at + 2]!)) + epsilon;
  const r = least / (beta[at + k]! + epsilon);
  return d * r * r * inverse[this.thread.x]!;
}

/** What `oneSided` is compiled for. */
export interface SideConstants {
  /** Numbers between neighbouring nodes of a line. */
  readonly stride: number;
  /** 1 for the Z weights, 0 for JS and M. */
  readonly z: number;
  /** 1 where the weights are mapped (M). */
  readonly mapped: number;
}

/**
 * A left- or right-biased WENO5 derivative. The right-biased one is the left-biased one of the mirrored line, so one
 * function serves both. Notation, undivided differences and guard are those of batched/weno5.ts.
 *
 * @param u padded lines: node i of the line at thread.x = i stride + (line) stands three nodes further on
 * @param direction 1 for the left-biased derivative, -1 for the right-biased
 * @param scale epsilon in units of the largest squared difference
 * @param floor what epsilon is at least, in squared differences
 * @param unit direction / (12 h)
 */
function oneSided(
  this: Cell<SideConstants>,
  u: readonly (readonly number[])[],
  direction: number,
  scale: number,
  floor: number,
  unit: number,
): number {
  const step = direction * this.constants.stride;
  const first = this.thread.x + 3 * (this.constants.stride - step);
  const u0 = u[this.thread.y]![first]!;
  const u1 = u[this.thread.y]![first + step]!;
  const u2 = u[this.thread.y]![first + 2 * step]!;
  const u3 = u[this.thread.y]![first + 3 * step]!;
  const u4 = u[this.thread.y]![first + 4 * step]!;
  const u5 = u[this.thread.y]![first + 5 * step]!;
  const d1 = u1 - u0;
  const d2 = u2 - u1;
  const d3 = u3 - u2;
  const d4 = u4 - u3;
  const d5 = u5 - u4;
  const outer = Math.max(Math.max(d1 * d1, d2 * d2), Math.max(d4 * d4, d5 * d5));
  const guard = scale * Math.max(outer, d3 * d3) + floor;
  const s0 = d2 - d1;
  const s1 = d3 - d2;
  const s2 = d4 - d3;
  const s3 = d5 - d4;
  const t0 = s0 - s1;
  const t1 = s1 - s2;
  const t2 = s2 - s3;
  const q0 = t0 - t1;
  const q1 = t1 - t2;
  const f0 = s0 - 3.0 * s1;
  const f1 = s1 + s2;
  const f2 = 3.0 * s2 - s3;
  const b0 = 4.333333333333333 * t0 * t0 + f0 * f0 + guard;
  const b1 = 4.333333333333333 * t1 * t1 + f1 * f1 + guard;
  const b2 = 4.333333333333333 * t2 * t2 + f2 * f2 + guard;
  const least = Math.min(b0, Math.min(b1, b2));
  // Z: 1 + (tau/b)^2, scaled by (least/max(tau, least))^2. JS: (least/b)^2.
  const tau = Math.abs(b0 - b2);
  const most = Math.max(tau, least);
  const one = (this.constants.z * least) / most;
  const pull = 1.0 - this.constants.z + (this.constants.z * tau) / most;
  const r0 = (pull * least) / b0;
  const r1 = (pull * least) / b1;
  const r2 = (pull * least) / b2;
  const w0 = one * one + r0 * r0;
  const w1 = 6.0 * (one * one + r1 * r1);
  const w2 = one * one + r2 * r2;
  const linear = 7.0 * (d3 + d4) - (d2 + d5) + q1;
  if (this.constants.mapped === 1) {
    // Henrick's map, common factors cancelled: mappedCorrection of batched/weno5.ts.
    const inverse = 1.0 / (w0 + w1 + 3.0 * w2);
    const wa = w0 * inverse;
    const wb = w1 * inverse;
    const wc = 3.0 * w2 * inverse;
    const da = 0.01 + 0.8 * wa;
    const db = 0.36 - 0.2 * wb;
    const dc = 0.09 + 0.4 * wc;
    const ma = wa * (0.11 + wa * (wa - 0.3)) * db * dc;
    const mb = wb * (0.96 + wb * (wb - 1.8)) * da * dc;
    const mc = wc * (0.39 + wc * (wc - 0.9)) * da * db;
    return (linear - (4.0 * ma * q0 + 2.0 * mc * q1) / (ma + mb + mc)) * unit;
  }
  return (linear - (4.0 * w0 * q0 + 6.0 * w2 * q1) / (w0 + w1 + 3.0 * w2)) * unit;
}

/** The functions, for gpu.js to read. */
export const functions: {
  readonly indicator: typeof indicator;
  readonly inverseSum: typeof inverseSum;
  readonly weight: typeof weight;
  readonly oneSided: typeof oneSided;
} = { indicator, inverseSum, weight, oneSided };
