/** What every kernel knows of its member: the uniform `grid` of shaders/solve_grid.wgsl, wall values and the drift field. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { lineCount } from "../../../scheme/grid.ts";
import type { BoundaryKind } from "../../../problem/types.ts";
import { exitAxes } from "../../host/pool.ts";
import { guardOf } from "../guard.ts";
import { aligned } from "../slices.ts";

/** Bytes of the struct Grid. */
export const gridBytes = 240;

/** Numbers of the walls in WGSL; those of `GhostRule` for u. */
const wallCode: Readonly<Record<BoundaryKind, number>> = { periodic: 0, reflecting: 1, open: 2, exit: 3 };

/** Where the wall values of each side begin within a level; sides that are no exits begin nowhere (0). */
export interface WallLayout {
  /** Values of one level. */
  readonly count: number;
  /** Values from one level to the next. */
  readonly stride: number;
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export function wallLayout(d: Discretisation, elementBytes: number): WallLayout {
  let count = 0;
  const lower: number[] = [];
  const upper: number[] = [];
  d.boundaries.forEach((axis, a) => {
    const lines = lineCount(d.grid, a);
    lower.push(count);
    if (axis.lower.kind === "exit") count += lines;
    upper.push(count);
    if (axis.upper.kind === "exit") count += lines;
  });
  return { count, stride: aligned(count * elementBytes) / elementBytes, lower, upper };
}

/** Exit values of all levels in the order of `wallLayout`, (steps + 1) x stride. */
export function wallValues(d: Discretisation, layout: WallLayout): Float64Array {
  const levels = d.steps + 1;
  const out = new Float64Array(levels * layout.stride);
  d.boundaries.forEach((axis, a) => {
    const lines = lineCount(d.grid, a);
    for (const [side, at] of [
      [axis.lower, layout.lower[a]!],
      [axis.upper, layout.upper[a]!],
    ] as const) {
      if (!side.exitValue) continue;
      for (let k = 0; k < levels; k++)
        out.set(side.exitValue.subarray(k * lines, (k + 1) * lines), k * layout.stride + at);
    }
  });
  return out;
}

/** The struct Grid of a member. */
export function gridUniform(d: Discretisation, walls: WallLayout): ArrayBuffer {
  const bytes = new ArrayBuffer(gridBytes);
  const words = new Uint32Array(bytes);
  const floats = new Float32Array(bytes);
  const { grid, boundaries, hamiltonian, nu, scheme, coupling } = d;
  grid.shape.forEach((n, a) => {
    const h = grid.spacing[a]!;
    const { lower, upper } = boundaries[a]!;
    words.set([n, grid.stride[a]!, wallCode[lower.kind], wallCode[upper.kind]], 4 * a);
    floats.set([1 / h, h, nu / (h * h), grid.origin[a]!], 12 + 4 * a);
    words.set([walls.lower[a]!, walls.upper[a]!, lineCount(grid, a), 0], 24 + 4 * a);
    const slopes = guardOf(scheme.epsilon, h * h);
    const fluxes = guardOf(scheme.epsilon, 1);
    floats.set([slopes.scale, slopes.floor, fluxes.scale, fluxes.floor], 36 + 4 * a);
  });
  floats.set([hamiltonian.control, hamiltonian.exponent, nu, grid.cellVolume], 48);
  const strength = coupling.kind === "none" ? 0 : coupling.strength;
  floats.set([strength, couplingParameter(d)], 52);
  const exits = exitAxes(d).reduce((mask, axis) => mask | (1 << axis), 0);
  const hiddenZero = 0;
  words.set([hiddenZero, grid.points, walls.stride, exits, hamiltonian.drift ? 1 : 0], 54);
  return bytes;
}

/** The coupling's second number: exponent, floor or attraction. */
function couplingParameter({ coupling }: Discretisation): number {
  if (coupling.kind === "power") return coupling.exponent;
  if (coupling.kind === "log") return coupling.floor;
  return coupling.kind === "mean" ? coupling.attraction : 0;
}
