/** Steps in time from single fluxes, for the tests alone: a limiter on the graph of faces, Legendre polynomials, dense matrices. */
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import type { Face } from "./bruteForce.ts";

/** m - sum over faces of what leaves and enters, flux[f] tau/h each. */
export function transported(
  d: Discretisation,
  m: ArrayLike<number>,
  faces: readonly Face[],
  flux: readonly number[],
  tau: number,
): Float64Array {
  const out = Float64Array.from(m);
  faces.forEach((face, f) => {
    const amount = (tau * flux[f]!) / d.grid.spacing[face.axis]!;
    if (face.left >= 0) out[face.left] = out[face.left]! - amount;
    if (face.right >= 0) out[face.right] = out[face.right]! + amount;
  });
  return out;
}

/** Shares on the graph of faces; returns the limited fluxes and how many cells limit. */
export function limitedFluxes(
  d: Discretisation,
  low: ArrayLike<number>,
  faces: readonly Face[],
  flux: readonly number[],
  tau: number,
): { flux: number[]; limited: number } {
  const guard = 1 - 1e-12;
  const donor = (f: number): number => (flux[f]! > 0 ? faces[f]!.left : faces[f]!.right);
  const amount = (f: number): number => Math.abs((tau * flux[f]!) / d.grid.spacing[faces[f]!.axis]!);
  const given = new Map<number, number>();
  flux.forEach((_, f) => given.set(donor(f), (given.get(donor(f)) ?? 0) + amount(f)));
  const shares = new Map<number, number>();
  for (const [cell, total] of given) {
    if (cell >= 0 && total > 0) shares.set(cell, Math.min(1, (guard * Math.max(low[cell]!, 0)) / total));
  }
  const shareOf = (cell: number): number => (cell < 0 ? 1 : (shares.get(cell) ?? 1));
  return {
    flux: flux.map((value, f) => value * shareOf(donor(f))),
    limited: [...shares.values()].filter((share) => share < 1).length,
  };
}

/**
 * RKL2 in closed form: a + b P_s(1 + w tau Z) applied to a state, Z the linear rate (Meyer, Balsara & Aslam 2014, section 2). Time,
 * sources and accumulated fluxes are made part of the state by the caller.
 */
export function legendreStep(
  rate: (state: readonly number[]) => number[],
  state: readonly number[],
  tau: number,
  s: number,
): number[] {
  const w = 4 / (s * s + s - 2);
  const b = (s * s + s - 2) / (2 * s * (s + 1));
  const shifted = (v: readonly number[]): number[] => {
    const change = rate(v);
    return v.map((x, i) => x + w * tau * change[i]!);
  };
  let before = [...state];
  let value = shifted(state);
  for (let j = 2; j <= s; j++) {
    const next = shifted(value).map((x, i) => ((2 * j - 1) * x - (j - 1) * before[i]!) / j);
    before = value;
    value = next;
  }
  return value.map((x, i) => (1 - b) * state[i]! + b * x);
}

/** Solves A x = rhs by elimination with pivoting, A given by what it does to a vector. */
export function denseSolve(apply: (x: Float64Array) => Float64Array, rhs: Float64Array): Float64Array {
  const n = rhs.length;
  const rows = Array.from({ length: n }, (_, i) => [...new Float64Array(n), rhs[i]!]);
  for (let j = 0; j < n; j++) {
    const unit = new Float64Array(n);
    unit[j] = 1;
    apply(unit).forEach((value, i) => (rows[i]![j] = value));
  }
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[best]![k]!)) best = i;
    [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      if (factor !== 0) for (let j = k; j <= n; j++) rows[i]![j] = rows[i]![j]! - factor * rows[k]![j]!;
    }
  }
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let value = rows[i]![n]!;
    for (let j = i + 1; j < n; j++) value -= rows[i]![j]! * x[j]!;
    x[i] = value / rows[i]![i]!;
  }
  return x;
}
