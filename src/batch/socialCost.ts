/**
 * Social cost and the planner's optimum. For a local coupling f the planner, who minimises the cost of all players together,
 * chooses the equilibrium of the game with coupling f*(m) = d(m f(m))/dm (Lasry & Lions 2007, section 2.6): a second solve.
 */
import type { Discretisation } from "../scheme/discretisation.ts";
import { couplingSlice } from "../scheme/coupling.ts";
import { levelWeights } from "../scheme/quadrature.ts";
import { studyError } from "./studyFile.ts";

interface GivenCoupling {
  readonly kind: string;
  readonly strength?: number;
  readonly exponent?: number;
}

/**
 * The problem whose equilibrium is the planner's optimum of `problem`.
 *
 * @throws MFGPU_CONFIG_STUDY for a coupling that is not local in the density
 */
export function plannerProblem(problem: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const coupling = (problem["coupling"] ?? { kind: "none" }) as GivenCoupling;
  const strength = coupling.strength ?? 1;
  switch (coupling.kind) {
    case "none":
    // d(m s log m)/dm = s log m + s: the constant moves the value and nobody's choice.
    case "log":
      return { ...problem };
    case "linear":
      return { ...problem, coupling: { ...coupling, strength: 2 * strength } };
    case "power":
      return { ...problem, coupling: { ...coupling, strength: (1 + (coupling.exponent ?? 1)) * strength } };
    default:
      throw studyError(
        "measures",
        coupling.kind,
        `The price of anarchy is known for local couplings; this one is ${coupling.kind}.`,
        "Use it with none, linear, power or log, or measure socialCost alone.",
      );
  }
}

/** Integral over time and space of m f(m) of a density history on the grid of `d`. */
export function couplingCost(d: Discretisation, density: Float64Array): number {
  const { grid, steps } = d;
  const weights = levelWeights(d);
  const f = new Float64Array(grid.points);
  let total = 0;
  for (let k = 0; k <= steps; k++) {
    const m = density.subarray(k * grid.points, (k + 1) * grid.points);
    couplingSlice(d, k, m, f);
    let sum = 0;
    for (let i = 0; i < m.length; i++) sum += (m[i] ?? 0) * (f[i] ?? 0);
    total += (weights[k] ?? 0) * grid.cellVolume * sum;
  }
  return total;
}
