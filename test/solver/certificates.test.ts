/** Exploitability and duality defect (docs/numerics.md section 7.4). */
import { describe, expect, test } from "vitest";
import type { ProblemInput } from "../../src/problem/input.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { ordersOf } from "../support/exact.ts";
import { plaza, r1 } from "./support.ts";

describe("exploitability in every iteration", () => {
  const modes: readonly { readonly mode: string; readonly options: SolveOptions }[] = [
    { mode: "weno5", options: {} },
    { mode: "fdm", options: { fokkerPlanck: "fdm" } },
  ];

  test.each(modes)("$mode: it falls as the square of the residual, to nothing", async ({ options }) => {
    const { record } = await solve(r1, {
      grid: 32,
      steps: 16,
      tolerance: 1e-10,
      exploitabilityEveryIteration: true,
      ...options,
    });
    expect(record.stopReason).toBe("tolerance");
    const history = record.history.map(({ residual, exploitability }) => ({
      residual,
      exploitability: exploitability!,
    }));
    // Never negative for exact sweeps; here by what the discretisation leaves of it.
    for (const { exploitability } of history) expect(exploitability).toBeGreaterThan(-1e-6);
    expect(history[0]!.exploitability).toBeGreaterThan(0.01);
    // Where the discretisation does not yet show (its share is linear in the residual), E / residual^2 stays within a decade or two.
    const early = history.filter(({ residual }) => residual > 2e-3);
    expect(early.length).toBeGreaterThan(5);
    for (const { residual, exploitability } of early) {
      expect(exploitability / residual ** 2).toBeGreaterThan(0.01);
      expect(exploitability / residual ** 2).toBeLessThan(10);
    }
    expect(Math.abs(record.exploitability!)).toBeLessThan(1e-11);
    expect(record.exploitability).toBe(history.at(-1)!.exploitability);
  });

  test("is null unless asked for, and then computed once, at the end", async () => {
    const { record } = await solve(r1, { grid: 16, steps: 8, maxIterations: 3 });
    expect(record.history.map(({ exploitability }) => exploitability)).toEqual([null, null, null]);
    expect(record.exploitability).toBeGreaterThan(0);
    expect(record.relativeExploitability).toBeCloseTo(record.exploitability! / Math.abs(record.cost!), 12);
  });

  test("does not change the run", async () => {
    const options = { grid: 16, steps: 8, maxIterations: 20 };
    const plain = await solve(r1, options);
    const watched = await solve(r1, { ...options, exploitabilityEveryIteration: true });
    expect(watched.value).toEqual(plain.value);
    expect(watched.density).toEqual(plain.density);
    expect(watched.record.exploitability).toBe(plain.record.exploitability);
  });

  test("is that of the best response also with exits, in 2-D", async () => {
    const { record } = await solve(plaza, { grid: 12, steps: 10, tolerance: 1e-9, exploitabilityEveryIteration: true });
    expect(record.stopReason).toBe("tolerance");
    expect(record.history[0]!.exploitability).toBeGreaterThan(0);
    expect(Math.abs(record.exploitability!)).toBeLessThan(1e-9);
  });
});

describe("the duality defect measures the discretisation", () => {
  const defects = async (problem: unknown, sizes: readonly number[], options: SolveOptions = {}): Promise<number[]> => {
    const found = [];
    for (const n of sizes) {
      const { record } = await solve(problem, { grid: n, steps: n, ...options });
      expect(record.stopReason).toBe("tolerance");
      found.push(Math.abs(record.dualityDefect!));
    }
    return found;
  };

  test("weno5: order 2.5 or more on r1", async () => {
    const orders = ordersOf(await defects(r1, [24, 48, 96]));
    expect(Math.min(...orders)).toBeGreaterThan(2.5);
  });

  test("fdm: order 1", async () => {
    const orders = ordersOf(await defects(r1, [24, 48, 96], { fokkerPlanck: "fdm" }));
    for (const order of orders) expect(Math.abs(order - 1)).toBeLessThan(0.4);
  });

  test("with an exit that costs: order 1.8 or more, so what leavers pay is counted", async () => {
    const toll: ProblemInput = {
      name: "toll",
      domain: [{ from: 0, to: 1, boundary: { lower: "reflecting", upper: { kind: "exit", value: "0.3 + 0.2*t" } } }],
      horizon: 0.4,
      volatility: 0.5,
      coupling: { kind: "linear", strength: 0.5 },
      potential: 0.5,
      terminalCost: "0.38 + 0.3*cos(pi*x/2)",
      initialDensity: "cos(pi*x/2)^2",
    };
    const orders = ordersOf(await defects(toll, [16, 32, 64]));
    expect(Math.min(...orders)).toBeGreaterThan(1.8);
  });
});
