/** Flux blending of whole fields (docs/numerics.md section 5.2). */
import type { Discretisation } from "../../scheme/discretisation.ts";
import { limiterGuard } from "../../scheme/limiter.ts";
import type { Faces } from "../host/fieldKernels.ts";
import { type FieldPool, slots } from "../host/pool.ts";
import type { AxisTools } from "./axisTools.ts";
import { forEachBlock } from "./blocks.ts";

const keep = 1 - limiterGuard;

export class BatchedLimiter {
  readonly #d: Discretisation;
  readonly #axes: readonly AxisTools[];
  readonly #pool: FieldPool;

  constructor(d: Discretisation, axes: readonly AxisTools[], pool: FieldPool) {
    this.#d = d;
    this.#axes = axes;
    this.#pool = pool;
  }

  /** Per cell, the sum of the outgoing parts of A, each over its h. */
  outgoing(antidiffusive: Faces): Float64Array {
    const outgoing = this.#pool.field(slots.outgoing).fill(0);
    for (let a = 0; a < this.#axes.length; a++) {
      const { n, stride, inverse } = this.#axes[a]!;
      const faces = antidiffusive[a]!;
      forEachBlock(this.#d.grid, a, (line, start, count) => {
        for (let w = 0; w < count; w++) {
          const base = (line + w) * (n + 1);
          let left = faces[base]!;
          for (let i = 0, at = start + w; i < n; i++, at += stride) {
            const right = faces[base + i + 1]!;
            outgoing[at] = outgoing[at]! + ((right > 0 ? right : 0) - (left < 0 ? left : 0)) * inverse;
            left = right;
          }
        }
      });
    }
    return outgoing;
  }

  /**
   * m -= tau sum div(eta A); A becomes eta A. `outgoing` is that of `outgoing(A)`.
   * Returns the number of limited cells.
   */
  apply(m: Float64Array, antidiffusive: Faces, tau: number, outgoing: Float64Array): number {
    let limited = 0;
    for (let i = 0; i < m.length; i++) {
      const mass = m[i]!;
      if (tau * outgoing[i]! > keep * (mass > 0 ? mass : 0)) limited++;
    }
    if (limited > 0) {
      for (let a = 0; a < this.#axes.length; a++) this.#scale(a, antidiffusive[a]!, m, tau, outgoing);
    }
    for (let a = 0; a < this.#axes.length; a++) this.#subtract(a, antidiffusive[a]!, tau, m);
    return limited;
  }

  /** A *= eta on one axis. */
  #scale(a: number, faces: Float64Array, m: Float64Array, tau: number, outgoing: Float64Array): void {
    const { n, stride, periodic } = this.#axes[a]!;
    forEachBlock(this.#d.grid, a, (line, start, count) => {
      for (let w = 0; w < count; w++) {
        const base = (line + w) * (n + 1);
        const first = start + w;
        const last = first + (n - 1) * stride;
        for (let j = 0; j <= n; j++) {
          const flow = faces[base + j]!;
          // The cell on the left for a flow to the right, else the one on the right; beyond a wall there is none.
          const beyondLower = j === 0 && flow > 0;
          const beyondUpper = j === n && flow <= 0;
          let donor = first + (flow > 0 ? j - 1 : j) * stride;
          if (beyondLower) donor = last;
          if (beyondUpper) donor = first;
          if ((beyondLower || beyondUpper) && !periodic) continue;
          faces[base + j] = flow * ratioOf(m[donor]!, tau * outgoing[donor]!);
        }
      }
    });
  }

  /** m -= tau div A on one axis. */
  #subtract(a: number, faces: Float64Array, tau: number, m: Float64Array): void {
    const { n, stride, inverse } = this.#axes[a]!;
    const factor = tau * inverse;
    forEachBlock(this.#d.grid, a, (line, start, count) => {
      for (let w = 0; w < count; w++) {
        const base = (line + w) * (n + 1);
        let left = faces[base]!;
        for (let i = 0, at = start + w; i < n; i++, at += stride) {
          const right = faces[base + i + 1]!;
          m[at] = m[at]! - factor * (right - left);
          left = right;
        }
      }
    });
  }
}

/** R = min(1, (1 - guard) pos(mL)/O) of a cell. */
function ratioOf(mass: number, out: number): number {
  const available = mass > 0 ? keep * mass : 0;
  return out > available ? available / out : 1;
}

/**
 * The same limiter on one line: m (unpadded) -= div(eta A)/h with time-integrated A of n + 1 faces; A becomes eta A.
 * `ratio` is scratch. Returns the number of limited cells.
 */
export function limitLine(
  m: Float64Array,
  faces: Float64Array,
  n: number,
  inverse: number,
  periodic: boolean,
  ratio: Float64Array,
): number {
  let limited = 0;
  for (let i = 0; i < n; i++) {
    const right = faces[i + 1]!;
    const left = faces[i]!;
    const out = ((right > 0 ? right : 0) - (left < 0 ? left : 0)) * inverse;
    const r = ratioOf(m[i]!, out);
    ratio[i] = r;
    if (r < 1) limited++;
  }
  if (limited > 0) {
    for (let j = 0; j <= n; j++) {
      const flow = faces[j]!;
      const donor = flow > 0 ? j - 1 : j;
      if (donor >= 0 && donor < n) faces[j] = flow * ratio[donor]!;
      else if (periodic) faces[j] = flow * ratio[donor < 0 ? n - 1 : 0]!;
    }
  }
  for (let i = 0; i < n; i++) m[i] = m[i]! - inverse * (faces[i + 1]! - faces[i]!);
  return limited;
}
