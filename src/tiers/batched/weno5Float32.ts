/**
 * One-sided WENO5 derivatives in f32 storage: the interval-shared form with reciprocals (docs/numerics.md section 2.3),
 * whose ratios epsilon/(indicator + epsilon) lie in (0, 1], so that nothing overflows at any difference that f32 can
 * hold. The arithmetic between load and store is JavaScript's, i.e. f64; what is stored is rounded to f32.
 */
import type { WenoVariant } from "../../scheme/options.ts";
import { mappedCorrection } from "./weno5.ts";
import type { IntervalLoop } from "./weno5Intervals.ts";

/** Added to a scaled epsilon in f32, in the units of a squared slope. */
export const scaledFloor32 = 1e-30;

/** The interval loop of a variant (Z with power 2) for f32 storage; guards as for the f64 loops. */
export function intervalLoop32(variant: WenoVariant): IntervalLoop<Float32Array> {
  return loops[variant];
}

const loops: Readonly<Record<WenoVariant, IntervalLoop<Float32Array>>> = {
  js: (u, from, step, count, inverse, scale, floor, pMinus, minusAt, pPlus, plusAt) =>
    powerLoop(false, u, from, step, count, inverse, scale, floor, pMinus, minusAt, pPlus, plusAt),
  z: (u, from, step, count, inverse, scale, floor, pMinus, minusAt, pPlus, plusAt) =>
    powerLoop(true, u, from, step, count, inverse, scale, floor, pMinus, minusAt, pPlus, plusAt),
  m: mappedLoop,
};

/** JS weights (epsilon/b)^2, or Z weights 1 + (tau/b)^2. */
function powerLoop(
  z: boolean,
  u: Float32Array,
  from: number,
  step: number,
  count: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  pMinus: Float32Array,
  minusAt: number,
  pPlus: Float32Array,
  plusAt: number,
): void {
  const one = z ? 1 : 0;
  const o1 = from + step;
  const o2 = o1 + step;
  const o3 = o2 + step;
  const o4 = o3 + step;
  const o5 = o4 + step;
  const unit = inverseSpacing / 12;
  for (let k = 0; k < count; k++) {
    const u1 = u[o1 + k]!;
    const u2 = u[o2 + k]!;
    const u3 = u[o3 + k]!;
    const u4 = u[o4 + k]!;
    const d1 = u1 - u[from + k]!;
    const d2 = u2 - u1;
    const d3 = u3 - u2;
    const d4 = u4 - u3;
    const d5 = u[o5 + k]! - u4;
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
    const f0 = s0 - 3 * s1;
    const f1 = s1 + s2;
    const f2 = 3 * s2 - s3;
    const b0 = (13 / 3) * t0 * t0 + f0 * f0 + guard;
    const b1 = (13 / 3) * t1 * t1 + f1 * f1 + guard;
    const b2 = (13 / 3) * t2 * t2 + f2 * f2 + guard;
    const numerator = z ? b0 - b2 : guard;
    const r0 = numerator / b0;
    const r1 = numerator / b1;
    const r2 = numerator / b2;
    const w0 = one + r0 * r0;
    const w1 = 6 * (one + r1 * r1);
    const w2 = one + r2 * r2;
    const x0 = w0 * q0;
    const x1 = w2 * q1;
    const right = (4 * x1 + 6 * x0) / (w2 + w1 + 3 * w0);
    const left = (4 * x0 + 6 * x1) / (w0 + w1 + 3 * w2);
    pPlus[plusAt + k] = (7 * (d2 + d3) - (d1 + d4) - q0 + right) * unit;
    pMinus[minusAt + k] = (7 * (d3 + d4) - (d2 + d5) + q1 - left) * unit;
  }
}

/** JS weights, mapped. */
function mappedLoop(
  u: Float32Array,
  from: number,
  step: number,
  count: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  pMinus: Float32Array,
  minusAt: number,
  pPlus: Float32Array,
  plusAt: number,
): void {
  const o1 = from + step;
  const o2 = o1 + step;
  const o3 = o2 + step;
  const o4 = o3 + step;
  const o5 = o4 + step;
  const unit = inverseSpacing / 12;
  for (let k = 0; k < count; k++) {
    const u1 = u[o1 + k]!;
    const u2 = u[o2 + k]!;
    const u3 = u[o3 + k]!;
    const u4 = u[o4 + k]!;
    const d1 = u1 - u[from + k]!;
    const d2 = u2 - u1;
    const d3 = u3 - u2;
    const d4 = u4 - u3;
    const d5 = u[o5 + k]! - u4;
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
    const f0 = s0 - 3 * s1;
    const f1 = s1 + s2;
    const f2 = 3 * s2 - s3;
    const b0 = (13 / 3) * t0 * t0 + f0 * f0 + guard;
    const b1 = (13 / 3) * t1 * t1 + f1 * f1 + guard;
    const b2 = (13 / 3) * t2 * t2 + f2 * f2 + guard;
    const r0 = guard / b0;
    const r1 = guard / b1;
    const r2 = guard / b2;
    const w0 = r0 * r0;
    const w1 = 6 * r1 * r1;
    const w2 = r2 * r2;
    const right = mappedCorrection(w2, w1, 3 * w0, q1, q0);
    const left = mappedCorrection(w0, w1, 3 * w2, q0, q1);
    pPlus[plusAt + k] = (7 * (d2 + d3) - (d1 + d4) - q0 + right) * unit;
    pMinus[minusAt + k] = (7 * (d3 + d4) - (d2 + d5) + q1 - left) * unit;
  }
}
