/** Numerical Hamiltonian of whole fields, axis by axis over blocks of lines (docs/numerics.md section 3.1). */
import type { Discretisation } from "../../scheme/discretisation.ts";
import { dissipation, godunov, laxFriedrichs } from "../../scheme/hamiltonian.ts";
import type { Walls } from "../host/fieldKernels.ts";
import { type FieldPool, slots } from "../host/pool.ts";
import { valueGhosts, type AxisTools, type LineScratch } from "./axisTools.ts";
import { forEachBlock, gather, scatter } from "./blocks.ts";
import { lineLaplacian } from "./diffusion.ts";

/** Writes -Hhat of one axis and alpha/h along a line. */
type LineHamiltonian = (
  n: number,
  pMinus: Float64Array,
  pPlus: Float64Array,
  inverse: number,
  drift: Float64Array | undefined,
  driftAt: number,
  driftStride: number,
  out: Float64Array,
  speed: Float64Array,
) => void;

export class BatchedHamiltonian {
  readonly #d: Discretisation;
  readonly #axes: readonly AxisTools[];
  readonly #scratch: LineScratch;
  readonly #pool: FieldPool;
  readonly #line: LineHamiltonian;
  readonly #lap: Float64Array;

  constructor(d: Discretisation, axes: readonly AxisTools[], scratch: LineScratch, pool: FieldPool) {
    this.#d = d;
    this.#axes = axes;
    this.#scratch = scratch;
    this.#pool = pool;
    this.#lap = new Float64Array(Math.max(...d.grid.shape));
    this.#line = lineHamiltonian(d);
  }

