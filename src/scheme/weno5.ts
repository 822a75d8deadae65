/**
 * Fifth-order weighted essentially non-oscillatory reconstruction, formula by formula: the reference of all tiers.
 *
 * Sources: Jiang & Peng 2000; Osher & Fedkiw 2003, (3.25)-(3.41); the Z weights of Borges et al. 2008; the mapping of
 * Henrick, Aslam & Powers 2005. Indicators are in Osher & Fedkiw's scaling, which is the scaling of epsilon. Section
 * numbers are those of docs/numerics.md.
 */
import { ghostWidth } from "./boundary.ts";
import type { Epsilon, WenoVariant } from "./options.ts";

export type Triple = readonly [number, number, number];
export type Stencil5 = readonly [number, number, number, number, number];
export type Stencil7 = readonly [number, number, number, number, number, number, number];

/** Power q of the Z weights: 2 keeps the order at critical points, 1 is less dissipative. */
export type ZPower = 1 | 2;

/** The reconstruction as a value that says what it is. */
export interface Weno5 {
  readonly name: "weno5";
  readonly variant: WenoVariant;
  readonly order: 5;
  readonly ghosts: number;
  readonly epsilon: Epsilon;
}

/** The reconstruction of a variant and an epsilon, frozen. */
export function weno5(variant: WenoVariant, epsilon: Epsilon): Weno5 {
  return Object.freeze({
    name: "weno5",
    variant,
    order: 5,
    ghosts: ghostWidth,
    epsilon: Object.freeze({ kind: epsilon.kind, value: epsilon.value }),
  });
}

/** Weights with which the three candidates give fifth order: (3.35)-(3.37). */
export const linearWeights: Triple = [0.1, 0.6, 0.3];

/** Added to a scaled epsilon so that constant data give no 0/0. */
export const scaledEpsilonFloor = 1e-40;

/** Smoothness indicators S1, S2, S3 of five slopes (or values): (3.32)-(3.34). */
export function smoothness(v1: number, v2: number, v3: number, v4: number, v5: number): Triple {
  return [
    (13 / 12) * (v1 - 2 * v2 + v3) ** 2 + (1 / 4) * (v1 - 4 * v2 + 3 * v3) ** 2,
    (13 / 12) * (v2 - 2 * v3 + v4) ** 2 + (1 / 4) * (v2 - v4) ** 2,
    (13 / 12) * (v3 - 2 * v4 + v5) ** 2 + (1 / 4) * (3 * v3 - 4 * v4 + v5) ** 2,
  ];
}

/** The three third-order candidates: (3.25)-(3.27). */
export function candidates(v1: number, v2: number, v3: number, v4: number, v5: number): Triple {
  return [v1 / 3 - (7 * v2) / 6 + (11 * v3) / 6, -v2 / 6 + (5 * v3) / 6 + v4 / 3, v3 / 3 + (5 * v4) / 6 - v5 / 6];
}

/** The number added to the indicators of this stencil: (3.38) for `scaled`. */
export function epsilonOf(epsilon: Epsilon, v1: number, v2: number, v3: number, v4: number, v5: number): number {
  if (epsilon.kind === "absolute") return epsilon.value;
  return epsilon.value * Math.max(v1 ** 2, v2 ** 2, v3 ** 2, v4 ** 2, v5 ** 2) + scaledEpsilonFloor;
}

/** Weights scaled to sum 1. */
export function normalized(weights: Triple): Triple {
  const sum = weights[0] + weights[1] + weights[2];
  return [weights[0] / sum, weights[1] / sum, weights[2] / sum];
}

/** Weights of Jiang & Shu, (3.39)-(3.41): d_k/(S_k + epsilon)^2, normalized. */
export function jsWeights(beta: Triple, epsilon: number, linear: Triple = linearWeights): Triple {
  return normalized([
    linear[0] / (beta[0] + epsilon) ** 2,
    linear[1] / (beta[1] + epsilon) ** 2,
    linear[2] / (beta[2] + epsilon) ** 2,
  ]);
}

