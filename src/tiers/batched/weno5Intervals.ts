/**
 * One-sided WENO5 derivatives along a strided axis in f64: as weno5.ts, but a loop does one interval of many
 * neighbouring lines and writes both results. Its six nodes stand `step` apart, so that nothing is transposed; with
 * step 1 it runs along a line.
 */
import type { WenoVariant } from "../../scheme/options.ts";
import { mappedCorrection } from "./weno5.ts";

/** Where a run of intervals reads and writes; `scale` and `floor` are those of a `Guard`. */
export type IntervalLoop<A extends Float64Array | Float32Array> = (
  /** Interval k (0 <= k < count) reads its nodes i - 2 .. i + 3 at u[from + k + (0..5) step]. */
  u: A,
  from: number,
  step: number,
  count: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  /** u_x^- at node i + 1 goes to pMinus[minusAt + k], */
  pMinus: A,
  minusAt: number,
  /** u_x^+ at node i to pPlus[plusAt + k]. */
  pPlus: A,
  plusAt: number,
) => void;

/** The interval loop of a variant (Z with power 2). */
export function intervalLoop(variant: WenoVariant): IntervalLoop<Float64Array> {
  return loops[variant];
}

function jsIntervals(
  u: Float64Array,
  from: number,
  step: number,
  count: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  pMinus: Float64Array,
  minusAt: number,
  pPlus: Float64Array,
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
    const g12 = b1 * b2;
    const g02 = b0 * b2;
    const g01 = b0 * b1;
    const p12 = g12 * g12;
    const p02 = 6 * g02 * g02;
    const p01 = g01 * g01;
    const x0 = p12 * q0;
    const x1 = p01 * q1;
    const right = (4 * x1 + 6 * x0) / (p01 + p02 + 3 * p12);
    const left = (4 * x0 + 6 * x1) / (p12 + p02 + 3 * p01);
    pPlus[plusAt + k] = (7 * (d2 + d3) - (d1 + d4) - q0 + right) * unit;
    pMinus[minusAt + k] = (7 * (d3 + d4) - (d2 + d5) + q1 - left) * unit;
  }
}

function zIntervals(
  u: Float64Array,
  from: number,
  step: number,
  count: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  pMinus: Float64Array,
  minusAt: number,
  pPlus: Float64Array,
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
    const g01 = b0 * b1;
    const r = (b0 - b2) / (g01 * b2);
    const z0 = b1 * b2 * r;
    const z1 = b0 * b2 * r;
    const z2 = g01 * r;
    const w0 = 1 + z0 * z0;
    const w1 = 6 + 6 * z1 * z1;
    const w2 = 1 + z2 * z2;
    const x0 = w0 * q0;
    const x1 = w2 * q1;
    const right = (4 * x1 + 6 * x0) / (w2 + w1 + 3 * w0);
    const left = (4 * x0 + 6 * x1) / (w0 + w1 + 3 * w2);
    pPlus[plusAt + k] = (7 * (d2 + d3) - (d1 + d4) - q0 + right) * unit;
    pMinus[minusAt + k] = (7 * (d3 + d4) - (d2 + d5) + q1 - left) * unit;
  }
}

function mIntervals(
  u: Float64Array,
  from: number,
  step: number,
  count: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  pMinus: Float64Array,
  minusAt: number,
  pPlus: Float64Array,
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
    const g12 = b1 * b2;
    const g02 = b0 * b2;
    const g01 = b0 * b1;
    const p12 = g12 * g12;
    const p02 = 6 * g02 * g02;
    const p01 = g01 * g01;
    const right = mappedCorrection(p01, p02, 3 * p12, q1, q0);
    const left = mappedCorrection(p12, p02, 3 * p01, q0, q1);
    pPlus[plusAt + k] = (7 * (d2 + d3) - (d1 + d4) - q0 + right) * unit;
    pMinus[minusAt + k] = (7 * (d3 + d4) - (d2 + d5) + q1 - left) * unit;
  }
}

const loops: Readonly<Record<WenoVariant, IntervalLoop<Float64Array>>> = {
  js: jsIntervals,
  z: zIntervals,
  m: mIntervals,
};