  /** See `FieldKernels.hamiltonian`. */
  apply(u: Float64Array, walls: Walls, diffusion: boolean, rate: Float64Array): number {
    if (this.#d.hamiltonian.separable && this.#d.scheme.hamiltonianFlux !== "glf")
      return this.#separable(u, walls, diffusion, rate);
    return this.#whole(u, walls, diffusion, rate);
  }

  #separable(u: Float64Array, walls: Walls, diffusion: boolean, rate: Float64Array): number {
    const { grid, nu } = this.#d;
    const dimension = this.#axes.length;
    const speedField = dimension > 1 ? this.#pool.field(slots.outgoing) : rate;
    const { value, result, second, pMinus, pPlus, slopes } = this.#scratch;
    let fastest = 0;
    for (let a = 0; a < dimension; a++) {
      const axis = this.#axes[a]!;
      const { n, stride, inverse } = axis;
      const last = a === dimension - 1;
      forEachBlock(grid, a, (line, start, count) => {
        gather(u, start, stride, n, count, value);
        for (let w = 0; w < count; w++) {
          const padded = value[w]!;
          const out = result[w]!;
          const speed = second[w]!;
          valueGhosts(axis, padded, walls[a]!, line + w);
          slopes(axis, start + w, padded, pMinus, pPlus);
          this.#line(n, pMinus, pPlus, inverse, axis.drift, start + w, stride, out, speed);
          if (diffusion) {
            lineLaplacian(padded, n, nu * inverse * inverse, this.#lap);
            for (let i = 0; i < n; i++) out[i] = out[i]! + this.#lap[i]!;
          }
          if (dimension === 1) for (let i = 0; i < n; i++) if (!(speed[i]! <= fastest)) fastest = speed[i]!;
        }
        scatter(result, 0, start, stride, n, count, true, rate);
        if (dimension === 1) return;
        if (!last) scatter(second, 0, start, stride, n, count, a > 0, speedField);
        else fastest = maxOfSum(second, start, stride, n, count, speedField, fastest);
      });
    }
    return fastest;
  }

  /** Hamiltonians that are no sum over the axes, and global Lax-Friedrichs: slopes of all axes first, then point by point. */
  #whole(u: Float64Array, walls: Walls, diffusion: boolean, rate: Float64Array): number {
    const { grid, hamiltonian, scheme } = this.#d;
    const dimension = this.#axes.length;
    const left = this.#axes.map((_, a) => this.#pool.field(slots.leftSlope + a));
    const right = this.#axes.map((_, a) => this.#pool.field(slots.rightSlope + a));
    for (let a = 0; a < dimension; a++) this.slopes(u, walls, a, left[a]!, right[a]!, diffusion ? rate : undefined);
    const minus = new Float64Array(dimension);
    const plus = new Float64Array(dimension);
    const alpha = new Float64Array(dimension);
    const global = new Float64Array(dimension);
    let fastest = 0;
    const points = grid.points;
    const load = (i: number): void => {
      for (let a = 0; a < dimension; a++) {
        minus[a] = left[a]![i]!;
        plus[a] = right[a]![i]!;
      }
      dissipation(hamiltonian, i, minus, plus, alpha);
    };
    for (let i = 0; i < points; i++) {
      load(i);
      let speed = 0;
      for (let a = 0; a < dimension; a++) {
        speed += alpha[a]! * this.#axes[a]!.inverse;
        if (!(alpha[a]! <= global[a]!)) global[a] = alpha[a]!;
      }
      if (!(speed <= fastest)) fastest = speed;
    }
    const flux = scheme.hamiltonianFlux;
    if (flux === "glf") fastest = global.reduce((sum, largest, a) => sum + largest * this.#axes[a]!.inverse, 0);
    for (let i = 0; i < points; i++) {
      load(i);
      const value =
        flux === "godunov"
          ? godunov(hamiltonian, i, minus, plus)
          : laxFriedrichs(hamiltonian, i, minus, plus, flux === "glf" ? global : alpha);
      rate[i] = rate[i]! - value;
    }
    return fastest;
  }

  /** One-sided slopes along one axis as fields; adds nu Lap6 of that axis to `rate` where given. */
  slopes(
    u: Float64Array,
    walls: Walls,
    a: number,
    left: Float64Array,
    right: Float64Array,
    rate: Float64Array | undefined,
  ): void {
    const axis = this.#axes[a]!;
    const { n, stride, inverse } = axis;
    const { value, result, second, density, slopes } = this.#scratch;
    forEachBlock(this.#d.grid, a, (line, start, count) => {
      gather(u, start, stride, n, count, value);
      for (let w = 0; w < count; w++) {
        valueGhosts(axis, value[w]!, walls[a]!, line + w);
        slopes(axis, start + w, value[w]!, result[w]!, second[w]!);
        if (rate) lineLaplacian(value[w]!, n, this.#d.nu * inverse * inverse, density[w]!);
      }
      scatter(result, 0, start, stride, n, count, false, left);
      scatter(second, 0, start, stride, n, count, false, right);
      if (rate) scatter(density, 0, start, stride, n, count, true, rate);
    });
  }
}

/** Largest of field + lines over a block; NaN wins. */
export function maxOfSum(
  lines: readonly Float64Array[],
  start: number,
  stride: number,
  n: number,
  count: number,
  field: Float64Array,
  least: number,
): number {
  let largest = least;
  for (let w = 0; w < count; w++) {
    const line = lines[w]!;
    for (let i = 0, at = start + w; i < n; i++, at += stride) {
      const sum = field[at]! + line[i]!;
      if (!(sum <= largest)) largest = sum;
    }
  }
  return largest;
}

function lineHamiltonian(d: Discretisation): LineHamiltonian {
  const { control, exponent } = d.hamiltonian;
  if (d.scheme.hamiltonianFlux === "godunov") return godunovLine(control, exponent);
  return exponent === 2 ? quadraticLine(control) : powerLine(control, exponent);
}

function quadraticLine(control: number): LineHamiltonian {
  const half = control / 2;
  return (n, pMinus, pPlus, inverse, drift, driftAt, driftStride, out, speed) => {
    if (drift === undefined) {
      for (let i = 0; i < n; i++) {
        const a = pMinus[i]!;
        const b = pPlus[i]!;
        const mean = 0.5 * (a + b);
        const alpha = control * Math.max(Math.abs(a), Math.abs(b));
        out[i] = 0.5 * alpha * (b - a) - half * mean * mean;
        speed[i] = alpha * inverse;
      }
      return;
    }
    for (let i = 0, at = driftAt; i < n; i++, at += driftStride) {
      const a = pMinus[i]!;
      const b = pPlus[i]!;
      const field = drift[at]!;
      const mean = 0.5 * (a + b);
      const alpha = Math.max(Math.abs(control * a + field), Math.abs(control * b + field));
      out[i] = 0.5 * alpha * (b - a) - (half * mean + field) * mean;
      speed[i] = alpha * inverse;
    }
  };
}

/** One dimension: H = c/q |p|^q. */
function powerLine(control: number, exponent: number): LineHamiltonian {
  return (n, pMinus, pPlus, inverse, _drift, _at, _stride, out, speed) => {
    for (let i = 0; i < n; i++) {
      const a = pMinus[i]!;
      const b = pPlus[i]!;
      const alpha = control * Math.max(Math.abs(a), Math.abs(b)) ** (exponent - 1);
      out[i] = 0.5 * alpha * (b - a) - (control / exponent) * Math.abs(0.5 * (a + b)) ** exponent;
      speed[i] = alpha * inverse;
    }
  };
}

function godunovLine(control: number, exponent: number): LineHamiltonian {
  const energy =
    exponent === 2
      ? (p: number): number => 0.5 * control * p * p
      : (p: number): number => (control / exponent) * Math.abs(p) ** exponent;
  const slope =
    exponent === 2
      ? (p: number): number => control * p
      : (p: number): number => control * Math.sign(p) * Math.abs(p) ** (exponent - 1);
  return (n, pMinus, pPlus, inverse, drift, driftAt, driftStride, out, speed) => {
    for (let i = 0, at = driftAt; i < n; i++, at += driftStride) {
      const a = pMinus[i]!;
      const b = pPlus[i]!;
      const field = drift === undefined ? 0 : drift[at]!;
      const lowest = -field / control;
      // H is convex: upwinding looks from each side no farther than its minimum.
      const fromLeft = Math.max(a, lowest);
      const fromRight = Math.min(b, lowest);
      out[i] = -Math.max(energy(fromLeft) + field * fromLeft, energy(fromRight) + field * fromRight);
      speed[i] = Math.max(Math.abs(slope(a) + field), Math.abs(slope(b) + field)) * inverse;
    }
  };
}
