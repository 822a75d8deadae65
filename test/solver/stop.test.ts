/** Every way in which a run ends. */
import { describe, expect, test } from "vitest";
import { solve } from "../../src/solver/solve.ts";
import { r1 } from "./support.ts";

const small = { grid: 16, steps: 8 } as const;

test("tolerance: the last undamped residual lies below it, all earlier ones above", async () => {
  const { record } = await solve(r1, { ...small, tolerance: 1e-6 });
  expect(record).toMatchObject({ stopReason: "tolerance", converged: true, tolerance: 1e-6 });
  expect(record.history.at(-1)!.residual).toBe(record.residual);
  expect(record.residual).toBeLessThanOrEqual(1e-6);
  for (const { residual } of record.history.slice(0, -1)) expect(residual).toBeGreaterThan(1e-6);
});

test("limit: after maxIterations, with arrays, certificates and the reason", async () => {
  const { record, value, density } = await solve(r1, { ...small, maxIterations: 3 });
  expect(record).toMatchObject({ stopReason: "limit", converged: false, iterations: 3 });
  expect(record.history.map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
  expect(record.stopDetail).toContain("3 iterations");
  expect(record.exploitability).not.toBeNull();
  expect([...value, ...density].every(Number.isFinite)).toBe(true);
});

test("stagnated: plain Picard cycles on r1 and is told so", async () => {
  const { record } = await solve(r1, { ...small, relaxation: 1, maxIterations: 400 });
  expect(record.stopReason).toBe("stagnated");
  expect(record.converged).toBe(false);
  expect(record.iterations).toBeLessThan(400);
  expect(record.residual).toBeGreaterThan(0.1);
});

describe("diverged", () => {
  test("names the sweep, the iteration and the place of the first number that is not finite", async () => {
    const { record } = await solve({ ...r1, terminalCost: "1e200*sin(2*pi*x)" }, small);
    expect(record.stopReason).toBe("diverged");
    expect(record.converged).toBe(false);
    expect(record.stopDetail).toMatch(/HJB sweep of iteration 1 .* time level 7, point \d+/);
    expect(record).toMatchObject({ iterations: 0, residual: null, exploitability: null });
  });

  test("in a later iteration keeps the history of the iterations before", async () => {
    // Harmless while the density is 1, and beyond the largest number once it gathers above 1.5.
    const steep = { kind: "power", strength: 1, exponent: 2000 } as const;
    const gathering = { ...r1, terminalCost: "cos(2*pi*x)", initialDensity: 1, coupling: steep };
    const { record } = await solve(gathering, { ...small, relaxation: 1 });
    expect(record.stopReason).toBe("diverged");
    expect(record.history).toHaveLength(record.iterations);
    expect(record.iterations).toBeGreaterThan(0);
    expect(record.stopDetail).toMatch(/HJB sweep of iteration 2 .* time level \d+, point \d+/);
  });
});

describe("aborted", () => {
  test("in mid-sweep: an explicit sweep that would take hours ends at the signal", async () => {
    const controller = new AbortController();
    const { record } = await solve(r1, {
      grid: 8000,
      steps: 2,
      splitting: "explicit",
      signal: controller.signal,
      onPlan: () => setTimeout(() => controller.abort(), 1000),
    });
    expect(record.stopReason).toBe("aborted");
    expect(record.stopDetail).toContain("HJB sweep of iteration 1");
    expect(record.iterations).toBe(0);
  });

  test("between iterations: the record holds the finished ones and their density", async () => {
    const controller = new AbortController();
    const { record, density } = await solve(r1, {
      ...small,
      signal: controller.signal,
      onIteration: ({ iteration }) => {
        if (iteration === 4) controller.abort();
      },
    });
    expect(record.stopReason).toBe("aborted");
    expect(record.history).toHaveLength(4);
    const { density: limited } = await solve(r1, { ...small, maxIterations: 5 });
    expect(density.every((m) => m >= 0)).toBe(true);
    expect(density).toHaveLength(limited.length);
  });

  test("before the start: no iteration at all", async () => {
    const { record } = await solve(r1, { ...small, signal: AbortSignal.abort() });
    expect(record).toMatchObject({ stopReason: "aborted", iterations: 0, residual: null });
  });
});

describe("options that no run can follow are refused by name", () => {
  test.each([
    ["tolerance", { tolerance: 0 }],
    ["maxIterations", { maxIterations: 0 }],
    ["relaxation", { relaxation: 1.5 }],
    ["memoryBytes", { memoryBytes: -1 }],
    ["cfl", { cfl: 3 }],
    ["timeLevels", { timeLevels: 2 }],
    ["fdmSubsteps", { fdmSubsteps: 0.5 }],
    ["grid[0]", { grid: 6 }],
    ["steps", { steps: 0 }],
    ["tier", { tier: "webgpu" as const, adapter: "no such adapter" }],
    ["precision", { precision: "f32" as const }],
  ])("%s", async (path, options) => {
    await expect(solve(r1, { ...small, ...options })).rejects.toMatchObject({ name: "MfgError", path });
  });
});
