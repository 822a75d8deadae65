/**
 * Ghost nodes: the three values beyond each end of a grid line that every stencil here reads.
 * Formulas of docs/numerics.md section 6. A padded line of n nodes has n + 6 entries, node i at index i + 3.
 */
import type { BoundaryKind } from "../problem/types.ts";

/** Ghost nodes on each side of a line. */
export const ghostWidth = 3;

/**
 * How ghosts come from the nodes next to a wall: `wrap` periodic, `even` and `odd` mirrored about the wall half a cell
 * out, `cubic` the cubic through the first four nodes, `through` the cubic through the wall value and the first three.
 */
export type GhostRule = "wrap" | "even" | "odd" | "cubic" | "through";

/** The rule for the value function u at each kind of boundary. */
export const valueGhostRule: Readonly<Record<BoundaryKind, GhostRule>> = {
  periodic: "wrap",
  reflecting: "even",
  open: "cubic",
  exit: "through",
};

/** The rule for the density m and, at an exit, for the product of drift and density (wall value 0). */
export const densityGhostRule: Readonly<Record<BoundaryKind, GhostRule>> = {
  periodic: "wrap",
  reflecting: "even",
  open: "even",
  exit: "through",
};

/**
 * The rule for the drift b. At an exit no drift ghost is read: there the product b m is continued, see
 * `densityGhostRule`.
 */
export const driftGhostRule: Readonly<Record<Exclude<BoundaryKind, "exit">, GhostRule>> = {
  periodic: "wrap",
  reflecting: "odd",
  open: "odd",
};

/** Row k: weights of nodes 0..3 in ghost -1 - k, exact for cubics. */
export const cubicGhostWeights: readonly (readonly [number, number, number, number])[] = [
  [4, -6, 4, -1],
  [10, -20, 15, -4],
  [20, -45, 36, -10],
];

/**
 * Row k: weights of the wall value and of nodes 0..2 in ghost -1 - k, the wall half a cell before node 0; exact for
 * cubics.
 */
export const throughGhostWeights: readonly (readonly [number, number, number, number])[] = [
  [3.2, -3, 1, -0.2],
  [12.8, -18, 8, -1.8],
  [32, -50, 25, -6],
];

/** Ghost -1 - k (k = 0, 1, 2) of the cubic through the nodes u0..u3 nearest the wall. */
export function cubicGhost(k: number, u0: number, u1: number, u2: number, u3: number): number {
  const a = cubicGhostWeights[k]!;
  return a[0] * u0 + a[1] * u1 + a[2] * u2 + a[3] * u3;
}

/** Ghost -1 - k (k = 0, 1, 2) of the cubic through the wall value and the nodes u0..u2 nearest the wall. */
export function throughGhost(k: number, wall: number, u0: number, u1: number, u2: number): number {
  const a = throughGhostWeights[k]!;
  return a[0] * wall + a[1] * u0 + a[2] * u1 + a[3] * u2;
}

/**
 * One ghost of a line that is read through a function, for code that works point by point.
 *
 * @param rule ghost rule of that wall
 * @param k distance beyond the wall: 0, 1 or 2
 * @param node value of the node that is i nodes away from that wall (0 is next to it)
 * @param n nodes of the line (>= 4)
 * @param wall value on the wall, read by `through` only
 */
export function ghostValue(rule: GhostRule, k: number, node: (i: number) => number, n: number, wall: number): number {
  switch (rule) {
    case "wrap":
      return node(n - 1 - k);
    case "even":
      return node(k);
    case "odd":
      return -node(k);
    case "cubic":
      return cubicGhost(k, node(0), node(1), node(2), node(3));
    case "through":
      return throughGhost(k, wall, node(0), node(1), node(2));
  }
}

/**
 * Fills the three ghosts on each side of a padded line, in place.
 *
 * @param line padded line: n + 6 entries, node i at index i + 3; longer arrays are left alone beyond that
 * @param n nodes (>= 4)
 * @param lowerWall value on the lower wall, read by `through` only
 * @param upperWall value on the upper wall, read by `through` only
 */
export function fillGhosts(
  line: Float64Array | Float32Array,
  n: number,
  lower: GhostRule,
  upper: GhostRule,
  lowerWall = 0,
  upperWall = 0,
): void {
  fillSide(line, 3, 1, n, lower, lowerWall);
  fillSide(line, n + 2, -1, n, upper, upperWall);
}

/** `edge` is the index of the node next to the wall, `step` points inwards. */
function fillSide(
  line: Float64Array | Float32Array,
  edge: number,
  step: number,
  n: number,
  rule: GhostRule,
  wall: number,
): void {
  const u0 = line[edge]!;
  const u1 = line[edge + step]!;
  const u2 = line[edge + 2 * step]!;
  switch (rule) {
    case "wrap": {
      const far = edge + n * step;
      line[edge - step] = line[far - step]!;
      line[edge - 2 * step] = line[far - 2 * step]!;
      line[edge - 3 * step] = line[far - 3 * step]!;
      return;
    }
    case "even":
      line[edge - step] = u0;
      line[edge - 2 * step] = u1;
      line[edge - 3 * step] = u2;
      return;
    case "odd":
      line[edge - step] = -u0;
      line[edge - 2 * step] = -u1;
      line[edge - 3 * step] = -u2;
      return;
    case "cubic": {
      const u3 = line[edge + 3 * step]!;
      for (let k = 0; k < 3; k++) line[edge - (k + 1) * step] = cubicGhost(k, u0, u1, u2, u3);
      return;
    }
    case "through":
      for (let k = 0; k < 3; k++) line[edge - (k + 1) * step] = throughGhost(k, wall, u0, u1, u2);
      return;
  }
}
