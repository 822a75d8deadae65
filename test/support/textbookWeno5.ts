/**
 * WENO5 by brute force, each side of each node for itself, straight from the papers (Osher & Fedkiw 2003,
 * (3.25)-(3.41); Borges et al. 2008; Henrick et al. 2005) and independent of src: the witness of the conformance tests.
 */
import type { BoundaryKind } from "../../src/problem/types.ts";
import type { DerivativeLayout } from "../../src/tiers/tier.ts";

/** Value at `x` of the polynomial through the given points: Lagrange's formula. */
function interpolate(points: readonly (readonly [number, number])[], x: number): number {
  return points.reduce((sum, [xi, yi], i) => {
    const basis = points.reduce((product, [xj], j) => (j === i ? product : (product * (x - xj)) / (xi - xj)), 1);
    return sum + basis * yi;
  }, 0);
}

/**
 * Node i of a line that may lie beyond its ends; the nodes stand at x = 0, 1, .. n - 1 and the walls half a cell
 * beyond.
 */
function extended(line: readonly number[], i: number, lower: BoundaryKind, upper: BoundaryKind): number {
  const n = line.length;
  if (i >= 0 && i < n) return line[i]!;
  // Seen from the upper wall the line reads backwards.
  const kind = i < 0 ? lower : upper;
  const near = i < 0 ? line : line.toReversed();
  const x = i < 0 ? i : n - 1 - i;
  switch (kind) {
    case "periodic":
      return near[n + x]!;
    case "reflecting":
      return near[-1 - x]!;
    case "open":
      return interpolate(
        [0, 1, 2, 3].map((k) => [k, near[k]!] as const),
        x,
      );
    case "exit":
      return interpolate([[-0.5, 0] as const, ...[0, 1, 2].map((k) => [k, near[k]!] as const)], x);
  }
}

export interface TextbookOptions {
  /** Added to a scaled epsilon. */
  readonly floor: number;
  readonly power: 1 | 2;
}

/** The reconstruction of five slopes. */
export function textbookWeno5(
  v: readonly number[],
  variant: DerivativeLayout["variant"],
  epsilon: DerivativeLayout["epsilon"],
  { floor, power }: TextbookOptions,
): number {
  const [v1, v2, v3, v4, v5] = v as [number, number, number, number, number];
  const s = [
    (13 / 12) * (v1 - 2 * v2 + v3) ** 2 + (v1 - 4 * v2 + 3 * v3) ** 2 / 4,
    (13 / 12) * (v2 - 2 * v3 + v4) ** 2 + (v2 - v4) ** 2 / 4,
    (13 / 12) * (v3 - 2 * v4 + v5) ** 2 + (3 * v3 - 4 * v4 + v5) ** 2 / 4,
  ];
  const q = [v1 / 3 - (7 * v2) / 6 + (11 * v3) / 6, -v2 / 6 + (5 * v3) / 6 + v4 / 3, v3 / 3 + (5 * v4) / 6 - v5 / 6];
  const guard = epsilon.kind === "absolute" ? epsilon.value : epsilon.value * Math.max(...v.map((x) => x * x)) + floor;
  const tau = Math.abs(s[0]! - s[2]!);
  const d = [0.1, 0.6, 0.3];
  const normal = (a: readonly number[]): number[] => a.map((x) => x / (a[0]! + a[1]! + a[2]!));
  let w = normal(
    s.map((x, k) => (variant === "z" ? d[k]! * (1 + (tau / (x + guard)) ** power) : d[k]! / (x + guard) ** 2)),
  );
  if (variant === "m") {
    w = normal(
      w.map((x, k) => (x * (d[k]! + d[k]! ** 2 - 3 * d[k]! * x + x * x)) / (d[k]! ** 2 + x * (1 - 2 * d[k]!))),
    );
  }
  return w[0]! * q[0]! + w[1]! * q[1]! + w[2]! * q[2]!;
}

/** Both one-sided derivatives of a field along an axis. */
export function textbookDerivatives(
  field: ArrayLike<number>,
  layout: DerivativeLayout,
  options: TextbookOptions,
): { readonly pMinus: Float64Array; readonly pPlus: Float64Array } {
  const { shape, axis, spacing } = layout;
  const n = shape[axis]!;
  const stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const pMinus = new Float64Array(field.length);
  const pPlus = new Float64Array(field.length);
  for (let start = 0; start < field.length; start++) {
    if (Math.floor(start / stride) % n !== 0) continue;
    const line = Array.from({ length: n }, (_, i) => field[start + i * stride]!);
    const node = Array.from({ length: n + 6 }, (_, i) => extended(line, i - 3, layout.lower, layout.upper));
    const slope = Array.from({ length: n + 5 }, (_, i) => (node[i + 1]! - node[i]!) / spacing);
    for (let i = 0; i < n; i++) {
      const at = start + i * stride;
      pMinus[at] = textbookWeno5(slope.slice(i, i + 5), layout.variant, layout.epsilon, options);
      pPlus[at] = textbookWeno5(slope.slice(i + 1, i + 6).toReversed(), layout.variant, layout.epsilon, options);
    }
  }
  return { pMinus, pPlus };
}

/**
 * Largest undivided difference of neighbours along the axis over the spacing, ghosts included: the scale of rounding
 * errors.
 */
export function slopeScale(field: ArrayLike<number>, layout: DerivativeLayout): number {
  const n = layout.shape[layout.axis]!;
  const stride = layout.shape.slice(layout.axis + 1).reduce((a, b) => a * b, 1);
  let largest = 0;
  for (let start = 0; start < field.length; start++) {
    if (Math.floor(start / stride) % n !== 0) continue;
    const line = Array.from({ length: n }, (_, i) => field[start + i * stride]!);
    for (let i = -3; i < n + 2; i++) {
      const a = extended(line, i, layout.lower, layout.upper);
      const b = extended(line, i + 1, layout.lower, layout.upper);
      if (Number.isFinite(b - a)) largest = Math.max(largest, Math.abs(b - a));
    }
  }
  return largest / layout.spacing;
}
