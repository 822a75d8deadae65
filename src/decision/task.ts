/** A solve as the planner sees it: its kind, its size and the work that it will take. */
import { createHash } from "node:crypto";
import type { Problem } from "../problem/types.ts";
import { gridOf } from "../scheme/grid.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import { gradedLevels } from "../scheme/levels.ts";
import { coldStartSweeps } from "../solver/iteration.ts";
import type { MemoryPlan, SolveOptions } from "../solver/options.ts";
import type { SolveTask } from "./model.ts";
import type { Rates } from "./rates.ts";
import { workOf, type IterationWork } from "./work.ts";

/** What costs depend on besides size: one model per mode. */
export function modeOf(d: Discretisation): string {
  const { boundaries, hamiltonian, scheme, coupling } = d;
  const kinds = boundaries.flatMap(({ lower, upper }) => [lower.kind, upper.kind]);
  return [
    `${d.grid.shape.length}-D`,
    [...new Set(kinds)].toSorted().join("+"),
    hamiltonian.separable ? "separable" : "coupled",
    ...(hamiltonian.drift ? ["drift"] : []),
    scheme.hamiltonianFlux,
    scheme.splitting,
    scheme.fokkerPlanck,
    coupling.kind,
    ...(d.nu === 0 ? ["no noise"] : []),
  ].join(" ");
}

/** A name for a problem on a grid with a scheme, the same on every machine. */
export function problemHash(d: Discretisation): string {
  // Functions of the API have no text: what they gave on this grid stands for them.
  const sums = [d.potential, d.terminalCost, d.initialDensity].map((field) => field.reduce((sum, x) => sum + x, 0));
  const source = JSON.stringify([d.problem.source, sums, d.grid.shape, d.steps, d.scheme]);
  return createHash("sha256").update(source).digest("hex").slice(0, 16);
}

/** The same problem on another grid, without its data: enough for `workOf`. */
export function resized(d: Discretisation, problem: Problem, shape: readonly number[], steps: number): Discretisation {
  const levels = gradedLevels(problem.horizon, steps, d.scheme.grading);
  return { ...d, grid: gridOf(problem, shape), steps, levels };
}

/** Iterations that a solve usually takes to a tolerance; 21 to 31 in the measurements of docs/numerics.md. */
export function typicalIterations(tolerance: number, options: SolveOptions): number {
  const { relaxation, warmStart } = options;
  const digits = Math.max(1, -Math.log10(tolerance));
  if (typeof relaxation === "number") return Math.ceil((2.3 * digits) / relaxation);
  if (relaxation === "fictitious") return Math.ceil(2 * digits * digits);
  return Math.ceil((warmStart === undefined ? 10 : 4) + 1.7 * digits);
}

/**
 * Iterations that bring an equilibrium of one tolerance to a finer one; 1 to 26 from 1e-6 to 1e-8 over the catalogue, 9.5 in
 * the median.
 */
export function refiningIterations(from: number, to: number): number {
  return Math.ceil(6 + 1.7 * Math.max(0, Math.log10(from / to)));
}

/** Columns that Anderson steps combine, summed over the iterations. */
export function andersonColumns(memory: MemoryPlan, iterations: number): number {
  if (memory.method !== "anderson") return 0;
  let columns = 0;
  for (let k = coldStartSweeps; k < iterations - 1; k++) columns += Math.min(memory.andersonDepth, k - coldStartSweeps);
  return columns;
}

/** The task of a candidate. */
export function taskOf(
  d: Discretisation,
  members: number,
  work: IterationWork,
  iterations: number,
  memory: MemoryPlan,
  cold: boolean,
): SolveTask {
  return {
    points: d.grid.points,
    members,
    steps: d.steps,
    iterations,
    work,
    workspaceBytes: memory.bytes,
    columns: andersonColumns(memory, iterations),
    cold,
  };
}

/** The work of an iteration on another grid. */
export function workAt(d: Discretisation, rates: Rates, shape: readonly number[]): IterationWork {
  return workOf(resized(d, d.problem, shape, d.steps), rates);
}
