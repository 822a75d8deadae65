import type { Problem } from "../problem/types.ts";

/**
 * A uniform grid in C order, last axis fastest. Periodic axes hold x_i = from + i h, all others cell centres
 * x_i = from + (i + 1/2) h, with h = length / n.
 */
export interface Grid {
  readonly shape: readonly number[];
  readonly points: number;
  readonly spacing: readonly number[];
  /** Position of node 0 on each axis. */
  readonly origin: readonly number[];
  /** Distance in the array between neighbours on each axis. */
  readonly stride: readonly number[];
  /** Volume of a cell: the product of the spacings. */
  readonly cellVolume: number;
}

/** Lays the grid of `shape` over the box of `problem`. The shape must have one entry (>= 7) per dimension. */
export function gridOf(problem: Problem, shape: readonly number[]): Grid {
  const spacing = problem.domain.map((axis, a) => (axis.to - axis.from) / shape[a]!);
  const origin = problem.domain.map((axis, a) =>
    axis.lower.kind === "periodic" ? axis.from : axis.from + spacing[a]! / 2,
  );
  const stride = shape.map((_, a) => shape.slice(a + 1).reduce((product, n) => product * n, 1));
  return {
    shape: [...shape],
    points: shape.reduce((product, n) => product * n, 1),
    spacing,
    origin,
    stride,
    cellVolume: spacing.reduce((product, h) => product * h, 1),
  };
}

/** Coordinates of the nodes along `axis`, in the units of the domain. */
export function coordinates(grid: Grid, axis: number): Float64Array {
  return Float64Array.from({ length: grid.shape[axis]! }, (_, i) => grid.origin[axis]! + i * grid.spacing[axis]!);
}

/** Number of grid lines parallel to `axis`; line l and position i address array index `lineStart(l) + i stride`. */
export function lineCount(grid: Grid, axis: number): number {
  return grid.points / grid.shape[axis]!;
}

/** Array index of the first node of line `line` along `axis`; lines are numbered in C order of the other axes. */
export function lineStart(grid: Grid, axis: number, line: number): number {
  const stride = grid.stride[axis]!;
  const inner = line % stride;
  return (line - inner) * grid.shape[axis]! + inner;
}
