/** The scalar and the batched tier do the same whole solves. */
import { describe, expect, test } from "vitest";
import { solve } from "../../src/solver/solve.ts";
import { worst } from "../support/exact.ts";
import { games, modes } from "./games.ts";

describe.each(games)("$game", ({ problem, options: base }) => {
  test.each(modes)("$mode: scalar = batched to 1e-10, certificates and record as well", async ({ options }) => {
    // In 1-D past the fictitious play, so that Anderson is in it too.
    const maxIterations = problem.domain.length === 1 ? 18 : 2;
    const run = { ...base, maxIterations, tolerance: 1e-13, ...options };
    const scalar = await solve(problem, { ...run, tier: "scalar" });
    const batched = await solve(problem, { ...run, tier: "batched" });
    expect([scalar.record.tier, batched.record.tier]).toEqual(["scalar", "batched"]);
    expect(scalar.record.stopReason).toBe(batched.record.stopReason);
    expect(["limit", "tolerance"]).toContain(batched.record.stopReason);
    expect(scalar.record.substeps).toEqual(batched.record.substeps);
    const scale = Math.max(...batched.value.map(Math.abs), ...batched.density);
    expect(worst(scalar.value, batched.value)).toBeLessThan(1e-10 * scale);
    expect(worst(scalar.density, batched.density)).toBeLessThan(1e-10 * scale);
    expect(scalar.record.cost).toBeCloseTo(batched.record.cost!, 9);
    expect(scalar.record.exploitability).toBeCloseTo(batched.record.exploitability!, 9);
    expect(scalar.record.dualityDefect).toBeCloseTo(batched.record.dualityDefect!, 9);
    expect(scalar.record.outflow).toBeCloseTo(batched.record.outflow!, 10);
  });
});
