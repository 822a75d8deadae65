/** The ways of relaxing lead to one equilibrium, and report one residual. */
import { describe, expect, test } from "vitest";
import { parseProblem } from "../../src/problem/schema.ts";
import { discretise } from "../../src/scheme/discretise.ts";
import { schemeDefaults } from "../../src/scheme/options.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { hostMemoryNeed } from "../../src/tiers/host/hostWorkspace.ts";
import { worst } from "../support/exact.ts";
import { plaza, r1 } from "./support.ts";

// So few intervals that each takes several sub-steps: their counts are part of the map G and must not hang on the way there.
const small = { grid: 24, steps: 12 } as const;
const plane = { grid: 12, steps: 8 } as const;

/** A budget that holds two histories and nothing more. */
function leastMemory(problem: unknown, shape: readonly number[], steps: number): number {
  const d = discretise(parseProblem(problem), shape, steps, schemeDefaults());
  return hostMemoryNeed([d], { precision: "f64", andersonDepth: 0, keepTransported: false }).bytes;
}

const methods: readonly { readonly method: string; readonly options: SolveOptions; readonly close: number }[] = [
  {
    method: "fictitious play",
    options: { relaxation: "fictitious", tolerance: 1e-4, maxIterations: 400 },
    close: 1e-2,
  },
  { method: "a fixed theta of 0.2", options: { relaxation: 0.2, tolerance: 1e-8 }, close: 1e-6 },
  {
    method: "a fixed theta in place",
    options: { relaxation: 0.2, tolerance: 1e-8, memoryBytes: leastMemory(r1, [24], small.steps) },
    close: 1e-6,
  },
];

describe("r1 has one equilibrium", () => {
  const reference = solve(r1, { ...small, tolerance: 1e-10 });

  test("Anderson after fictitious play finds it", async () => {
    const { record } = await reference;
    expect(record.stopReason).toBe("tolerance");
    expect(record.relaxation).toEqual({
      method: "anderson",
      theta: null,
      depth: 20,
      beta: 0.1,
      inPlace: false,
      replaced: 0,
    });
    expect(record.densityKind).toBe("transported");
  });

  test.each(methods)("$method finds the same", async ({ options, close }) => {
    const exact = await reference;
    const { record, value, density } = await solve(r1, { ...small, ...options });
    expect(record.stopReason).toBe("tolerance");
    expect(record.substeps).toEqual(exact.record.substeps);
    expect(record.relaxation.inPlace).toBe(options.memoryBytes !== undefined);
    expect(record.relaxation.theta).toBe(typeof options.relaxation === "number" ? options.relaxation : null);
    expect(worst(value, exact.value)).toBeLessThan(close);
    expect(worst(density, exact.density)).toBeLessThan(close);
    expect(record.exploitability).not.toBeNull();
    expect(Math.abs(record.exploitability!)).toBeLessThan(close);
  });
});

describe("in place", () => {
  test("with an exit in 2-D: the same equilibrium, mass and outflow as with three histories", async () => {
    const options = { ...plane, relaxation: 0.5, tolerance: 1e-9 } as const;
    const apart = await solve(plaza, options);
    const inPlace = await solve(plaza, { ...options, memoryBytes: leastMemory(plaza, [12, 12], plane.steps) });
    expect(apart.record).toMatchObject({ stopReason: "tolerance", relaxation: { inPlace: false } });
    expect(inPlace.record).toMatchObject({ stopReason: "tolerance", relaxation: { inPlace: true } });
    expect(worst(inPlace.value, apart.value)).toBeLessThan(1e-7);
    expect(worst(inPlace.density, apart.density)).toBeLessThan(1e-7);
    expect(inPlace.record.outflow).toBeCloseTo(apart.record.outflow!, 7);
    expect(inPlace.record.cost).toBeCloseTo(apart.record.cost!, 7);
    expect(inPlace.record.massDrift).toBeLessThan(1e-12);
  });

  test("relaxes as with histories apart: the same residuals until the end", async () => {
    const options = { ...small, relaxation: 0.3, maxIterations: 6 } as const;
    const apart = await solve(r1, options);
    const inPlace = await solve(r1, { ...options, memoryBytes: leastMemory(r1, [24], small.steps) });
    const residuals = apart.record.history.map(({ residual }) => residual);
    expect(inPlace.record.history.map(({ residual }) => residual)).toEqual(residuals);
  });
});

test("the residual is that of the whole step, however small theta is", async () => {
  const first = async (relaxation: SolveOptions["relaxation"]): Promise<number> => {
    const { record } = await solve(r1, { ...small, maxIterations: 1, ...(relaxation !== undefined && { relaxation }) });
    return record.history[0]!.residual;
  };
  const whole = await first(1);
  expect(await first(0.03)).toBe(whole);
  expect(await first("fictitious")).toBe(whole);
  expect(await first(undefined)).toBe(whole);
});

test("fictitious play is the average of the transported densities with weights 2/(k+2)", async () => {
  // With no coupling G is constant, so one whole step ends it: theta = 2/(0+2) = 1.
  const { record } = await solve({ ...r1, coupling: { kind: "none" } }, { ...small, relaxation: "fictitious" });
  expect(record).toMatchObject({ stopReason: "tolerance", iterations: 2 });
  expect(record.residual).toBeLessThan(1e-15);
});

test("a workspace that is loaded again repeats itself: nothing of the first run is remembered", async () => {
  const d = discretise(parseProblem(r1), [24], 12, schemeDefaults());
  const options = { precision: "f64", andersonDepth: 4, keepTransported: true } as const;
  await using workspace = await batchedTier.workspace([d], options);
  const run = async (): Promise<number[]> => {
    await workspace.load(0, d.initialDensity);
    const residuals: number[] = [];
    for (let i = 0; i < 8; i++) {
      await workspace.hjb(0);
      residuals.push((await workspace.fokkerPlanck(0)).residual);
      const step = i < 3 ? ({ kind: "blend", theta: 0.5 } as const) : ({ kind: "anderson", beta: 0.1 } as const);
      await workspace.relax(0, step, { kind: "blend", theta: 0.3 });
    }
    return residuals;
  };
  const first = await run();
  expect(await run()).toEqual(first);
  expect(new Set(first).size).toBe(8);
});
