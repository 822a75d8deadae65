/** Small games of every kind, and every mode of the scheme: what two tiers are held to each other on. */
import type { ProblemInput } from "../../src/problem/input.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
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

export interface Game {
  readonly game: string;
  readonly problem: ProblemInput;
  readonly options: SolveOptions;
}

/** Every dimension, wall and kind of Hamiltonian. */
export const games: readonly Game[] = [
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
/** Every splitting, variant, numerical Hamiltonian and form of the Fokker-Planck equation. */
export const modes: readonly { readonly mode: string; readonly options: SolveOptions }[] = [
  { mode: "default", options: {} },
  { mode: "explicit, js, glf", options: { splitting: "explicit", weno: "js", hamiltonianFlux: "glf" } },
  { mode: "strang, m, godunov", options: { splitting: "strang", weno: "m", hamiltonianFlux: "godunov" } },
  { mode: "fdm", options: { fokkerPlanck: "fdm" } },
];

/** Every coupling, and what else no game above has. */
export const couplings: readonly Game[] = [
  { game: "no coupling", problem: { ...r1, coupling: { kind: "none" } }, options: { grid: 24, steps: 6 } },
  {
    game: "power coupling",
    problem: { ...r1, coupling: { kind: "power", strength: 0.5, exponent: 1.5 } },
    options: { grid: 24, steps: 6 },
  },
  {
    game: "square coupling, linear interpolation",
    problem: { ...r1, coupling: { kind: "power", strength: 0.5, exponent: 2 } },
    options: { grid: 24, steps: 6, timeInterpolation: "linear" },
  },
  {
    game: "log coupling that uses its floor",
    problem: { ...r1, coupling: { kind: "log", strength: 0.5, floor: 0.8 } },
    options: { grid: 24, steps: 6 },
  },
  {
    game: "nonlocal coupling wider than the box, between a wall and an exit",
    problem: { ...line({ lower: "reflecting", upper: "exit" }), coupling: { kind: "nonlocal", strength: 1, width: 1 } },
    options: { grid: 24, steps: 6 },
  },
  {
    game: "target coupling and a potential in time",
    problem: {
      ...plaza,
      coupling: { kind: "target", strength: 0.5, target: "1 + 0.2*sin(2*pi*y)*t" },
      potential: "0.3*x*(1 + t)",
    },
    options: { grid: [10, 9], steps: 4 },
  },
  {
    game: "mean coupling",
    problem: { ...plaza, coupling: { kind: "mean", strength: 0.7, attraction: 0.5 } },
    options: { grid: [10, 9], steps: 4 },
  },
  {
    game: "3-D power Hamiltonian",
    problem: { ...box, hamiltonian: { kind: "power", exponent: 3, control: 0.7 } },
    options: { grid: [8, 7, 9], steps: 3 },
  },
  {
    // Few iterations: without noise two of them make ten times more of round-off, between scalar and batched as well.
    game: "no noise",
    problem: { ...r1, volatility: 0, terminalCost: "0.1*sin(2*pi*x)" },
    options: { grid: 24, steps: 6, maxIterations: 4 },
  },
];
