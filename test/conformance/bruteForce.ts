/**
 * A second derivation of what the field kernels compute, for the tests alone: textbook formulas on single nodes, ghosts by
 * Lagrange polynomials. Shares no formula with src; bruteForceSteps.ts makes steps of it.
 */
import type { BoundaryKind } from "../../src/problem/types.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import type { Walls } from "../../src/tiers/host/fieldKernels.ts";
import { indicesOf } from "../scheme/fixtures.ts";

/** Value at x of the polynomial through the points. */
function lagrange(points: readonly (readonly [number, number])[], x: number): number {
  return points.reduce((sum, [xj, yj], j) => {
    const weight = points.reduce((w, [xl], l) => (l === j ? w : (w * (x - xl)) / (xj - xl)), 1);
    return sum + weight * yj;
  }, 0);
}

type Rule = "wrap" | "even" | "odd" | "cubic" | "wall";
const valueRule: Record<BoundaryKind, Rule> = { periodic: "wrap", reflecting: "even", open: "cubic", exit: "wall" };
const densityRule: Record<BoundaryKind, Rule> = { periodic: "wrap", reflecting: "even", open: "even", exit: "wall" };
const productRule: Record<BoundaryKind, Rule> = { periodic: "wrap", reflecting: "odd", open: "odd", exit: "wall" };

/** Entry j of a line of n, j from -3 to n + 2. */
function entry(
  line: ArrayLike<number>,
  j: number,
  rules: readonly [Rule, Rule],
  walls: readonly [number, number],
): number {
  const n = line.length;
  if (j >= 0 && j < n) return line[j]!;
  const side = j < 0 ? 0 : 1;
  const k = j < 0 ? -1 - j : j - n;
  const fromWall = (i: number): number => line[side === 0 ? i : n - 1 - i]!;
  // Positions in cells from the wall inwards: node i at i + 1/2, the ghost at -(k + 1/2).
  const at = -(k + 0.5);
  switch (rules[side]) {
    case "wrap":
      return line[(j + n) % n]!;
    case "even":
      return fromWall(k);
    case "odd":
      return -fromWall(k);
    case "cubic":
      return lagrange(
        [0, 1, 2, 3].map((i) => [i + 0.5, fromWall(i)] as const),
        at,
      );
    case "wall":
      return lagrange([[0, walls[side]], ...[0, 1, 2].map((i) => [i + 0.5, fromWall(i)] as const)], at);
  }
}

/** Where a node stands on its line along `axis`: number of the line, place on it, and the line's nodes. */
export function lineThrough(
  d: Discretisation,
  axis: number,
  node: number,
): { line: number; i: number; nodes: number[] } {
  const indices = indicesOf(d, node);
  const { shape, stride } = d.grid;
  let line = 0;
  indices.forEach((index, a) => {
    if (a !== axis) line = line * shape[a]! + index;
  });
  const i = indices[axis]!;
  const nodes = Array.from({ length: shape[axis]! }, (_, j) => node + (j - i) * stride[axis]!);
  return { line, i, nodes };
}

function kindsOf(d: Discretisation, axis: number): readonly [BoundaryKind, BoundaryKind] {
  return [d.boundaries[axis]!.lower.kind, d.boundaries[axis]!.upper.kind];
}

function valueEntry(
  d: Discretisation,
  u: ArrayLike<number>,
  walls: Walls,
  axis: number,
  node: number,
  offset: number,
): number {
  const { line, i, nodes } = lineThrough(d, axis, node);
  const [lower, upper] = kindsOf(d, axis);
  const { lower: below, upper: above } = walls[axis]!;
  return entry(
    nodes.map((k) => u[k]!),
    i + offset,
    [valueRule[lower], valueRule[upper]],
    [below?.[line] ?? Number.NaN, above?.[line] ?? Number.NaN],
  );
}

