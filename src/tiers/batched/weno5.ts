/**
 * One-sided WENO5 derivatives of grid lines in f64: the interval-shared Jiang-Peng form with common denominators
 * (docs/numerics.md section 2.3).
 *
 * Between nodes i and i + 1 lie five differences. The left-biased value at i + 1 and the right-biased value at i are
 * made of the same three indicators, so each loop marches over the intervals, keeps the differences in locals and
 * carries one number, the left correction. One loop per variant keeps each of them monomorphic; both kinds of epsilon
 * share it, since the largest squared difference costs nothing measurable beside the rest.
 *
 * Differences are not divided by the spacing h. Indicators are therefore h^2/3 times Jiang & Peng's, i.e. 4 h^2 times
 * those of Osher & Fedkiw (2003, (3.32)-(3.34)), and so is epsilon; corrections are 12 h Phi.
 *
 * Fourth powers of indicators bound the range: differences up to 1e30 in size are safe. Epsilon is raised to
 * `smallestGuard`, below which its powers would underflow and give 0/0 on constant data.
 */
import type { Epsilon, WenoVariant } from "../../scheme/options.ts";

/**
 * Writes u_x^- and u_x^+ of one line.
 *
 * @param u padded line: n + 6 entries, node i at index i + 3
 * @param n nodes
 * @param inverseSpacing 1/h
 * @param pMinus left-biased derivatives, n entries from `at`
 * @param pPlus right-biased derivatives, n entries from `at`
 * @param at where node 0 stands in the outputs; 0 unless told
 */
export type DerivativesLine = (
  u: Float64Array,
  n: number,
  inverseSpacing: number,
  pMinus: Float64Array,
  pPlus: Float64Array,
  at?: number,
) => void;

/** Epsilon in the units of the loops: `scale` x the largest squared difference + `floor`. */
export interface Guard {
  readonly scale: number;
  readonly floor: number;
}

/** Added to a scaled epsilon, in the units of a squared slope. */
export const scaledFloor = 1e-40;

/** Smallest guard whose fourth power is a normal number. */
export const smallestGuard = 1e-70;

/** Indicators of the loops over h^2 times Osher & Fedkiw's. */
const indicatorScale = 4;

/** Epsilon for loops over undivided differences; `tiny` is what a scaled epsilon is never below, in squared slopes. */
export function guardOf(epsilon: Epsilon, inverseSpacing: number, tiny: number): Guard {
  const unit = indicatorScale / (inverseSpacing * inverseSpacing);
  return epsilon.kind === "absolute"
    ? { scale: 0, floor: Math.max(unit * epsilon.value, smallestGuard) }
    : { scale: indicatorScale * epsilon.value, floor: Math.max(unit * tiny, smallestGuard) };
}

/** The line function of a variant (Z with power 2) and an epsilon. */
export function derivativesLine(variant: WenoVariant, epsilon: Epsilon): DerivativesLine {
  const march = marches[variant];
  let known = Number.NaN;
  let scale = 0;
  let floor = 0;
  return (u, n, inverseSpacing, pMinus, pPlus, at = 0) => {
    if (inverseSpacing !== known) {
      known = inverseSpacing;
      ({ scale, floor } = guardOf(epsilon, inverseSpacing, scaledFloor));
    }
    march(u, n, inverseSpacing, scale, floor, pMinus, pPlus, at);
  };
}

type March = (
  u: Float64Array,
  n: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  pMinus: Float64Array,
  pPlus: Float64Array,
  at: number,
) => void;

/**
 * 12 Phi + qb of Henrick's mapped weights (Henrick, Aslam & Powers 2005), from unnormalised JS weights a (linear weight
 * 1/10), b (6/10), c (3/10) and the differences qa, qb of the outer stencils.
 */
export function mappedCorrection(a: number, b: number, c: number, qa: number, qb: number): number {
  const r = 1 / (a + b + c);
  const wa = a * r;
  const wb = b * r;
  const wc = c * r;
  const da = 0.01 + 0.8 * wa;
  const db = 0.36 - 0.2 * wb;
  const dc = 0.09 + 0.4 * wc;
  const ma = wa * (0.11 + wa * (wa - 0.3)) * db * dc;
  const mb = wb * (0.96 + wb * (wb - 1.8)) * da * dc;
  const mc = wc * (0.39 + wc * (wc - 0.9)) * da * db;
  return (4 * ma * qa + 2 * mc * qb) / (ma + mb + mc);
}

function jsMarch(
  u: Float64Array,
  n: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  pMinus: Float64Array,
  pPlus: Float64Array,
  at: number,
): void {
  const unit = inverseSpacing / 12;
  let node = u[4]!;
  let d1 = u[1]! - u[0]!;
  let d2 = u[2]! - u[1]!;
  let d3 = u[3]! - u[2]!;
  let d4 = node - u[3]!;
  let carried = 0;
  for (let i = -1; i < n; i++) {
    const next = u[i + 6]!;
    const d5 = next - node;
    node = next;
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
    if (i >= 0) {
      const centre = 7 * (d2 + d3) - (d1 + d4);
      pMinus[at + i] = (centre - carried) * unit;
      pPlus[at + i] = (centre - q0 + right) * unit;
    }
    carried = left - q1;
    d1 = d2;
    d2 = d3;
    d3 = d4;
    d4 = d5;
  }
}

function zMarch(
  u: Float64Array,
  n: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  pMinus: Float64Array,
  pPlus: Float64Array,
  at: number,
): void {
  const unit = inverseSpacing / 12;
  let node = u[4]!;
  let d1 = u[1]! - u[0]!;
  let d2 = u[2]! - u[1]!;
  let d3 = u[3]! - u[2]!;
  let d4 = node - u[3]!;
  let carried = 0;
  for (let i = -1; i < n; i++) {
    const next = u[i + 6]!;
    const d5 = next - node;
    node = next;
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
    if (i >= 0) {
      const centre = 7 * (d2 + d3) - (d1 + d4);
      pMinus[at + i] = (centre - carried) * unit;
      pPlus[at + i] = (centre - q0 + right) * unit;
    }
    carried = left - q1;
    d1 = d2;
    d2 = d3;
    d3 = d4;
    d4 = d5;
  }
}

function mMarch(
  u: Float64Array,
  n: number,
  inverseSpacing: number,
  scale: number,
  floor: number,
  pMinus: Float64Array,
  pPlus: Float64Array,
  at: number,
): void {
  const unit = inverseSpacing / 12;
  let node = u[4]!;
  let d1 = u[1]! - u[0]!;
  let d2 = u[2]! - u[1]!;
  let d3 = u[3]! - u[2]!;
  let d4 = node - u[3]!;
  let carried = 0;
  for (let i = -1; i < n; i++) {
    const next = u[i + 6]!;
    const d5 = next - node;
    node = next;
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
    if (i >= 0) {
      const centre = 7 * (d2 + d3) - (d1 + d4);
      pMinus[at + i] = (centre - carried) * unit;
      pPlus[at + i] = (centre - q0 + right) * unit;
    }
    carried = left - q1;
    d1 = d2;
    d2 = d3;
    d3 = d4;
    d4 = d5;
  }
}

const marches: Readonly<Record<WenoVariant, March>> = { js: jsMarch, z: zMarch, m: mMarch };
