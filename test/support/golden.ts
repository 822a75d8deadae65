/** Reference solutions without closed form, from a space-time spectral method (docs/numerics.md sections 9.6 and 9.11). */
import { readFileSync } from "node:fs";
import type { SolveResult } from "../../src/solver/options.ts";

/** Values at the points j/32 of the torus [0, 1). */
export interface Golden {
  readonly x: readonly number[];
  readonly u_at_0: readonly number[];
  readonly u_at_Thalf: readonly number[];
  readonly m_at_Thalf: readonly number[];
  readonly m_at_T: readonly number[];
}

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8"));

/** The solutions of the problems R1 and R3. */
export const spectral: Readonly<Record<"R1" | "R3", Golden>> = (
  read("mfg_R1_R3.json") as { problems: Record<"R1" | "R3", Golden> }
).problems;

/** The solution of layers-1d. */
export const layers: Golden = read("mfg_layers.json") as Golden;

/** Largest errors of u(0) and m(T) at the 32 points; the grid must hold them. */
export function goldenErrors(
  result: SolveResult,
  golden: Golden,
): { readonly value: number; readonly density: number } {
  const points = result.shape[0]!;
  const stride = points / golden.x.length;
  const last = (result.t.length - 1) * points;
  const errors = (history: Float64Array, start: number, exact: readonly number[]): number =>
    Math.max(...exact.map((right, j) => Math.abs(history[start + j * stride]! - right)));
  return { value: errors(result.value, 0, golden.u_at_0), density: errors(result.density, last, golden.m_at_T) };
}
