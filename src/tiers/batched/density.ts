/** Explicit Euler stages of the Fokker-Planck equation with flux blending, over blocks of lines (docs/numerics.md section 5.2). */
import { fillGhosts } from "../../scheme/boundary.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import { crossingSpeed } from "../../scheme/fokkerPlanck.ts";
import type { DensityStage, Faces, Walls } from "../host/fieldKernels.ts";
import { type FieldPool, slots } from "../host/pool.ts";
import { valueGhosts, type AxisTools, type LineScratch } from "./axisTools.ts";
import { forEachBlock, gather, scatter } from "./blocks.ts";
import type { BatchedDrift } from "./drift.ts";
import type { BatchedLimiter } from "./limiter.ts";
import { reconstructFaces, type ReconstructFaces } from "./reconstruct.ts";

export class BatchedDensity {
  readonly #d: Discretisation;
  readonly #axes: readonly AxisTools[];
  readonly #scratch: LineScratch;
  readonly #pool: FieldPool;
  readonly #drift: BatchedDrift;
  readonly #limiter: BatchedLimiter;
  readonly #reconstruct: ReconstructFaces;
  readonly #product: Float64Array;
  readonly #nodeDrift: Float64Array;
  readonly #size: Float64Array;
  readonly #speed: Float64Array;
  readonly #faceDrift: Float64Array;
  readonly #high: Float64Array;
  readonly #low: Float64Array;

  constructor(
    d: Discretisation,
    axes: readonly AxisTools[],
    scratch: LineScratch,
    pool: FieldPool,
    drift: BatchedDrift,
    limiter: BatchedLimiter,
  ) {
    this.#d = d;
    this.#axes = axes;
    this.#scratch = scratch;
    this.#pool = pool;
    this.#drift = drift;
    this.#limiter = limiter;
    this.#reconstruct = reconstructFaces(d.scheme.weno, d.scheme.epsilon);
    const line = (): Float64Array => new Float64Array(Math.max(...d.grid.shape) + 6);
    this.#product = line();
    this.#nodeDrift = line();
    this.#size = line();
    this.#speed = line();
    this.#faceDrift = line();
    this.#high = line();
    this.#low = line();
  }

  /** See `FieldKernels.densityStage`. */
  stage(stage: DensityStage): number {
    const { m, u, walls, tau, diffusion, frozen, out, flux, fluxWeight } = stage;
    const { grid } = this.#d;
    const { value, density, result, second } = this.#scratch;
    const outgoing = this.#pool.field(slots.outgoing);
    const antidiffusive = this.#antidiffusive();
    this.#drift.prepare(u, walls);
    out.set(m);
    for (let a = 0; a < this.#axes.length; a++) {
      const axis = this.#axes[a]!;
      const { n, stride, inverse } = axis;
      const factor = -tau * inverse;
      const faces = antidiffusive[a]!;
      const balance = frozen && frozen[a]!.length > 0 ? frozen[a]! : undefined;
      const total = flux && flux[a]!.length > 0 ? flux[a]! : undefined;
      this.#drift.prepareAxis(a);
      forEachBlock(grid, a, (line, start, count) => {
        gather(u, start, stride, n, count, value);
        gather(m, start, stride, n, count, density);
        for (let w = 0; w < count; w++) {
          const base = (line + w) * (n + 1);
          const change = result[w]!;
          const sum = second[w]!;
          const high = this.#high;
          const low = this.#low;
          valueGhosts(axis, value[w]!, walls[a]!, line + w);
          this.#advective(axis, value[w]!, density[w]!, start + w, high);
          if (diffusion) this.#subtractSlope(axis, density[w]!, high);
          if (balance) {
            low.fill(0, 0, n + 1);
            for (let j = 0; j <= n; j++) high[j] = high[j]! - balance[base + j]!;
          } else {
            this.lowOrder(axis, value[w]!, density[w]!, start + w, walls[a]!, line + w, diffusion, low);
          }
          let leftLow = low[0]!;
          let left = high[0]! - leftLow;
          faces[base] = left;
          for (let i = 0; i < n; i++) {
            const rightLow = low[i + 1]!;
            const right = high[i + 1]! - rightLow;
            faces[base + i + 1] = right;
            change[i] = factor * (rightLow - leftLow);
            sum[i] = ((right > 0 ? right : 0) - (left < 0 ? left : 0)) * inverse;
            leftLow = rightLow;
            left = right;
          }
          if (total) for (let j = 0; j <= n; j++) total[base + j] = total[base + j]! + fluxWeight * tau * low[j]!;
        }
        scatter(result, 0, start, stride, n, count, true, out);
        scatter(second, 0, start, stride, n, count, a > 0, outgoing);
      });
    }
    const limited = this.#limiter.apply(out, antidiffusive, tau, outgoing);
    if (flux) addFaces(flux, fluxWeight * tau, antidiffusive);
    return limited;
  }