/** Weights of Borges et al. 2008: d_k (1 + (|S1 - S3|/(S_k + epsilon))^q), normalized. */
export function zWeights(beta: Triple, epsilon: number, power: ZPower = 2): Triple {
  const tau = Math.abs(beta[0] - beta[2]);
  return normalized([
    linearWeights[0] * (1 + (tau / (beta[0] + epsilon)) ** power),
    linearWeights[1] * (1 + (tau / (beta[1] + epsilon)) ** power),
    linearWeights[2] * (1 + (tau / (beta[2] + epsilon)) ** power),
  ]);
}

/**
 * Mapping of Henrick et al. 2005 of one weight with linear weight d; it is flat at w = d. For d = 1/10: g(0.05) =
 * 0.0975, g(0.1) = 0.1, g(0.2) = 0.105882352941, g(0.5) = 0.256097560976.
 */
export function henrickMap(w: number, d: number): number {
  return (w * (d + d ** 2 - 3 * d * w + w ** 2)) / (d ** 2 + w * (1 - 2 * d));
}

/** JS weights, mapped once and normalized: Henrick et al. 2005. */
export function mWeights(beta: Triple, epsilon: number): Triple {
  const w = jsWeights(beta, epsilon);
  return normalized([
    henrickMap(w[0], linearWeights[0]),
    henrickMap(w[1], linearWeights[1]),
    henrickMap(w[2], linearWeights[2]),
  ]);
}

/** Nonlinear weights of a variant from its indicators and the epsilon of the stencil. */
export function nonlinearWeights(variant: WenoVariant, beta: Triple, epsilon: number, power: ZPower = 2): Triple {
  switch (variant) {
    case "js":
      return jsWeights(beta, epsilon);
    case "z":
      return zWeights(beta, epsilon, power);
    case "m":
      return mWeights(beta, epsilon);
  }
}

/**
 * Reconstruction between v3 and v4, biased to the side of v1. Of slopes it is a one-sided derivative, of flux values a
 * face flux (section 5.2).
 *
 * @param power of the Z weights
 */
export function wenoReconstruct(
  variant: WenoVariant,
  epsilon: Epsilon,
  v1: number,
  v2: number,
  v3: number,
  v4: number,
  v5: number,
  power: ZPower = 2,
): number {
  const beta = smoothness(v1, v2, v3, v4, v5);
  const w = nonlinearWeights(variant, beta, epsilonOf(epsilon, v1, v2, v3, v4, v5), power);
  const q = candidates(v1, v2, v3, v4, v5);
  return w[0] * q[0] + w[1] * q[1] + w[2] * q[2];
}

/**
 * Left- and right-biased derivatives [u_x^-, u_x^+] at the middle of seven nodes.
 *
 * @param u values at nodes i - 3 .. i + 3
 * @param spacing distance of the nodes
 * @param power of the Z weights
 *
 * @example
 * const cubic = [-27, -8, -1, 0, 1, 8, 27] as const;
 * oneSidedDerivatives("js", { kind: "absolute", value: 1e-6 }, cubic, 1); // [0, 0] up to rounding
 */
export function oneSidedDerivatives(
  variant: WenoVariant,
  epsilon: Epsilon,
  u: Stencil7,
  spacing: number,
  power: ZPower = 2,
): readonly [number, number] {
  const d0 = (u[1] - u[0]) / spacing;
  const d1 = (u[2] - u[1]) / spacing;
  const d2 = (u[3] - u[2]) / spacing;
  const d3 = (u[4] - u[3]) / spacing;
  const d4 = (u[5] - u[4]) / spacing;
  const d5 = (u[6] - u[5]) / spacing;
  return [
    wenoReconstruct(variant, epsilon, d0, d1, d2, d3, d4, power),
    wenoReconstruct(variant, epsilon, d5, d4, d3, d2, d1, power),
  ];
}
