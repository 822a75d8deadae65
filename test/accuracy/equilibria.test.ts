/** Every game of the catalogue, and harder ones, reach their equilibrium; mass and sign are kept on the way. */
import { describe, expect, test } from "vitest";
import type { ProblemInput } from "../../src/problem/input.ts";
import { catalogueNames, loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import { solve } from "../../src/solver/solve.ts";
import { onEachTier } from "../support/solveTiers.ts";

const gridOf = { 1: 48, 2: 20, 3: 10 } as const;

onEachTier((tier) => {
  describe("examples on a small grid", () => {
    test.each(catalogueNames())("%s with fdm: mass drift <= 1e-12, density >= 0 in every iteration", async (name) => {
      const problem = loadCatalogueProblem(name);
      const options = { grid: gridOf[problem.dimension], steps: 16, fokkerPlanck: "fdm", tier } as const;
      const { record } = await solve(problem, options);
      expect(record.stopReason).toBe("tolerance");
      for (const { massDrift, minDensity } of record.history) {
        expect(massDrift).toBeLessThanOrEqual(1e-12);
        expect(minDensity).toBeGreaterThanOrEqual(0);
      }
      expect(Math.abs(record.relativeExploitability!)).toBeLessThan(1e-6);
    });

    test.each(catalogueNames())("%s with weno5: mass drift <= 1e-12, density >= 0 in every iteration", async (name) => {
      const problem = loadCatalogueProblem(name);
      const { record } = await solve(problem, { grid: gridOf[problem.dimension], steps: 16, tier });
      expect(record.stopReason).toBe("tolerance");
      for (const { massDrift, minDensity } of record.history) {
        expect(massDrift).toBeLessThanOrEqual(1e-12);
        expect(minDensity).toBeGreaterThanOrEqual(0);
      }
      expect(Math.abs(record.relativeExploitability!)).toBeLessThan(1e-6);
    });
  });

  describe("the coupled iteration reaches 1e-10 from a cold start", () => {
    const r1 = loadCatalogueProblem("r1").source as ProblemInput;
    const games: readonly { readonly game: string; readonly problem: unknown; readonly most: number }[] = [
      { game: "r1", problem: r1, most: 40 },
      { game: "r3", problem: loadCatalogueProblem("r3"), most: 40 },
      { game: "layers-1d", problem: loadCatalogueProblem("layers-1d"), most: 40 },
      { game: "r1 with nu = 0.01", problem: { ...r1, volatility: Math.sqrt(0.02) }, most: 80 },
      { game: "r1 with nu = 0.005", problem: { ...r1, volatility: 0.1 }, most: 120 },
      {
        game: "r1 with f = 10 m^2, nu = 0.02",
        problem: { ...r1, volatility: 0.2, coupling: { kind: "power", strength: 10, exponent: 2 } },
        most: 250,
      },
    ];

    test.each(games)("$game, within $most iterations", async ({ problem, most }) => {
      const { record } = await solve(problem, { grid: 64, steps: 64, tolerance: 1e-10, maxIterations: most, tier });
      expect(record.stopReason).toBe("tolerance");
      expect(record.residual).toBeLessThanOrEqual(1e-10);
      expect(Math.abs(record.exploitability!)).toBeLessThan(1e-9 * Math.abs(record.cost!));
    });
  });
});
