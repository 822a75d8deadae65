/** Diffusion of u along lines: sixth-order Laplacian, RKL2 super-time-stepping (docs/numerics.md sections 4 and 4.1). */
import type { Discretisation } from "../../scheme/discretisation.ts";
import { rkl2, type LegendreCoefficients } from "../../scheme/diffusion.ts";
import { fillGhosts } from "../../scheme/boundary.ts";
import type { Walls } from "../host/fieldKernels.ts";
import type { AxisTools, LineScratch } from "./axisTools.ts";
import { forEachBlock, gather, scatter } from "./blocks.ts";

/** out[i] = factor h^2 Lap6 of a padded line, from first differences: neighbours subtract with little rounding. */
export function lineLaplacian(u: Float64Array, n: number, factor: number, out: Float64Array): void {
  const scale = factor / 180;
  let e0 = 0;
  let e1 = u[1]! - u[0]!;
  let e2 = u[2]! - u[1]!;
  let e3 = u[3]! - u[2]!;
  let e4 = u[4]! - u[3]!;
  let e5 = u[5]! - u[4]!;
  for (let i = 0; i < n; i++) {
    e0 = e1;
    e1 = e2;
    e2 = e3;
    e3 = e4;
    e4 = e5;
    e5 = u[i + 6]! - u[i + 5]!;
    out[i] = scale * (2 * (e5 - e0) - 25 * (e4 - e1) + 245 * (e3 - e2));
  }
}

/** RKL2 coefficients by number of stages, made once. */
export class Legendre {
  readonly #made = new Map<number, LegendreCoefficients>();

  of(stages: number): LegendreCoefficients {
    let found = this.#made.get(stages);
    if (!found) this.#made.set(stages, (found = rkl2(stages)));
    return found;
  }
}

export class BatchedValueDiffusion {
  readonly #d: Discretisation;
  readonly #axes: readonly AxisTools[];
  readonly #scratch: LineScratch;
  readonly #legendre = new Legendre();
  readonly #initial: Float64Array;
  readonly #initialRate: Float64Array;

  constructor(d: Discretisation, axes: readonly AxisTools[], scratch: LineScratch) {
    this.#d = d;
    this.#axes = axes;
    this.#scratch = scratch;
    const longest = Math.max(...d.grid.shape) + 6;
    this.#initial = new Float64Array(longest);
    this.#initialRate = new Float64Array(longest);
  }

  /** See `FieldKernels.diffuseValue`. */
  apply(
    u: Float64Array,
    a: number,
    tau: number,
    stages: number,
    source: Float64Array | undefined,
    wallsStart: Walls,
    wallsEnd: Walls,
  ): void {
    const axis = this.#axes[a]!;
    const { n, stride } = axis;
    const { value, density, result } = this.#scratch;
    const from = wallsStart[a]!;
    const to = wallsEnd[a]!;
    forEachBlock(this.#d.grid, a, (line, start, count) => {
      gather(u, start, stride, n, count, value);
      if (source) gather(source, start, stride, n, count, density, 0);
      for (let w = 0; w < count; w++) {
        const l = line + w;
        const lower = from.lower ? from.lower[l]! : 0;
        const upper = from.upper ? from.upper[l]! : 0;
        const lowerChange = to.lower ? to.lower[l]! - lower : 0;
        const upperChange = to.upper ? to.upper[l]! - upper : 0;
        this.#line(
          axis,
          value[w]!,
          result[w]!,
          tau,
          stages,
          source ? density[w]! : undefined,
          lower,
          upper,
          lowerChange,
          upperChange,
        );
      }
      scatter(value, 3, start, stride, n, count, false, u);
    });
  }

  /** Runs the stages on one padded line; the result stands in `line`. `other` is scratch of the same length. */
  #line(
    axis: AxisTools,
    line: Float64Array,
    other: Float64Array,
    tau: number,
    stages: number,
    source: Float64Array | undefined,
    lower: number,
    upper: number,
    lowerChange: number,
    upperChange: number,
  ): void {
    const { n, inverse, valueLower, valueUpper } = axis;
    const c = this.#legendre.of(stages);
    const factor = this.#d.nu * inverse * inverse;
    const y0 = this.#initial;
    const m0 = this.#initialRate;
    fillGhosts(line, n, valueLower, valueUpper, lower, upper);
    lineLaplacian(line, n, factor, m0);
    if (source) for (let i = 0; i < n; i++) m0[i] = m0[i]! + source[i]!;
    for (let i = 0; i < n; i++) y0[i] = line[i + 3]!;
    // `line` holds Y_{j-2} and takes Y_j; an odd number of stages ends in `other`, which is copied back.
    const first = c.first * tau;
    for (let i = 0; i < n; i++) other[i + 3] = y0[i]! + first * m0[i]!;
    let previous = other;
    let beforePrevious = line;
    for (let j = 2; j <= stages; j++) {
      const share = c.abscissa[j - 1]!;
      fillGhosts(previous, n, valueLower, valueUpper, lower + share * lowerChange, upper + share * upperChange);
      const mu = c.mu[j]!;
      const nu = c.nu[j]!;
      const a = c.muTilde[j]! * tau;
      stage(previous, beforePrevious, y0, m0, n, mu, nu, 1 - mu - nu, a * factor, c.gammaTilde[j]! * tau);
      if (source) for (let i = 0; i < n; i++) beforePrevious[i + 3] = beforePrevious[i + 3]! + a * source[i]!;
      const swap = previous;
      previous = beforePrevious;
      beforePrevious = swap;
    }
    if (previous !== line) for (let i = 3; i < n + 3; i++) line[i] = previous[i]!;
  }
}

/** One RKL2 stage in one pass: target <- mu Y + nu target + rest Y_0 + factor h^2 Lap6 Y + gamma M Y_0. */
function stage(
  y: Float64Array,
  target: Float64Array,
  y0: Float64Array,
  m0: Float64Array,
  n: number,
  mu: number,
  nu: number,
  rest: number,
  factor: number,
  gamma: number,
): void {
  const scale = factor / 180;
  let e0 = 0;
  let e1 = y[1]! - y[0]!;
  let e2 = y[2]! - y[1]!;
  let e3 = y[3]! - y[2]!;
  let e4 = y[4]! - y[3]!;
  let e5 = y[5]! - y[4]!;
  for (let i = 0; i < n; i++) {
    e0 = e1;
    e1 = e2;
    e2 = e3;
    e3 = e4;
    e4 = e5;
    e5 = y[i + 6]! - y[i + 5]!;
    const laplacian = 2 * (e5 - e0) - 25 * (e4 - e1) + 245 * (e3 - e2);
    target[i + 3] = mu * y[i + 3]! + nu * target[i + 3]! + rest * y0[i]! + scale * laplacian + gamma * m0[i]!;
  }
}
