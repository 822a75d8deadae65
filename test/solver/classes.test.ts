/** The composable parts HjbWenoSolver, FpFdmSolver and FixedPointIterator. */
import { describe, expect, test } from "vitest";
import { FixedPointIterator, FpFdmSolver, HjbWenoSolver } from "../../src/solver/classes.ts";
import { solve } from "../../src/solver/solve.ts";
import { lastOrder, sampleExact, worst } from "../support/exact.ts";
import { torusWave } from "../support/oracles.ts";
import { plaza, r1 } from "./support.ts";

const wave = torusWave();

describe("HjbWenoSolver", () => {
  test.each(["weno5", "weno-z", "weno-m"] as const)(
    "%s: converges to the Cole-Hopf value function",
    async (variant) => {
      const errors = [];
      for (const n of [32, 64]) {
        const hjb = new HjbWenoSolver(wave.problem, { variant, splitting: "explicit", cfl: 0.4 });
        const result = await hjb.solve(new Float64Array(n).fill(1), { grid: n, steps: 10 });
        expect(result.shape).toEqual([n]);
        expect(result.report.failure).toBeUndefined();
        errors.push(worst(result.history, sampleExact(wave.value, result)));
      }
      expect(lastOrder(errors)).toBeGreaterThan(4.5);
    },
  );

  test("reads the density, as one slice or as a history", async () => {
    const hjb = new HjbWenoSolver(r1);
    const slice = Float64Array.from({ length: 20 }, (_, i) => 1 + 0.5 * Math.sin(i));
    const history = new Float64Array(20 * 7);
    for (let k = 0; k < 7; k++) history.set(slice, 20 * k);
    // Level 0 is the initial density of the problem whatever is given.
    const one = await hjb.solve(slice, { grid: 20, steps: 6 });
    const all = await hjb.solve(history, { grid: 20, steps: 6 });
    const other = await hjb.solve(new Float64Array(20).fill(1), { grid: 20, steps: 6 });
    expect(all.history).toEqual(one.history);
    expect(worst(other.history, one.history)).toBeGreaterThan(0.01);
  });

  test("stores uniform levels unless asked otherwise", async () => {
    const levels = async (timeLevels?: "graded"): Promise<Float64Array> => {
      const hjb = new HjbWenoSolver(r1, timeLevels ? { timeLevels } : {});
      return (await hjb.solve(new Float64Array(16).fill(1), { grid: 16, steps: 4 })).t;
    };
    expect([...(await levels())]).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect((await levels("graded"))[1]).toBeLessThan(0.2);
  });

  test("refuses a variant that does not exist, and a density of another size", async () => {
    const none = "weno7" as "weno5";
    expect(() => new HjbWenoSolver(r1, { variant: none })).toThrow(
      expect.objectContaining({ path: "variant", value: "weno7" }),
    );
    const wrong = new HjbWenoSolver(r1).solve(new Float64Array(17), { grid: 16, steps: 4 });
    await expect(wrong).rejects.toMatchObject({ code: "MFGPU_TIER_ARGUMENT" });
  });
});

describe("FpFdmSolver", () => {
  test("transports the density along the value function, with all its mass", async () => {
    const errors = [];
    for (const n of [32, 64, 128]) {
      const fp = new FpFdmSolver(wave.problem, { substeps: n / 8 });
      const t = Float64Array.from({ length: n + 1 }, (_, k) => (0.5 * k) / n);
      const value = sampleExact(wave.value, { t, coordinates: [Float64Array.from({ length: n }, (_, i) => i / n)] });
      const { history, report, ...nodes } = await fp.solve(value, { grid: n, steps: n });
      expect(report.failure).toBeUndefined();
      expect(report.substeps).toBe((n * n) / 8);
      errors.push(worst(history, sampleExact(wave.density, nodes)));
      const mass = (k: number): number => history.subarray(k * n, (k + 1) * n).reduce((sum, m) => sum + m, 0) / n;
      expect(Math.abs(mass(n) - mass(0))).toBeLessThan(1e-13);
      expect(Math.min(...history)).toBeGreaterThan(0);
    }
    // Second order in h, since the sub-steps fall as h^2.
    expect(lastOrder(errors)).toBeGreaterThan(1.8);
  });

  test("refuses a value history of another size", async () => {
    const wrong = new FpFdmSolver(r1).solve(new Float64Array(16), { grid: 16, steps: 4 });
    await expect(wrong).rejects.toMatchObject({ code: "MFGPU_TIER_ARGUMENT" });
  });
});

describe("FixedPointIterator", () => {
  test.each([
    { name: "r1", problem: r1, grid: 24, steps: 12 },
    { name: "plaza", problem: plaza, grid: 10, steps: 8 },
  ])("$name: its parts reproduce its equilibrium, sweep by sweep", async ({ problem, grid, steps }) => {
    const hjb = new HjbWenoSolver(problem, { variant: "weno-z" });
    const fp = new FpFdmSolver(problem, { substeps: 2 });
    const { record, value, density } = await new FixedPointIterator(problem, hjb, fp).solve({
      grid,
      steps,
      tolerance: 1e-10,
    });
    expect(record.stopReason).toBe("tolerance");
    // Several sub-steps an interval: single sweeps step as the iteration settled to.
    expect(record.substeps.hjb).toBeGreaterThan(2 * steps);
    expect(record.scheme).toMatchObject({ weno: "z", fokkerPlanck: "fdm", fdmSubsteps: 2, grading: 0 });
    const again = await hjb.solve(density, { grid, steps });
    expect(again.report.substeps).toBe(record.substeps.hjb);
    expect(worst(again.history, value)).toBeLessThan(1e-8);
    const transported = await fp.solve(value, { grid, steps });
    expect(worst(transported.history, density)).toBeLessThan(1e-8);
  });

  test("is solve with the options of its parts", async () => {
    const iterator = new FixedPointIterator(r1, new HjbWenoSolver(r1), new FpFdmSolver(r1));
    const run = { grid: 16, steps: 8, maxIterations: 5 };
    const ours = await iterator.solve(run);
    const plain = await solve(r1, { ...run, weno: "js", fokkerPlanck: "fdm", timeLevels: "uniform" });
    expect(ours.density).toEqual(plain.density);
  });

  test("refuses parts with different time levels", () => {
    const hjb = new HjbWenoSolver(r1, { timeLevels: "graded" });
    expect(() => new FixedPointIterator(r1, hjb, new FpFdmSolver(r1))).toThrow(
      expect.objectContaining({ path: "timeLevels" }),
    );
  });
});
