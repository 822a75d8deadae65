import type { Discretisation } from "../../scheme/discretisation.ts";
import { diffusionRadius } from "../../scheme/diffusion.ts";
import { advectionStep } from "../../scheme/substeps.ts";
import { lineCount, lineStart } from "../../scheme/grid.ts";

/**
 * How fast the source S = f + V can make slopes of u grow: sum over the axes of max|D_a S| / h_a, with 2|S|/h in the cells
 * next to an exit, where u is pinned (docs/numerics.md section 3.4).
 */
export function slopeGrowth(d: Discretisation, source: Float64Array): number {
  const { grid, boundaries } = d;
  let growth = 0;
  for (let a = 0; a < grid.shape.length; a++) {
    const n = grid.shape[a]!;
    const stride = grid.stride[a]!;
    const { lower, upper } = boundaries[a]!;
    const lines = lineCount(grid, a);
    let steepest = 0;
    for (let l = 0; l < lines; l++) {
      const start = lineStart(grid, a, l);
      const last = start + (n - 1) * stride;
      if (lower.kind === "periodic") steepest = Math.max(steepest, Math.abs(source[start]! - source[last]!));
      if (lower.kind === "exit") steepest = Math.max(steepest, 2 * Math.abs(source[start]!));
      if (upper.kind === "exit") steepest = Math.max(steepest, 2 * Math.abs(source[last]!));
    }
    steepest = Math.max(steepest, steepestStep(source, n, stride, grid.points));
    growth += steepest / grid.spacing[a]! ** 2;
  }
  return growth;
}

/** Largest step between neighbours along an axis, in the order of memory. */
function steepestStep(source: Float64Array, n: number, stride: number, points: number): number {
  let steepest = 0;
  const block = n * stride;
  for (let base = 0; base < points; base += block) {
    const end = base + block - stride;
    for (let i = base; i < end; i++) {
      const step = source[i + stride]! - source[i]!;
      const size = step < 0 ? -step : step;
      if (size > steepest) steepest = size;
    }
  }
  return steepest;
}

/**
 * The step whose Courant number is the scheme's cfl when the slopes grow as `slopeGrowth` says while it lasts.
 *
 * @param speed sum_a |H_p|_a / h_a at the start, in 1/time
 */
export function growingStep(d: Discretisation, speed: number, growth: number): number {
  const { control, exponent } = d.hamiltonian;
  const { cfl } = d.scheme;
  if (exponent === 2) return advectionStep(speed, control * growth, cfl);
  if (!Number.isFinite(speed + growth)) return Number.NaN;
  // |H_p| = c |p|^(q-1) is not linear in the slope: bisection, with one slope for all axes.
  const inverse = d.grid.spacing.reduce((sum, h) => sum + 1 / h, 0);
  const slope = (speed / (control * inverse)) ** (1 / (exponent - 1));
  const courant = (dt: number): number => dt * control * inverse * (slope + (growth / inverse) * dt) ** (exponent - 1);
  let low = 0;
  let high = d.problem.horizon;
  if (!(courant(high) > cfl)) return high;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (courant(middle) > cfl) high = middle;
    else low = middle;
  }
  return low;
}

/** Spectral radius of nu Lap6 along one axis (1/time). */
export function axisRadius(d: Discretisation, axis: number): number {
  return diffusionRadius(d.nu, d.grid.spacing[axis]!, 6, d.boundaries[axis]!);
}

/** The sum of `axisRadius` over the axes. */
export function fullRadius(d: Discretisation): number {
  return d.grid.shape.reduce((sum, _, a) => sum + axisRadius(d, a), 0);
}