  /** See `FieldKernels.advectiveFlux`. */
  advectiveFlux(m: Float64Array, u: Float64Array, walls: Walls, out: Faces): void {
    const { value, density } = this.#scratch;
    this.#drift.prepare(u, walls);
    for (let a = 0; a < this.#axes.length; a++) {
      const axis = this.#axes[a]!;
      if (axis.boundary.lower.kind !== "exit" && axis.boundary.upper.kind !== "exit") continue;
      const { n, stride } = axis;
      this.#drift.prepareAxis(a);
      forEachBlock(this.#d.grid, a, (line, start, count) => {
        gather(u, start, stride, n, count, value);
        gather(m, start, stride, n, count, density);
        for (let w = 0; w < count; w++) {
          valueGhosts(axis, value[w]!, walls[a]!, line + w);
          this.#advective(axis, value[w]!, density[w]!, start + w, this.#high);
          const base = (line + w) * (n + 1);
          for (let j = 0; j <= n; j++) out[a]![base + j] = this.#high[j]!;
        }
      });
    }
  }

  /**
   * Low-order fluxes of a line into out[0..n]: Scharfetter-Gummel with diffusion, else upwind. `value` has its ghosts, the
   * density needs none.
   */
  lowOrder(
    axis: AxisTools,
    value: Float64Array,
    density: Float64Array,
    at: number,
    walls: Walls[number],
    line: number,
    diffusion: boolean,
    out: Float64Array,
  ): void {
    const { n, h, periodic } = axis;
    const { nu } = this.#d;
    const b = this.#faceDrift;
    this.#drift.faces(axis, value, at, walls, line, b);
    if (diffusion && nu > 0) {
      for (let j = 1; j < n; j++)
        out[j] = crossingSpeed(nu, h, b[j]!) * density[j + 2]! - crossingSpeed(nu, h, -b[j]!) * density[j + 3]!;
      out[0] = periodic
        ? crossingSpeed(nu, h, b[0]!) * density[n + 2]! - crossingSpeed(nu, h, -b[0]!) * density[3]!
        : 0;
      if (walls.lower) out[0] = -crossingSpeed(nu, h / 2, -b[0]!) * density[3]!;
      out[n] = walls.upper ? crossingSpeed(nu, h / 2, b[n]!) * density[n + 2]! : 0;
    } else {
      for (let j = 1; j < n; j++) {
        const speed = b[j]!;
        out[j] = speed * (speed > 0 ? density[j + 2]! : density[j + 3]!);
      }
      out[0] = periodic ? Math.max(b[0]!, 0) * density[n + 2]! + Math.min(b[0]!, 0) * density[3]! : 0;
      if (walls.lower) out[0] = Math.min(b[0]!, 0) * density[3]!;
      out[n] = walls.upper ? Math.max(b[n]!, 0) * density[n + 2]! : 0;
    }
    if (periodic) out[n] = out[0]!;
  }

  /** High-order advective face fluxes F of one line; fills the density's ghosts. */
  #advective(axis: AxisTools, value: Float64Array, density: Float64Array, at: number, out: Float64Array): void {
    const { n, periodic, densityLower, densityUpper, productLower, productUpper } = axis;
    const b = this.#nodeDrift;
    const product = this.#product;
    const size = this.#size;
    const speed = this.#speed;
    this.#drift.nodes(axis, value, at, b);
    fillGhosts(density, n, densityLower, densityUpper, 0, 0);
    for (let i = 0; i < n; i++) {
      product[i + 3] = b[i]! * density[i + 3]!;
      size[i + 3] = Math.abs(b[i]!);
    }
    fillGhosts(product, n, productLower, productUpper, 0, 0);
    if (periodic) fillGhosts(size, n, "wrap", "wrap");
    else for (let k = 0; k < 3; k++) size[k] = size[n + 3 + k] = 0;
    // The largest |b| of the six nodes around each face: pairs, then three pairs.
    let first = Math.max(size[0]!, size[1]!);
    let middle = Math.max(size[2]!, size[3]!);
    let shiftedFirst = Math.max(size[1]!, size[2]!);
    let shiftedMiddle = Math.max(size[3]!, size[4]!);
    for (let j = 0; j <= n; j += 2) {
      const last = Math.max(size[j + 4]!, size[j + 5]!);
      speed[j] = Math.max(first, middle, last);
      first = middle;
      middle = last;
      if (j === n) break;
      const shiftedLast = Math.max(size[j + 5]!, size[j + 6]!);
      speed[j + 1] = Math.max(shiftedFirst, shiftedMiddle, shiftedLast);
      shiftedFirst = shiftedMiddle;
      shiftedMiddle = shiftedLast;
    }
    this.#reconstruct(product, density, speed, n, out);
    closeWalls(axis, out);
  }

  /** out -= nu G6 of a padded density on every face. */
  #subtractSlope(axis: AxisTools, density: Float64Array, out: Float64Array): void {
    addFaceSlopes6(density, axis.n, -this.#d.nu * axis.inverse, out);
    closeWalls(axis, out);
  }

  #antidiffusive(): Faces {
    const { grid } = this.#d;
    return grid.shape.map((n, a) => this.#pool.faces(slots.antidiffusive + a, (grid.points / n) * (n + 1)));
  }
}

/** out[j] += factor h G6 at the faces of a padded line. */
function addFaceSlopes6(m: Float64Array, n: number, factor: number, out: Float64Array): void {
  const scale = factor / 180;
  for (let j = 0; j <= n; j++) {
    const slope = 2 * (m[j + 5]! - m[j]!) - 25 * (m[j + 4]! - m[j + 1]!) + 245 * (m[j + 3]! - m[j + 2]!);
    out[j] = out[j]! + scale * slope;
  }
}

/** Nothing passes reflecting and open walls; the two ends of a periodic line are one face. */
export function closeWalls(axis: AxisTools, faces: Float64Array): void {
  const { n, periodic, boundary } = axis;
  if (periodic) {
    faces[n] = faces[0]!;
    return;
  }
  if (boundary.lower.kind !== "exit") faces[0] = 0;
  if (boundary.upper.kind !== "exit") faces[n] = 0;
}

/** flux += weight * A on the axes whose flux is asked for. */
export function addFaces(flux: Faces, weight: number, faces: Faces): void {
  for (let a = 0; a < flux.length; a++) {
    const total = flux[a]!;
    const part = faces[a]!;
    for (let j = 0; j < total.length; j++) total[j] = total[j]! + weight * part[j]!;
  }
}
