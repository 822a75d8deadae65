/** One-sided slopes of the value function, taken by the kernels of some tier for the operations of this thread. */
import { throughGhost } from "../../scheme/boundary.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import { lineCount, lineStart } from "../../scheme/grid.ts";
import { oneSidedDerivatives, type Stencil7 } from "../../scheme/weno5.ts";
import type { DerivativeLayout, Kernels, Phases } from "../tier.ts";
import type { SlopeFields, Walls } from "./fieldKernels.ts";

/** Nodes at a wall whose stencils reach beyond it. */
const wallNodes = 3;

/** Arrays of one grid's slopes; members of a batch share them, since they take turns. */
export class TakenSlopes implements SlopeFields {
  readonly minus: readonly (Float64Array | Float32Array)[];
  readonly plus: readonly (Float64Array | Float32Array)[];
  readonly #kernels: Kernels;
  /** u as f32, less its middle: a kernel of f32 then rounds by the range of u and not by its size. */
  readonly #rounded: Float32Array | undefined;
  #upload = 0;
  #kernel = 0;

  constructor(d: Discretisation, kernels: Kernels, precision: "f64" | "f32") {
    const field = (): Float64Array | Float32Array =>
      precision === "f64" ? new Float64Array(d.grid.points) : new Float32Array(d.grid.points);
    this.minus = d.grid.shape.map(field);
    this.plus = d.grid.shape.map(field);
    this.#kernels = kernels;
    this.#rounded = precision === "f32" ? new Float32Array(d.grid.points) : undefined;
  }

  /** Bytes of these arrays. */
  static bytes({ grid }: Discretisation, precision: "f64" | "f32"): number {
    const fields = 2 * grid.shape.length;
    return grid.points * (precision === "f64" ? 8 * fields : 4 * (fields + 1));
  }

  /** Time of all calls so far, in milliseconds; what the kernels do not tell apart counts as computing. */
  get phases(): Phases {
    const { phases } = this.#kernels;
    if (!phases) return { upload: this.#upload, kernel: this.#kernel, download: 0 };
    return { ...phases, upload: phases.upload + this.#upload };
  }

  /** Takes the slopes of u along every axis. */
  async take(d: Discretisation, u: Float64Array, walls: Walls): Promise<void> {
    const begun = performance.now();
    const field = this.#rounded ? centred(u, this.#rounded) : u;
    const called = performance.now();
    const { grid, boundaries, scheme } = d;
    for (let axis = 0; axis < grid.shape.length; axis++) {
      const layout: DerivativeLayout = {
        shape: grid.shape,
        axis,
        spacing: grid.spacing[axis]!,
        lower: boundaries[axis]!.lower.kind,
        upper: boundaries[axis]!.upper.kind,
        variant: scheme.weno,
        epsilon: scheme.epsilon,
      };
      await this.#kernels.derivatives(field, layout, this.minus[axis]!, this.plus[axis]!);
    }
    this.#upload += called - begun;
    this.#kernel += performance.now() - called;
    for (let axis = 0; axis < grid.shape.length; axis++) this.#atExits(d, u, walls, axis);
  }

  /** Kernels know walls of value 0 only: next to an exit the slopes are taken here, from the reference's formula. */
  #atExits(d: Discretisation, u: Float64Array, walls: Walls, axis: number): void {
    const { grid } = d;
    const { lower, upper } = walls[axis]!;
    const stride = grid.stride[axis]!;
    const last = (grid.shape[axis]! - 1) * stride;
    const lines = lower || upper ? lineCount(grid, axis) : 0;
    for (let line = 0; line < lines; line++) {
      const start = lineStart(grid, axis, line);
      if (lower) this.#atExit(d, u, axis, start, stride, lower[line]!);
      if (upper) this.#atExit(d, u, axis, start + last, -stride, upper[line]!);
    }
  }

  /** `edge` is the node next to the exit, `inward` leads away from it. */
  #atExit(d: Discretisation, u: Float64Array, axis: number, edge: number, inward: number, wall: number): void {
    const { scheme, grid } = d;
    const near = [u[edge]!, u[edge + inward]!, u[edge + 2 * inward]!] as const;
    const line: number[] = [];
    for (let k = 2; k >= 0; k--) line.push(throughGhost(k, wall, ...near));
    for (let i = 0; i < 2 * wallNodes; i++) line.push(u[edge + i * inward]!);
    const minus = this.minus[axis]!;
    const plus = this.plus[axis]!;
    for (let i = 0; i < wallNodes; i++) {
      const nodes = line.slice(i, i + 7);
      const stencil = (inward > 0 ? nodes : nodes.toReversed()) as unknown as Stencil7;
      const [left, right] = oneSidedDerivatives(scheme.weno, scheme.epsilon, stencil, grid.spacing[axis]!);
      minus[edge + i * inward] = left;
      plus[edge + i * inward] = right;
    }
  }
}

/** out = u less the middle of its range; derivatives do not see the difference. */
function centred(u: Float64Array, out: Float32Array): Float32Array {
  let least = u[0]!;
  let most = least;
  for (let i = 1; i < u.length; i++) {
    const value = u[i]!;
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  const middle = 0.5 * (least + most);
  for (let i = 0; i < u.length; i++) out[i] = u[i]! - middle;
  return out;
}
