import type { BoundaryKind, Coupling, Hamiltonian, Problem } from "../problem/types.ts";
import type { Grid } from "./grid.ts";
import type { SchemeOptions } from "./options.ts";

/** A problem on a grid, as numbers: all that a tier needs to know. Nothing here is changed after `discretise`. */
export interface Discretisation {
  readonly problem: Problem;
  readonly grid: Grid;
  /** Stored time intervals. */
  readonly steps: number;
  /** The steps + 1 stored times, 0 first, horizon last. */
  readonly levels: Float64Array;
  readonly scheme: SchemeOptions;
  /** sigma^2 / 2 */
  readonly nu: number;
  readonly hamiltonian: DiscreteHamiltonian;
  readonly boundaries: readonly AxisBoundary[];
  readonly coupling: DiscreteCoupling;
  /** V at the nodes: one slice, or steps + 1 slices where V depends on time. */
  readonly potential: Float64Array;
  readonly terminalCost: Float64Array;
  readonly initialDensity: Float64Array;
}

/** H = control/exponent |p|^exponent + drift.p; `separable` where H is a sum over the axes. */
export interface DiscreteHamiltonian {
  readonly kind: Hamiltonian["kind"];
  readonly control: number;
  /** 2 for `quadratic`. */
  readonly exponent: number;
  /** Drift field b_a at the nodes, per axis; undefined where there is none. */
  readonly drift: readonly Float64Array[] | undefined;
  /** True for `quadratic`, for exponent 2 and in one dimension. */
  readonly separable: boolean;
}

/** The two sides of one axis. `exitValue` holds u on the wall per stored level and line: index level * lines + line. */
export interface AxisBoundary {
  readonly lower: WallSide;
  readonly upper: WallSide;
}
export interface WallSide {
  readonly kind: BoundaryKind;
  readonly exitValue: Float64Array | undefined;
}

export type DiscreteCoupling =
  | Exclude<Coupling, { kind: "target" }>
  | {
      readonly kind: "target";
      readonly strength: number;
      /** m* at the nodes of every stored level: (steps + 1) x points. */
      readonly target: Float64Array;
    };

/** True where some side of some axis is an exit: mass may leave and splitting is balanced. */
export function hasExit(d: Discretisation): boolean {
  return d.boundaries.some((axis) => axis.lower.kind === "exit" || axis.upper.kind === "exit");
}
