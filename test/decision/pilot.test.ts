/** The pilot: its sub-steps are those of the solve, and the windows that calibration takes from it are states of the solve. */
import { describe, expect, test } from "vitest";
import { windowOf } from "../../src/decision/calibrate.ts";
import { candidatesFor } from "../../src/decision/candidates.ts";
import { runPilot } from "../../src/decision/pilot.ts";
import { ratesOfData } from "../../src/decision/rates.ts";
import { workOf } from "../../src/decision/work.ts";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import { discretisationOf } from "../../src/solver/configure.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { faulty } from "./tiers.ts";

/** Sub-steps of both first sweeps, from the solve itself. */
async function firstSweeps(name: string, grid: number, steps: number): Promise<{ hjb: number; fokkerPlanck: number }> {
  const d = discretisationOf(loadCatalogueProblem(name), { grid, steps });
  await using workspace = await batchedTier.workspace([d], {
    precision: "f64",
    andersonDepth: 0,
    keepTransported: true,
  });
  await workspace.load(0, d.initialDensity);
  const { substeps: hjb } = await workspace.hjb(0);
  return { hjb, fokkerPlanck: (await workspace.fokkerPlanck(0)).substeps };
}

const games = [
  ["two-crowds-1d", 160, 6],
  ["r1", 120, 20],
  ["lq-2d", 44, 6],
  ["torus-exact-3d", 20, 4],
] as const;

describe("a pilot on a coarser grid", () => {
  test.each(games)("%s at %i points, %i steps: sub-steps within a quarter", async (name, grid, steps) => {
    const d = discretisationOf(loadCatalogueProblem(name), { grid, steps });
    const pilot = await runPilot(d, { grid, steps }, await candidatesFor({ tiers: [batchedTier] }), 1);
    const expected = workOf(d, pilot!.rates);
    const seen = await firstSweeps(name, grid, steps);
    expect(pilot!.d.grid.points).toBeLessThan(d.grid.points);
    expect(Math.abs(expected.hjb.substeps / seen.hjb - 1)).toBeLessThan(0.25);
    expect(Math.abs(expected.fokkerPlanck.substeps / seen.fokkerPlanck - 1)).toBeLessThan(0.25);
  });
  test("on the grid itself, where that is small: the counts are those of the solve", async () => {
    const d = discretisationOf(loadCatalogueProblem("two-crowds-1d"), { grid: 40, steps: 8 });
    const pilot = await runPilot(d, { grid: 40, steps: 8 }, await candidatesFor({ tiers: [batchedTier] }), 1);
    const { hjb, fokkerPlanck } = workOf(d, pilot!.rates);
    expect({ hjb: hjb.substeps, fokkerPlanck: fokkerPlanck.substeps }).toEqual(
      await firstSweeps("two-crowds-1d", 40, 8),
    );
  });
  test("a tier that fails makes room for the next; where none is left there is no pilot", async () => {
    const d = discretisationOf(loadCatalogueProblem("r1"), { grid: 60, steps: 8 });
    const failing = faulty({ name: "rust", failsInSweep: 1 });
    const both = await runPilot(d, { grid: 60, steps: 8 }, await candidatesFor({ tiers: [batchedTier, failing] }), 1);
    expect(both).toBeDefined();
    expect(await runPilot(d, { grid: 60, steps: 8 }, await candidatesFor({ tiers: [failing] }), 1)).toBeUndefined();
  });
  test("an abort ends it", async () => {
    const d = discretisationOf(loadCatalogueProblem("r1"), { grid: 60, steps: 8 });
    const signal = AbortSignal.abort(new Error("enough"));
    const candidates = await candidatesFor({ tiers: [batchedTier] });
    await expect(runPilot(d, { grid: 60, steps: 8, signal }, candidates, 1)).rejects.toThrow("enough");
  });
});

test("a window holds the pilot's state on the grid that is timed, for a few sub-steps per level", async () => {
  const problem = loadCatalogueProblem("lq-2d");
  const d = discretisationOf(problem, { grid: 40, steps: 6 });
  const pilot = await runPilot(d, { grid: 40, steps: 6 }, await candidatesFor({ tiers: [batchedTier] }), 2);
  const window = windowOf(pilot!, problem, [30, 30], 3, d.scheme, 0.7);
  const mass = window.initialDensity.reduce((sum, m) => sum + m, 0) * window.grid.spacing.reduce((a, b) => a * b, 1);
  expect(mass).toBeCloseTo(1, 1);
  expect(window.initialDensity).not.toEqual(discretisationOf(problem, { grid: 30, steps: 6 }).initialDensity);
  await using workspace = await batchedTier.workspace([window], {
    precision: "f64",
    andersonDepth: 0,
    keepTransported: true,
  });
  await workspace.load(0, window.initialDensity);
  const { substeps } = await workspace.hjb(0);
  expect(substeps / window.steps).toBeGreaterThan(1.5);
  expect(substeps / window.steps).toBeLessThan(12);
});

describe("without a pilot, the data alone", () => {
  test.each(games)("%s at %i points, %i steps: sub-steps within a factor of four", async (name, grid, steps) => {
    const d = discretisationOf(loadCatalogueProblem(name), { grid, steps });
    const { hjb, fokkerPlanck } = workOf(d, ratesOfData(d));
    const seen = await firstSweeps(name, grid, steps);
    expect(Math.abs(Math.log(hjb.substeps / seen.hjb))).toBeLessThan(Math.log(4));
    expect(Math.abs(Math.log(fokkerPlanck.substeps / seen.fokkerPlanck))).toBeLessThan(Math.log(4));
  });
});
