/** The work of a solve that is planned: from earlier solves, from a solve on a coarse grid, or from the data alone. */
import type { Discretisation } from "../scheme/discretisation.ts";
import type { SolveOptions } from "../solver/options.ts";
import type { PlanCandidate } from "./candidates.ts";
import { runPilot, type Pilot } from "./pilot.ts";
import type { PlannedWork } from "./plan.ts";
import { problemHash, typicalIterations } from "./task.ts";
import type { Wisdom } from "./wisdom.ts";
import { ratesOfData, type Rates } from "./rates.ts";
import { matchedRates, workOf, type IterationWork } from "./work.ts";

/** Sub-steps and iterations: learned, from a coarse solve, or from the data alone. */
export async function workload(
  d: Discretisation,
  options: SolveOptions,
  wisdom: Wisdom,
  pilots: readonly PlanCandidate[],
): Promise<{ rates: Rates; work: IterationWork; iterations: number; planned: PlannedWork; pilot: Pilot | undefined }> {
  const tolerance = options.tolerance ?? 1e-8;
  const known = wisdom.work(problemHash(d), tolerance);
  const limit = options.maxIterations ?? 200;
  const usual = known?.iterations ?? typicalIterations(tolerance, options);
  const iterations = Math.min(limit, usual);
  const pilot = known ? undefined : await runPilot(d, options, pilots, iterations);
  const data = ratesOfData(d);
  const rates = known ? matchedRates(d, data, known) : (pilot?.rates ?? data);
  const work = workOf(d, rates, known);
  const planned: PlannedWork = {
    iterations,
    iterationsFrom: iterations === limit ? "limit" : known ? "learned" : "typical",
    hjb: known?.hjb ?? work.hjb.substeps,
    fokkerPlanck: known?.fokkerPlanck ?? work.fokkerPlanck.substeps,
    substepsFrom: known ? "learned" : pilot ? "pilot" : "data",
  };
  return { rates, work, iterations, planned, pilot };
}

/** The candidate that others are held to, and that a pilot runs on: f64 typed arrays, always there. */
export function referenceOf(candidates: readonly PlanCandidate[]): PlanCandidate | undefined {
  const able = candidates.filter(({ found, precision }) => found.state === "available" && precision === "f64");
  return able.find(({ tier }) => tier.name === "batched") ?? able[0];
}
