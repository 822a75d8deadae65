/** The coupling f(x, t, m) at the nodes of one stored level. */
import type { Discretisation } from "./discretisation.ts";
import { coordinates, lineCount, lineStart } from "./grid.ts";

/**
 * Writes f(x, t_level, m), without the potential, at all nodes.
 *
 * @param level stored time level, read by the coupling `target`
 * @param m density of `grid.points`
 * @param out takes f; not `m`
 * @returns the number of nodes at which a log coupling used its floor
 */
export function couplingSlice(d: Discretisation, level: number, m: Float64Array, out: Float64Array): number {
  const { coupling } = d;
  const points = m.length;
  switch (coupling.kind) {
    case "none":
      out.fill(0);
      return 0;
    case "linear":
      for (let i = 0; i < points; i++) out[i] = coupling.strength * m[i]!;
      return 0;
    case "power":
      if (coupling.exponent === 2) for (let i = 0; i < points; i++) out[i] = coupling.strength * m[i]! * m[i]!;
      else for (let i = 0; i < points; i++) out[i] = coupling.strength * m[i]! ** coupling.exponent;
      return 0;
    case "log": {
      let floored = 0;
      for (let i = 0; i < points; i++) {
        if (m[i]! < coupling.floor) floored++;
        out[i] = coupling.strength * Math.log(Math.max(m[i]!, coupling.floor));
      }
      return floored;
    }
    case "target": {
      const offset = level * points;
      for (let i = 0; i < points; i++) out[i] = coupling.strength * (m[i]! - coupling.target[offset + i]!);
      return 0;
    }
    case "nonlocal":
      convolve(d, coupling.width, m, out);
      for (let i = 0; i < points; i++) out[i] = coupling.strength * out[i]!;
      return 0;
    case "mean":
      attraction(d, coupling.strength, coupling.attraction, m, out);
      return 0;
  }
}

/** The mean position of the density, one coordinate per axis, by the midpoint rule; NaN where there is no mass. */
export function meanPosition(d: Discretisation, m: Float64Array): number[] {
  const { grid } = d;
  let mass = 0;
  for (const value of m) mass += value;
  return grid.shape.map((n, axis) => {
    const x = coordinates(grid, axis);
    const stride = grid.stride[axis]!;
    let moment = 0;
    for (let i = 0; i < m.length; i++) moment += x[Math.floor(i / stride) % n]! * m[i]!;
    return moment / mass;
  });
}

/** f = strength |x - share xbar|^2 / 2. */
function attraction(d: Discretisation, strength: number, share: number, m: Float64Array, out: Float64Array): void {
  const { grid } = d;
  const mean = meanPosition(d, m);
  out.fill(0);
  grid.shape.forEach((n, axis) => {
    const stride = grid.stride[axis]!;
    const term = coordinates(grid, axis).map((x) => (strength * (x - share * mean[axis]!) ** 2) / 2);
    for (let i = 0; i < out.length; i++) out[i] = out[i]! + term[Math.floor(i / stride) % n]!;
  });
}

/** Beyond this many widths the Gaussian is left out: exp(-32) = 1e-14 of its peak. */
const gaussianReach = 8;

/** Discrete Gaussian weights w_0 .. w_reach, w_0 + 2 (w_1 + ...) = 1. */
export function gaussianWeights(width: number, h: number): Float64Array {
  const reach = Math.floor((gaussianReach * width) / h);
  const weights = Float64Array.from({ length: reach + 1 }, (_, k) => Math.exp(-0.5 * ((k * h) / width) ** 2));
  let sum = weights[0]!;
  for (let k = 1; k <= reach; k++) sum += 2 * weights[k]!;
  return weights.map((w) => w / sum);
}

/** out = K * m, K the product of one-dimensional discrete Gaussians. */
function convolve(d: Discretisation, width: number, m: Float64Array, out: Float64Array): void {
  const { grid } = d;
  out.set(m);
  for (let axis = 0; axis < grid.shape.length; axis++) {
    const n = grid.shape[axis]!;
    const stride = grid.stride[axis]!;
    const { weights, sources } = convolutionPlan(d, width, axis);
    const reach = weights.length - 1;
    const extended = new Float64Array(n + 2 * reach);
    const lines = lineCount(grid, axis);
    for (let line = 0; line < lines; line++) {
      const start = lineStart(grid, axis, line);
      for (let j = 0; j < extended.length; j++) {
        const source = sources[j]!;
        extended[j] = source < 0 ? 0 : out[start + source * stride]!;
      }
      for (let i = 0; i < n; i++) {
        const centre = i + reach;
        let sum = weights[0]! * extended[centre]!;
        for (let k = 1; k <= reach; k++) sum += weights[k]! * (extended[centre - k]! + extended[centre + k]!);
        out[start + i * stride] = sum;
      }
    }
  }
}

interface ConvolutionPlan {
  readonly weights: Float64Array;
  /** Node that each position of the extended line takes its value from; -1 where the density is 0 there. */
  readonly sources: Int32Array;
}

const plans = new WeakMap<Discretisation, ConvolutionPlan[]>();

function convolutionPlan(d: Discretisation, width: number, axis: number): ConvolutionPlan {
  const known = plans.get(d) ?? [];
  plans.set(d, known);
  known[axis] ??= makePlan(d, width, axis);
  return known[axis];
}

function makePlan(d: Discretisation, width: number, axis: number): ConvolutionPlan {
  const weights = gaussianWeights(width, d.grid.spacing[axis]!);
  const reach = weights.length - 1;
  const length = d.grid.shape[axis]! + 2 * reach;
  return { weights, sources: Int32Array.from({ length }, (_, j) => sourceNode(d, axis, j - reach)) };
}

/** The node whose density stands at position j of the continued line: wrapped, mirrored at walls, nothing beyond exits. */
function sourceNode(d: Discretisation, axis: number, j: number): number {
  const n = d.grid.shape[axis]!;
  const { lower, upper } = d.boundaries[axis]!;
  if (lower.kind === "periodic") return ((j % n) + n) % n;
  let node = j;
  while (node < 0 || node >= n) {
    const side = node < 0 ? lower : upper;
    if (side.kind !== "reflecting") return -1;
    node = node < 0 ? -1 - node : 2 * n - 1 - node;
  }
  return node;
}
