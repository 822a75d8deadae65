/** The scalar and the batched tier do the same whole solves. */
import { describe, expect, test } from "vitest";
import type { ProblemInput } from "../../src/problem/input.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { worst } from "../support/exact.ts";
import { torusWave } from "../support/oracles.ts";
import { plaza, r1 } from "./support.ts";

const line = (boundary: ProblemInput["domain"][number]["boundary"]): ProblemInput => ({
  name: "line",
  domain: [{ from: -1, to: 1, boundary }],
  horizon: 0.5,
  volatility: 0.4,
  coupling: { kind: "linear", strength: 0.5 },
  potential: "2*x^2",
  terminalCost: "x^2",
  initialDensity: "gauss(x, 0.2, 0.3)",
});
const torus = (k: readonly number[]): ProblemInput => ({ ...torusWave({ k }).problem, coupling: { kind: "linear" } });
const box: ProblemInput = {
  ...line("periodic"),
  domain: [
    { from: -1, to: 1, boundary: { lower: "reflecting", upper: "exit" } },
    { from: -1, to: 1, boundary: "periodic" },
    { from: -1, to: 1, boundary: "open" },
  ],
  potential: "2*z^2 + cos(pi*y)",
  terminalCost: "z^2",
};

const games: readonly { readonly game: string; readonly problem: ProblemInput; readonly options: SolveOptions }[] = [
  { game: "1-D periodic", problem: r1, options: { grid: 32, steps: 8 } },
  { game: "1-D reflecting", problem: line("reflecting"), options: { grid: 24, steps: 8 } },
  { game: "1-D open", problem: line("open"), options: { grid: 24, steps: 8 } },
  { game: "1-D exits", problem: line("exit"), options: { grid: 24, steps: 8 } },
  {
    game: "1-D exit and open",
    problem: line({ lower: { kind: "exit", value: "0.1 + t" }, upper: "open" }),
    options: { grid: 24, steps: 8 },
  },
  { game: "2-D torus", problem: torus([1, 1]), options: { grid: 12, steps: 5 } },
  { game: "2-D exit x periodic", problem: plaza, options: { grid: [12, 9], steps: 5 } },
  {
    game: "2-D exits on both axes",
    problem: { ...plaza, domain: [plaza.domain[0]!, { from: 0, to: 1, boundary: "exit" }] },
    options: { grid: [9, 10], steps: 5 },
  },
  {
    game: "2-D drift field",
    problem: { ...plaza, hamiltonian: { kind: "quadratic", drift: ["0.2*y", "cos(2*pi*x)"] } },
    options: { grid: 10, steps: 5 },
  },
  {
    game: "2-D power Hamiltonian",
    problem: { ...plaza, hamiltonian: { kind: "power", exponent: 1.5 } },
    options: { grid: 10, steps: 5 },
  },
  {
    game: "1-D power Hamiltonian",
    problem: { ...r1, hamiltonian: { kind: "power", exponent: 3, control: 0.8 } },
    options: { grid: 24, steps: 8 },
  },
  {
    game: "2-D nonlocal",
    problem: { ...plaza, coupling: { kind: "nonlocal", strength: 1, width: 0.1 } },
    options: { grid: 10, steps: 5 },
  },
  { game: "3-D torus", problem: torus([1, 1, 0]), options: { grid: 7, steps: 3 } },
  { game: "3-D exit x periodic x open", problem: box, options: { grid: [8, 7, 9], steps: 3 } },
];
const modes: readonly { readonly mode: string; readonly options: SolveOptions }[] = [
  { mode: "default", options: {} },
  { mode: "explicit, js, glf", options: { splitting: "explicit", weno: "js", hamiltonianFlux: "glf" } },
  { mode: "strang, m, godunov", options: { splitting: "strang", weno: "m", hamiltonianFlux: "godunov" } },
  { mode: "fdm", options: { fokkerPlanck: "fdm" } },
];

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
