import { hasExit, type Discretisation } from "../../scheme/discretisation.ts";
import { interpolationPoints, interpolationWeights, levelIndexAt } from "../../scheme/levels.ts";
import type { Walls } from "./fieldKernels.ts";

/** Interpolation between stored levels at one moment: the first level read and its weights. */
export interface Moment {
  first: number;
  count: number;
  readonly weights: Float64Array;
}

/** Finds stored levels and wall values at any time; scratch is its own, so results hold until the next call. */
export class StageTimes {
  readonly #d: Discretisation;
  readonly #moment: Moment = { first: 0, count: 0, weights: new Float64Array(4) };

  constructor(d: Discretisation) {
    this.#d = d;
  }

  /** Weights of the stored levels at time t in the stored interval k. */
  at(t: number, interval: number): Moment {
    const { problem, steps, scheme } = this.#d;
    const moment = this.#moment;
    const kappa = levelIndexAt(t, problem.horizon, steps, scheme.grading);
    moment.first = interpolationWeights(kappa, steps, scheme.timeInterpolation, moment.weights, interval);
    moment.count = interpolationPoints(steps, scheme.timeInterpolation);
    return moment;
  }

  /** out = interpolation of the slices at time t. */
  field(slice: (level: number) => Float64Array, t: number, interval: number, out: Float64Array): void {
    const { first, count, weights } = this.at(t, interval);
    combineSlices(slice, first, count, weights, 0, out);
  }

  /** New arrays for the wall values of this problem. */
  walls(): Walls {
    const { boundaries, grid } = this.#d;
    return boundaries.map((axis, a) => {
      const lines = grid.points / grid.shape[a]!;
      return {
        lower: axis.lower.exitValue && new Float64Array(lines),
        upper: axis.upper.exitValue && new Float64Array(lines),
      };
    });
  }

  /** Wall values of u at time t, into `out`. */
  wallsAt(t: number, interval: number, out: Walls): Walls {
    const { boundaries } = this.#d;
    if (!hasExit(this.#d)) return out;
    const { first, count, weights } = this.at(t, interval);
    for (let a = 0; a < out.length; a++) {
      fill(boundaries[a]!.lower.exitValue, out[a]!.lower, first, count, weights);
      fill(boundaries[a]!.upper.exitValue, out[a]!.upper, first, count, weights);
    }
    return out;
  }
}

function fill(
  stored: Float64Array | undefined,
  out: Float64Array | undefined,
  first: number,
  count: number,
  weights: Float64Array,
): void {
  if (!stored || !out) return;
  const lines = out.length;
  for (let l = 0; l < lines; l++) {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += weights[j]! * stored[(first + j) * lines + l]!;
    out[l] = sum;
  }
}

/** out = keep * out + sum_j weights[j] slice(first + j); levels of weight 0 are not read, nor is out where keep is 0. */
export function combineSlices(
  slice: (level: number) => Float64Array,
  first: number,
  count: number,
  weights: Float64Array,
  keep: number,
  out: Float64Array,
): void {
  const n = out.length;
  if (count === 4 && weights[0] !== 0 && weights[1] !== 0 && weights[2] !== 0 && weights[3] !== 0) {
    const [w0, w1, w2, w3] = weights as unknown as [number, number, number, number];
    const a = slice(first);
    const b = slice(first + 1);
    const c = slice(first + 2);
    const d = slice(first + 3);
    if (keep === 0) for (let i = 0; i < n; i++) out[i] = w0 * a[i]! + w1 * b[i]! + w2 * c[i]! + w3 * d[i]!;
    else for (let i = 0; i < n; i++) out[i] = keep * out[i]! + w0 * a[i]! + w1 * b[i]! + w2 * c[i]! + w3 * d[i]!;
    return;
  }
  let kept = keep;
  for (let j = 0; j < count; j++) {
    const w = weights[j]!;
    if (w === 0) continue;
    const s = slice(first + j);
    if (kept === 0) for (let i = 0; i < n; i++) out[i] = w * s[i]!;
    else for (let i = 0; i < n; i++) out[i] = kept * out[i]! + w * s[i]!;
    kept = 1;
  }
}
