import type { AxisBoundary, Discretisation } from "../../scheme/discretisation.ts";
import { densityGhostRule, fillGhosts, valueGhostRule, type GhostRule } from "../../scheme/boundary.ts";
import type { SlopeFields, Walls } from "../host/fieldKernels.ts";
import { scratchLines } from "./blocks.ts";
import { derivativesLine } from "./weno5.ts";

/** What every batched kernel needs to know of an axis, looked up once. */
export interface AxisTools {
  readonly index: number;
  readonly n: number;
  readonly stride: number;
  readonly h: number;
  readonly inverse: number;
  readonly boundary: AxisBoundary;
  readonly periodic: boolean;
  readonly valueLower: GhostRule;
  readonly valueUpper: GhostRule;
  readonly densityLower: GhostRule;
  readonly densityUpper: GhostRule;
  /** Rule of the product b m: odd where the density is even. */
  readonly productLower: GhostRule;
  readonly productUpper: GhostRule;
  /** Drift field of the Hamiltonian on this axis. */
  readonly drift: Float64Array | undefined;
}

const productRule = (rule: GhostRule): GhostRule => (rule === "even" ? "odd" : rule);

export function axisTools(d: Discretisation): readonly AxisTools[] {
  return d.grid.shape.map((n, a) => {
    const boundary = d.boundaries[a]!;
    const densityLower = densityGhostRule[boundary.lower.kind];
    const densityUpper = densityGhostRule[boundary.upper.kind];
    return {
      index: a,
      n,
      stride: d.grid.stride[a]!,
      h: d.grid.spacing[a]!,
      inverse: 1 / d.grid.spacing[a]!,
      boundary,
      periodic: boundary.lower.kind === "periodic",
      valueLower: valueGhostRule[boundary.lower.kind],
      valueUpper: valueGhostRule[boundary.upper.kind],
      densityLower,
      densityUpper,
      productLower: productRule(densityLower),
      productUpper: productRule(densityUpper),
      drift: d.hamiltonian.drift?.[a],
    };
  });
}

/** Scratch lines that the kernels of one discretisation share; long enough for every axis. */
export interface LineScratch {
  readonly value: Float64Array[];
  readonly density: Float64Array[];
  readonly result: Float64Array[];
  readonly second: Float64Array[];
  readonly pMinus: Float64Array;
  readonly pPlus: Float64Array;
  readonly slopes: LineSlopes;
}

/**
 * Writes the one-sided slopes of u along a line.
 *
 * @param at array index of the line's node 0
 * @param padded the line itself, ghosts filled
 */
export type LineSlopes = (
  axis: AxisTools,
  at: number,
  padded: Float64Array,
  pMinus: Float64Array,
  pPlus: Float64Array,
) => void;

/** Slopes taken along the line itself. */
function ownSlopes(d: Discretisation): LineSlopes {
  const derivatives = derivativesLine(d.scheme.weno, d.scheme.epsilon);
  return ({ n, inverse }, _at, padded, pMinus, pPlus) => derivatives(padded, n, inverse, pMinus, pPlus);
}

/** Slopes that were taken elsewhere, for the whole field at once. */
function readSlopes(fields: SlopeFields): LineSlopes {
  return ({ index, n, stride }, at, _padded, pMinus, pPlus) => {
    const minus = fields.minus[index]!;
    const plus = fields.plus[index]!;
    for (let i = 0, from = at; i < n; i++, from += stride) {
      pMinus[i] = minus[from]!;
      pPlus[i] = plus[from]!;
    }
  };
}

export function lineScratch(d: Discretisation, taken?: SlopeFields): LineScratch {
  const longest = Math.max(...d.grid.shape) + 6;
  const dimension = d.grid.shape.length;
  return {
    value: scratchLines(longest, dimension),
    density: scratchLines(longest, dimension),
    result: scratchLines(longest, dimension),
    second: scratchLines(longest, dimension),
    pMinus: new Float64Array(longest),
    pPlus: new Float64Array(longest),
    slopes: taken ? readSlopes(taken) : ownSlopes(d),
  };
}

/** Fills the ghosts of a padded line of u; `line` is the line's number, for the wall values. */
export function valueGhosts(axis: AxisTools, padded: Float64Array, walls: Walls[number], line: number): void {
  fillGhosts(
    padded,
    axis.n,
    axis.valueLower,
    axis.valueUpper,
    walls.lower === undefined ? 0 : walls.lower[line]!,
    walls.upper === undefined ? 0 : walls.upper[line]!,
  );
}
