/** A precision in two parts: found on one tier, refined on another. */
import { describe, expect, test } from "vitest";
import type { IterationReport } from "../../src/solver/options.ts";
import { solve, solveBatch, solveOnTier } from "../../src/solver/solve.ts";
import { refinementOf, solveInTwoParts } from "../../src/solver/twoParts.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { webgpuTier } from "../../src/tiers/webgpu/tier.ts";
import { findTier } from "../../src/tiers/registry.ts";
import type { Refinement, Tier } from "../../src/tiers/tier.ts";
import { long } from "../support/solveTiers.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { worst } from "../support/exact.ts";
import { plaza, r1 } from "./support.ts";

const refinement: Refinement = { precision: "f64", from: "compensated", on: "batched" };
/** A tier that has no f64 by its own word. */
const coarse: Tier = {
  ...batchedTier,
  solvePrecisions: () => ["compensated"],
  refinement: () => refinement,
};
const way = { variant: undefined, residency: "resident" } as const;
const grid = { grid: 16, steps: 3 } as const;

test("is asked for by the precision alone", () => {
  expect(refinementOf(coarse, way, { precision: "f64" })).toBe(refinement);
  expect(refinementOf(coarse, way, { precision: "compensated" })).toBeUndefined();
  expect(refinementOf(coarse, way, {})).toBeUndefined();
  expect(refinementOf(batchedTier, way, { precision: "f64" })).toBeUndefined();
  expect(refinementOf(webgpuTier, way, { precision: "f64" })).toMatchObject({ from: "compensated", on: "rust" });
});

test("ends at the tolerance of f64, and tells both parts", async () => {
  const reports: IterationReport[] = [];
  const options = {
    ...grid,
    precision: "f64",
    onIteration: (report: IterationReport) => reports.push(report),
  } as const;
  const [result] = await solveInTwoParts(solveOnTier, coarse, [r1], options, way, refinement);
  const { record } = result!;
  expect(record.stopReason).toBe("tolerance");
  expect(record.residual).toBeLessThan(1e-8);
  expect(record.precision).toBe("f64");
  const [first, second] = record.parts!;
  expect(record.parts).toHaveLength(2);
  expect(first!.residual).toBeLessThan(1e-6);
  expect(first!.residual).toBeGreaterThan(1e-8);
  expect(second!.residual).toBe(record.residual);
  expect(record.iterations).toBe(first!.iterations + second!.iterations);
  expect(record.history.map(({ iteration }) => iteration)).toEqual(record.history.map((_, i) => i + 1));
  expect(reports).toEqual(record.history);
  expect(record.timings.hjb).toBe(first!.timings.hjb + second!.timings.hjb);
  const { record: whole } = await solve(r1, { ...grid, tier: "batched" });
  expect(whole.parts).toBeNull();
  expect(record.cost).toBeCloseTo(whole.cost!, 3);
});

test("keeps the limit of iterations for both parts together", async () => {
  const options = { ...grid, precision: "f64", maxIterations: 3 } as const;
  const [result] = await solveInTwoParts(solveOnTier, coarse, [r1], options, way, refinement);
  expect(result!.record.iterations).toBe(3);
  expect(result!.record.stopReason).toBe("limit");
  expect(result!.record.parts).toHaveLength(1);
});

test("names the second tier where it is not here", async () => {
  const missing: Refinement = { ...refinement, on: "nowhere" };
  await expect(
    solveInTwoParts(solveOnTier, coarse, [r1], { ...grid, precision: "f64" }, way, missing),
  ).rejects.toMatchObject({ path: "precision", message: expect.stringContaining("second part on nowhere") });
});

const noRust = await findTier("rust").then(
  () => false,
  () => true,
);

describe.skipIf(whyNoGpu !== undefined || noRust)("f64 on webgpu", () => {
  const line = { game: "1-D torus", problem: { ...r1, horizon: 0.75 }, grid: [12], steps: 4 };
  const plane = { game: "2-D exits and walls", problem: { ...plaza, horizon: 0.4 }, grid: [8, 7], steps: 3 };
  test.each(long ? [line, plane] : [line])(
    "$game: the GPU's equilibrium, refined in Rust until it is that of Rust alone",
    async ({ problem, grid, steps }) => {
      const options = { grid, steps, tolerance: 1e-10 } as const;
      const [run] = await solveBatch([problem], { ...options, tier: "webgpu", ...gpuPlace, precision: "f64" });
      const { record, value, density } = run!;
      expect(record).toMatchObject({ stopReason: "tolerance", precision: "f64", tier: "webgpu" });
      expect(record.residual).toBeLessThanOrEqual(1e-10);
      expect(record.massDrift).toBeLessThan(1e-12);
      const [onGpu, inRust] = record.parts!;
      expect(onGpu).toMatchObject({ tier: "webgpu", precision: "compensated", stopReason: "tolerance" });
      expect(inRust).toMatchObject({ tier: "rust", precision: "f64", stopReason: "tolerance" });
      // What the GPU could reach was left to Rust to go on from, not done again.
      expect(onGpu!.residual).toBeLessThan(1e-6);
      expect(record.history[onGpu!.iterations]!.residual).toBeLessThan(1e-5);
      for (const part of record.parts!) {
        expect(part.iterations).toBeGreaterThan(1);
        for (const time of ["setup", "hjb", "fokkerPlanck", "total"] as const)
          expect(part.timings[time], `${part.tier}: ${time}`).toBeGreaterThan(0);
      }
      for (const time of ["hjb", "fokkerPlanck", "relax", "certify", "total"] as const)
        expect(record.timings[time]).toBe(onGpu!.timings[time] + inRust!.timings[time]);
      const { record: whole, ...exact } = await solve(problem, { ...options, tier: "rust" });
      expect(whole.stopReason).toBe("tolerance");
      // Several sub-steps an interval, on which both ways settle.
      expect(whole.substeps.hjb).toBeGreaterThan(2 * steps);
      expect(whole.substeps).toEqual(record.substeps);
      expect(worst(value, exact.value)).toBeLessThan(1e-8);
      expect(worst(density, exact.density)).toBeLessThan(1e-8);
      expect(record.cost).toBeCloseTo(whole.cost!, 9);
    },
    240_000,
  );
});
