/**
 * The Hamiltonian H(x, p) = control/exponent |p|^exponent + drift.p, its derivative, the running cost and the monotone
 * numerical Hamiltonians (docs/numerics.md section 3.1; Osher & Shu 1991; Osher & Fedkiw 2003, section 5.3).
 *
 * `node` is the array index of the point and matters only to a drift field. Slopes are arrays of one number per axis.
 */
import type { DiscreteHamiltonian } from "./discretisation.ts";

type Slopes = ArrayLike<number>;

/** The drift field's component along `axis` at a node; 0 where there is no field. */
export function driftAt(h: DiscreteHamiltonian, axis: number, node: number): number {
  return h.drift === undefined ? 0 : h.drift[axis]![node]!;
}

/** c/q |p|^q from |p|^2. */
export function controlEnergy(h: DiscreteHamiltonian, squared: number): number {
  const power = h.exponent === 2 ? squared : squared ** (h.exponent / 2);
  return (h.control / h.exponent) * power;
}

/** c |p|^(q-2) from |p|^2: what turns a slope into a speed. 0 at p = 0 for q != 2, so that its product with p is right. */
export function speedPerSlope(h: DiscreteHamiltonian, squared: number): number {
  if (h.exponent === 2) return h.control;
  return squared === 0 ? 0 : h.control * squared ** ((h.exponent - 2) / 2);
}

function squaredNorm(p: Slopes): number {
  let squared = 0;
  for (let a = 0; a < p.length; a++) squared += p[a]! * p[a]!;
  return squared;
}

/** H(x, p). */
export function hamiltonian(h: DiscreteHamiltonian, node: number, p: Slopes): number {
  let sum = controlEnergy(h, squaredNorm(p));
  if (h.drift !== undefined) for (let a = 0; a < p.length; a++) sum += driftAt(h, a, node) * p[a]!;
  return sum;
}

/** H_p(x, p), one component per axis into `out`; the optimal drift is its negative. */
export function hamiltonianSlope(h: DiscreteHamiltonian, node: number, p: Slopes, out: Float64Array): void {
  const factor = speedPerSlope(h, squaredNorm(p));
  for (let a = 0; a < p.length; a++) out[a] = factor * p[a]! + driftAt(h, a, node);
}

/**
 * The running cost L of the optimal control at slope p: the Legendre transform p.H_p - H, which is c (1 - 1/q) |p|^q
 * whatever the drift field.
 */
export function runningCost(h: DiscreteHamiltonian, p: Slopes): number {
  return (h.exponent - 1) * controlEnergy(h, squaredNorm(p));
}

/**
 * The optimal drift -H_p through a face from the slope of u across it (section 5.1).
 *
 * @param transverse squared slopes along the other axes; read only where H is not separable.
 * @param drift the drift field at the face.
 */
export function faceDrift(h: DiscreteHamiltonian, slope: number, transverse: number, drift: number): number {
  const squared = h.separable ? slope * slope : slope * slope + transverse;
  return -(speedPerSlope(h, squared) * slope + drift);
}

const nearest = (a: number, b: number): number => (a * b <= 0 ? 0 : Math.min(Math.abs(a), Math.abs(b)));
const farthest = (a: number, b: number): number => Math.max(Math.abs(a), Math.abs(b));

/**
 * Local Lax-Friedrichs dissipation: alpha_a = max |H_{p_a}| over the box spanned by the one-sided slopes at this node.
 * Where H is not separable, |H_{p_a}| = c P (P^2 + s)^((q-2)/2) with P the slope's size along a, in which it grows, and s the
 * squares of the others: at their largest for q >= 2, at their smallest below.
 */
export function dissipation(
  h: DiscreteHamiltonian,
  node: number,
  pMinus: Slopes,
  pPlus: Slopes,
  alpha: Float64Array,
): void {
  for (let a = 0; a < pMinus.length; a++) {
    const minus = pMinus[a]!;
    const plus = pPlus[a]!;
    if (h.separable) {
      const drift = driftAt(h, a, node);
      alpha[a] = farthest(
        speedPerSlope(h, minus * minus) * minus + drift,
        speedPerSlope(h, plus * plus) * plus + drift,
      );
      continue;
    }
    let others = 0;
    for (let j = 0; j < pMinus.length; j++) {
      if (j === a) continue;
      const size = h.exponent >= 2 ? farthest(pMinus[j]!, pPlus[j]!) : nearest(pMinus[j]!, pPlus[j]!);
      others += size * size;
    }
    const largest = farthest(minus, plus);
    alpha[a] = speedPerSlope(h, largest * largest + others) * largest;
  }
}

/** Lax-Friedrichs: H((p- + p+)/2) - sum alpha (p+ - p-)/2. With local alpha it is LLF, with the grid's largest GLF. */
export function laxFriedrichs(
  h: DiscreteHamiltonian,
  node: number,
  pMinus: Slopes,
  pPlus: Slopes,
  alpha: Slopes,
): number {
  const axes = pMinus.length;
  let squared = 0;
  let rest = 0;
  for (let a = 0; a < axes; a++) {
    const mean = (pMinus[a]! + pPlus[a]!) / 2;
    squared += mean * mean;
    rest += driftAt(h, a, node) * mean - (alpha[a]! * (pPlus[a]! - pMinus[a]!)) / 2;
  }
  return controlEnergy(h, squared) + rest;
}

/**
 * Godunov: along each axis the least of H over [p-, p+], or the largest over [p+, p-] where p- > p+. H without a drift field
 * grows with the size of every component, so the extremes of the components give the extreme of H.
 */
export function godunov(h: DiscreteHamiltonian, node: number, pMinus: Slopes, pPlus: Slopes): number {
  const axes = pMinus.length;
  if (h.drift === undefined) {
    let squared = 0;
    for (let a = 0; a < axes; a++) {
      const minus = pMinus[a]!;
      const plus = pPlus[a]!;
      const size = minus <= plus ? nearest(minus, plus) : farthest(minus, plus);
      squared += size * size;
    }
    return controlEnergy(h, squared);
  }
  let sum = 0;
  for (let a = 0; a < axes; a++) {
    const minus = pMinus[a]!;
    const plus = pPlus[a]!;
    const drift = driftAt(h, a, node);
    const along = (p: number): number => controlEnergy(h, p * p) + drift * p;
    // c/2 p^2 + b p is least at -b/c.
    const lowest = drift === 0 ? 0 : -drift / h.control;
    sum += minus <= plus ? along(Math.max(minus, Math.min(lowest, plus))) : Math.max(along(minus), along(plus));
  }
  return sum;
}
