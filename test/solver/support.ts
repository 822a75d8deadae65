/** Small games for the tests of the iteration. */
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import type { ProblemInput } from "../../src/problem/input.ts";

/** The catalogue problem r1 as a file holds it, for variations. */
export const r1 = loadCatalogueProblem("r1").source as ProblemInput;

/** Walls, an exit that costs, obstacles and noise on a plane: a little of everything. */
export const plaza: ProblemInput = {
  name: "plaza",
  domain: [
    { from: 0, to: 1, boundary: { lower: "reflecting", upper: { kind: "exit", value: "0.1*y" } } },
    { from: 0, to: 1, boundary: "periodic" },
  ],
  horizon: 0.4,
  volatility: 0.4,
  coupling: { kind: "linear", strength: 0.5 },
  potential: "0.5 + 0.3*cos(2*pi*y)*x",
  terminalCost: "0.2*(1 - x)",
  initialDensity: "1 + 0.5*cos(pi*x)",
};
