/** Flux blending of whole fields (docs/numerics.md section 5.2); see scheme/limiter.ts for the passes. */
import type { Discretisation } from "../../scheme/discretisation.ts";
import { limiterGuard, limiterPasses } from "../../scheme/limiter.ts";
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

  /** outgoing = or += the outgoing parts of A on one axis, each over h, for lines [line, line + count). */
  addOutgoing(a: number, faces: Float64Array, line: number, start: number, count: number, add: boolean, outgoing: Float64Array): void {
    const { n, stride, inverse } = this.#axes[a]!;
    for (let w = 0; w < count; w++) {
      const base = (line + w) * (n + 1);
      let left = faces[base]!;
      for (let i = 0, at = start + w; i < n; i++, at += stride) {
        const right = faces[base + i + 1]!;
        const sum = ((right > 0 ? right : 0) - (left < 0 ? left : 0)) * inverse;
        outgoing[at] = add ? outgoing[at]! + sum : sum;
        left = right;
      }
    }
  }

  /** The same for whole fields. */
  outgoing(antidiffusive: Faces): Float64Array {
    const outgoing = this.#pool.field(slots.outgoing);
    for (let a = 0; a < this.#axes.length; a++) {
      forEachBlock(this.#d.grid, a, (line, start, count) => this.addOutgoing(a, antidiffusive[a]!, line, start, count, a > 0, outgoing));
    }
    return outgoing;
  }

  /**
   * m -= tau sum div(eta A); A becomes eta A. `outgoing` is that of `outgoing(A)`; `spare` is scratch.
   * Returns the number of limited cells.
   */
  apply(m: Float64Array, antidiffusive: Faces, tau: number, outgoing: Float64Array, spare: Float64Array): number {
    let limited = 0;
    for (let i = 0; i < m.length; i++) {
      const mass = m[i]!;
      if (tau * outgoing[i]! > keep * (mass > 0 ? mass : 0)) limited++;
    }
    if (limited > 0) {
      const ratio = this.#ratios(m, antidiffusive, tau, outgoing, spare);
      for (let a = 0; a < this.#axes.length; a++) this.#scale(a, antidiffusive[a]!, ratio);
    }
    for (let a = 0; a < this.#axes.length; a++) this.#subtract(a, antidiffusive[a]!, tau, m);
    return limited;
  }

  /** R of every cell after all passes. */
  #ratios(m: Float64Array, antidiffusive: Faces, tau: number, outgoing: Float64Array, inflow: Float64Array): Float64Array {
    const ratio = this.#pool.field(slots.ratio);
    for (let pass = 0; pass < limiterPasses; pass++) {
      if (pass === 0) inflow.fill(0);
      else this.#inflow(antidiffusive, tau, ratio, inflow);
      let open = false;
      for (let i = 0; i < m.length; i++) {
        const mass = m[i]!;
        const available = keep * ((mass > 0 ? mass : 0) + inflow[i]!);
        const out = tau * outgoing[i]!;
        const r = out > available ? available / out : 1;
        ratio[i] = r;
        if (r < 1) open = true;
      }
      if (!open) break;
    }
    return ratio;
  }

  /** What flows into every cell for certain, with the ratios of the pass before. */
  #inflow(antidiffusive: Faces, tau: number, ratio: Float64Array, inflow: Float64Array): void {
    inflow.fill(0);
    for (let a = 0; a < this.#axes.length; a++) {
      const { n, stride, inverse, periodic } = this.#axes[a]!;
      const factor = tau * inverse;
      const faces = antidiffusive[a]!;
      forEachBlock(this.#d.grid, a, (line, start, count) => {
        for (let w = 0; w < count; w++) {
          const base = (line + w) * (n + 1);
          const first = start + w;
          const last = first + (n - 1) * stride;
          for (let i = 0, at = first; i < n; i++, at += stride) {
            const left = faces[base + i]!;
            const right = faces[base + i + 1]!;
            if (left > 0) inflow[at] = inflow[at]! + factor * left * (i > 0 ? ratio[at - stride]! : periodic ? ratio[last]! : 1);
            if (right < 0) inflow[at] = inflow[at]! - factor * right * (i < n - 1 ? ratio[at + stride]! : periodic ? ratio[first]! : 1);
          }
        }
      });
    }
  }

  /** A *= eta on one axis. */
  #scale(a: number, faces: Float64Array, ratio: Float64Array): void {
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
          faces[base + j] = flow * ratio[donor]!;
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

/**
 * The same limiter on one line: m (unpadded) -= div(eta A)/h with time-integrated A of n + 1 faces; A becomes eta A.
 * `ratio` and `inflow` are scratch. Returns the number of limited cells.
 */
export function limitLine(m: Float64Array, faces: Float64Array, n: number, inverse: number, periodic: boolean, ratio: Float64Array, inflow: Float64Array): number {
  let limited = 0;
  for (let i = 0; i < n; i++) {
    const out = (Math.max(faces[i + 1]!, 0) + Math.max(-faces[i]!, 0)) * inverse;
    if (out > keep * Math.max(m[i]!, 0)) limited++;
  }
  if (limited > 0) {
    for (let pass = 0; pass < limiterPasses; pass++) {
      for (let i = 0; i < n; i++) {
        let sum = 0;
        if (pass > 0) {
          const left = faces[i]!;
          const right = faces[i + 1]!;
          if (left > 0) sum += inverse * left * (i > 0 ? ratio[i - 1]! : periodic ? ratio[n - 1]! : 1);
          if (right < 0) sum -= inverse * right * (i < n - 1 ? ratio[i + 1]! : periodic ? ratio[0]! : 1);
        }
        inflow[i] = sum;
      }
      let open = false;
      for (let i = 0; i < n; i++) {
        const available = keep * (Math.max(m[i]!, 0) + inflow[i]!);
        const out = (Math.max(faces[i + 1]!, 0) + Math.max(-faces[i]!, 0)) * inverse;
        ratio[i] = out > available ? available / out : 1;
        if (out > available) open = true;
      }
      if (!open) break;
    }
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
