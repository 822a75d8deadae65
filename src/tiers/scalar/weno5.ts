/** One-sided derivatives point by point: one stencil per call, small arrays in and out, no cleverness. */
import { ghostValue } from "../../scheme/boundary.ts";
import type { GhostRule } from "../../scheme/boundary.ts";
import type { Epsilon, WenoVariant } from "../../scheme/options.ts";
import { oneSidedDerivatives } from "../../scheme/weno5.ts";
import type { Stencil7 } from "../../scheme/weno5.ts";

/** One grid line of a field, with what lies beyond its ends. */
export interface Line {
  readonly field: Float64Array;
  /** Array index of node 0. */
  readonly start: number;
  /** Array distance of neighbours. */
  readonly stride: number;
  /** Nodes. */
  readonly n: number;
  readonly lower: GhostRule;
  readonly upper: GhostRule;
  /** Wall values, read by the ghost rule `through` only. */
  readonly lowerWall: number;
  readonly upperWall: number;
}

/** Value at node i of a line, ghosts (i = -3..-1 and n..n + 2) included. */
export function nodeValue(line: Line, i: number): number {
  const { field, start, stride, n } = line;
  if (i < 0) return ghostValue(line.lower, -1 - i, (k) => field[start + k * stride]!, n, line.lowerWall);
  if (i >= n) return ghostValue(line.upper, i - n, (k) => field[start + (n - 1 - k) * stride]!, n, line.upperWall);
  return field[start + i * stride]!;
}

/** The seven values around node i of a line. */
export function stencilAt(line: Line, i: number): Stencil7 {
  return [
    nodeValue(line, i - 3),
    nodeValue(line, i - 2),
    nodeValue(line, i - 1),
    nodeValue(line, i),
    nodeValue(line, i + 1),
    nodeValue(line, i + 2),
    nodeValue(line, i + 3),
  ];
}

/** Left- and right-biased derivatives [u_x^-, u_x^+] at node i of a line. */
export function derivativesAt(
  line: Line,
  i: number,
  spacing: number,
  variant: WenoVariant,
  epsilon: Epsilon,
): readonly [number, number] {
  return oneSidedDerivatives(variant, epsilon, stencilAt(line, i), spacing);
}
