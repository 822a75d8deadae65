/** Diffusion of the density along lines: RKL2 in flux form, high order blended with a positive one (docs/numerics.md section 5.2). */
import { fillGhosts } from "../../scheme/boundary.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import { factorTridiagonal, solveTridiagonal, tridiagonalScratch } from "../../scheme/tridiagonal.ts";
import type { DensityDiffusion } from "../host/fieldKernels.ts";
import { valueGhosts, type AxisTools, type LineScratch } from "./axisTools.ts";
import { forEachBlock, gather, scatter } from "./blocks.ts";
import { closeWalls, type BatchedDensity } from "./density.ts";
import { Legendre } from "./diffusion.ts";
import type { BatchedDrift } from "./drift.ts";
import { limitLine } from "./limiter.ts";

export class BatchedDensityDiffusion {
  readonly #d: Discretisation;
  readonly #axes: readonly AxisTools[];
  readonly #scratch: LineScratch;
  readonly #density: BatchedDensity;
  readonly #drift: BatchedDrift;
  readonly #legendre = new Legendre();
  readonly #system: ReturnType<typeof tridiagonalScratch>;
  readonly #y: Float64Array;
  readonly #initialFlux: Float64Array;
  readonly #residual: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #third: Float64Array;
  readonly #fourth: Float64Array;
  readonly #low: Float64Array;
  readonly #upwind: Float64Array;
  readonly #result: Float64Array;
  readonly #ratio: Float64Array;

  constructor(
    d: Discretisation,
    axes: readonly AxisTools[],
    scratch: LineScratch,
    density: BatchedDensity,
    drift: BatchedDrift,
  ) {
    this.#d = d;
    this.#axes = axes;
    this.#scratch = scratch;
    this.#density = density;
    this.#drift = drift;
    const longest = Math.max(...d.grid.shape);
    const line = (): Float64Array => new Float64Array(longest + 6);
    this.#system = tridiagonalScratch(longest);
    this.#y = line();
    this.#initialFlux = line();
    this.#residual = line();
    this.#first = line();
    this.#second = line();
    this.#third = line();
    this.#fourth = line();
    this.#low = line();
    this.#upwind = line();
    this.#result = line();
    this.#ratio = line();
  }

  /** See `FieldKernels.diffuseDensity`. */
  apply(step: DensityDiffusion): number {
    const { m, axis: a, tau, stages, balance, flux, fluxWeight } = step;
    const axis = this.#axes[a]!;
    const { n, stride, inverse, periodic } = axis;
    const { value, density } = this.#scratch;
    let limited = 0;
    if (balance) {
      this.#drift.prepare(balance.u, balance.walls);
      this.#drift.prepareAxis(a);
    }
    forEachBlock(this.#d.grid, a, (line, start, count) => {
      gather(m, start, stride, n, count, density);
      if (balance) gather(balance.u, start, stride, n, count, value);
      for (let w = 0; w < count; w++) {
        const base = (line + w) * (n + 1);
        const padded = density[w]!;
        const frozen = balance && balance.frozen.subarray(base, base + n + 1);
        const high = this.#run(axis, padded, tau, stages, 6, frozen, this.#first, this.#second);
        const low = this.#low;
        const result = this.#result;
        if (balance) {
          valueGhosts(axis, value[w]!, balance.walls[a]!, line + w);
          this.#density.lowOrder(axis, value[w]!, padded, start + w, balance.walls[a]!, line + w, false, this.#upwind);
          for (let i = 0; i < n; i++)
            padded[i + 3] = padded[i + 3]! - tau * inverse * (this.#upwind[i + 1]! - this.#upwind[i]!);
        }
        this.#lowOrder(axis, padded, tau, stages, low, result);
        // high becomes A, low the low-order total.
        for (let j = 0; j <= n; j++) {
          if (balance) low[j] = low[j]! + tau * this.#upwind[j]!;
          high[j] = high[j]! - low[j]!;
        }
        limited += limitLine(result, high, n, inverse, periodic, this.#ratio);
        for (let i = 0; i < n; i++) padded[i + 3] = result[i]!;
        if (flux) for (let j = 0; j <= n; j++) flux[base + j] = flux[base + j]! + fluxWeight * (low[j]! + high[j]!);
      }
      scatter(density, 3, start, stride, n, count, false, m);
    });
    return limited;
  }

  /** RKL2 of Y_j = Y_0 - div Phi_j; returns the time-integrated fluxes, in `one` or `other`. `padded` keeps Y_0. */
  #run(
    axis: AxisTools,
    padded: Float64Array,
    tau: number,
    stages: number,
    order: 2 | 6,
    frozen: Float64Array | undefined,
    one: Float64Array,
    other: Float64Array,
  ): Float64Array {
    const { n, inverse, boundary } = axis;
    const c = this.#legendre.of(stages);
    const y = this.#y;
    const initial = this.#initialFlux;
    const factor = -this.#d.nu * inverse;
    const advance = order === 6 ? advance6 : advance2;
    // Odd ghosts give the low order its positive flux 2 nu m/h through an exit.
    const lower = order === 2 && boundary.lower.kind === "exit" ? "odd" : axis.densityLower;
    const upper = order === 2 && boundary.upper.kind === "exit" ? "odd" : axis.densityUpper;
    fillGhosts(padded, n, lower, upper, 0, 0);
    initial.fill(0, 0, n + 1);
    advance(padded, n, factor, 0, 0, 0, initial, initial, initial);
    if (frozen) for (let j = 0; j <= n; j++) initial[j] = initial[j]! + frozen[j]!;
    closeWalls(axis, initial);
    let previous = one;
    let beforePrevious = other;
    const first = c.first * tau;
    for (let j = 0; j <= n; j++) {
      previous[j] = first * initial[j]!;
      beforePrevious[j] = 0;
    }
    for (let s = 2; s <= stages; s++) {
      for (let i = 0; i < n; i++) y[i + 3] = padded[i + 3]! - inverse * (previous[i + 1]! - previous[i]!);
      fillGhosts(y, n, lower, upper, 0, 0);
      const a = c.muTilde[s]! * tau;
      advance(y, n, a * factor, c.mu[s]!, c.nu[s]!, c.gammaTilde[s]! * tau, previous, initial, beforePrevious);
      if (frozen) for (let j = 0; j <= n; j++) beforePrevious[j] = beforePrevious[j]! + a * frozen[j]!;
      closeWalls(axis, beforePrevious);
      const swap = previous;
      previous = beforePrevious;
      beforePrevious = swap;
    }
    return previous;
  }

