/** Discretisations made by hand, without parsing a problem. */
import type { BoundaryKind, Coupling, Dimension, Field, Problem } from "../../src/problem/types.ts";
import type { DiscreteCoupling, Discretisation } from "../../src/scheme/discretisation.ts";
import { gridOf } from "../../src/scheme/grid.ts";
import { gradedLevels } from "../../src/scheme/levels.ts";
import { schemeDefaults, type SchemeOptions } from "../../src/scheme/options.ts";

const zero: Field = { at: () => 0, constant: 0, dependsOnTime: false, text: "0", periodize: false };

export interface AxisPlan {
  readonly n: number;
  readonly from?: number;
  readonly to?: number;
  readonly lower?: BoundaryKind;
  readonly upper?: BoundaryKind;
}

export interface Plan {
  readonly axes: readonly AxisPlan[];
  readonly nu?: number;
  readonly horizon?: number;
  readonly steps?: number;
  readonly control?: number;
  /** Makes the Hamiltonian a `power` one. */
  readonly exponent?: number;
  /** Drift field, one function of position per axis. */
  readonly drift?: readonly ((x: readonly number[]) => number)[];
  readonly coupling?: DiscreteCoupling;
  readonly scheme?: Partial<SchemeOptions>;
}

/** A discretisation with zero data; periodic on [0, 1) where nothing else is said. */
export function discretisationOf(plan: Plan): Discretisation {
  const { axes, nu = 0.05, horizon = 1, steps = 4, control = 1, exponent } = plan;
  const side = (kind: BoundaryKind): Problem["domain"][number]["lower"] =>
    kind === "exit" ? { kind, value: zero } : { kind };
  const domain = axes.map(({ from = 0, to = 1, lower = "periodic", upper = lower }) => ({
    from,
    to,
    lower: side(lower),
    upper: side(upper),
  }));
  const coupling: Coupling = { kind: "none" };
  const problem: Problem = {
    name: "by hand",
    description: undefined,
    dimension: axes.length as Dimension,
    domain,
    horizon,
    volatility: Math.sqrt(2 * nu),
    hamiltonian:
      exponent === undefined ? { kind: "quadratic", control, drift: undefined } : { kind: "power", control, exponent },
    coupling,
    potential: zero,
    terminalCost: zero,
    initialDensity: zero,
    normalizeDensity: false,
    source: undefined,
  };
  const grid = gridOf(
    problem,
    axes.map(({ n }) => n),
  );
  const scheme = { ...schemeDefaults(plan.scheme?.splitting), ...plan.scheme };
  const draft: Discretisation = {
    problem,
    grid,
    steps,
    levels: gradedLevels(horizon, steps, scheme.grading),
    scheme,
    nu,
    hamiltonian: {
      kind: exponent === undefined ? "quadratic" : "power",
      control,
      exponent: exponent ?? 2,
      drift: undefined,
      separable: exponent === undefined || exponent === 2 || axes.length === 1,
    },
    boundaries: domain.map(({ lower, upper }, a) => {
      const lines = grid.points / grid.shape[a]!;
      const values = (kind: BoundaryKind): Float64Array | undefined =>
        kind === "exit" ? new Float64Array((steps + 1) * lines) : undefined;
      return {
        lower: { kind: lower.kind, exitValue: values(lower.kind) },
        upper: { kind: upper.kind, exitValue: values(upper.kind) },
      };
    }),
    coupling: plan.coupling ?? { kind: "none" },
    potential: new Float64Array(grid.points),
    terminalCost: new Float64Array(grid.points),
    initialDensity: new Float64Array(grid.points),
  };
  if (plan.drift === undefined) return draft;
  const drift = plan.drift.map((component) => sampled(draft, component));
  return { ...draft, hamiltonian: { ...draft.hamiltonian, drift } };
}

/** Index of a node along every axis. */
export function indicesOf(d: Discretisation, node: number): number[] {
  return d.grid.shape.map((n, a) => Math.floor(node / d.grid.stride[a]!) % n);
}

/** A function of position at the nodes. */
export function sampled(d: Discretisation, f: (x: readonly number[]) => number): Float64Array {
  const { grid } = d;
  return Float64Array.from({ length: grid.points }, (_, node) =>
    f(indicesOf(d, node).map((i, a) => grid.origin[a]! + i * grid.spacing[a]!)),
  );
}

/** A small generator of uniform numbers in [0, 1) (mulberry32), so that every run sees the same data. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Largest |a - b|; NaN where any entry is. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

export const sum = (values: ArrayLike<number>): number => {
  // Neumaier's compensated sum: the tests ask for mass to the last digits.
  let total = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
};
