/** The tier rust does the same whole solves as batched. */
import { describe, expect, test } from "vitest";
import { parseProblem } from "../../src/problem/schema.ts";
import { discretise } from "../../src/scheme/discretise.ts";
import { schemeDefaults } from "../../src/scheme/options.ts";
import type { SolveOptions, SolveResult } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { addon, isAddon } from "../../src/tiers/rust/addon.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import { worst } from "../support/exact.ts";
import { couplings, games, modes, type Game } from "./games.ts";
import { plaza, r1 } from "./support.ts";

/** Both do the same operations in another order of summation: what is left is round-off, grown by the iteration. */
const tolerance = 1e-11;

async function both(
  problem: Game["problem"],
  options: SolveOptions,
): Promise<{ readonly rust: SolveResult; readonly batched: SolveResult }> {
  const rust = await solve(problem, { ...options, tier: "rust" });
  const batched = await solve(problem, { ...options, tier: "batched" });
  expect([rust.record.tier, batched.record.tier]).toEqual(["rust", "batched"]);
  return { rust, batched };
}

const largest = (field: Float64Array): number => field.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

function expectSame(rust: SolveResult, batched: SolveResult): void {
  expect(rust.record.stopReason).toBe(batched.record.stopReason);
  expect(rust.record.iterations).toBe(batched.record.iterations);
  expect(rust.record.substeps).toEqual(batched.record.substeps);
  const scale = Math.max(largest(batched.value), largest(batched.density));
  expect(worst(rust.value, batched.value)).toBeLessThan(tolerance * scale);
  expect(worst(rust.density, batched.density)).toBeLessThan(tolerance * scale);
  const near = (found: number | null, wanted: number | null): void => {
    expect(Math.abs(found! - wanted!)).toBeLessThan(tolerance * Math.max(1, scale));
  };
  near(rust.record.cost, batched.record.cost);
  near(rust.record.exploitability, batched.record.exploitability);
  near(rust.record.dualityDefect, batched.record.dualityDefect);
  near(rust.record.outflow, batched.record.outflow);
  expect(rust.record.massDrift).toBeLessThan(1e-12);
  expect(rust.record.history.length).toBe(batched.record.history.length);
}

/** In 1-D past the fictitious play, so that Anderson is in it too. */
const iterations = ({ domain }: Game["problem"]): number => (domain.length === 1 ? 18 : 2);

describe.skipIf(!isAddon(addon()))("rust = batched to 1e-11 after the same iterations", () => {
  describe.each(games)("$game", ({ problem, options: base }) => {
    test.each(modes)("$mode", async ({ options }) => {
      const run = { ...base, maxIterations: iterations(problem), tolerance: 1e-14, ...options };
      const { rust, batched } = await both(problem, run);
      expect(["limit", "tolerance"]).toContain(batched.record.stopReason);
      expectSame(rust, batched);
    });
  });

  test.each(couplings)("$game", async ({ problem, options }) => {
    const run = { maxIterations: iterations(problem), tolerance: 1e-14, ...options };
    const { rust, batched } = await both(problem, run);
    expectSame(rust, batched);
    expect(rust.record.flooredCells).toBe(batched.record.flooredCells);
  });

  // Tiles end in mid-grid along both strided axes, and rows are cut into bands along the contiguous one.
  const large = [
    { shape: [70, 270], game: "2-D exit x periodic", horizon: 0.004 },
    { shape: [40, 300], game: "2-D drift field", horizon: 0.004 },
    { shape: [20, 37, 18], game: "3-D exit x periodic x open", horizon: 0.02 },
  ] as const;
  const fluxes = ["llf", "glf", "godunov"] as const;
  test.each(large.flatMap((one) => fluxes.map((hamiltonianFlux) => ({ ...one, hamiltonianFlux }))))(
    "$hamiltonianFlux on a grid of many tiles: $game, $shape",
    async ({ shape, game, horizon, hamiltonianFlux }) => {
      const problem = { ...games.find((one) => one.game === game)!.problem, horizon, volatility: 0.02 };
      const run = { grid: shape, steps: 1, maxIterations: 1, tolerance: 1e-14, splitting: "explicit" } as const;
      const { rust, batched } = await both(problem, { ...run, hamiltonianFlux });
      expectSame(rust, batched);
    },
  );

  test("with two histories, relaxed in place", async () => {
    const { problem, options } = games.find(({ game }) => game === "1-D exits")!;
    const d = discretise(parseProblem(problem), [24], 8, schemeDefaults());
    const keeping = { precision: "f64", andersonDepth: 0, keepTransported: false } as const;
    const [rust, batched] = await Promise.all(
      [rustTier, batchedTier].map((tier) => {
        const memoryBytes = tier.memoryNeed([d], keeping).bytes;
        return solve(problem, { ...options, tier: tier.name, maxIterations: 6, tolerance: 1e-14, memoryBytes });
      }),
    );
    expect([rust!.record.memory.inPlace, batched!.record.memory.inPlace]).toEqual([true, true]);
    expectSame(rust!, batched!);
  });

  test.each([
    { game: "1-D torus", problem: r1, options: { grid: 32, steps: 8 } },
    { game: "2-D exits and walls", problem: plaza, options: { grid: [12, 9], steps: 8 } },
    { game: "2-D exits and walls, fdm", problem: plaza, options: { grid: [12, 9], steps: 8, fokkerPlanck: "fdm" } },
    games.find(({ game }) => game === "3-D exit x periodic x open")!,
  ] satisfies readonly Game[])("$game: at convergence", async ({ problem, options }) => {
    const { rust, batched } = await both(problem, { ...options, tolerance: 1e-12 });
    expect(rust.record.stopReason).toBe("tolerance");
    expect(rust.record.residual).toBeLessThan(1e-12);
    expectSame(rust, batched);
  });

  test("a run that is beyond the numbers diverges at the same place", async () => {
    const steep = { kind: "power", strength: 1, exponent: 2000 } as const;
    const gathering = { ...r1, terminalCost: "cos(2*pi*x)", initialDensity: 1, coupling: steep };
    for (const problem of [{ ...r1, terminalCost: "1e200*sin(2*pi*x)" }, gathering]) {
      const { rust, batched } = await both(problem, { grid: 16, steps: 8, relaxation: 1 });
      expect(batched.record.stopReason).toBe("diverged");
      expect(rust.record.stopReason).toBe("diverged");
      const place = (text: string): string => text.replace(/, point \d+\.$/, "");
      expect(place(rust.record.stopDetail)).toBe(place(batched.record.stopDetail));
    }
  });
});
