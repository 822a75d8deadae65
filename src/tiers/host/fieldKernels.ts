/**
 * What the sweeps of the JavaScript tiers ask of a tier: whole-field operations of one spatial scheme, stateless but for
 * scratch memory. `scalar` writes them point by point from the formulas of src/scheme (the reference), `batched` as fused
 * loops over lines. All fields are Float64Array of `grid.points` in C order.
 *
 * Section numbers are those of docs/numerics.md.
 */
import type { Discretisation } from "../../scheme/discretisation.ts";

/** u on the exit walls of each axis at one moment, one number per line; undefined where the side is no exit. */
export type Walls = readonly {
  readonly lower: Float64Array | undefined;
  readonly upper: Float64Array | undefined;
}[];

/**
 * Numbers on the faces of each axis, line by line: face j of line l (between nodes j - 1 and j; face 0 and face n are the
 * walls, equal to each other on a periodic axis) stands at index l * (n + 1) + j. Positive is towards larger coordinates.
 */
export type Faces = readonly Float64Array[];

/** One-sided slopes of u at every node, axis by axis: p- and p+. */
export interface SlopeFields {
  readonly minus: readonly (Float64Array | Float32Array)[];
  readonly plus: readonly (Float64Array | Float32Array)[];
}

/** One explicit Euler stage of the Fokker-Planck equation with flux blending (section 5.2). */
export interface DensityStage {
  /** Density before the stage, >= 0. */
  readonly m: Float64Array;
  /** Value function at the stage time: gives the optimal drift. */
  readonly u: Float64Array;
  readonly walls: Walls;
  /** Step of the Euler stage. */
  readonly tau: number;
  /** True in the explicit mode (J^W = F - nu G6, J^L Scharfetter-Gummel); false for advection alone (J^W = F, J^L upwind). */
  readonly diffusion: boolean;
  /** Balanced splitting: frozen face fluxes Q of the exit axes; there the high-order flux is F - Q and the low-order flux 0. Empty arrays on other axes. */
  readonly frozen: Faces | undefined;
  /** Where the new density goes; not `m`. */
  readonly out: Float64Array;
  /** Time-integrated fluxes: flux += fluxWeight * tau * J; undefined where nobody asks. */
  readonly flux: Faces | undefined;
  readonly fluxWeight: number;
}

/** One RKL2 diffusion sub-step of the density along one axis, high and low order blended (section 5.2, default form). */
export interface DensityDiffusion {
  readonly m: Float64Array;
  readonly axis: number;
  readonly tau: number;
  readonly stages: number;
  /** Balanced splitting: frozen high-order fluxes Q on this axis (flux = -nu G6 + Q), with u and walls for the upwind low order. */
  readonly balance: { readonly frozen: Float64Array; readonly u: Float64Array; readonly walls: Walls } | undefined;
  /** Time-integrated fluxes of this axis: flux += fluxWeight * (J integrated over tau). */
  readonly flux: Float64Array | undefined;
  readonly fluxWeight: number;
}

export interface FieldKernels {
  readonly discretisation: Discretisation;
  /**
   * Takes the one-sided slopes of u on another place, for the operations that follow with this very u and walls. Where it is there,
   * sweeps call it before every operation that reads slopes; where it is not, each operation takes its own.
   */
  readonly prepare?: (u: Float64Array, walls: Walls) => Promise<void>;
  /**
   * rate += -Hhat(x, p-, p+), and += nu sum of Lap6 over the axes where `diffusion`.
   * Returns max over the nodes of sum_a alpha_a / h_a (1/time), alpha the Lax-Friedrichs dissipation (section 3.1); where
   * the flux is `godunov`, with the alpha that `llf` would use.
   */
  hamiltonian(u: Float64Array, walls: Walls, diffusion: boolean, rate: Float64Array): number;
  /**
   * u advanced in place over tau of u_s = nu u_aa + source along one axis, Lap6, RKL2 with `stages` (odd, >= 3) stages.
   * Walls at the start and at the end; between them linear at the stage times c_j = (j^2 + j - 2)/(s^2 + s - 2), c_1 = c_2/3.
   */
  diffuseValue(
    u: Float64Array,
    axis: number,
    tau: number,
    stages: number,
    source: Float64Array | undefined,
    wallsStart: Walls,
    wallsEnd: Walls,
  ): void;
  /**
   * Max over the nodes of sum_a max(|b_a|, pos(b_right) + pos(-b_left)) / h_a (1/time): b = -H_p(x, (p- + p+)/2) at the node, b_right
   * and b_left the low-order drifts through the cell's faces. At a kink of u the drift of the node is near 0 while both faces
   * empty the cell, and the low-order stage stays >= 0 only where they are heeded.
   */
  driftSpeed(u: Float64Array, walls: Walls): number;
  /** out = L, the running cost p.H_p - H of the optimal control at p = (p- + p+)/2. */
  runningCost(u: Float64Array, walls: Walls, out: Float64Array): void;
  /** Returns the number of limited cells. */
  densityStage(stage: DensityStage): number;
  /** High-order advective face fluxes F of section 5.2 on every axis that has an exit, into `out` (other axes untouched). */
  advectiveFlux(m: Float64Array, u: Float64Array, walls: Walls, out: Faces): void;
  /** Returns the number of limited cells. */
  diffuseDensity(step: DensityDiffusion): number;
  /**
   * m <- m - sum_a div(eta A): adds the antidiffusive, time-integrated face fluxes A with the limiter of section 5.2
   * (tau = 1), and replaces A by eta A in place. Returns the number of limited cells.
   */
  correctDensity(m: Float64Array, antidiffusive: Faces): number;
  /**
   * One implicit Scharfetter-Gummel Euler step of length tau along one axis, in place: direct solve, then one refinement in
   * delta form (section 5.1). flux += time-integrated face fluxes of this axis where asked for.
   */
  implicitDensity(
    m: Float64Array,
    u: Float64Array,
    axis: number,
    tau: number,
    walls: Walls,
    flux: Float64Array | undefined,
  ): void;
}
