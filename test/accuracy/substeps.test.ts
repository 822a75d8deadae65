/** T25: sub-steps fill every stored interval exactly, however many intervals there are. */
import { describe, expect, test } from "vitest";
import { torusWave } from "../support/oracles.ts";
import { onEachTier } from "../support/solveTiers.ts";
import { sweepErrors, sweepOnce } from "../support/sweeps.ts";

const scheme = { splitting: "explicit", weno: "js", hamiltonianFlux: "glf", cfl: 0.4 } as const;

onEachTier((tier) => {
  describe("T25 E2, js, N = 64: the error of u(0) is 5.2e-8 whatever the stored levels", () => {
    test.each([1, 2, 3, 7, 20, 64, 111, 200])("NT = %i, uniform levels", async (steps) => {
      const { value, sweeps } = await sweepErrors(torusWave(), [64], steps, { ...scheme, grading: 0 }, { tier });
      expect(sweeps.t[0]).toBe(0);
      expect(sweeps.t[steps]).toBe(0.5);
      expect(sweeps.hjb.substeps).toBeGreaterThanOrEqual(steps);
      expect(Math.abs(value / 5.24e-8 - 1)).toBeLessThan(0.01);
    });

    test.each([1, 2, 7, 64, 200])("NT = %i, graded levels", async (steps) => {
      const { value, sweeps } = await sweepErrors(torusWave(), [64], steps, { ...scheme, grading: 0.9 }, { tier });
      expect(sweeps.t[0]).toBe(0);
      expect(sweeps.t[steps]).toBe(0.5);
      expect(Math.abs(value / 5.24e-8 - 1)).toBeLessThan(0.01);
    });

    test("a time-dependent source of unit rate adds its integral exactly, for every CFL", async () => {
      for (const splitting of ["explicit", "strang", "richardson"] as const) {
        for (const cfl of [0.13, 0.7, 1]) {
          const problem = {
            name: "clock",
            domain: [{ from: 0, to: 1, boundary: "periodic" as const }],
            horizon: 0.7,
            volatility: 0.1,
            potential: "t^3 - 2*t",
            initialDensity: 1,
          };
          const { value, t } = await sweepOnce(problem, [16], 9, { splitting, cfl, grading: 0 }, undefined, { tier });
          const integral = (time: number): number => (0.7 ** 4 - time ** 4) / 4 - (0.7 ** 2 - time ** 2);
          t.forEach((time, k) => expect(Math.abs(value[k * 16]! - integral(time))).toBeLessThan(1e-14));
        }
      }
    });
  });
});
