/** Grid lines with their ghosts, one at a time. */
import {
  densityGhostRule,
  driftGhostRule,
  fillGhosts,
  ghostWidth,
  valueGhostRule,
  type GhostRule,
} from "../../scheme/boundary.ts";
import type { BoundaryKind } from "../../problem/types.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import { lineCount, lineStart } from "../../scheme/grid.ts";
import type { Walls } from "../host/fieldKernels.ts";

/** Calls `visit` for every line along `axis`: its number, the array index of its first node and the distance between nodes. */
export function forEachLine(
  d: Discretisation,
  axis: number,
  visit: (line: number, start: number, stride: number) => void,
): void {
  const lines = lineCount(d.grid, axis);
  for (let line = 0; line < lines; line++) visit(line, lineStart(d.grid, axis, line), d.grid.stride[axis]!);
}

/** The nodes of a line, without ghosts. */
export function nodesOfLine(d: Discretisation, field: Float64Array, axis: number, line: number): Float64Array {
  const start = lineStart(d.grid, axis, line);
  const stride = d.grid.stride[axis]!;
  return Float64Array.from({ length: d.grid.shape[axis]! }, (_, i) => field[start + i * stride]!);
}

export function isPeriodic(d: Discretisation, axis: number): boolean {
  return d.boundaries[axis]!.lower.kind === "periodic";
}

/** A line between its ghosts. */
export function padded(nodes: Float64Array): Float64Array {
  const line = new Float64Array(nodes.length + 2 * ghostWidth);
  line.set(nodes, ghostWidth);
  return line;
}

/** u on a padded line; the wall values are read at exits only. */
export function paddedValue(
  d: Discretisation,
  axis: number,
  nodes: Float64Array,
  lowerWall: number | undefined,
  upperWall: number | undefined,
): Float64Array {
  const { lower, upper } = d.boundaries[axis]!;
  const line = padded(nodes);
  fillGhosts(line, nodes.length, valueGhostRule[lower.kind], valueGhostRule[upper.kind], lowerWall, upperWall);
  return line;
}

/** The density on a padded line. */
export function paddedDensity(d: Discretisation, axis: number, nodes: Float64Array): Float64Array {
  const { lower, upper } = d.boundaries[axis]!;
  const line = padded(nodes);
  fillGhosts(line, nodes.length, densityGhostRule[lower.kind], densityGhostRule[upper.kind]);
  return line;
}

/** The product of drift and density on a padded line: continued as the drift, but through 0 at an exit. */
export function paddedProduct(d: Discretisation, axis: number, nodes: Float64Array): Float64Array {
  const rule = (kind: BoundaryKind): GhostRule => (kind === "exit" ? densityGhostRule.exit : driftGhostRule[kind]);
  const { lower, upper } = d.boundaries[axis]!;
  const line = padded(nodes);
  fillGhosts(line, nodes.length, rule(lower.kind), rule(upper.kind));
  return line;
}

/** u of one line with ghosts, straight from the field. */
export function valueLine(d: Discretisation, u: Float64Array, walls: Walls, axis: number, line: number): Float64Array {
  const { lower, upper } = walls[axis]!;
  return paddedValue(d, axis, nodesOfLine(d, u, axis, line), lower?.[line], upper?.[line]);
}