/** Osher & Fedkiw (3.25)-(3.41), with the Z and M weights. */
export function reconstruct(d: Discretisation, v: readonly number[]): number {
  const [a, b, c, p, q] = v as [number, number, number, number, number];
  const beta = [
    (13 / 12) * (a - 2 * b + c) ** 2 + (a - 4 * b + 3 * c) ** 2 / 4,
    (13 / 12) * (b - 2 * c + p) ** 2 + (b - p) ** 2 / 4,
    (13 / 12) * (c - 2 * p + q) ** 2 + (3 * c - 4 * p + q) ** 2 / 4,
  ] as const;
  const { kind, value } = d.scheme.epsilon;
  const epsilon = kind === "absolute" ? value : value * Math.max(...v.map((x) => x * x)) + 1e-40;
  const ideal = [0.1, 0.6, 0.3];
  const scaled = (w: readonly number[]): number[] => w.map((x) => x / w.reduce((s, y) => s + y, 0));
  const js = scaled(ideal.map((g, k) => g / (epsilon + beta[k]!) ** 2));
  const tau = Math.abs(beta[0] - beta[2]);
  const weights = {
    js,
    z: scaled(ideal.map((g, k) => g * (1 + (tau / (epsilon + beta[k]!)) ** 2))),
    m: scaled(
      js.map(
        (w, k) =>
          (w * (ideal[k]! + ideal[k]! ** 2 - 3 * ideal[k]! * w + w * w)) / (ideal[k]! ** 2 + w * (1 - 2 * ideal[k]!)),
      ),
    ),
  }[d.scheme.weno];
  const candidate = [(2 * a - 7 * b + 11 * c) / 6, (-b + 5 * c + 2 * p) / 6, (2 * c + 5 * p - q) / 6];
  return weights.reduce((s, w, k) => s + w * candidate[k]!, 0);
}

/** One-sided slopes of u at a node, per axis. */
export function slopesAt(
  d: Discretisation,
  u: ArrayLike<number>,
  walls: Walls,
  node: number,
): { minus: number[]; plus: number[] } {
  const along = (sign: number): number[] =>
    d.grid.spacing.map((h, axis) => {
      const value = (offset: number): number => valueEntry(d, u, walls, axis, node, offset);
      const difference = (face: number): number => (value(face + 0.5) - value(face - 0.5)) / h;
      return reconstruct(
        d,
        [-2.5, -1.5, -0.5, 0.5, 1.5].map((face) => difference(sign * face)),
      );
    });
  return { minus: along(1), plus: along(-1) };
}

/** nu Lap6 of u along one axis at a node. */
export function diffusionAt(d: Discretisation, u: ArrayLike<number>, walls: Walls, axis: number, node: number): number {
  const weights = [2, -27, 270, -490, 270, -27, 2];
  const sum = weights.reduce((s, w, j) => s + w * valueEntry(d, u, walls, axis, node, j - 3), 0);
  return (d.nu * sum) / (180 * d.grid.spacing[axis]! ** 2);
}

/** H_p at a node. */
export function speedAt(d: Discretisation, node: number, p: readonly number[]): number[] {
  const { control, exponent, drift } = d.hamiltonian;
  const size = Math.hypot(...p);
  return p.map((v, a) => (size === 0 ? 0 : control * size ** (exponent - 2) * v) + (drift?.[a]?.[node] ?? 0));
}

export const meanSlopeAt = (d: Discretisation, u: ArrayLike<number>, walls: Walls, node: number): number[] => {
  const { minus, plus } = slopesAt(d, u, walls, node);
  return minus.map((p, a) => (p + plus[a]!) / 2);
};

/** One face of the grid: the cells it parts (-1 beyond a wall) and where it stands in `Faces`. */
export interface Face {
  readonly axis: number;
  readonly at: readonly number[];
  readonly left: number;
  readonly right: number;
  /** Nodes of its line, and the face's place between them. */
  readonly nodes: readonly number[];
  readonly line: number;
  readonly j: number;
  /** True where no flux passes. */
  readonly closed: boolean;
}

/** All faces of an axis, the seam of a periodic one once. */
export function facesOfAxis(d: Discretisation, axis: number): Face[] {
  const n = d.grid.shape[axis]!;
  const [lower, upper] = kindsOf(d, axis);
  const periodic = lower === "periodic";
  const faces: Face[] = [];
  for (let node = 0; node < d.grid.points; node++) {
    const { line, i, nodes } = lineThrough(d, axis, node);
    if (i !== 0) continue;
    for (let j = 0; j <= (periodic ? n - 1 : n); j++) {
      const kind = j === 0 ? lower : j === n ? upper : "periodic";
      faces.push({
        axis,
        line,
        j,
        nodes,
        at: periodic && j === 0 ? [line * (n + 1), line * (n + 1) + n] : [line * (n + 1) + j],
        left: j > 0 ? nodes[j - 1]! : periodic ? nodes[n - 1]! : -1,
        right: j < n ? nodes[j]! : -1,
        closed: kind === "reflecting" || kind === "open",
      });
    }
  }
  return faces;
}

