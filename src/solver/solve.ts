/** The public solve: configure, plan the memory, iterate, certify, read, record. */
import { MfgError } from "../errors.ts";
import type { Problem } from "../problem/types.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import { findTier, type FoundTier } from "../tiers/registry.ts";
import type { Precision, Tier } from "../tiers/tier.ts";
import { checkIterationOptions, discretisationOf, problemOf, shapeOf, stepsOf, tierNameOf } from "./configure.ts";
import { MemberIteration } from "./iteration.ts";
import type { Journal } from "./journal.ts";
import { planMemory, type Way, workspaceOptions } from "./memory.ts";
import type { BatchOptions, MemoryPlan, SolveOptions, SolveResult, WarmStart } from "./options.ts";
import { resultOf } from "./record.ts";
import { refinementOf, solveInTwoParts } from "./twoParts.ts";
import { resampleHistory } from "../scheme/resample.ts";

const defaultTolerance: Readonly<Record<Precision, number>> = { f64: 1e-8, compensated: 1e-6, f32: 1e-4 };
/** Nested grids stop halving at this many nodes or intervals. */
const coarsestNodes = 16;
const coarsestSteps = 8;
/** A coarse equilibrium is only a guess for the next grid: its discretisation error is larger than this. */
const coarseTolerance = 1e-5;

/**
 * Computes the equilibrium of a mean field game.
 *
 * @param problem a `Problem`, or its JSON form
 * @param options see `SolveOptions`; everything has a default
 * @returns value and density histories, (steps + 1) x grid in C order, the stored times, coordinates and the record. A run
 *   that does not converge is a result with its `stopReason`, never an exception.
 * @throws MFGPU_PROBLEM_*, MFGPU_CONFIG_*, MFGPU_MEMORY_BUDGET, MFGPU_TIER_UNAVAILABLE
 *
 * @example
 * const { record, value, density } = await solve(loadCatalogueProblem("two-crowds-1d"), { grid: 100, steps: 50 });
 * console.log(record.stopReason, record.residual);
 */
export async function solve(problem: unknown, options: SolveOptions = {}): Promise<SolveResult> {
  const [result] = await solveBatch([problem], options);
  if (!result) throw new Error("a batch of one gave no result");
  return result;
}

/**
 * Computes several equilibria on one grid in one workspace; each member has its own iteration and stop and is bitwise what
 * `solve` would give.
 *
 * @param problems problems of one dimension
 */
export async function solveBatch(problems: readonly unknown[], options: BatchOptions = {}): Promise<SolveResult[]> {
  const { tier, ...way } = await foundTier(options);
  const refinement = refinementOf(tier, way, options);
  if (refinement) return solveInTwoParts(solveOnTier, tier, problems, options, way, refinement);
  return solveOnTier(tier, problems, options, way);
}

/**
 * `solveBatch` on a tier at hand, whatever `options.tier` says.
 *
 * @param journal keeps what a failing tier would take with it; members with a start in it go on from there
 */
export async function solveOnTier(
  tier: Tier,
  problems: readonly unknown[],
  options: BatchOptions,
  way: Way = { variant: tier.variants[0], residency: tier.residencies[0] },
  journal?: Journal,
): Promise<SolveResult[]> {
  const begun = performance.now();
  checkIterationOptions(options);
  const parsed = problems.map(problemOf);
  const precision = precisionOf(tier, way, options);
  const members = parsed.map((problem) => discretisationOf(problem, options));
  checkShapes(members);
  const plan = await planMemory(tier, members, precision, options, way);
  options.onPlan?.(plan);
  const starts = await Promise.all(
    parsed.map(
      async (problem, i) => journal?.start(i) ?? options.warmStarts?.[i] ?? (await warmStartOf(problem, options)),
    ),
  );

  await using workspace = await tier.workspace(members, workspaceOptions(plan, precision, options, way));
  const setup = (performance.now() - begun) / 1000;
  const tolerance = options.tolerance ?? defaultTolerance[precision];
  const runs = members.map(
    (_, i) => new MemberIteration(workspace, i, options, plan, tolerance, starts[i] !== undefined),
  );
  for (const [i, d] of members.entries()) {
    const start = starts[i];
    await workspace.load(i, start ? resampleHistory(start, d) : d.initialDensity);
  }
  try {
    const step = async (run: MemberIteration, i: number): Promise<void> => {
      await run.advance();
      if (run.running) await journal?.keep(workspace, i);
    };
    if (workspace.concurrent === true) await besideEachOther(runs, step);
    else await inTurn(runs, step);
  } catch (error) {
    await journal?.rescue(workspace);
    throw error;
  }
  const results: SolveResult[] = [];
  for (const [i, run] of runs.entries()) {
    results.push(await resultOf(workspace, i, run.outcome, plan, options, tolerance, setup, begun));
  }
  return results;
}

