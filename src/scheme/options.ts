export type WenoVariant = "js" | "z" | "m";

/** The guard against division by zero in the nonlinear weights, in the scaling of Osher & Fedkiw's smoothness indicators. */
export interface Epsilon {
  /** `absolute`: the value itself. `scaled`: value times the largest squared slope of the stencil, plus 1e-40. */
  readonly kind: "absolute" | "scaled";
  readonly value: number;
}

export type HamiltonianFlux = "llf" | "glf" | "godunov";
export type Splitting = "richardson" | "strang" | "explicit";
export type FokkerPlanckMode = "fdm" | "weno5";
export type TimeInterpolation = "cubic" | "linear";

/** How a problem is discretised. The defaults stand in `schemeDefaults` and nowhere else. */
export interface SchemeOptions {
  readonly weno: WenoVariant;
  readonly epsilon: Epsilon;
  readonly hamiltonianFlux: HamiltonianFlux;
  readonly splitting: Splitting;
  readonly fokkerPlanck: FokkerPlanckMode;
  /** Courant number of a sub-step. */
  readonly cfl: number;
  /** Implicit sub-steps per stored interval of the `fdm` mode. */
  readonly fdmSubsteps: number;
  /** Grading g of the stored time levels, 0 (uniform) to 1. */
  readonly grading: number;
  /** Interpolation between stored slices at stage times: four points in the level index, or two. */
  readonly timeInterpolation: TimeInterpolation;
}

const cflOf: Readonly<Record<Splitting, number>> = { richardson: 1, strang: 0.5, explicit: 0.5 };

/** The one place of the scheme's defaults; `cfl` depends on the splitting. */
export function schemeDefaults(splitting: Splitting = "richardson"): SchemeOptions {
  return {
    weno: "z",
    epsilon: { kind: "scaled", value: 1e-6 },
    hamiltonianFlux: "llf",
    splitting,
    fokkerPlanck: "weno5",
    cfl: cflOf[splitting],
    fdmSubsteps: 1,
    grading: 0.9,
    timeInterpolation: "cubic",
  };
}
