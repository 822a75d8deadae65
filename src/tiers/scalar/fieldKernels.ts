/**
 * The reference tier: every operation written point by point from the formulas of src/scheme, in f64. Slow on purpose; the
 * faster tiers are held to it.
 */
import { ghostWidth } from "../../scheme/boundary.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import { laplacian6, rkl2 } from "../../scheme/diffusion.ts";
import { dissipation, godunov, laxFriedrichs, runningCost } from "../../scheme/hamiltonian.ts";
import type { FieldKernels, Walls } from "../host/fieldKernels.ts";
import { advectiveFlux, correctDensity, densityStage, diffuseDensity, implicitDensity } from "./density.ts";
import { faceDrifts, type OneSidedSlopes, oneSidedSlopes, optimalDrift } from "./drift.ts";
import { advanceLegendre } from "./legendre.ts";
import { forEachLine, nodesOfLine, paddedValue, valueLine } from "./lines.ts";

/** The field operations of the `scalar` tier for one problem on one grid. */
export function scalarFieldKernels(d: Discretisation): FieldKernels {
  return {
    discretisation: d,
    hamiltonian: (u, walls, diffusion, rate) => {
      if (diffusion) addDiffusion(d, u, walls, rate);
      return addHamiltonian(d, oneSidedSlopes(d, u, walls), rate);
    },
    diffuseValue: (u, axis, tau, stages, source, wallsStart, wallsEnd) =>
      diffuseValue(d, u, axis, tau, stages, source, wallsStart, wallsEnd),
    driftSpeed: (u, walls) => driftSpeed(d, u, walls),
    runningCost: (u, walls, out) => {
      const { minus, plus } = oneSidedSlopes(d, u, walls);
      for (let i = 0; i < out.length; i++) out[i] = runningCost(d.hamiltonian, meanSlope(minus, plus, i));
    },
    densityStage: (stage) => densityStage(d, stage),
    advectiveFlux: (m, u, walls, out) => advectiveFlux(d, m, u, walls, out),
    diffuseDensity: (step) => diffuseDensity(d, step),
    correctDensity: (m, antidiffusive) => correctDensity(d, m, antidiffusive),
    implicitDensity: (m, u, axis, tau, walls, flux) => implicitDensity(d, m, u, axis, tau, walls, flux),
  };
}

/** The slopes of every axis at one node. */
const at = (fields: readonly Float64Array[], node: number): number[] => fields.map((field) => field[node]!);

const meanSlope = (minus: readonly Float64Array[], plus: readonly Float64Array[], node: number): number[] =>
  minus.map((field, a) => (field[node]! + plus[a]![node]!) / 2);

/** rate += -Hhat; returns max over the nodes of sum_a alpha_a / h_a. */
function addHamiltonian(d: Discretisation, { minus, plus }: OneSidedSlopes, rate: Float64Array): number {
  const { grid, hamiltonian, scheme } = d;
  const global = new Float64Array(grid.shape.length);
  const alpha = new Float64Array(grid.shape.length);
  if (scheme.hamiltonianFlux === "glf") {
    for (let i = 0; i < grid.points; i++) {
      dissipation(hamiltonian, i, at(minus, i), at(plus, i), alpha);
      alpha.forEach((value, a) => (global[a] = Math.max(global[a]!, value)));
    }
  }
  let fastest = 0;
  for (let i = 0; i < grid.points; i++) {
    const pMinus = at(minus, i);
    const pPlus = at(plus, i);
    if (scheme.hamiltonianFlux === "glf") alpha.set(global);
    else dissipation(hamiltonian, i, pMinus, pPlus, alpha);
    const value =
      scheme.hamiltonianFlux === "godunov"
        ? godunov(hamiltonian, i, pMinus, pPlus)
        : laxFriedrichs(hamiltonian, i, pMinus, pPlus, alpha);
    rate[i] = rate[i]! - value;
    fastest = Math.max(fastest, sumOfRates(d, alpha));
  }
  return fastest;
}

/** sum_a |speed_a| / h_a */
function sumOfRates(d: Discretisation, speed: ArrayLike<number>): number {
  return d.grid.spacing.reduce((sum, h, a) => sum + Math.abs(speed[a]!) / h, 0);
}

function addDiffusion(d: Discretisation, u: Float64Array, walls: Walls, rate: Float64Array): void {
  const { grid, nu } = d;
  grid.shape.forEach((n, axis) => {
    forEachLine(d, axis, (line, start, stride) => {
      const values = valueLine(d, u, walls, axis, line);
      for (let i = 0; i < n; i++) {
        const node = start + i * stride;
        rate[node] = rate[node]! + nu * laplacian6(values, i + ghostWidth, grid.spacing[axis]!);
      }
    });
  });
}

function driftSpeed(d: Discretisation, u: Float64Array, walls: Walls): number {
  const { nodes, transverse } = optimalDrift(d, u, walls);
  const rates = nodes.map((drift, a) => {
    const faces = faceDrifts(d, u, walls, a, transverse[a]!);
    const n = d.grid.shape[a]!;
    const rate = new Float64Array(drift.length);
    forEachLine(d, a, (line, start, stride) => {
      for (let i = 0; i < n; i++) {
        const node = start + i * stride;
        const face = line * (n + 1) + i;
        rate[node] = Math.max(Math.abs(drift[node]!), Math.max(faces[face + 1]!, 0) + Math.max(-faces[face]!, 0));
      }
    });
    return rate;
  });
  let fastest = 0;
  for (let i = 0; i < d.grid.points; i++) fastest = Math.max(fastest, sumOfRates(d, at(rates, i)));
  return fastest;
}

function diffuseValue(
  d: Discretisation,
  u: Float64Array,
  axis: number,
  tau: number,
  stages: number,
  source: Float64Array | undefined,
  wallsStart: Walls,
  wallsEnd: Walls,
): void {
  const { grid, nu } = d;
  const h = grid.spacing[axis]!;
  const coefficients = rkl2(stages);
  forEachLine(d, axis, (line, start, stride) => {
    const constant = source === undefined ? undefined : nodesOfLine(d, source, axis, line);
    const wall = (side: "lower" | "upper", abscissa: number): number | undefined => {
      const from = wallsStart[axis]![side]?.[line];
      const to = wallsEnd[axis]![side]?.[line];
      return from === undefined || to === undefined ? undefined : from + abscissa * (to - from);
    };
    const after = advanceLegendre(coefficients, nodesOfLine(d, u, axis, line), tau, (values, abscissa) => {
      const padded = paddedValue(d, axis, values, wall("lower", abscissa), wall("upper", abscissa));
      return values.map((_, i) => nu * laplacian6(padded, i + ghostWidth, h) + (constant?.[i] ?? 0));
    });
    after.forEach((value, i) => {
      u[start + i * stride] = value;
    });
  });
}
