/** The work of a solve that is planned: from earlier solves, from a solve on a coarse grid, or from the data alone. */
import { MfgError } from "../errors.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import { discretisationOf, shapeOf, stepsOf } from "../solver/configure.ts";
import type { SolveOptions } from "../solver/options.ts";
import { solveOnTier } from "../solver/solve.ts";
import type { PlanCandidate } from "./candidates.ts";
import type { PlannedWork } from "./plan.ts";
import { problemHash, typicalIterations } from "./task.ts";
import type { Wisdom } from "./wisdom.ts";
import { ratesOfData, ratesOfHistories, workOf, type IterationWork, type Rates } from "./work.ts";

/** Sub-steps and iterations: learned, from a coarse solve, or from the data alone. */
export async function workload(
  d: Discretisation,
  options: SolveOptions,
  wisdom: Wisdom,
  pilots: readonly PlanCandidate[],
): Promise<{ rates: Rates; work: IterationWork; iterations: number; planned: PlannedWork }> {
  const tolerance = options.tolerance ?? 1e-8;
  const known = wisdom.work(problemHash(d), tolerance);
  const reference = referenceOf(pilots);
  const coarse = reference ? await pilotRates(d, options, reference) : undefined;
  const rates = coarse ?? ratesOfData(d);
  const work = workOf(d, rates, known);
  const limit = options.maxIterations ?? 200;
  const usual = known?.iterations ?? typicalIterations(tolerance, options);
  const iterations = Math.min(limit, usual);
  const planned: PlannedWork = {
    iterations,
    iterationsFrom: iterations === limit ? "limit" : known ? "learned" : "typical",
    hjb: known?.hjb ?? work.hjb.substeps,
    fokkerPlanck: known?.fokkerPlanck ?? work.fokkerPlanck.substeps,
    substepsFrom: known ? "learned" : coarse ? "pilot" : "data",
  };
  return { rates, work, iterations, planned };
}

/** The candidate that others are held to, and that a pilot runs on: f64 typed arrays, always there. */
export function referenceOf(candidates: readonly PlanCandidate[]): PlanCandidate | undefined {
  const able = candidates.filter(({ found, precision }) => found.state === "available" && precision === "f64");
  return able.find(({ tier }) => tier.name === "batched") ?? able[0];
}

const pilotPoints: Readonly<Record<number, number>> = { 1: 48, 2: 20, 3: 12 };
const pilotSteps = 12;

/** Two iterations on a coarse grid, and what sub-steps they took. */
async function pilotRates(
  d: Discretisation,
  options: SolveOptions,
  { tier, variant, residency }: PlanCandidate,
): Promise<Rates | undefined> {
  const { onIteration: _onIteration, onPlan: _onPlan, warmStart: _warmStart, memoryBytes: _memory, ...rest } = options;
  const grid = shapeOf(d.problem, options).map((n) => Math.min(n, pilotPoints[d.grid.shape.length] ?? 12));
  const steps = Math.min(stepsOf(options), pilotSteps);
  const own = { ...rest, precision: "f64", grid, steps, maxIterations: 2, relaxation: 0.5 } as const;
  try {
    const [result] = await solveOnTier(tier, [d.problem], own, { variant, residency });
    if (!result || result.record.stopReason === "diverged") return undefined;
    return ratesOfHistories(discretisationOf(d.problem, own), result.value, result.density, result.record.substeps);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof MfgError) return undefined;
    throw error;
  }
}
