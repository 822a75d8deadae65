/** The `fdm` mode: implicit Scharfetter-Gummel steps along lines (docs/numerics.md section 5.1). */
import type { Discretisation } from "../../scheme/discretisation.ts";
import { crossingSpeed } from "../../scheme/fokkerPlanck.ts";
import { factorTridiagonal, solveTridiagonal, tridiagonalScratch } from "../../scheme/tridiagonal.ts";
import type { Walls } from "../host/fieldKernels.ts";
import { valueGhosts, type AxisTools, type LineScratch } from "./axisTools.ts";
import { forEachBlock, gather, scatter } from "./blocks.ts";
import type { BatchedDrift } from "./drift.ts";

export class BatchedImplicit {
  readonly #d: Discretisation;
  readonly #axes: readonly AxisTools[];
  readonly #scratch: LineScratch;
  readonly #drift: BatchedDrift;
  readonly #system: ReturnType<typeof tridiagonalScratch>;
  readonly #faceDrift: Float64Array;
  /** Crossing speeds to the right and to the left of every face. */
  readonly #right: Float64Array;
  readonly #left: Float64Array;
  readonly #flux: Float64Array;
  readonly #solution: Float64Array;
  readonly #residual: Float64Array;

  constructor(d: Discretisation, axes: readonly AxisTools[], scratch: LineScratch, drift: BatchedDrift) {
    this.#d = d;
    this.#axes = axes;
    this.#scratch = scratch;
    this.#drift = drift;
    const longest = Math.max(...d.grid.shape);
    const line = (): Float64Array => new Float64Array(longest + 6);
    this.#system = tridiagonalScratch(longest);
    this.#faceDrift = line();
    this.#right = line();
    this.#left = line();
    this.#flux = line();
    this.#solution = line();
    this.#residual = line();
  }

  /** See `FieldKernels.implicitDensity`. */
  apply(m: Float64Array, u: Float64Array, a: number, tau: number, walls: Walls, flux: Float64Array | undefined): void {
    const axis = this.#axes[a]!;
    const { n, stride } = axis;
    const { value, density } = this.#scratch;
    this.#drift.prepare(u, walls);
    this.#drift.prepareAxis(a);
    forEachBlock(this.#d.grid, a, (line, start, count) => {
      gather(u, start, stride, n, count, value);
      gather(m, start, stride, n, count, density, 0);
      for (let w = 0; w < count; w++) {
        valueGhosts(axis, value[w]!, walls[a]!, line + w);
        this.#drift.faces(axis, value[w]!, start + w, walls[a]!, line + w, this.#faceDrift);
        this.#line(axis, density[w]!, tau);
        if (!flux) continue;
        this.#fluxes(axis, density[w]!, tau);
        const base = (line + w) * (n + 1);
        for (let j = 0; j <= n; j++) flux[base + j] = flux[base + j]! + this.#flux[j]!;
      }
      scatter(density, 0, start, stride, n, count, false, m);
    });
  }

  #line(axis: AxisTools, m: Float64Array, tau: number): void {
    const { n, h, inverse, periodic, boundary } = axis;
    const { nu } = this.#d;
    const b = this.#faceDrift;
    const right = this.#right;
    const left = this.#left;
    const system = this.#system;
    const exitLower = boundary.lower.kind === "exit";
    const exitUpper = boundary.upper.kind === "exit";
    for (let j = 0; j <= n; j++) {
      right[j] = crossingSpeed(nu, h, b[j]!);
      left[j] = crossingSpeed(nu, h, -b[j]!);
    }
    if (!periodic) {
      right[0] = left[n] = 0;
      left[0] = exitLower ? crossingSpeed(nu, h / 2, -b[0]!) : 0;
      right[n] = exitUpper ? crossingSpeed(nu, h / 2, b[n]!) : 0;
    }
    const rate = tau * inverse;
    for (let i = 0; i < n; i++) {
      system.below[i] = rate * right[i + 1]!;
      system.above[i] = rate * left[i]!;
    }
    system.excess.fill(1, 0, n);
    if (!periodic) {
      system.excess[0] = 1 + system.above[0]!;
      system.excess[n - 1] = system.excess[n - 1]! + system.below[n - 1]!;
      system.above[0] = 0;
      system.below[n - 1] = 0;
    }
    factorTridiagonal(n, system, periodic, system);
    const solution = this.#solution;
    const residual = this.#residual;
    for (let i = 0; i < n; i++) solution[i] = m[i]!;
    solveTridiagonal(n, system, periodic, system, solution);
    // One refinement in delta form: the direct solve alone loses mass at the level of its rounding.
    this.#fluxes(axis, solution, tau);
    for (let i = 0; i < n; i++) residual[i] = m[i]! - solution[i]! - inverse * (this.#flux[i + 1]! - this.#flux[i]!);
    solveTridiagonal(n, system, periodic, system, residual);
    for (let i = 0; i < n; i++) m[i] = solution[i]! + residual[i]!;
  }

  /** Time-integrated Scharfetter-Gummel fluxes of an unpadded line. */
  #fluxes(axis: AxisTools, m: Float64Array, tau: number): void {
    const { n, periodic } = axis;
    const right = this.#right;
    const left = this.#left;
    const flux = this.#flux;
    for (let j = 1; j < n; j++) flux[j] = tau * (right[j]! * m[j - 1]! - left[j]! * m[j]!);
    flux[0] = tau * (periodic ? right[0]! * m[n - 1]! - left[0]! * m[0]! : -left[0]! * m[0]!);
    flux[n] = periodic ? flux[0] : tau * right[n]! * m[n - 1]!;
  }
}
