/** A precision in two parts: found on one tier, refined on another. */
import { describe, expect, test } from "vitest";
import type { IterationReport } from "../../src/solver/options.ts";
import { solve, solveBatch, solveOnTier } from "../../src/solver/solve.ts";
import { refinementOf, solveInTwoParts } from "../../src/solver/twoParts.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { webgpuTier } from "../../src/tiers/webgpu/tier.ts";
import { findTier } from "../../src/tiers/registry.ts";
import type { Refinement, Tier } from "../../src/tiers/tier.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { r1 } from "./support.ts";

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
  test("is the GPU's equilibrium, refined in Rust", async () => {
    const options = { grid: 16, steps: 3 } as const;
    const [run] = await solveBatch([r1], { ...options, tier: "webgpu", ...gpuPlace, precision: "f64" });
    expect(run!.record.parts?.map(({ tier, precision }) => [tier, precision])).toEqual([
      ["webgpu", "compensated"],
      ["rust", "f64"],
    ]);
    expect(run!.record.residual).toBeLessThan(1e-8);
    expect(run!.record.massDrift).toBeLessThan(1e-12);
    const exact = await solve(r1, { ...options, tier: "batched" });
    expect(run!.record.cost).toBeCloseTo(exact.record.cost!, 3);
  }, 240_000);
});