type MemberStep = (run: MemberIteration, member: number) => Promise<void>;

/** One iteration of each member, then the next. */
async function inTurn(runs: readonly MemberIteration[], step: MemberStep): Promise<void> {
  while (runs.some((run) => run.running)) {
    for (const [i, run] of runs.entries()) if (run.running) await step(run, i);
  }
}

/** All members at once, each at its own pace; where one fails the others end their iterations first. */
async function besideEachOther(runs: readonly MemberIteration[], step: MemberStep): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(
    runs.map(async (run, i) => {
      try {
        while (run.running && failures.length === 0) await step(run, i);
      } catch (error) {
        failures.push(error);
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}

/** What a solve would allocate, and the method that fits; nothing is allocated. */
export async function memoryNeedOf(problem: unknown, options: SolveOptions = {}): Promise<MemoryPlan> {
  const { tier, ...way } = await foundTier(options);
  const members = [discretisationOf(problemOf(problem), options)];
  const refinement = refinementOf(tier, way, options);
  return planMemory(tier, members, refinement?.from ?? precisionOf(tier, way, options), options, way);
}

function foundTier(options: SolveOptions): Promise<FoundTier> {
  const { adapter, threads } = options;
  return findTier(tierNameOf(options), {
    ...(adapter === undefined ? {} : { adapter }),
    ...(threads === undefined ? {} : { threads }),
  });
}

function precisionOf(tier: Tier, way: Way, options: SolveOptions): Precision {
  const offered = tier.solvePrecisions(way.residency);
  const precision = options.precision ?? offered[0];
  if (!offered.includes(precision)) {
    throw new MfgError({
      code: "MFGPU_TIER_PRECISION",
      message: `The tier ${tier.name} solves in ${offered.join(", ")} only; ${precision} was asked for.`,
      fix: `Use ${offered.join(" or ")}, or another tier.`,
      path: "precision",
      value: precision,
    });
  }
  return precision;
}

function checkShapes(members: readonly Discretisation[]): void {
  const first = members[0];
  if (!first) {
    throw new MfgError({
      code: "MFGPU_CONFIG_BATCH",
      message: "The batch is empty.",
      fix: "Give at least one problem.",
      path: "problems",
      value: [],
    });
  }
  for (const [i, d] of members.entries()) {
    if (d.grid.shape.length !== first.grid.shape.length) {
      throw new MfgError({
        code: "MFGPU_CONFIG_BATCH",
        message: `Problem ${i} has ${d.grid.shape.length} dimensions, problem 0 has ${first.grid.shape.length}.`,
        fix: "Batch problems of one dimension.",
        path: `problems[${i}]`,
        value: d.problem.name,
      });
    }
  }
}

/** The density history to start from: a run's, or the equilibrium of a grid half as fine, itself found the same way. */
async function warmStartOf(problem: Problem, options: SolveOptions): Promise<WarmStart | undefined> {
  if (options.warmStart === undefined) return undefined;
  if (options.warmStart !== "nested") return options.warmStart;
  const shape = shapeOf(problem, options);
  const steps = stepsOf(options);
  if (Math.min(...shape) < 2 * coarsestNodes || steps < 2 * coarsestSteps) return undefined;
  const coarse = await solve(problem, {
    ...coarseOptions(options),
    grid: shape.map((n) => Math.ceil(n / 2)),
    steps: Math.ceil(steps / 2),
  });
  if (coarse.record.stopReason === "diverged") return undefined;
  return { density: coarse.density, t: coarse.t, shape: coarse.shape };
}

function coarseOptions(options: SolveOptions): SolveOptions {
  const { onIteration: _onIteration, onPlan: _onPlan, exploitabilityEveryIteration: _every, ...rest } = options;
  return { ...rest, tolerance: Math.max(options.tolerance ?? 0, coarseTolerance) };
}
