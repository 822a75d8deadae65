/** The optimal drift b = -H_p along lines, at nodes and at faces (docs/numerics.md sections 5.1 and 5.2). */
import type { Discretisation } from "../../scheme/discretisation.ts";
import { runningCost, speedPerSlope } from "../../scheme/hamiltonian.ts";
import type { Walls } from "../host/fieldKernels.ts";
import { type FieldPool, slots } from "../host/pool.ts";
import { valueGhosts, type AxisTools, type LineScratch } from "./axisTools.ts";
import { forEachBlock, gather, scatter } from "./blocks.ts";
import { type BatchedHamiltonian, maxOfSum } from "./hamiltonian.ts";

export class BatchedDrift {
  readonly #d: Discretisation;
  readonly #axes: readonly AxisTools[];
  readonly #scratch: LineScratch;
  readonly #pool: FieldPool;
  readonly #hamiltonian: BatchedHamiltonian;
  /** Squared slopes along the other axes of the line at hand; zeros where H is separable. */
  readonly #transverseLine: Float64Array;

  constructor(
    d: Discretisation,
    axes: readonly AxisTools[],
    scratch: LineScratch,
    pool: FieldPool,
    hamiltonian: BatchedHamiltonian,
  ) {
    this.#d = d;
    this.#axes = axes;
    this.#scratch = scratch;
    this.#pool = pool;
    this.#hamiltonian = hamiltonian;
    this.#transverseLine = new Float64Array(Math.max(...d.grid.shape));
  }

