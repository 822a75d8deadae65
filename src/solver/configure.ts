/** From what a caller asked to what will be computed. */
import { MfgError } from "../errors.ts";
import { parseProblem } from "../problem/schema.ts";
import type { Dimension, Problem } from "../problem/types.ts";
import { discretise } from "../scheme/discretise.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import { schemeDefaults, type SchemeOptions } from "../scheme/options.ts";
import { shallowestAnderson } from "./memory.ts";
import type { SolveOptions, TierChoice } from "./options.ts";

const defaultGrid: Readonly<Record<Dimension, number>> = { 1: 100, 2: 64, 3: 32 };
const defaultSteps = 50;

/** A problem as given, validated; one that is valid already passes through. */
export function problemOf(input: unknown): Problem {
  const parsed = typeof input === "object" && input !== null && "dimension" in input && "source" in input;
  return parsed ? (input as Problem) : parseProblem(input);
}

/** The scheme that the options ask for; what they leave open is `schemeDefaults`. */
export function schemeOf(options: SolveOptions): SchemeOptions {
  const defaults = schemeDefaults(options.splitting);
  const grading =
    options.timeLevels === "uniform"
      ? 0
      : options.timeLevels === "graded"
        ? defaults.grading
        : (options.timeLevels ?? defaults.grading);
  const scheme: SchemeOptions = {
    weno: options.weno ?? defaults.weno,
    epsilon: options.epsilon ?? defaults.epsilon,
    hamiltonianFlux: options.hamiltonianFlux ?? defaults.hamiltonianFlux,
    splitting: defaults.splitting,
    fokkerPlanck: options.fokkerPlanck ?? defaults.fokkerPlanck,
    cfl: options.cfl ?? defaults.cfl,
    fdmSubsteps: options.fdmSubsteps ?? defaults.fdmSubsteps,
    grading,
    timeInterpolation: options.timeInterpolation ?? defaults.timeInterpolation,
  };
  requireRange("cfl", scheme.cfl, scheme.cfl > 0 && scheme.cfl <= 1.1, "a number above 0 and up to 1.1");
  requireRange(
    "timeLevels",
    scheme.grading,
    scheme.grading >= 0 && scheme.grading <= 1,
    "graded, uniform or a number from 0 to 1",
  );
  requireRange(
    "fdmSubsteps",
    scheme.fdmSubsteps,
    Number.isInteger(scheme.fdmSubsteps) && scheme.fdmSubsteps >= 1,
    "a whole number of at least 1",
  );
  requireRange("epsilon.value", scheme.epsilon.value, scheme.epsilon.value > 0, "a positive number");
  return scheme;
}

/** Checks the options that steer the iteration. */
export function checkIterationOptions(options: SolveOptions): void {
  const { tolerance, maxIterations, relaxation, memoryBytes, andersonDepth } = options;
  if (tolerance !== undefined) requireRange("tolerance", tolerance, tolerance > 0, "a positive number");
  if (maxIterations !== undefined)
    requireRange(
      "maxIterations",
      maxIterations,
      Number.isInteger(maxIterations) && maxIterations >= 1,
      "a whole number of at least 1",
    );
  if (andersonDepth !== undefined)
    requireRange(
      "andersonDepth",
      andersonDepth,
      Number.isInteger(andersonDepth) && andersonDepth >= shallowestAnderson && andersonDepth <= 100,
      `a whole number from ${shallowestAnderson} to 100`,
    );
  if (memoryBytes !== undefined)
    requireRange("memoryBytes", memoryBytes, memoryBytes > 0, "a positive number of bytes");
  if (typeof relaxation === "number")
    requireRange(
      "relaxation",
      relaxation,
      relaxation > 0 && relaxation <= 1,
      "anderson, fictitious or a number above 0 and up to 1",
    );
}

/** The problem on the grid that the options ask for. */
export function discretisationOf(
  problem: Problem,
  options: SolveOptions,
  shape: readonly number[] = shapeOf(problem, options),
  steps: number = stepsOf(options),
): Discretisation {
  return discretise(problem, shape, steps, schemeOf(options));
}

/** Stored time intervals that the options ask for. */
export function stepsOf(options: SolveOptions): number {
  return options.steps ?? defaultSteps;
}

/**
 * The candidate that the options ask for. The solver itself weighs nothing: where nobody has chosen, it takes the fastest of
 * the tiers that are there on every machine. `auto` is the decision room's to resolve.
 */
export function tierNameOf(options: { readonly tier?: TierChoice }): string {
  return options.tier === undefined || options.tier === "auto" ? "batched" : options.tier;
}

export function shapeOf(problem: Problem, options: SolveOptions): number[] {
  const grid = options.grid ?? defaultGrid[problem.dimension];
  return typeof grid === "number" ? Array<number>(problem.dimension).fill(grid) : [...grid];
}

function requireRange(path: string, value: number, ok: boolean, wanted: string): void {
  if (ok) return;
  throw new MfgError({
    code: "MFGPU_CONFIG_OPTION",
    message: `${path} is ${value}; it must be ${wanted}.`,
    fix: `Give ${wanted}.`,
    path,
    value,
  });
}