  /** RKL2-Lap2; a line with a negative entry is done again by implicit Euler. Fluxes into `low`, density into `result`. */
  #lowOrder(
    axis: AxisTools,
    padded: Float64Array,
    tau: number,
    stages: number,
    low: Float64Array,
    result: Float64Array,
  ): void {
    const { n, inverse } = axis;
    const phi = this.#run(axis, padded, tau, stages, 2, undefined, this.#third, this.#fourth);
    let negative = false;
    for (let i = 0; i < n; i++) {
      const mass = padded[i + 3]! - inverse * (phi[i + 1]! - phi[i]!);
      result[i] = mass;
      if (mass < 0) negative = true;
    }
    if (!negative) {
      for (let j = 0; j <= n; j++) low[j] = phi[j]!;
      return;
    }
    this.#implicit(axis, padded, tau, low, result);
  }

  /** Implicit Euler with Lap2: positive for every step. One refinement makes the mass exact. */
  #implicit(axis: AxisTools, padded: Float64Array, tau: number, low: Float64Array, result: Float64Array): void {
    const { n, inverse, periodic, boundary } = axis;
    const system = this.#system;
    const rate = tau * this.#d.nu * inverse * inverse;
    system.below.fill(rate, 0, n);
    system.above.fill(rate, 0, n);
    system.excess.fill(1, 0, n);
    if (!periodic) system.below[n - 1] = system.above[0] = 0;
    if (boundary.lower.kind === "exit") system.excess[0] = 1 + 2 * rate;
    if (boundary.upper.kind === "exit") system.excess[n - 1] = 1 + 2 * rate;
    factorTridiagonal(n, system, periodic, system);
    for (let i = 0; i < n; i++) result[i] = padded[i + 3]!;
    solveTridiagonal(n, system, periodic, system, result);
    const y = this.#y;
    const residual = this.#residual;
    const lower = boundary.lower.kind === "exit" ? "odd" : axis.densityLower;
    const upper = boundary.upper.kind === "exit" ? "odd" : axis.densityUpper;
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < n; i++) y[i + 3] = result[i]!;
      fillGhosts(y, n, lower, upper, 0, 0);
      low.fill(0, 0, n + 1);
      advance2(y, n, -tau * this.#d.nu * inverse, 0, 0, 0, low, low, low);
      closeWalls(axis, low);
      if (pass === 1) break;
      for (let i = 0; i < n; i++) residual[i] = padded[i + 3]! - result[i]! - inverse * (low[i + 1]! - low[i]!);
      solveTridiagonal(n, system, periodic, system, residual);
      for (let i = 0; i < n; i++) result[i] = result[i]! + residual[i]!;
    }
  }
}

/** target <- mu Phi + nu target + factor h G6(m) + gamma J_0 on every face of a padded line. */
function advance6(
  m: Float64Array,
  n: number,
  factor: number,
  mu: number,
  nu: number,
  gamma: number,
  phi: Float64Array,
  initial: Float64Array,
  target: Float64Array,
): void {
  const scale = factor / 180;
  for (let j = 0; j <= n; j++) {
    const slope = 2 * (m[j + 5]! - m[j]!) - 25 * (m[j + 4]! - m[j + 1]!) + 245 * (m[j + 3]! - m[j + 2]!);
    target[j] = mu * phi[j]! + nu * target[j]! + scale * slope + gamma * initial[j]!;
  }
}

/** The same with the second-order slope. */
function advance2(
  m: Float64Array,
  n: number,
  factor: number,
  mu: number,
  nu: number,
  gamma: number,
  phi: Float64Array,
  initial: Float64Array,
  target: Float64Array,
): void {
  for (let j = 0; j <= n; j++) {
    target[j] = mu * phi[j]! + nu * target[j]! + factor * (m[j + 3]! - m[j + 2]!) + gamma * initial[j]!;
  }
}
