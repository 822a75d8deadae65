import { describe, expect, test } from "vitest";
import { type MeasuredRun, parseMeasure } from "../../src/batch/measures.ts";
import { couplingCost, plannerProblem } from "../../src/batch/socialCost.ts";
import { parseProblem } from "../../src/problem/schema.ts";
import { discretisationOf } from "../../src/solver/configure.ts";
import { solve } from "../../src/solver/solve.ts";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";

/** value = t + x on a ring of four nodes, density = 1 + level. */
const run: MeasuredRun = {
  record: { residual: 1e-9, converged: true, timings: { total: 2 }, nothing: null },
  value: Float64Array.from({ length: 12 }, (_, i) => Math.floor(i / 4) + (i % 4) / 4),
  density: Float64Array.from({ length: 12 }, (_, i) => 1 + Math.floor(i / 4)),
  t: Float64Array.of(0, 1, 2),
  coordinates: [Float64Array.of(0, 0.25, 0.5, 0.75)],
  shape: [4],
  periodic: [true],
  cellVolume: 0.25,
};
const costs = { socialCost: 3, plannerCost: 2 };
const measured = (text: string): number | null => parseMeasure(text, 1).evaluate(run, costs);

describe("measures", () => {
  test.each([
    ["residual", 1e-9],
    ["timings.total", 2],
    ["converged", 1],
    ["nothing", null],
    ["no_such_entry", null],
    ["value(0, 0.25)", 0.25],
    ["value(0.5, 0.3)", 0.8],
    ["value(T, 0)", 2],
    ["value(0, 0.875)", 0.375],
    ["value(0, 1.25)", 0.25],
    ["density(1.5, 0)", 2.5],
    ["max(density(T))", 3],
    ["min(value(0))", 0],
    ["mean(value(0))", 0.375],
    ["integral(density(0))", 1],
    ["max(density())", 3],
    ["-2*value(0, 0.25)^2 + T/4", 0.375],
    ["socialCost", 3],
    ["priceOfAnarchy", 1.5],
  ])("%s", (text, wanted) => {
    const got = measured(text);
    expect(got === null).toBe(wanted === null);
    expect(Math.abs((got ?? 0) - (wanted ?? 0))).toBeLessThan(1e-12);
  });
  test.each(["value(0)", "density(0, 1, 2)", "max(3)", "maxi(density(T))", "value", "1 +", "'x'", "a[0]"])(
    "%s is refused",
    (text) => expect(() => parseMeasure(text, 1)).toThrow(/The measure/),
  );
  test("only what needs the planner asks for it", () => {
    expect(parseMeasure("priceOfAnarchy - 1", 1).planner).toBe(true);
    expect(parseMeasure("socialCost", 1).planner).toBe(false);
  });
});

describe("the planner", () => {
  const given = loadCatalogueProblem("r1").source as Record<string, unknown>;
  const options = { grid: 32, steps: 16, tier: "batched", tolerance: 1e-9 } as const;

  test("pays less than the equilibrium, by its own coupling's cost and by direct comparison", async () => {
    const problem = { ...given, coupling: { kind: "power", strength: 1, exponent: 2 } };
    const equilibrium = await solve(problem, options);
    const optimum = await solve(plannerProblem(problem), options);
    const social = (density: Float64Array, cost: number, of: unknown): number =>
      cost -
      couplingCost(discretisationOf(parseProblem(of), options), density) +
      couplingCost(discretisationOf(parseProblem(problem), options), density);
    const atEquilibrium = social(equilibrium.density, equilibrium.record.cost!, problem);
    expect(atEquilibrium).toBe(equilibrium.record.cost);
    const atOptimum = social(optimum.density, optimum.record.cost!, plannerProblem(problem));
    expect(atOptimum).toBeLessThan(atEquilibrium);
    expect(atOptimum).toBeGreaterThan(0.5 * atEquilibrium);
    // Any other weight of the crowd is no better than the planner's.
    for (const strength of [2, 4]) {
      const other = { ...problem, coupling: { kind: "power", strength, exponent: 2 } };
      const found = await solve(other, options);
      expect(social(found.density, found.record.cost!, other)).toBeGreaterThan(atOptimum);
    }
  });
  test("is refused for couplings that are not local", () => {
    expect(() => plannerProblem({ ...given, coupling: { kind: "nonlocal", width: 0.1 } })).toThrow(/local/);
  });
});
