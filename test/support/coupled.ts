/** Coupled solves for convergence studies. */
import { parseProblem } from "../../src/problem/schema.ts";
import { coordinates, gridOf } from "../../src/scheme/grid.ts";
import { gradedLevels } from "../../src/scheme/levels.ts";
import { schemeDefaults } from "../../src/scheme/options.ts";
import type { SolveOptions, SolveResult, WarmStart } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { errorsOf, type Errors, type ExactGame, sampleExact } from "./exact.ts";

/** The exact density as a start: the discrete equilibrium is the same from every start, and near this one. */
export function exactStart(game: ExactGame, shape: readonly number[], steps: number, grading?: number): WarmStart {
  const problem = parseProblem(game.problem);
  const grid = gridOf(problem, shape);
  const t = gradedLevels(problem.horizon, steps, grading ?? schemeDefaults().grading);
  return {
    density: sampleExact(game.density, { t, coordinates: shape.map((_, a) => coordinates(grid, a)) }),
    t,
    shape,
  };
}

export interface Solved {
  readonly result: SolveResult;
  readonly errors: Errors;
}

/** The discrete equilibrium from the exact start, and how far it lies from the exact one. */
export async function solveNear(
  game: ExactGame,
  n: number,
  options: SolveOptions & { readonly steps: number },
): Promise<Solved> {
  const shape = Array<number>(game.problem.domain.length).fill(n);
  const result = await solve(game.problem, {
    grid: n,
    tolerance: 1e-10,
    warmStart: exactStart(game, shape, options.steps),
    ...options,
  });
  if (result.record.stopReason !== "tolerance") throw new Error(result.record.stopDetail);
  return { result, errors: errorsOf(result, game) };
}
