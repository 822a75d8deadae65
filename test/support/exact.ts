/** What every exact solution here offers, and how results are held against it. */
import type { ProblemInput } from "../../src/problem/input.ts";
import type { SolveResult } from "../../src/solver/options.ts";

/** A function of position and time, as the fields of a problem are. */
export type Exact = (x: number, y: number, z: number, t: number) => number;

/** A mean field game with its solution. */
export interface ExactGame {
  readonly problem: ProblemInput;
  readonly value: Exact;
  readonly density: Exact;
}

/** Where the numbers of a history stand. */
export interface Nodes {
  readonly t: Float64Array;
  readonly coordinates: readonly Float64Array[];
}

/** The exact function at every node of the levels [from, to), in the order of a history. */
export function sampleExact(
  exact: Exact,
  { t, coordinates }: Nodes,
  levels: { readonly from: number; readonly to: number } = { from: 0, to: t.length },
): Float64Array {
  const [xs, ys = Float64Array.of(0), zs = Float64Array.of(0)] = coordinates as [
    Float64Array,
    Float64Array?,
    Float64Array?,
  ];
  const out = new Float64Array((levels.to - levels.from) * xs.length * ys.length * zs.length);
  let i = 0;
  for (let k = levels.from; k < levels.to; k++) {
    for (const x of xs) for (const y of ys) for (const z of zs) out[i++] = exact(x, y, z, t[k]!);
  }
  return out;
}

/** Largest |a - b|; NaN where any entry is. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

export interface Errors {
  /** Largest error of u over all stored levels. */
  readonly value: number;
  /** Largest error of m over all stored levels. */
  readonly density: number;
  /** Largest error of u at t = 0. */
  readonly firstValue: number;
  /** Largest error of m at the horizon. */
  readonly lastDensity: number;
}

/** How far a result lies from the exact solution. */
export function errorsOf(result: SolveResult, game: ExactGame): Errors {
  const { value, density, t } = result;
  const points = value.length / t.length;
  const u = sampleExact(game.value, result);
  const m = sampleExact(game.density, result);
  const last = (t.length - 1) * points;
  return {
    value: worst(value, u),
    density: worst(density, m),
    firstValue: worst(value.subarray(0, points), u.subarray(0, points)),
    lastDensity: worst(density.subarray(last), m.subarray(last)),
  };
}

/** Observed orders between grids that grow by `factor`. */
export function ordersOf(errors: readonly number[], factor = 2): number[] {
  return errors.slice(1).map((error, i) => Math.log(errors[i]! / error) / Math.log(factor));
}

/** The observed order of the last refinement. */
export function lastOrder(errors: readonly number[], factor = 2): number {
  return ordersOf(errors, factor).at(-1) ?? Number.NaN;
}

/** Observed order over all refinements. */
export function meanOrder(errors: readonly number[], factor = 2): number {
  return Math.log(errors[0]! / errors.at(-1)!) / Math.log(factor) / (errors.length - 1);
}