  /** Mean slopes of all axes into fields, where H is no sum over the axes; call once per value function. */
  prepare(u: Float64Array, walls: Walls): void {
    if (this.#d.hamiltonian.separable) return;
    for (let a = 0; a < this.#axes.length; a++) {
      const left = this.#pool.field(slots.leftSlope + a);
      const right = this.#pool.field(slots.rightSlope + a);
      this.#hamiltonian.slopes(u, walls, a, left, right, undefined);
      for (let i = 0; i < left.length; i++) left[i] = 0.5 * (left[i]! + right[i]!);
    }
  }

  /** Makes the field of squared slopes across `axis`; call after `prepare`, once per axis. */
  prepareAxis(axis: number): void {
    if (this.#d.hamiltonian.separable) return;
    const transverse = this.#pool.field(slots.transverse).fill(0);
    for (let a = 0; a < this.#axes.length; a++) {
      if (a === axis) continue;
      const slope = this.#pool.field(slots.leftSlope + a);
      for (let i = 0; i < transverse.length; i++) transverse[i] = transverse[i]! + slope[i]! * slope[i]!;
    }
  }

  /** Node drift along a padded line of u (ghosts filled), from (p- + p+)/2, into b (unpadded). `at` is the index of node 0. */
  nodes(axis: AxisTools, padded: Float64Array, at: number, b: Float64Array): void {
    const { n, stride, drift } = axis;
    const { hamiltonian } = this.#d;
    const { pMinus, pPlus, slopes } = this.#scratch;
    slopes(axis, at, padded, pMinus, pPlus);
    if (hamiltonian.exponent === 2) {
      const half = -0.5 * hamiltonian.control;
      for (let i = 0; i < n; i++) b[i] = half * (pMinus[i]! + pPlus[i]!);
    } else {
      const transverse = this.#transverse(axis, at);
      for (let i = 0; i < n; i++) {
        const p = 0.5 * (pMinus[i]! + pPlus[i]!);
        b[i] = -speedPerSlope(hamiltonian, p * p + transverse[i]!) * p;
      }
    }
    if (drift) for (let i = 0, node = at; i < n; i++, node += stride) b[i] = b[i]! - drift[node]!;
  }

  /** Face drift along a padded line of u, from the slope across the face, into b[0..n]; walls that are no exits get 0. */
  faces(axis: AxisTools, padded: Float64Array, at: number, walls: Walls[number], line: number, b: Float64Array): void {
    const { n, stride, inverse, drift, periodic } = axis;
    const { hamiltonian } = this.#d;
    if (hamiltonian.exponent === 2) {
      const factor = -hamiltonian.control * inverse;
      for (let j = 1; j < n; j++) b[j] = factor * (padded[j + 3]! - padded[j + 2]!);
      b[0] = periodic ? factor * (padded[3]! - padded[n + 2]!) : 0;
      b[0] = walls.lower ? 2 * factor * (padded[3]! - walls.lower[line]!) : b[0];
      b[n] = walls.upper ? 2 * factor * (walls.upper[line]! - padded[n + 2]!) : 0;
    } else {
      const transverse = this.#transverse(axis, at);
      const speed = (slope: number, t: number): number => -speedPerSlope(hamiltonian, slope * slope + t) * slope;
      for (let j = 1; j < n; j++)
        b[j] = speed((padded[j + 3]! - padded[j + 2]!) * inverse, 0.5 * (transverse[j - 1]! + transverse[j]!));
      b[0] = periodic ? speed((padded[3]! - padded[n + 2]!) * inverse, 0.5 * (transverse[n - 1]! + transverse[0]!)) : 0;
      if (walls.lower) b[0] = speed(2 * (padded[3]! - walls.lower[line]!) * inverse, transverse[0]!);
      b[n] = walls.upper ? speed(2 * (walls.upper[line]! - padded[n + 2]!) * inverse, transverse[n - 1]!) : 0;
    }
    if (drift) {
      const last = at + (n - 1) * stride;
      for (let j = 1, node = at; j < n; j++, node += stride)
        b[j] = b[j]! - 0.5 * (drift[node]! + drift[node + stride]!);
      if (periodic) b[0] = b[0] - 0.5 * (drift[last]! + drift[at]!);
      if (walls.lower) b[0] = b[0] - drift[at]!;
      if (walls.upper) b[n] = b[n] - drift[last]!;
    }
    if (periodic) b[n] = b[0]!;
  }

  /** See `FieldKernels.driftSpeed`. */
  speed(u: Float64Array, walls: Walls): number {
    const dimension = this.#axes.length;
    const { value, result, density } = this.#scratch;
    const face = density[0]!;
    const sum = this.#pool.field(slots.outgoing);
    this.prepare(u, walls);
    let fastest = 0;
    for (let a = 0; a < dimension; a++) {
      const axis = this.#axes[a]!;
      const { n, stride, inverse } = axis;
      this.prepareAxis(a);
      forEachBlock(this.#d.grid, a, (line, start, count) => {
        gather(u, start, stride, n, count, value);
        for (let w = 0; w < count; w++) {
          const b = result[w]!;
          valueGhosts(axis, value[w]!, walls[a]!, line + w);
          this.nodes(axis, value[w]!, start + w, b);
          this.faces(axis, value[w]!, start + w, walls[a]!, line + w, face);
          for (let i = 0; i < n; i++) {
            const right = face[i + 1]!;
            const left = face[i]!;
            b[i] = Math.max(Math.abs(b[i]!), (right > 0 ? right : 0) - (left < 0 ? left : 0)) * inverse;
          }
          if (dimension === 1) for (let i = 0; i < n; i++) if (!(b[i]! <= fastest)) fastest = b[i]!;
        }
        if (dimension === 1) return;
        if (a < dimension - 1) scatter(result, 0, start, stride, n, count, a > 0, sum);
        else fastest = maxOfSum(result, start, stride, n, count, sum, fastest);
      });
    }
    return fastest;
  }

  /** See `FieldKernels.runningCost`. */
  runningCost(u: Float64Array, walls: Walls, out: Float64Array): void {
    const { grid, hamiltonian } = this.#d;
    const { value, result, pMinus, pPlus, slopes } = this.#scratch;
    for (let a = 0; a < this.#axes.length; a++) {
      const axis = this.#axes[a]!;
      const { n, stride } = axis;
      forEachBlock(grid, a, (line, start, count) => {
        gather(u, start, stride, n, count, value);
        for (let w = 0; w < count; w++) {
          const squares = result[w]!;
          valueGhosts(axis, value[w]!, walls[a]!, line + w);
          slopes(axis, start + w, value[w]!, pMinus, pPlus);
          for (let i = 0; i < n; i++) squares[i] = 0.25 * (pMinus[i]! + pPlus[i]!) ** 2;
        }
        scatter(result, 0, start, stride, n, count, a > 0, out);
      });
    }
    const slope = new Float64Array(1);
    for (let i = 0; i < out.length; i++) {
      slope[0] = Math.sqrt(out[i]!);
      out[i] = runningCost(hamiltonian, slope);
    }
  }

  #transverse(axis: AxisTools, at: number): Float64Array {
    const line = this.#transverseLine;
    if (this.#d.hamiltonian.separable) return line;
    const field = this.#pool.field(slots.transverse);
    for (let i = 0, node = at; i < axis.n; i++, node += axis.stride) line[i] = field[node]!;
    return line;
  }
}
