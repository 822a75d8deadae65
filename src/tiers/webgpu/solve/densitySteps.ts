/** What the operations of the forward sweep are told, see densityKernels.ts, and how many sub-steps it takes. */
import { hasExit, type Discretisation } from "../../../scheme/discretisation.ts";
import { explicitStep, needOf } from "../../../scheme/substeps.ts";
import type { IntervalCounts } from "../../host/intervalCounts.ts";
import { fullRadius } from "../../host/stepLimits.ts";
import type { StoredMoment } from "./context.ts";
import type { Field } from "./fields.ts";

/** One explicit Euler stage; the drift is that of the last `drift`. */
export interface DensityStage {
  readonly m: Field;
  /** Takes the low-order density, and the result unless `base` does. */
  readonly out: Field;
  /** SSPRK3: the result is base + weight (stage - base), which goes into `base` where `intoBase`, else into `out`. */
  readonly base: Field;
  readonly weight: number;
  readonly intoBase: boolean;
  readonly tau: number;
  readonly diffusion: boolean;
  readonly balanced: boolean;
  /** flux += fluxWeight * tau * J/h; 0 where nobody asks. */
  readonly fluxWeight: number;
}

/** One RKL2 diffusion sub-step along an axis; balanced splitting reads the frozen fluxes and the face drift. */
export interface DensityDiffusion {
  readonly m: Field;
  readonly axis: number;
  readonly tau: number;
  readonly stages: number;
  readonly balanced: boolean;
  readonly fluxWeight: number;
}

/** A whole Strang step of a one-dimensional problem. */
export interface StrangStep {
  readonly m: Field;
  readonly levels: readonly Field[];
  /** Of one stored interval: the same first level. */
  readonly start: StoredMoment;
  readonly end: StoredMoment;
  readonly middle: StoredMoment;
  readonly dt: number;
  /** Of each of the two diffusions. */
  readonly stages: number;
  readonly balanced: boolean;
  readonly fluxWeight: number;
}

/** Stored levels that a moment reads; those beyond the last have weight 0. */
export function fourLevels(levels: readonly Field[], first: number): Readonly<Record<`value${0 | 1 | 2 | 3}`, Field>> {
  const at = (j: number): Field => levels[Math.min(levels.length - 1, first + j)]!;
  return { value0: at(0), value1: at(1), value2: at(2), value3: at(3) };
}

/** The level that the others are compared with in an interpolation: that of the largest weight. */
export function nearest(weights: ArrayLike<number>): number {
  const sizes = Array.from(weights, Math.abs);
  return sizes.indexOf(Math.max(...sizes));
}

/** Whether a sweep keeps what passes the faces: for Richardson's correction, and for what leaves through exits. */
export function recordsFlux(d: Discretisation): boolean {
  return hasExit(d) || (d.scheme.fokkerPlanck === "weno5" && d.scheme.splitting === "richardson");
}

/**
 * Renews the sub-steps of every interval from the speeds at both of its ends, unused in the mode fdm. Returns the first interval that
 * has none: the value function is not finite there.
 */
export function substepCounts(d: Discretisation, counts: IntervalCounts, speeds: Float64Array): number | undefined {
  const { steps, levels, scheme } = d;
  if (scheme.fokkerPlanck === "fdm") {
    for (let k = 0; k < steps; k++) counts.last[k] = counts.set(k, scheme.fdmSubsteps);
    return undefined;
  }
  for (let k = 0; k < steps; k++) {
    let dt = scheme.cfl / Math.max(speeds[k]!, speeds[k + 1]!);
    if (scheme.splitting === "explicit") dt = explicitStep(dt, fullRadius(d));
    const need = needOf(levels[k + 1]! - levels[k]!, dt);
    if (!Number.isFinite(need)) return k;
    counts.last[k] = counts.choose(k, need, "fp");
  }
  return undefined;
}
