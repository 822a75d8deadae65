/** Whole solves that stay on the GPU, against the batched tier in f64. */
import { describe, expect, test } from "vitest";
import type { ProblemInput } from "../../src/problem/input.ts";
import type { SolveOptions, SolveResult } from "../../src/solver/options.ts";
import { solve, solveBatch } from "../../src/solver/solve.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { long } from "../support/solveTiers.ts";
import { couplings, type Game, games, modes } from "./games.ts";
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

/**
 * Every game in one mode and every mode in one game or more of each dimension but the dearest; MFGPU_LONG=1 runs all pairs.
 * Each has its own pipelines to compile, which is most of the time.
 */
const few: readonly (readonly [game: string, mode: string])[] = [
  ["1-D periodic", "default"],
  ["1-D reflecting", "strang, m, godunov"],
  ["1-D open", "fdm"],
  ["1-D exits", "explicit, js, glf"],
  ["1-D exit and open", "default"],
  ["1-D power Hamiltonian", "explicit, js, glf"],
  ["2-D exit x periodic", "default"],
  ["2-D exits on both axes", "fdm"],
  ["2-D drift field", "explicit, js, glf"],
  ["2-D power Hamiltonian", "strang, m, godunov"],
  ["2-D nonlocal", "default"],
  ["3-D torus", "explicit, js, glf"],
  ["3-D exit x periodic x open", "default"],
  ["3-D exit x periodic x open", "fdm"],
];

const inModes: readonly Game[] = games.flatMap(({ game, problem, options }) =>
  modes
    .filter(({ mode }) => long || few.some(([one, its]) => one === game && its === mode))
    .map((mode) => ({ game: `${game}, ${mode.mode}`, problem, options: { ...options, ...mode.options } })),
);

/** Games that are solved to the end: from a guess, but past the sweeps of fictitious play all the same. */
const solved: readonly Game[] = [
  { game: "1-D torus", problem: r1, options: { grid: 20, steps: 4 } },
  { game: "2-D exits and walls", problem: plaza, options: { grid: [9, 8], steps: 4 } },
  ...(long ? games.filter(({ problem }) => problem.domain.length === 3) : []),
];

const same = (run: SolveResult): unknown => {
  const { iterations, stopReason, substeps, limitedCells, flooredCells } = run.record;
  return { iterations, stopReason, substeps, limitedCells, flooredCells };
};

describe.skipIf(whyNoGpu !== undefined)("a solve on the GPU", () => {
  test("has a game in every pair that is named", () =>
    expect(inModes.length).toBe(long ? games.length * modes.length : few.length));

  // The one game of them in three dimensions compiles for half a minute on the software adapter.
  const coupled = couplings.filter(({ problem }) => long || problem.domain.length < 3);
  test.each([...inModes, ...coupled])(
    "$game: the first iterations of fictitious play as the batched tier",
    async ({ problem, options }) => {
      // Without noise each iteration makes some ten times more of what rounding left (games.ts), in f64 as well; without a
      // coupling there is one iteration to make.
      const once = problem.volatility === 0 || problem.coupling?.kind === "none";
      const maxIterations = once ? 1 : 4 - problem.domain.length;
      const brief = problem.domain.length === 3 && !long ? { steps: 2 } : {};
      const common: SolveOptions = { relaxation: "fictitious", tolerance: 1e-9, ...options, ...brief, maxIterations };
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

  test.each(solved)(
    "$game: Anderson finds the batched tier's equilibrium",
    async ({ problem, options }) => {
      const warmStart = await solve(problem, { ...options, tier: "batched", tolerance: 1e-2 });
      const exact = await solve(problem, { ...options, tier: "batched", warmStart });
      const run = await solve(problem, { ...options, ...gpu, warmStart, tolerance: 2e-7 });
      expect(run.record.stopReason).toBe("tolerance");
      expect(run.record.relaxation.method).toBe("anderson");
      expect(run.record.iterations).toBeGreaterThan(5);
      // Equilibria depend on the sub-steps that the first iterations choose, and both start alike.
      expect(run.record.substeps).toEqual(exact.record.substeps);
      expect(relative(run.value, exact.value)).toBeLessThan(1e-6);
      expect(relative(run.density, exact.density)).toBeLessThan(1e-6);
      for (const { massDrift, minDensity } of run.record.history) {
        expect(massDrift).toBeLessThan(1e-7);
        expect(minDensity).toBeGreaterThanOrEqual(0);
      }
    },
    600_000,
  );

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
