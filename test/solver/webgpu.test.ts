/** Whole solves that stay on the GPU, against the batched tier in f64. */
import { describe, expect, test } from "vitest";
import type { ProblemInput } from "../../src/problem/input.ts";
import type { SolveOptions, SolveResult } from "../../src/solver/options.ts";
import { solve, solveBatch } from "../../src/solver/solve.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { plaza, r1 } from "./support.ts";

const gpu: SolveOptions = { tier: "webgpu", ...gpuPlace };

/** Largest difference over the largest number. */
function relative(a: Float64Array, b: Float64Array): number {
  let worst = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    const gap = Math.abs(a[i]! - b[i]!);
    if (!(gap <= worst)) worst = gap;
    size = Math.max(size, Math.abs(b[i]!));
  }
  return worst / size;
}

const box: ProblemInput = {
  name: "box",
  domain: [
    { from: -1, to: 1, boundary: { lower: "reflecting", upper: "exit" } },
    { from: -1, to: 1, boundary: "periodic" },
    { from: -1, to: 1, boundary: "open" },
  ],
  horizon: 0.5,
  volatility: 0.4,
  coupling: { kind: "linear", strength: 0.5 },
  potential: "2*z^2 + cos(pi*y)",
  terminalCost: "z^2",
  initialDensity: "gauss(x, 0, 0.3)*gauss(z, 0, 0.3)",
};

const games: readonly { readonly game: string; readonly problem: ProblemInput; readonly options: SolveOptions }[] = [
  { game: "1-D torus", problem: r1, options: { grid: 32, steps: 6 } },
  {
    game: "1-D torus, fdm, Godunov, JS",
    problem: r1,
    options: { grid: 32, steps: 6, fokkerPlanck: "fdm", hamiltonianFlux: "godunov", weno: "js" },
  },
  { game: "1-D explicit", problem: r1, options: { grid: 20, steps: 4, splitting: "explicit" } },
  { game: "2-D exits and walls", problem: plaza, options: { grid: [12, 9], steps: 4 } },
  { game: "3-D, every wall", problem: box, options: { grid: [8, 7, 7], steps: 2, maxIterations: 1 } },
];

const same = (run: SolveResult): unknown => {
  const { iterations, stopReason, substeps, limitedCells, flooredCells } = run.record;
  return { iterations, stopReason, substeps, limitedCells, flooredCells };
};

describe.skipIf(whyNoGpu !== undefined)("a solve on the GPU", () => {
  test.each(games)(
    "$game: the first iterations of fictitious play as the batched tier",
    async ({ problem, options }) => {
      const common: SolveOptions = { relaxation: "fictitious", maxIterations: 3, tolerance: 1e-9, ...options };
      const exact = await solve(problem, { ...common, tier: "batched" });
      const run = await solve(problem, { ...common, ...gpu });
      expect(run.record.precision).toBe("compensated");
      expect(run.record.residency).toBe("resident");
      expect(same(run)).toEqual(same(exact));
      expect(relative(run.value, exact.value)).toBeLessThan(1e-6);
      expect(relative(run.density, exact.density)).toBeLessThan(1e-6);
      expect(run.record.massDrift).toBeLessThan(1e-7);
      expect(run.record.minDensity).toBeGreaterThanOrEqual(0);
      for (const key of ["residual", "cost", "dualityDefect", "exploitability"] as const)
        expect(Math.abs(run.record[key]! - exact.record[key]!)).toBeLessThan(3e-6 * Math.abs(exact.record.cost!));
    },
    240_000,
  );

  test("Anderson finds the batched tier's equilibrium", async () => {
    const common: SolveOptions = { grid: 20, steps: 4 };
    const exact = await solve(r1, { ...common, tier: "batched" });
    const run = await solve(r1, { ...common, ...gpu, tolerance: 2e-7 });
    expect(run.record.stopReason).toBe("tolerance");
    expect(run.record.relaxation.method).toBe("anderson");
    expect(relative(run.value, exact.value)).toBeLessThan(1e-6);
    expect(relative(run.density, exact.density)).toBeLessThan(1e-6);
    expect(run.record.massDrift).toBeLessThan(1e-7);
  }, 240_000);

  test("a batch equals its single solves bitwise, whatever their parameters, sub-steps and iterations", async () => {
    const options: SolveOptions = { ...gpu, grid: 12, steps: 2, maxIterations: 18, tolerance: 2e-3 };
    const others: readonly ProblemInput[] = [
      { ...r1, volatility: 0.7, coupling: { kind: "power", strength: 0.5, exponent: 1.5 } },
      { ...r1, horizon: 1.5, potential: "3*cos(2*pi*x)" },
      { ...r1, coupling: { kind: "linear", strength: 0 } },
    ];
    const problems = [r1, ...others];
    const batch = await solveBatch(problems, options);
    for (const [i, problem] of problems.entries()) {
      const single = await solve(problem, options);
      expect(batch[i]!.value).toEqual(single.value);
      expect(batch[i]!.density).toEqual(single.density);
      expect(same(batch[i]!)).toEqual(same(single));
      for (const key of ["cost", "dualityDefect", "exploitability", "massDrift", "path"] as const)
        expect(batch[i]!.record[key]).toBe(single.record[key]);
      expect(batch[i]!.record.history.map(({ residual }) => residual)).toEqual(
        single.record.history.map(({ residual }) => residual),
      );
    }
    expect(batch[0]!.record.path).toBe("line");
    // They stop at different iterations and take different sub-steps.
    expect(new Set(batch.map(({ record }) => record.iterations)).size).toBeGreaterThan(1);
    expect(new Set(batch.map(({ record }) => record.substeps.hjb)).size).toBeGreaterThan(1);
  }, 240_000);
});
