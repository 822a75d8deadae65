/** T21, T23 and T24: what the equations do not see, the solver must not see either. */
import { describe, expect, test } from "vitest";
import type { ProblemInput, WallInput } from "../../src/problem/input.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { worst } from "../support/exact.ts";
import { torusWave } from "../support/oracles.ts";
import { sweepOnce } from "../support/sweeps.ts";
import {
  type BoxMap,
  identity,
  mappedDifference,
  mappedProblem,
  permutation,
  type Point,
  type PointGame,
  reflection,
  translation,
} from "../support/symmetry.ts";

const periodic = ["periodic", "periodic"] as const;
const walls = ["reflecting", "reflecting"] as const;
const exit: WallInput = { kind: "exit", value: 0.1 };
const K = 2 * Math.PI;

/** A game without any symmetry of its own. */
function gameOn(sides: PointGame["walls"], more: Partial<PointGame> = {}): PointGame {
  const wave = (p: Point, weight: number): number =>
    p.reduce((sum, x, a) => sum + Math.sin(K * x + weight * (a + 1)), 0);
  return {
    walls: sides,
    coupling: { kind: "linear", strength: 1 },
    volatility: 0.3,
    horizon: 0.3,
    potential: (p) => 0.7 * wave(p, 0.4),
    terminalCost: (p) => 0.2 * wave(p, 2.1),
    initialDensity: (p) => 1 + 0.8 * p.reduce((product, x, a) => product * Math.cos(K * x - a - 0.3), 1),
    ...more,
  };
}

/** Costs that keep everybody off the walls, as `open` walls demand. */
const inwards =
  (offset: number) =>
  (p: Point): number =>
    p.reduce((sum, x, a) => sum + 2 * (x - offset - 0.07 * a) ** 2, 0);
const gathered: Partial<PointGame> = { potential: inwards(0.4), terminalCost: inwards(0.45) };

/** Three relaxed iterations of the original and of the mapped game; the differences of u and m. */
async function differenceUnder(
  game: PointGame,
  map: BoxMap,
  options: SolveOptions,
): Promise<{ value: number; density: number }> {
  const grid = { 1: 32, 2: 16, 3: 8 }[game.walls.length]!;
  const run = { grid, steps: 4, relaxation: 0.4, maxIterations: 3, ...options };
  const original = await solve(mappedProblem(game, identity), run);
  const mapped = await solve(mappedProblem(game, map), run);
  expect(mapped.record.stopReason).toBe("limit");
  // The map does something.
  expect(worst(original.value, mapped.value)).toBeGreaterThan(1e-3);
  return mappedDifference(original, mapped, map);
}

const schemes: readonly { readonly scheme: string; readonly options: SolveOptions }[] = [
  { scheme: "default", options: {} },
  { scheme: "strang, js", options: { splitting: "strang", weno: "js" } },
  { scheme: "explicit, m", options: { splitting: "explicit", weno: "m" } },
  { scheme: "glf", options: { hamiltonianFlux: "glf" } },
  { scheme: "godunov", options: { hamiltonianFlux: "godunov" } },
  { scheme: "fdm", options: { fokkerPlanck: "fdm" } },
];

const games: readonly { readonly game: string; readonly of: (sides: PointGame["walls"]) => PointGame }[] = [
  { game: "linear coupling", of: (sides) => gameOn(sides) },
  {
    game: "nonlocal coupling",
    of: (sides) => gameOn(sides, { coupling: { kind: "nonlocal", strength: 1, width: 0.1 } }),
  },
  {
    game: "drift field",
    of: (sides) =>
      gameOn(sides, { drift: (p) => p.map((x, a) => 0.3 * Math.cos(K * x + a) + 0.1 * Math.sin(K * p[0]!)) }),
  },
  {
    game: "power Hamiltonian",
    of: (sides) => gameOn(sides, { hamiltonian: { kind: "power", control: 0.8, exponent: 3 } }),
  },
];

const round = 1e-12;

describe("T21 translation on the torus", () => {
  test.each(schemes)("1-D, 2-D and 3-D, $scheme: the result moves along, to round-off", async ({ options }) => {
    for (const shift of [[3 / 32], [5 / 16, 1 / 8], [1 / 8, 0, 3 / 8]]) {
      const sides = shift.map(() => periodic);
      const found = await differenceUnder(gameOn(sides), translation(shift), options);
      expect(found.value).toBeLessThan(round);
      expect(found.density).toBeLessThan(round);
    }
  });

  test.each(games)("2-D, $game", async ({ of }) => {
    const found = await differenceUnder(of([periodic, periodic]), translation([3 / 16, 1 / 4]), {});
    expect(found.value).toBeLessThan(round);
    expect(found.density).toBeLessThan(round);
  });
});

describe("T21 reflection", () => {
  const boxes: readonly PointGame["walls"][] = [
    [periodic],
    [walls],
    [["reflecting", exit]],
    [[exit, "open"]],
    [[exit, exit]],
  ];
  test.each(schemes)("1-D, every wall, $scheme: the result turns round, to round-off", async ({ options }) => {
    for (const sides of boxes) {
      const found = await differenceUnder(
        gameOn(sides, sides.flat().includes("open") ? gathered : {}),
        reflection(0),
        options,
      );
      expect(found.value).toBeLessThan(round);
      expect(found.density).toBeLessThan(round);
    }
  });

  test.each(games)("2-D, either axis, $game", async ({ of }) => {
    const game = of([["reflecting", exit], periodic]);
    for (const axis of [0, 1]) {
      const found = await differenceUnder(game, reflection(axis), {});
      expect(found.value).toBeLessThan(round);
      expect(found.density).toBeLessThan(round);
    }
  });
});

