import { MfgError } from "../errors.ts";
import type { BoundarySide, Problem } from "../problem/types.ts";
import { sampleField } from "../problem/sample.ts";
import type {
  AxisBoundary,
  DiscreteCoupling,
  DiscreteHamiltonian,
  Discretisation,
  WallSide,
} from "./discretisation.ts";
import { coordinates, gridOf, lineCount, type Grid } from "./grid.ts";
import { gradedLevels } from "./levels.ts";
import type { SchemeOptions } from "./options.ts";

/** Nodes that the seven-point stencil of WENO5 and its ghosts need on an axis. */
export const minimumNodes = 7;

/**
 * Puts a problem on a grid: samples its data and lays out the stored time levels.
 *
 * @param shape nodes per axis, one entry (>= 7) per dimension
 * @param steps stored time intervals, >= 1
 * @throws MFGPU_CONFIG_GRID, MFGPU_CONFIG_STEPS, MFGPU_PROBLEM_DENSITY, MFGPU_PROBLEM_FORMULA_VALUE
 */
export function discretise(
  problem: Problem,
  shape: readonly number[],
  steps: number,
  scheme: SchemeOptions,
): Discretisation {
  checkGrid(problem, shape, steps);
  const grid = gridOf(problem, shape);
  const levels = gradedLevels(problem.horizon, steps, scheme.grading);
  const axes = shape.map((_, a) => coordinates(grid, a));
  const initialDensity = sampleField(problem.initialDensity, axes, 0, undefined, "initialDensity");
  checkDensity(initialDensity, axes, grid, problem.normalizeDensity);
  return {
    problem,
    grid,
    steps,
    levels,
    scheme,
    nu: problem.volatility ** 2 / 2,
    hamiltonian: discreteHamiltonian(problem, axes),
    boundaries: problem.domain.map((axis, a): AxisBoundary => ({
      lower: wallSide(axis.lower, a, "lower", axis.from, axes, grid, levels),
      upper: wallSide(axis.upper, a, "upper", axis.to, axes, grid, levels),
    })),
    coupling: discreteCoupling(problem, axes, levels, grid),
    potential: problem.potential.dependsOnTime
      ? sampleLevels(problem.potential, axes, levels, grid, "potential")
      : sampleField(problem.potential, axes, 0, undefined, "potential"),
    terminalCost: sampleField(problem.terminalCost, axes, problem.horizon, undefined, "terminalCost"),
    initialDensity,
  };
}

function checkGrid(problem: Problem, shape: readonly number[], steps: number): void {
  if (shape.length !== problem.dimension) {
    throw new MfgError({
      code: "MFGPU_CONFIG_GRID",
      message: `The grid ${shape.join("x")} has ${shape.length} axes; ${problem.name} has ${problem.dimension}.`,
      fix: `Give ${problem.dimension} numbers, such as ${Array(problem.dimension).fill(64).join("x")}.`,
      path: "grid",
      value: [...shape],
    });
  }
  shape.forEach((n, a) => {
    if (!Number.isInteger(n) || n < minimumNodes) {
      throw new MfgError({
        code: "MFGPU_CONFIG_GRID",
        message: `Axis ${a} has ${n} points; the seven-point stencil needs a whole number of at least ${minimumNodes}.`,
        fix: `Use ${minimumNodes} points or more on every axis.`,
        path: `grid[${a}]`,
        value: n,
      });
    }
  });
  if (!Number.isInteger(steps) || steps < 1) {
    throw new MfgError({
      code: "MFGPU_CONFIG_STEPS",
      message: `steps is ${steps}; it must be a whole number of at least 1.`,
      fix: "Give the number of stored time intervals, such as 50.",
      path: "steps",
      value: steps,
    });
  }
}

/** Refuses a negative or massless density; scales it to mass 1 where the problem asks for that. */
function checkDensity(m: Float64Array, axes: readonly Float64Array[], grid: Grid, normalize: boolean): void {
  let sum = 0;
  for (let i = 0; i < m.length; i++) {
    if (m[i]! < 0) {
      const at = axes.map((x, a) => x[Math.floor(i / grid.stride[a]!) % grid.shape[a]!]!);
      throw new MfgError({
        code: "MFGPU_PROBLEM_DENSITY",
        message: `The initial density is ${m[i]} at (${at.join(", ")}); a density is never negative.`,
        fix: "Change the formula so that it is >= 0 everywhere, for instance with max(..., 0).",
        path: "initialDensity",
        value: m[i],
      });
    }
    sum += m[i]!;
  }
  const mass = sum * grid.cellVolume;
  if (!(mass > 0)) {
    throw new MfgError({
      code: "MFGPU_PROBLEM_DENSITY",
      message: "The initial density integrates to zero on this grid.",
      fix: "Give a density with mass inside the domain, or a finer grid.",
      path: "initialDensity",
      value: mass,
    });
  }
  if (normalize) for (let i = 0; i < m.length; i++) m[i] = m[i]! / mass;
}

function discreteHamiltonian(problem: Problem, axes: readonly Float64Array[]): DiscreteHamiltonian {
  const h = problem.hamiltonian;
  if (h.kind === "power") {
    return {
      kind: h.kind,
      control: h.control,
      exponent: h.exponent,
      drift: undefined,
      separable: h.exponent === 2 || problem.dimension === 1,
    };
  }
  const drift = h.drift?.map((field, a) => sampleField(field, axes, 0, undefined, `hamiltonian.drift[${a}]`));
  return { kind: h.kind, control: h.control, exponent: 2, drift, separable: true };
}

function discreteCoupling(
  problem: Problem,
  axes: readonly Float64Array[],
  levels: Float64Array,
  grid: Grid,
): DiscreteCoupling {
  const c = problem.coupling;
  if (c.kind !== "target") return c;
  const target = sampleLevels(c.target, axes, levels, grid, "coupling.target");
  return { kind: "target", strength: c.strength, target };
}

function sampleLevels(
  field: Problem["potential"],
  axes: readonly Float64Array[],
  levels: Float64Array,
  grid: Grid,
  path: string,
): Float64Array {
  const out = new Float64Array(levels.length * grid.points);
  levels.forEach((t, k) => {
    sampleField(field, axes, t, out.subarray(k * grid.points, (k + 1) * grid.points), path);
  });
  return out;
}

function wallSide(
  side: BoundarySide,
  axis: number,
  name: "lower" | "upper",
  position: number,
  axes: readonly Float64Array[],
  grid: Grid,
  levels: Float64Array,
): WallSide {
  if (side.kind !== "exit") return { kind: side.kind, exitValue: undefined };
  const lines = lineCount(grid, axis);
  const wallAxes = axes.map((x, a) => (a === axis ? Float64Array.of(position) : x));
  const exitValue = new Float64Array(levels.length * lines);
  levels.forEach((t, k) => {
    sampleField(
      side.value,
      wallAxes,
      t,
      exitValue.subarray(k * lines, (k + 1) * lines),
      `domain[${axis}].boundary.${name}.value`,
    );
  });
  return { kind: "exit", exitValue };
}
