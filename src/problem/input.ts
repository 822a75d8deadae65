import type { PointFunction } from "./compile.ts";
import type { BoundaryKind, Coupling, Hamiltonian } from "./types.ts";

/** A data field as given: a number, a formula, a formula summed over its periodic images, or (in the API) a function. */
export type FieldInput = number | string | { formula: string; periodize?: boolean | undefined } | PointFunction;

export type WallInput = BoundaryKind | { kind: "exit"; value?: FieldInput | undefined };

/** A problem as given: what a problem file holds, and what the API takes. */
export interface ProblemInput {
  $schema?: string | undefined;
  name: string;
  description?: string | undefined;
  domain: { from: number; to: number; boundary: WallInput | { lower: WallInput; upper: WallInput } }[];
  horizon: number;
  volatility: number;
  hamiltonian?:
    | { kind: "quadratic"; control?: number | undefined; drift?: FieldInput[] | undefined }
    | { kind: "power"; control?: number | undefined; exponent: number }
    | undefined;
  coupling?:
    | { kind: "none" }
    | { kind: "linear"; strength?: number | undefined }
    | { kind: "power"; strength?: number | undefined; exponent: number }
    | { kind: "log"; strength?: number | undefined; floor?: number | undefined }
    | { kind: "nonlocal"; strength?: number | undefined; width: number }
    | { kind: "target"; strength?: number | undefined; target: FieldInput }
    | { kind: "mean"; strength?: number | undefined; attraction: number }
    | undefined;
  potential?: FieldInput | undefined;
  terminalCost?: FieldInput | undefined;
  initialDensity: FieldInput;
  normalizeDensity?: boolean | undefined;
}

/** A problem after the schema: defaults filled in, nothing compiled. */
export interface GivenProblem {
  readonly name: string;
  readonly description?: string | undefined;
  readonly domain: readonly GivenAxis[];
  readonly horizon: number;
  readonly volatility: number;
  readonly hamiltonian: GivenHamiltonian;
  readonly coupling: GivenCoupling;
  readonly potential: FieldInput;
  readonly terminalCost: FieldInput;
  readonly initialDensity: FieldInput;
  readonly normalizeDensity: boolean;
}

export interface GivenAxis {
  readonly from: number;
  readonly to: number;
  readonly boundary: GivenWall | { readonly lower: GivenWall; readonly upper: GivenWall };
}

export type GivenWall = BoundaryKind | { readonly kind: "exit"; readonly value: FieldInput };

export type GivenHamiltonian =
  | { readonly kind: "quadratic"; readonly control: number; readonly drift?: readonly FieldInput[] | undefined }
  | Extract<Hamiltonian, { kind: "power" }>;

export type GivenCoupling =
  | Exclude<Coupling, { kind: "target" }>
  | { readonly kind: "target"; readonly strength: number; readonly target: FieldInput };