describe("T21 permutation of the axes, and with it of the split order", () => {
  // Without exits the axes' diffusions commute; the implicit steps of fdm hold the drift as well, and do not.
  test.each(schemes.filter(({ scheme }) => scheme !== "fdm"))("2-D and 3-D, $scheme", async ({ options }) => {
    for (const sides of [
      [periodic, walls],
      [walls, ["open", "reflecting"], walls],
    ] as const) {
      const order = sides.length === 2 ? [1, 0] : [1, 2, 0];
      const found = await differenceUnder(
        gameOn(sides, sides.length === 3 ? gathered : {}),
        permutation(order),
        options,
      );
      expect(found.value).toBeLessThan(round);
      expect(found.density).toBeLessThan(round);
    }
  });

  test.each(games)("2-D, $game", async ({ of }) => {
    const found = await differenceUnder(of([walls, periodic]), permutation([1, 0]), {});
    expect(found.value).toBeLessThan(round);
    expect(found.density).toBeLessThan(round);
  });

  test("2-D with exits on both axes, explicit", async () => {
    const game = gameOn([
      ["reflecting", exit],
      [exit, exit],
    ]);
    const found = await differenceUnder(game, permutation([1, 0]), { splitting: "explicit" });
    expect(found.value).toBeLessThan(round);
    expect(found.density).toBeLessThan(round);
  });
});

describe("T23 adding c(t) to the running cost", () => {
  const base = mappedProblem(gameOn([periodic]), identity);
  type OfTime = (x: number, y: number, z: number, t: number) => number;
  const potential = base.potential as OfTime;
  // Cubic in time: interpolation between uniform levels and SSPRK3 are exact on it.
  const c = (t: number): number => 2 - 3 * t + 5 * t ** 3;
  const integral = (t: number): number => 2 * t - 1.5 * t * t + 1.25 * t ** 4;
  const shifted: OfTime = (x, y, z, t) => potential(x, y, z, t) + c(t);

  test.each(schemes)("$scheme: u gains the integral of c, m stays, to round-off", async ({ options }) => {
    const run = { grid: 32, steps: 8, timeLevels: "uniform", relaxation: 0.4, maxIterations: 5, ...options } as const;
    const before = await solve(base, run);
    const after = await solve({ ...base, potential: shifted }, run);
    const gain = Float64Array.from(before.value, (_, i) => integral(0.3) - integral(before.t[Math.floor(i / 32)]!));
    expect(Math.max(...gain)).toBeGreaterThan(0.1);
    const expected = before.value.map((u, i) => u + gain[i]!);
    expect(worst(after.value, expected)).toBeLessThan(round);
    expect(worst(after.density, before.density)).toBeLessThan(round);
  });
});

describe("T23 units of length, time and mass", () => {
  /** The game on [0, L), over `time` times the horizon, with `mass` times the agents. */
  function scaled(length: number, time: number, mass: number): ProblemInput {
    const game = mappedProblem(gameOn([["reflecting", "reflecting"]]), identity);
    const field =
      (f: ProblemInput["potential"], factor: number) =>
      (x: number): number =>
        factor * (f as (x: number, y: number, z: number, t: number) => number)(x / length, 0, 0, 0);
    const cost = (length / time) ** 2;
    return {
      ...game,
      domain: game.domain.map((axis) => ({ ...axis, to: length })),
      horizon: game.horizon * time,
      volatility: (game.volatility * length) / Math.sqrt(time),
      coupling: { kind: "linear", strength: (cost * length) / mass },
      potential: field(game.potential, cost),
      terminalCost: field(game.terminalCost, cost * time),
      initialDensity: field(game.initialDensity, mass / length),
    };
  }

  test.each(schemes)(
    "$scheme: the same game in other units has the same equilibrium in other units",
    async ({ options }) => {
      const run = { grid: 32, steps: 8, relaxation: 0.4, maxIterations: 5, ...options };
      const base = await solve(scaled(1, 1, 1), run);
      // Powers of two are exact; others round the data.
      for (const [length, time, mass] of [
        [8, 4, 2],
        [0.25, 0.0625, 1],
        [3, 0.7, 5],
      ] as const) {
        const { value, density } = await solve(scaled(length, time, mass), run);
        expect(
          worst(
            value.map((u) => (u * time) / length ** 2),
            base.value,
          ),
        ).toBeLessThan(round);
        expect(
          worst(
            density.map((m) => (m * length) / mass),
            base.density,
          ),
        ).toBeLessThan(round);
      }
    },
  );
});

describe("T24 reflecting walls of E2 with phase 0 on the half period", () => {
  const n = 64;
  const h = 1 / n;
  const torus = torusWave({ phase: 0 }).problem;
  const half = { ...torus, domain: [{ from: 0, to: 0.5, boundary: "reflecting" as const }] };
  // Nodes of the torus where the cell centres of the half are.
  const full = { ...torus, domain: [{ from: h / 2, to: 1 + h / 2, boundary: "periodic" as const }] };
  const firstHalf = (history: Float64Array): Float64Array => history.filter((_, i) => i % n < n / 2);

  test.each([
    { scheme: "explicit", options: { splitting: "explicit" } },
    { scheme: "strang", options: { splitting: "strang" } },
    { scheme: "default", options: {} },
    { scheme: "fdm", options: { fokkerPlanck: "fdm" } },
  ] as const)("$scheme: equal the torus to 1e-15 in u and 2e-14 in m", async ({ options }) => {
    const onTorus = await sweepOnce(full, [n], 32, options);
    const betweenWalls = await sweepOnce(half, [n / 2], 32, options);
    expect(worst(betweenWalls.value, firstHalf(onTorus.value))).toBeLessThanOrEqual(1e-15);
    expect(worst(betweenWalls.density, firstHalf(onTorus.density))).toBeLessThanOrEqual(2e-14);
  });
});
