/** T12, T30 and T31: coupled games known from a space-time spectral method (docs/numerics.md sections 9.6 and 9.11). */
import { describe, expect, test } from "vitest";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { lastOrder } from "../support/exact.ts";
import { goldenErrors, layers, spectral } from "../support/golden.ts";
import { onEachTier } from "../support/solveTiers.ts";

type GoldenErrors = ReturnType<typeof goldenErrors>;

const explicit = { splitting: "explicit", weno: "js" } as const;

onEachTier((tier) => {
  async function errorsOf(
    name: "r1" | "r3" | "layers-1d",
    n: number,
    options: SolveOptions = {},
  ): Promise<GoldenErrors> {
    const result = await solve(loadCatalogueProblem(name), { grid: n, steps: n, tolerance: 1e-10, tier, ...options });
    expect(result.record.stopReason).toBe("tolerance");
    expect(Math.abs(result.record.exploitability!)).toBeLessThan(1e-10 * Math.abs(result.record.cost!));
    return goldenErrors(result, { r1: spectral.R1, r3: spectral.R3, "layers-1d": layers }[name]);
  }

  describe.each([
    { name: "r1", accepted: { value: 5.5e-9, density: 2.2e-7 }, byDefault: { value: 3e-9, density: 4e-8 } },
    { name: "r3", accepted: { value: 6.7e-8, density: 8.4e-9 }, byDefault: { value: 1.4e-8, density: 1.2e-8 } },
  ] as const)("$name", ({ name, accepted, byDefault }) => {
    test("T12 explicit, js, N = NT = 128, within 1.3 x of the listed errors", async () => {
      const errors = await errorsOf(name, 128, explicit);
      expect(errors.value).toBeLessThanOrEqual(1.3 * accepted.value);
      expect(errors.density).toBeLessThanOrEqual(1.3 * accepted.density);
    });

    test("T12 explicit, js, NT = 8N: order 4 or more", async () => {
      const errors = [];
      for (const n of [32, 64]) errors.push(await errorsOf(name, n, { ...explicit, steps: 8 * n }));
      expect(lastOrder(errors.map((e) => e.value))).toBeGreaterThanOrEqual(4);
      expect(lastOrder(errors.map((e) => e.density))).toBeGreaterThanOrEqual(4);
    });

    test("T12 fdm, one step per interval: order 1", async () => {
      const errors = [];
      for (const n of [32, 64, 128]) errors.push(await errorsOf(name, n, { fokkerPlanck: "fdm" }));
      for (const orders of [lastOrder(errors.map((e) => e.value)), lastOrder(errors.map((e) => e.density))]) {
        expect(orders).toBeGreaterThan(0.95);
        expect(orders).toBeLessThan(1.2);
      }
    });

    test("T30 the default form at N = NT = 128 lies within 1.5 x of the listed errors", async () => {
      const errors = await errorsOf(name, 128);
      expect(errors.value).toBeLessThanOrEqual(1.5 * byDefault.value);
      expect(errors.density).toBeLessThanOrEqual(1.5 * byDefault.density);
    });
  });

  describe("T31 layers-1d, default form", () => {
    test("128 x 128: u(0) within 1e-5 and m(T) within 1.5e-3; uniform levels are 100 x worse in m(T)", async () => {
      const graded = await errorsOf("layers-1d", 128);
      expect(graded.value).toBeLessThanOrEqual(1e-5);
      expect(graded.density).toBeLessThanOrEqual(1.5e-3);
      const uniform = await errorsOf("layers-1d", 128, { timeLevels: "uniform" });
      expect(uniform.density).toBeGreaterThanOrEqual(100 * graded.density);
    });

    test("64 x 64 to 256 x 256 converge at order 3.5 or more, down to the error of the reference", async () => {
      const coarse = await errorsOf("layers-1d", 64);
      const fine = await errorsOf("layers-1d", 256, { warmStart: "nested", tolerance: 1e-8 });
      expect(lastOrder([coarse.value, fine.value], 4)).toBeGreaterThanOrEqual(3.5);
      expect(lastOrder([coarse.density, fine.density], 4)).toBeGreaterThanOrEqual(3.5);
      expect(fine.value).toBeLessThan(1e-6);
      expect(fine.density).toBeLessThan(1.5e-4);
    });
  });
});
