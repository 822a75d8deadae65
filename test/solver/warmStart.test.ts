/** Starts other than the initial density. */
import { describe, expect, test } from "vitest";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import { solve } from "../../src/solver/solve.ts";
import { worst } from "../support/exact.ts";
import { plaza, r1 } from "./support.ts";

// So few intervals that each takes several sub-steps: their counts must not hang on where a solve starts.
const run = { grid: 32, steps: 24, tolerance: 1e-9 } as const;
const cold = solve(r1, run);

test("nested grids: fewer iterations on the finest, and the same equilibrium", async () => {
  const { record, value, density } = await solve(r1, { ...run, warmStart: "nested" });
  const reference = await cold;
  expect(record.stopReason).toBe("tolerance");
  expect(record.history[0]!.residual).toBeLessThan(0.02 * reference.record.history[0]!.residual);
  expect(record.iterations).toBeLessThanOrEqual(reference.record.iterations - 5);
  expect(record.substeps).toEqual(reference.record.substeps);
  expect(worst(value, reference.value)).toBeLessThan(1e-8);
  expect(worst(density, reference.density)).toBeLessThan(1e-8);
});

test("nested grids do nothing where the grid is too small to halve", async () => {
  const small = { grid: 16, steps: 8, tolerance: 1e-6 } as const;
  const nested = await solve(r1, { ...small, warmStart: "nested" });
  const plain = await solve(r1, small);
  expect(nested.record.iterations).toBe(plain.record.iterations);
  expect(nested.density).toEqual(plain.density);
});

describe("from a result", () => {
  test("of the same run: it is an equilibrium already", async () => {
    const start = await cold;
    const { record } = await solve(r1, { ...run, tolerance: 1e-8, warmStart: start });
    expect(record.stopReason).toBe("tolerance");
    expect(record.iterations).toBe(1);
  });

  test("on another grid, with other levels: near from the first iteration", async () => {
    const start = await solve(r1, { grid: 20, steps: 40, timeLevels: "uniform", tolerance: 1e-8 });
    const { record, density } = await solve(r1, { ...run, warmStart: start });
    const reference = await cold;
    expect(record.stopReason).toBe("tolerance");
    expect(record.history[0]!.residual).toBeLessThan(0.05 * reference.record.history[0]!.residual);
    expect(record.iterations).toBeLessThan(reference.record.iterations);
    expect(worst(density, reference.density)).toBeLessThan(1e-8);
  });

  test("of a 2-D game with an exit, from 10 x 8 to 16 x 12 points", async () => {
    const start = await solve(plaza, { grid: [10, 8], steps: 12, tolerance: 1e-8 });
    const fine = { grid: [16, 12], steps: 12, tolerance: 1e-8 } as const;
    const reference = await solve(plaza, fine);
    const warm = await solve(plaza, { ...fine, warmStart: start });
    expect(warm.record.stopReason).toBe("tolerance");
    expect(warm.record.history[0]!.residual).toBeLessThan(0.2 * reference.record.history[0]!.residual);
    expect(worst(warm.value, reference.value)).toBeLessThan(1e-6);
  });

  test("of a neighbouring game: a start for a parameter study", async () => {
    const start = await cold;
    const neighbour = { ...r1, volatility: 0.3 };
    const warm = await solve(neighbour, { ...run, warmStart: start });
    const reference = await solve(neighbour, run);
    expect(warm.record.iterations).toBeLessThan(reference.record.iterations);
    expect(worst(warm.value, reference.value)).toBeLessThan(1e-7);
  });

  test("of a neighbouring game with many sub-steps per interval: what counts kept from the way leave, and no more", async () => {
    const crowds = loadCatalogueProblem("two-crowds-1d").source as Readonly<Record<string, unknown>>;
    const coarse = { grid: 64, steps: 24, tier: "batched", tolerance: 1e-9 } as const;
    const start = await solve({ ...crowds, volatility: 0.9 }, coarse);
    const warm = await solve(crowds, { ...coarse, warmStart: start });
    const reference = await solve(crowds, coarse);
    expect(warm.record.stopReason).toBe("tolerance");
    expect(warm.record.iterations).toBeLessThan(reference.record.iterations);
    // docs/numerics.md section 3.4: both are equilibria of a discrete game, and the games differ by their sub-steps.
    const scale = Math.max(...reference.density);
    expect(worst(warm.density, reference.density)).toBeLessThan(1e-3 * scale);
    expect(worst(warm.value, reference.value)).toBeLessThan(1e-3 * scale);
  });

  test("keeps the mass: the first residual is finite and the drift round-off", async () => {
    const start = await solve(r1, { grid: 24, steps: 12, maxIterations: 5 });
    const { record } = await solve(r1, { ...run, warmStart: start, maxIterations: 3 });
    for (const { massDrift, minDensity } of record.history) {
      expect(massDrift).toBeLessThan(1e-12);
      expect(minDensity).toBeGreaterThanOrEqual(0);
    }
  });

  test("of another dimension is refused with code, path and shape", async () => {
    const start = await solve(plaza, { grid: 8, steps: 4, maxIterations: 1 });
    await expect(solve(r1, { ...run, warmStart: start })).rejects.toMatchObject({
      code: "MFGPU_CONFIG_WARM_START",
      path: "warmStart",
      value: [8, 8],
    });
  });

  test("whose array does not fit its shape is refused", async () => {
    const start = await cold;
    const cut = { density: start.density.subarray(1), t: start.t, shape: start.shape };
    await expect(solve(r1, { ...run, warmStart: cut })).rejects.toMatchObject({ code: "MFGPU_CONFIG_WARM_START" });
  });
});