/** Drift through a face from the slope of u across it. */
export function faceDriftAt(d: Discretisation, u: ArrayLike<number>, walls: Walls, face: Face): number {
  if (face.closed) return 0;
  const h = d.grid.spacing[face.axis]!;
  const { control, exponent, drift } = d.hamiltonian;
  const cells = [face.left, face.right].filter((node) => node >= 0);
  const mean = (f: (node: number) => number): number => cells.reduce((s, node) => s + f(node), 0) / cells.length;
  let slope: number;
  if (face.left < 0) slope = (u[face.right]! - walls[face.axis]!.lower![face.line]!) / (h / 2);
  else if (face.right < 0) slope = (walls[face.axis]!.upper![face.line]! - u[face.left]!) / (h / 2);
  else slope = (u[face.right]! - u[face.left]!) / h;
  const across = mean((node) => {
    const p = meanSlopeAt(d, u, walls, node);
    return p.reduce((s, v, a) => (a === face.axis ? s : s + v * v), 0);
  });
  const size = Math.sqrt(slope * slope + (d.hamiltonian.separable ? 0 : across));
  const own = size === 0 ? 0 : control * size ** (exponent - 2) * slope;
  return -own - mean((node) => drift?.[face.axis]?.[node] ?? 0);
}

const bernoulli = (z: number): number => (z === 0 ? 1 : z / Math.expm1(z));

/** Low-order flux of a face: Scharfetter-Gummel with diffusion, upwind without; at an exit towards m = 0 half a cell on. */
export function lowFlux(d: Discretisation, m: ArrayLike<number>, b: number, face: Face, nu: number): number {
  if (face.closed) return 0;
  const left = face.left < 0 ? 0 : m[face.left]!;
  const right = face.right < 0 ? 0 : m[face.right]!;
  if (nu === 0) return b > 0 ? b * left : b * right;
  const h = d.grid.spacing[face.axis]! * (face.left < 0 || face.right < 0 ? 0.5 : 1);
  return (nu / h) * (bernoulli((-b * h) / nu) * left - bernoulli((b * h) / nu) * right);
}

/** High-order advective flux of a face; b at the nodes. */
export function highFlux(d: Discretisation, m: ArrayLike<number>, b: ArrayLike<number>, face: Face): number {
  if (face.closed) return 0;
  const [lower, upper] = kindsOf(d, face.axis);
  const density = face.nodes.map((node) => m[node]!);
  const product = face.nodes.map((node) => m[node]! * b[node]!);
  const n = face.nodes.length;
  const places = [-3, -2, -1, 0, 1, 2].map((k) => face.j + k);
  const existing = lower === "periodic" ? places.map((j) => (j + n) % n) : places.filter((j) => j >= 0 && j < n);
  const alpha = Math.max(...existing.map((j) => Math.abs(b[face.nodes[j]!]!)));
  const split = (j: number, sign: number): number =>
    (entry(product, j, [productRule[lower], productRule[upper]], [0, 0]) +
      sign * alpha * entry(density, j, [densityRule[lower], densityRule[upper]], [0, 0])) /
    2;
  const [p0, p1, p2, p3, p4, p5] = places as [number, number, number, number, number, number];
  return (
    reconstruct(
      d,
      [p0, p1, p2, p3, p4].map((j) => split(j, 1)),
    ) +
    reconstruct(
      d,
      [p5, p4, p3, p2, p1].map((j) => split(j, -1)),
    )
  );
}

/** nu G6 at a face. */
export function diffusiveFlux6(d: Discretisation, m: ArrayLike<number>, face: Face): number {
  if (face.closed) return 0;
  const [lower, upper] = kindsOf(d, face.axis);
  const density = face.nodes.map((node) => m[node]!);
  const value = (k: number): number => entry(density, face.j + k, [densityRule[lower], densityRule[upper]], [0, 0]);
  const sum = 2 * value(2) - 25 * value(1) + 245 * value(0) - 245 * value(-1) + 25 * value(-2) - 2 * value(-3);
  return (d.nu * sum) / (180 * d.grid.spacing[face.axis]!);
}
