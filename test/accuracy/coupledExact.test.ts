/** T8 and T30: the coupled game E3, whose equilibrium is known and has to be found (docs/numerics.md section 9.3). */
import { describe, expect, test } from "vitest";
import { solve } from "../../src/solver/solve.ts";
import { solveNear } from "../support/coupled.ts";
import { errorsOf, lastOrder, ordersOf } from "../support/exact.ts";
import { torusWave } from "../support/oracles.ts";
import { long, onEachTier } from "../support/solveTiers.ts";

const explicit = { splitting: "explicit" } as const;
const pairs = (["js", "z"] as const).flatMap((weno) => [1, 5].map((kappa) => ({ weno, kappa })));

onEachTier((tier) => {
  describe("T8 in one dimension, explicit, four-point time interpolation, NT = N", () => {
    test.each(pairs)("order 4.5 or more, $weno, kappa = $kappa", async ({ weno, kappa }) => {
      const errors = [];
      for (const n of [32, 64, 128]) {
        const { errors: found } = await solveNear(torusWave({ kappa }), n, { steps: n, weno, tier, ...explicit });
        errors.push(found);
      }
      expect(lastOrder(errors.map((e) => e.value))).toBeGreaterThanOrEqual(4.5);
      expect(lastOrder(errors.map((e) => e.density))).toBeGreaterThanOrEqual(4.5);
    });

    test("z, kappa = 1, N = 128: within 5.2e-10 in u and 7.7e-9 in m", async () => {
      const { errors } = await solveNear(torusWave({ kappa: 1 }), 128, { steps: 128, weno: "z", tier, ...explicit });
      expect(errors.value).toBeLessThanOrEqual(5.2e-10);
      expect(errors.density).toBeLessThanOrEqual(7.7e-9);
    });

    test("linear time interpolation makes the scheme second order", async () => {
      const errors = [];
      for (const n of [32, 64, 128]) {
        const options = { steps: n, weno: "js", timeInterpolation: "linear", tier, ...explicit } as const;
        errors.push((await solveNear(torusWave({ kappa: 1 }), n, options)).errors);
      }
      for (const orders of [ordersOf(errors.map((e) => e.value)), ordersOf(errors.map((e) => e.density))]) {
        expect(orders.at(-1)).toBeGreaterThan(1.9);
        expect(orders.at(-1)).toBeLessThan(2.3);
      }
    });

    test("plain Strang splitting is second order in time, on a grid whose own error is far below", async () => {
      const errors = [];
      for (const steps of [16, 32, 64]) {
        errors.push(
          (await solveNear(torusWave({ kappa: 1 }), 64, { steps, splitting: "strang", cfl: 1.1, tier })).errors,
        );
      }
      for (const orders of [ordersOf(errors.map((e) => e.value)), ordersOf(errors.map((e) => e.density))]) {
        for (const order of orders) expect(Math.abs(order - 2)).toBeLessThan(0.25);
      }
    });
  });

  describe("T8 in more dimensions, explicit, NT = N", () => {
    const plane = { k: [1, 1], l: [1, 0] } as const;
    test.each(pairs)("2-D: order 3.8 or more, $weno, kappa = $kappa", async ({ weno, kappa }) => {
      const game = torusWave({ ...plane, kappa });
      const coarse = await solveNear(game, 16, { steps: 16, weno, tolerance: 1e-8, tier, ...explicit });
      const fine = await solveNear(game, 32, { steps: 32, weno, tolerance: 1e-9, tier, ...explicit });
      expect(lastOrder([coarse.errors.value, fine.errors.value])).toBeGreaterThanOrEqual(3.8);
      expect(lastOrder([coarse.errors.density, fine.errors.density])).toBeGreaterThanOrEqual(3.8);
    });

    test("2-D: order 3.8 or more up to 64 x 64, js, kappa = 1", async () => {
      const game = torusWave({ ...plane, kappa: 1 });
      const coarse = await solveNear(game, 32, { steps: 32, weno: "js", tolerance: 1e-8, tier, ...explicit });
      const fine = await solveNear(game, 64, { steps: 64, weno: "js", tolerance: 1e-9, tier, ...explicit });
      expect(lastOrder([coarse.errors.value, fine.errors.value])).toBeGreaterThanOrEqual(3.8);
      expect(lastOrder([coarse.errors.density, fine.errors.density])).toBeGreaterThanOrEqual(3.8);
    });

    test.skipIf(!long || tier !== "rust")("2-D: order 3.8 or more up to 128 x 128, z, kappa = 1", async () => {
      const game = torusWave({ ...plane, kappa: 1 });
      const coarse = await solveNear(game, 64, { steps: 64, weno: "z", tolerance: 1e-9, tier, ...explicit });
      const fine = await solveNear(game, 128, { steps: 128, weno: "z", tolerance: 1e-10, tier, ...explicit });
      expect(lastOrder([coarse.errors.value, fine.errors.value])).toBeGreaterThanOrEqual(3.8);
      expect(lastOrder([coarse.errors.density, fine.errors.density])).toBeGreaterThanOrEqual(3.8);
    });

    test.skipIf(!long || tier !== "rust")("3-D: order 3.5 or more from 16 to 32 points an axis", async () => {
      const game = torusWave({ k: [1, 1, 0], l: [0, 1, 1], kappa: 1 });
      const coarse = await solveNear(game, 16, { steps: 16, weno: "js", tolerance: 1e-6, tier, ...explicit });
      const fine = await solveNear(game, 32, { steps: 32, weno: "js", tolerance: 1e-7, tier, ...explicit });
      expect(lastOrder([coarse.errors.value, fine.errors.value])).toBeGreaterThanOrEqual(3.5);
      expect(lastOrder([coarse.errors.density, fine.errors.density])).toBeGreaterThanOrEqual(3.5);
    });

    test("3-D: order 3.5 or more from 12 to 24 points an axis", async () => {
      const game = torusWave({ k: [1, 1, 0], l: [0, 1, 1], kappa: 1 });
      const coarse = await solveNear(game, 12, { steps: 12, weno: "js", tolerance: 1e-5, tier, ...explicit });
      const fine = await solveNear(game, 24, { steps: 24, weno: "js", tolerance: 1e-6, tier, ...explicit });
      expect(lastOrder([coarse.errors.value, fine.errors.value])).toBeGreaterThanOrEqual(3.5);
      expect(lastOrder([coarse.errors.density, fine.errors.density])).toBeGreaterThanOrEqual(3.5);
    });
  });

  describe("T8 at the fixed point", () => {
    test.each([
      { kappa: 1, most: 40 },
      { kappa: 5, most: 60 },
      { kappa: 20, most: 100 },
    ])(
      "kappa = $kappa converges to 1e-10 from a cold start, and nobody gains by deviating",
      async ({ kappa, most }) => {
        const { record } = await solve(torusWave({ kappa }).problem, { grid: 64, steps: 64, tolerance: 1e-10, tier });
        expect(record.stopReason).toBe("tolerance");
        expect(record.residual).toBeLessThanOrEqual(1e-10);
        expect(record.iterations).toBeLessThanOrEqual(most);
        expect(record.relativeExploitability).not.toBeNull();
        expect(Math.abs(record.relativeExploitability!)).toBeLessThan(1e-10);
      },
    );

    test("the explicit form has the same fixed point from a cold start as from the exact density", async () => {
      const game = torusWave({ kappa: 5 });
      const options = { grid: 32, steps: 32, weno: "js", tolerance: 1e-11, tier, ...explicit } as const;
      const cold = await solve(game.problem, options);
      const near = await solveNear(game, 32, options);
      expect(cold.record.stopReason).toBe("tolerance");
      expect(errorsOf(cold, game).value).toBeCloseTo(near.errors.value, 8);
      expect(errorsOf(cold, game).density).toBeCloseTo(near.errors.density, 7);
      expect(Math.abs(cold.record.relativeExploitability!)).toBeLessThan(1e-10);
    });
  });

  test("T30 the default form at N = NT = 128 lies within 1.5 x of 9e-10 in u and 8e-9 in m", async () => {
    const game = torusWave({ kappa: 1 });
    const result = await solve(game.problem, { grid: 128, steps: 128, tolerance: 1e-10, tier });
    const errors = errorsOf(result, game);
    expect(result.record.stopReason).toBe("tolerance");
    expect(errors.value).toBeLessThanOrEqual(1.5 * 9e-10);
    expect(errors.density).toBeLessThanOrEqual(1.5 * 8e-9);
  });
});
