/** The validated, immutable form of a problem: what `parseProblem` returns and every other room reads. */

export type Dimension = 1 | 2 | 3;
export type BoundaryKind = "periodic" | "reflecting" | "exit" | "open";

/**
 * A data field of space and time, compiled. `at` is called with all four arguments; coordinates beyond the dimension are 0.
 * Positions in the units of the domain, t in the units of the horizon.
 */
export interface Field {
  readonly at: (x: number, y: number, z: number, t: number) => number;
  /** Set when the field is one number everywhere. */
  readonly constant: number | undefined;
  readonly dependsOnTime: boolean;
  /** The formula as given, or "function" for a JavaScript function. */
  readonly text: string;
  /** Sum over the periodic images of the box (only what the file asks for with "periodize": true). */
  readonly periodize: boolean;
}

export type BoundarySide =
  | { readonly kind: "periodic" | "reflecting" | "open" }
  /** u = value on the wall, m = 0: who arrives leaves, and pays `value`. */
  | { readonly kind: "exit"; readonly value: Field };

export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly lower: BoundarySide;
  readonly upper: BoundarySide;
}

/** H(x, p) = control/2 |p|^2 + drift.p, or control/exponent |p|^exponent. */
export type Hamiltonian =
  | { readonly kind: "quadratic"; readonly control: number; readonly drift: readonly Field[] | undefined }
  | { readonly kind: "power"; readonly control: number; readonly exponent: number };

export type Coupling =
  | { readonly kind: "none" }
  /** f = strength m */
  | { readonly kind: "linear"; readonly strength: number }
  /** f = strength m^exponent */
  | { readonly kind: "power"; readonly strength: number; readonly exponent: number }
  /** f = strength log max(m, floor) */
  | { readonly kind: "log"; readonly strength: number; readonly floor: number }
  /** f = strength (K * m), K the Gaussian of standard deviation `width`, mass 1 */
  | { readonly kind: "nonlocal"; readonly strength: number; readonly width: number }
  /** f = strength (m - target(t, x)), for verification */
  | { readonly kind: "target"; readonly strength: number; readonly target: Field }
  /** f = strength |x - attraction xbar(t)|^2 / 2, xbar the mean of the density: LQ mean interaction */
  | { readonly kind: "mean"; readonly strength: number; readonly attraction: number };

export interface Problem {
  readonly name: string;
  readonly description: string | undefined;
  readonly dimension: Dimension;
  readonly domain: readonly Axis[];
  readonly horizon: number;
  /** sigma; nu = sigma^2 / 2 */
  readonly volatility: number;
  readonly hamiltonian: Hamiltonian;
  readonly coupling: Coupling;
  readonly potential: Field;
  readonly terminalCost: Field;
  readonly initialDensity: Field;
  readonly normalizeDensity: boolean;
  /** The problem as it was given, as JSON; functions of the API appear as the text "function". */
  readonly source: unknown;
}
