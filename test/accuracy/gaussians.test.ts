/** T9, T10 and T11: games whose densities are Gaussian (docs/numerics.md sections 9.1 and 9.7). */
import { describe, expect, test } from "vitest";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { meanOrder, sampleExact, worst } from "../support/exact.ts";
import { logGaussian, lq1 } from "../support/oracles.ts";
import { onEachTier } from "../support/solveTiers.ts";
import { sweepOnce } from "../support/sweeps.ts";

onEachTier((tier) => {
  describe("T9 quadratic value functions are advanced without error in space", () => {
    // P(0) of SSPRK3 applied to P' = 1 - P^2, P = 0 at first, in n steps over a unit of time.
    const listed = [
      [10, 0.7616177295174459],
      [20, 0.7615968831830592],
      [40, 0.7615944835114681],
      [80, 0.761594196078335],
      [160, 0.7615941609201125],
    ] as const;
    const quadratic = (volatility: number) => ({
      name: "riccati",
      domain: [{ from: -2, to: 2, boundary: "open" as const }],
      horizon: 1,
      volatility,
      coupling: { kind: "mean" as const, strength: 1, attraction: 0 },
      initialDensity: 1,
    });
    // Whatever the Courant number, on quadratics there is nothing to go unstable: an interval needs one step and takes two.
    const scheme = { splitting: "explicit", grading: 0, cfl: 1e3 } as const;

    test.each(listed)("n = %i steps give the scalar Riccati number", async (n, exact) => {
      for (const hamiltonianFlux of ["llf", "glf", "godunov"] as const) {
        const { value, coordinates, hjb } = await sweepOnce(
          quadratic(0),
          [21],
          n / 2,
          { ...scheme, hamiltonianFlux },
          undefined,
          { tier },
        );
        expect(hjb.substeps).toBe(n);
        const parabola = coordinates[0]!.map((x) => (exact * x * x) / 2);
        expect(worst(value.subarray(0, 21), parabola)).toBeLessThan(1e-13);
      }
    });
  });

  describe("T10 the linear-quadratic game LQ1", () => {
    const exact = { mean: 0.396639090873193457, variance: 0.0853424477005798827, cost: 0.0652814148831451034 };

    test("the closed form agrees with the printed digits", () => {
      expect(lq1.P(0)).toBeCloseTo(0.761594155955764888, 14);
      expect(lq1.Pi(0)).toBeCloseTo(0.430528585790273822, 14);
      expect(lq1.S(0)).toBeCloseTo(-0.165532785082745533, 14);
      expect(lq1.R(0)).toBeCloseTo(0.0376166548109319612, 14);
      expect(lq1.mean(1)).toBeCloseTo(exact.mean, 14);
      expect(lq1.variance(0.5)).toBeCloseTo(0.0556323093235676493, 14);
      expect(lq1.variance(1)).toBeCloseTo(exact.variance, 14);
      expect(lq1.value(1, 0, 0, 0)).toBeCloseTo(0.252880947706068872, 14);
    });

    async function errorsAt(
      n: number,
      options: SolveOptions,
    ): Promise<{ mean: number; variance: number; cost: number; value: number }> {
      const result = await solve(lq1.problem, { grid: n, steps: n / 2, tolerance: 1e-10, tier, ...options });
      expect(result.record.stopReason).toBe("tolerance");
      const x = result.coordinates[0]!;
      const m = result.density.subarray(result.density.length - n);
      const h = 5 / n;
      const moment = (f: (x: number) => number): number => m.reduce((sum, value, i) => sum + h * value * f(x[i]!), 0);
      const mass = moment(() => 1);
      const mean = moment((at) => at) / mass;
      return {
        mean: Math.abs(mean - exact.mean),
        variance: Math.abs(moment((at) => (at - mean) ** 2) / mass - exact.variance),
        cost: Math.abs(result.record.cost! - exact.cost),
        value: worst(result.value, sampleExact(lq1.value, result)),
      };
    }

    const order = (
      errors: readonly Awaited<ReturnType<typeof errorsAt>>[],
      of: "mean" | "variance" | "cost" | "value",
    ): number => meanOrder(errors.map((e) => e[of]));

    test("mean, variance, cost and value converge at order 4 or more in the default form", async () => {
      const errors = [await errorsAt(64, {}), await errorsAt(128, {}), await errorsAt(256, {})];
      for (const of of ["mean", "variance", "cost", "value"] as const) {
        expect(order(errors, of)).toBeGreaterThanOrEqual(4);
      }
      expect(errors[2]!.mean).toBeLessThan(1e-7);
      expect(errors[2]!.variance).toBeLessThan(1e-7);
      expect(errors[2]!.cost).toBeLessThan(1e-8);
    });

    test("they converge at order 1 or more with fdm", async () => {
      const options = { fokkerPlanck: "fdm" } as const;
      const errors = [await errorsAt(64, options), await errorsAt(128, options), await errorsAt(256, options)];
      for (const of of ["mean", "variance", "cost", "value"] as const) {
        expect(order(errors, of)).toBeGreaterThanOrEqual(1);
      }
    });
  });

  describe("T11 the stationary Gaussian under a log coupling", () => {
    const cases = [
      { nu: 1, beta: 1, gamma: 1, a: 0.618033988749894848, c: -0.541510456984579617, peak: 0.313629023383274586 },
      { nu: 0.5, beta: 1, gamma: 0.1, a: 0.904987562112089027, c: 0.390265582818614127, peak: 0.536718257462558515 },
      { nu: 0.05, beta: 1, gamma: 0.5, a: 0.0990195135927848, c: -0.283694807852387536, peak: 0.561416869195196633 },
    ] as const;

    test.each(cases)("closed form of nu = $nu, gamma = $gamma agrees with the printed digits", (given) => {
      const game = logGaussian(given);
      expect(game.a).toBeCloseTo(given.a, 14);
      expect(game.c).toBeCloseTo(given.c, 14);
      expect(game.density(0, 0, 0, 0)).toBeCloseTo(given.peak, 14);
    });

    /** Errors over all levels: of m everywhere, of u within three deviations, where the mass is. */
    async function errorsAt(
      given: (typeof cases)[number],
      n: number,
      options: SolveOptions,
    ): Promise<{ value: number; density: number }> {
      const game = logGaussian(given);
      const result = await solve(game.problem, { grid: n, steps: n / 2, tolerance: 1e-9, tier, ...options });
      expect(result.record.stopReason).toBe("tolerance");
      expect(result.record.flooredCells).toBe(0);
      const exact = sampleExact(game.value, result);
      const x = result.coordinates[0]!;
      const reach = 3 * Math.sqrt(given.nu / game.a);
      const inner = (_: number, i: number): boolean => Math.abs(x[i % n]!) < reach;
      return {
        value: worst(result.value.filter(inner), exact.filter(inner)),
        density: worst(result.density, sampleExact(game.density, result)),
      };
    }

    test.each(cases)("weno5, nu = $nu, gamma = $gamma: order 4 or more in u and m", async (given) => {
      for (const options of [{}, { splitting: "explicit", weno: "js" }] as const) {
        const sizes = "splitting" in options ? [32, 64] : [32, 64, 128];
        const errors = [];
        for (const n of sizes) errors.push(await errorsAt(given, n, options));
        expect(meanOrder(errors.map((e) => e.value))).toBeGreaterThanOrEqual(4);
        expect(meanOrder(errors.map((e) => e.density))).toBeGreaterThanOrEqual(4);
      }
    });

    test.each(cases)("fdm, nu = $nu, gamma = $gamma: exact, since its fluxes vanish on e^(-u/nu)", async (given) => {
      const { value, density } = await errorsAt(given, 48, { fokkerPlanck: "fdm" });
      expect(value).toBeLessThan(1e-12);
      expect(density).toBeLessThan(1e-14);
    });
  });
});
