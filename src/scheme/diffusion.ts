/**
 * Diffusion: Laplacians and their face fluxes on padded lines, spectral radii, and Runge-Kutta-Legendre super-time-stepping
 * (docs/numerics.md sections 3.3 and 4; Meyer, Balsara & Aslam 2014).
 *
 * A padded line holds three ghosts on each side; index i below is an index into the padded line.
 */
import type { AxisBoundary } from "./discretisation.ts";

export type LaplacianOrder = 2 | 4 | 6;

/** (1, -2, 1) / h^2. */
export function laplacian2(line: Float64Array, i: number, h: number): number {
  return (line[i + 1]! - line[i]! - (line[i]! - line[i - 1]!)) / (h * h);
}

/** (-1, 16, -30, 16, -1) / (12 h^2), from first differences. */
export function laplacian4(line: Float64Array, i: number, h: number): number {
  const outer = line[i + 2]! - line[i + 1]! - (line[i - 1]! - line[i - 2]!);
  const inner = line[i + 1]! - line[i]! - (line[i]! - line[i - 1]!);
  return (15 * inner - outer) / (12 * h * h);
}

/** (2, -27, 270, -490, 270, -27, 2) / (180 h^2), from first differences: exact on constants whatever their size. */
export function laplacian6(line: Float64Array, i: number, h: number): number {
  const e0 = line[i - 2]! - line[i - 3]!;
  const e1 = line[i - 1]! - line[i - 2]!;
  const e2 = line[i]! - line[i - 1]!;
  const e3 = line[i + 1]! - line[i]!;
  const e4 = line[i + 2]! - line[i + 1]!;
  const e5 = line[i + 3]! - line[i + 2]!;
  return (2 * (e5 - e0) - 25 * (e4 - e1) + 245 * (e3 - e2)) / (180 * h * h);
}

/** Slope at the face between i - 1 and i whose divergence is `laplacian2`. */
export function faceSlope2(line: Float64Array, i: number, h: number): number {
  return (line[i]! - line[i - 1]!) / h;
}

/** G4: slope at the face between i - 1 and i whose divergence is `laplacian4`. */
export function faceSlope4(line: Float64Array, i: number, h: number): number {
  return (15 * (line[i]! - line[i - 1]!) - (line[i + 1]! - line[i - 2]!)) / (12 * h);
}

/** G6: slope at the face between i - 1 and i whose divergence is `laplacian6`. */
export function faceSlope6(line: Float64Array, i: number, h: number): number {
  const inner = line[i]! - line[i - 1]!;
  const middle = line[i + 1]! - line[i - 2]!;
  const outer = line[i + 2]! - line[i - 3]!;
  return (2 * outer - 25 * middle + 245 * inner) / (180 * h);
}

/** Spectral radius of -h^2 Lap on a periodic line: 4, 16/3, 272/45. */
const radius: Readonly<Record<LaplacianOrder, number>> = { 2: 4, 4: 16 / 3, 6: 272 / 45 };
/**
 * The same with the ghosts of an exit, as computed: long lines have 5.621, 6.157 and 6.526; two exits seven cells apart, the
 * shortest line there is, the largest.
 */
const radiusAtExit: Readonly<Record<LaplacianOrder, number>> = { 2: 5.63, 4: 6.2, 6: 6.61 };

/** Spectral radius rho (1/time) of nu times the Laplacian of one axis. */
export function diffusionRadius(nu: number, h: number, order: LaplacianOrder, boundary: AxisBoundary): number {
  const exit = boundary.lower.kind === "exit" || boundary.upper.kind === "exit";
  return (nu * (exit ? radiusAtExit : radius)[order]) / (h * h);
}

/**
 * Coefficients of RKL2, indexed by the stage j = 2..stages:
 * Y_1 = Y_0 + first tau M Y_0,
 * Y_j = mu_j Y_{j-1} + nu_j Y_{j-2} + (1 - mu_j - nu_j) Y_0 + muTilde_j tau M Y_{j-1} + gammaTilde_j tau M Y_0.
 */
export interface LegendreCoefficients {
  readonly stages: number;
  readonly first: number;
  readonly mu: Float64Array;
  readonly nu: Float64Array;
  readonly muTilde: Float64Array;
  readonly gammaTilde: Float64Array;
  /** Y_j approximates the solution at abscissa_j tau. */
  readonly abscissa: Float64Array;
}

/** RKL2 with s stages, stable for tau rho <= (s^2 + s - 2)/2. */
export function rkl2(stages: number): LegendreCoefficients {
  const length = stages + 1;
  const w = 4 / (stages * stages + stages - 2);
  const b = Float64Array.from({ length }, (_, j) => (j < 2 ? 1 / 3 : (j * j + j - 2) / (2 * j * (j + 1))));
  const mu = new Float64Array(length);
  const nu = new Float64Array(length);
  const muTilde = new Float64Array(length);
  const gammaTilde = new Float64Array(length);
  const abscissa = new Float64Array(length);
  const first = w / 3;
  abscissa[1] = first;
  for (let j = 2; j <= stages; j++) {
    mu[j] = ((2 * j - 1) * b[j]!) / (j * b[j - 1]!);
    nu[j] = (-(j - 1) * b[j]!) / (j * b[j - 2]!);
    muTilde[j] = mu[j]! * w;
    gammaTilde[j] = -(1 - b[j - 1]!) * muTilde[j]!;
    abscissa[j] = (j * j + j - 2) / (stages * stages + stages - 2);
  }
  return { stages, first, mu, nu, muTilde, gammaTilde, abscissa };
}

/** RKL1 in the same form, stable for tau rho <= s^2 + s. */
export function rkl1(stages: number): LegendreCoefficients {
  const length = stages + 1;
  const w = 2 / (stages * stages + stages);
  const mu = new Float64Array(length);
  const nu = new Float64Array(length);
  const muTilde = new Float64Array(length);
  const abscissa = new Float64Array(length);
  abscissa[1] = w;
  for (let j = 2; j <= stages; j++) {
    mu[j] = (2 * j - 1) / j;
    nu[j] = -(j - 1) / j;
    muTilde[j] = mu[j]! * w;
    abscissa[j] = (j * j + j) / (stages * stages + stages);
  }
  return { stages, first: w, mu, nu, muTilde, gammaTilde: new Float64Array(length), abscissa };
}

/** The odd number of RKL2 stages, at least 3, that is stable over tau for spectral radius rho. */
export function rklStages(tau: number, rho: number): number {
  const stages = Math.max(3, Math.ceil((Math.sqrt(9 + 8 * tau * rho) - 1) / 2));
  return stages % 2 === 0 ? stages + 1 : stages;
}
