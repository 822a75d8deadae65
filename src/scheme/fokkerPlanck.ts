/**
 * Face fluxes of the Fokker-Planck equation m_t + div(b m - nu grad m) = 0 (docs/numerics.md section 5): the low-order,
 * positive ones of Scharfetter & Gummel (1969) and of the upwind rule, and the split of the high-order WENO flux.
 */
import type { Epsilon, WenoVariant } from "./options.ts";
import { wenoReconstruct } from "./weno5.ts";

/** Bernoulli function B(z) = z / (e^z - 1). */
export function bernoulli(z: number): number {
  if (Math.abs(z) < 1e-2) {
    const square = z * z;
    return 1 - z / 2 + (square / 12) * (1 - (square / 60) * (1 - square / 42));
  }
  return z / Math.expm1(z);
}

/** Beyond this cell Peclet number B(-P) = P to the last bit; it also keeps nu B(-P) from becoming 0 times infinity. */
const upwindPeclet = 100;

/**
 * Speed at which the density of a cell crosses a face whose outward drift is b: (nu/h) B(-P) with P = b h/nu, the
 * Scharfetter-Gummel rate. Tends to pos(b) as nu falls to 0, and to nu/h as b does.
 */
export function crossingSpeed(nu: number, h: number, b: number): number {
  if (Math.abs(b) * h > upwindPeclet * nu) return Math.max(b, 0);
  return nu === 0 ? 0 : (nu / h) * bernoulli((-b * h) / nu);
}

/** Scharfetter-Gummel flux between two cells: 0 exactly where m_right/m_left = e^P. */
export function fluxScharfetterGummel(nu: number, h: number, b: number, left: number, right: number): number {
  return crossingSpeed(nu, h, b) * left - crossingSpeed(nu, h, -b) * right;
}

/** Chang & Cooper's (1970) weight of the right cell, delta(P) = 1/P - 1/(e^P - 1); with it their flux is that of SG. */
export function changCooperWeight(peclet: number): number {
  if (Math.abs(peclet) < 1e-2) return 0.5 - peclet / 12 + peclet ** 3 / 720;
  return (1 - bernoulli(peclet)) / peclet;
}

/** Upwind flux pos(b) m_left + neg(b) m_right. */
export function fluxUpwind(b: number, left: number, right: number): number {
  return Math.max(b, 0) * left + Math.min(b, 0) * right;
}

/** Flux through a lower exit wall, at half a cell from the node, where m = 0: never positive. */
export function fluxExitLower(nu: number, h: number, wallDrift: number, m: number): number {
  return -(crossingSpeed(nu, h / 2, -wallDrift) * m);
}

/** Flux through an upper exit wall: never negative. */
export function fluxExitUpper(nu: number, h: number, wallDrift: number, m: number): number {
  return crossingSpeed(nu, h / 2, wallDrift) * m;
}

/**
 * High-order advective flux at the face between the padded positions i - 1 and i: WENO reconstructions of
 * f(+-) = (b m +- alpha m)/2, from the left and from the right (Shu 1998, procedure 2.5 with the split of section 5.2).
 *
 * @param product b m with its own ghosts.
 * @param alpha at least max |b| over the six nodes i - 3 .. i + 2 (`splitSpeed`).
 */
export function fluxWeno(
  variant: WenoVariant,
  epsilon: Epsilon,
  product: Float64Array,
  density: Float64Array,
  alpha: number,
  i: number,
): number {
  const plus = (j: number): number => (product[j]! + alpha * density[j]!) / 2;
  const minus = (j: number): number => (product[j]! - alpha * density[j]!) / 2;
  return (
    wenoReconstruct(variant, epsilon, plus(i - 3), plus(i - 2), plus(i - 1), plus(i), plus(i + 1)) +
    wenoReconstruct(variant, epsilon, minus(i + 2), minus(i + 1), minus(i), minus(i - 1), minus(i - 2))
  );
}

/**
 * alpha of the flux split at face j (between nodes j - 1 and j) of a line of n nodes: the largest |b| of the face's six
 * nodes, those beyond a wall left out, wrapped on a periodic axis. Stencil-local: no maximum over the grid is needed.
 */
export function splitSpeed(drift: Float64Array, n: number, periodic: boolean, j: number): number {
  let alpha = 0;
  for (let k = j - 3; k <= j + 2; k++) {
    if (periodic) alpha = Math.max(alpha, Math.abs(drift[(k + n) % n]!));
    else if (k >= 0 && k < n) alpha = Math.max(alpha, Math.abs(drift[k]!));
  }
  return alpha;
}
