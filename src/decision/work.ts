/** How much a solve has to do, apart from how fast anything does it: sub-steps and stages of both sweeps. */
import { couplingSlice } from "../scheme/coupling.ts";
import { rklStages } from "../scheme/diffusion.ts";
import { hasExit, type Discretisation } from "../scheme/discretisation.ts";
import { driftAt, speedPerSlope } from "../scheme/hamiltonian.ts";
import { explicitStep, needOf } from "../scheme/substeps.ts";
import { axisRadius, fullRadius, growingStep, slopeGrowth } from "../tiers/host/stepLimits.ts";

/** What one sweep does: whole-field passes, each over all points. */
export interface SweepWork {
  readonly substeps: number;
  /** Stages with WENO derivatives or fluxes. */
  readonly advection: number;
  /** Stages of the diffusion, axis by axis. */
  readonly diffusion: number;
  /** Stored levels: coupling, speeds, checks. */
  readonly levels: number;
}

export interface IterationWork {
  readonly hjb: SweepWork;
  readonly fokkerPlanck: SweepWork;
}

/** How fast a problem's fields move, level by level, on the grid they were looked at; what sub-step counts are made of. */
export interface Rates {
  readonly t: readonly number[];
  /** max over the nodes of sum_a |H_p|_a / h_a, in 1/time. */
  readonly speed: readonly number[];
  /** Growth of the slope from the source, inside and at exits, in the units of `slopeGrowth`. */
  readonly inner: readonly number[];
  readonly atExits: readonly number[];
  /** sum_a 1/h_a of that grid. */
  readonly inverseSpacing: number;
  /** What the rates are multiplied by so that the counts become those that were seen. */
  readonly hjbFactor: number;
  readonly densityFactor: number;
}

function inverseSpacing(d: Discretisation): number {
  return d.grid.spacing.reduce((sum, h) => sum + 1 / h, 0);
}

/** max over the nodes of sum_a |H_p|_a / h_a for a value slice, from central differences (one-sided at walls). */
export function fieldSpeed(d: Discretisation, u: Float64Array): number {
  const { grid, hamiltonian, boundaries } = d;
  const { shape, stride, spacing, points } = grid;
  const slopes = new Float64Array(shape.length);
  let fastest = 0;
  for (let node = 0; node < points; node++) {
    let squared = 0;
    for (let a = 0; a < shape.length; a++) {
      const n = shape[a] ?? 1;
      const s = stride[a] ?? 1;
      const i = Math.floor(node / s) % n;
      const wraps = boundaries[a]?.lower.kind === "periodic";
      const before = i > 0 ? node - s : wraps ? node + (n - 1) * s : node;
      const after = i < n - 1 ? node + s : wraps ? node - (n - 1) * s : node;
      const apart = before === node || after === node ? 1 : 2;
      const p = ((u[after] ?? 0) - (u[before] ?? 0)) / (apart * (spacing[a] ?? 1));
      slopes[a] = p;
      squared += p * p;
    }
    const factor = speedPerSlope(hamiltonian, squared);
    let speed = 0;
    for (let a = 0; a < shape.length; a++)
      speed += Math.abs(factor * (slopes[a] ?? 0) + driftAt(hamiltonian, a, node)) / (spacing[a] ?? 1);
    if (speed > fastest) fastest = speed;
  }
  return fastest;
}

/** The two parts of `slopeGrowth`: what the source does inside, and what exits add. */
function growthOf(d: Discretisation, level: number, m: Float64Array): { inner: number; atExits: number } {
  const { potential, grid } = d;
  const source = new Float64Array(grid.points);
  couplingSlice(d, level, m, source);
  const offset = potential.length > grid.points ? level * grid.points : 0;
  for (let i = 0; i < source.length; i++) source[i] = (source[i] ?? 0) + (potential[offset + i] ?? 0);
  const whole = slopeGrowth(d, source);
  if (!hasExit(d)) return { inner: whole, atExits: 0 };
  const closed = d.boundaries.map((axis) =>
    axis.lower.kind === "periodic"
      ? axis
      : {
          lower: { kind: "reflecting" as const, exitValue: undefined },
          upper: { kind: "reflecting" as const, exitValue: undefined },
        },
  );
  const inner = slopeGrowth({ ...d, boundaries: closed }, source);
  return { inner, atExits: whole - inner };
}

/** Rates from both histories of a solve, and the counts of sub-steps that were seen with them. */
export function ratesOfHistories(
  d: Discretisation,
  value: Float64Array,
  density: Float64Array,
  seen?: { readonly hjb: number; readonly fokkerPlanck: number },
): Rates {
  const { points } = d.grid;
  const slice = (history: Float64Array, k: number): Float64Array => history.subarray(k * points, (k + 1) * points);
  const growth = Array.from(d.levels, (_, k) => growthOf(d, k, slice(density, k)));
  const rates: Rates = {
    t: [...d.levels],
    speed: Array.from(d.levels, (_, k) => fieldSpeed(d, slice(value, k))),
    inner: growth.map((part) => part.inner),
    atExits: growth.map((part) => part.atExits),
    inverseSpacing: inverseSpacing(d),
    hjbFactor: 1,
    densityFactor: 1,
  };
  if (!seen) return rates;
  return {
    ...rates,
    hjbFactor: matched((hjbFactor) => substeps(hjbCounts(d, { ...rates, hjbFactor })), seen.hjb),
    densityFactor: matched(
      (densityFactor) => substeps(densityCounts(d, { ...rates, densityFactor })),
      seen.fokkerPlanck,
    ),
  };
}

/** Share of the horizon after which a value function has mostly become what it will be; for rates from data alone. */
const maturing = 0.25;

/** Rates from the problem's data alone, nothing computed: slopes of the terminal cost, and what the source adds to them. */
export function ratesOfData(d: Discretisation): Rates {
  const { problem, hamiltonian } = d;
  const growth = growthOf(d, 0, d.initialDensity);
  const start = fieldSpeed(d, d.terminalCost);
  const t = Array.from({ length: 9 }, (_, k) => (k / 8) * problem.horizon);
  return {
    t,
    speed: t.map(
      (time) =>
        start + hamiltonian.control * growth.inner * Math.min(problem.horizon - time, maturing * problem.horizon),
    ),
    inner: t.map(() => growth.inner),
    atExits: t.map(() => growth.atExits),
    inverseSpacing: inverseSpacing(d),
    hjbFactor: 1,
    densityFactor: 1,
  };
}

/** The factor, 0.25 to 8, at which a count that grows with it becomes `wanted`; 1 where it already is. */
function matched(count: (factor: number) => number, wanted: number): number {
  if (count(1) === wanted) return 1;
  let low = 0.25;
  let high = 8;
  for (let i = 0; i < 30; i++) {
    const middle = Math.sqrt(low * high);
    if (count(middle) < wanted) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

/** A level's number at time t, linear between the levels of the rates. */
function at(t: readonly number[], values: readonly number[], time: number): number {
  let k = 0;
  while (k < t.length - 2 && (t[k + 1] ?? Infinity) < time) k++;
  const [t0 = 0, t1 = t0] = [t[k], t[k + 1]];
  const [v0 = 0, v1 = v0] = [values[k], values[k + 1]];
  const share = t1 > t0 ? Math.min(1, Math.max(0, (time - t0) / (t1 - t0))) : 0;
  return v0 + share * (v1 - v0);
}

/** Sub-steps of every stored interval of the backward sweep. */
function hjbCounts(d: Discretisation, rates: Rates): number[] {
  const finer = inverseSpacing(d) / rates.inverseSpacing;
  const growthAt = (time: number): number =>
    at(rates.t, rates.inner, time) * finer + at(rates.t, rates.atExits, time) * finer * finer;
  return intervals(d, (from, to) => {
    const speed = rates.hjbFactor * finer * at(rates.t, rates.speed, to);
    const dt = growingStep(d, speed, rates.hjbFactor * Math.max(growthAt(from), growthAt(to)));
    return d.scheme.splitting === "explicit" ? explicitStep(dt, fullRadius(d)) : dt;
  });
}

/** Sub-steps of every stored interval of the forward sweep. */
function densityCounts(d: Discretisation, rates: Rates): number[] {
  const { fokkerPlanck, fdmSubsteps, cfl, splitting } = d.scheme;
  if (fokkerPlanck === "fdm") return Array.from({ length: d.steps }, () => fdmSubsteps);
  const finer = inverseSpacing(d) / rates.inverseSpacing;
  return intervals(d, (from, to) => {
    const speed = Math.max(at(rates.t, rates.speed, from), at(rates.t, rates.speed, to));
    const dt = cfl / (rates.densityFactor * finer * speed);
    return splitting === "explicit" ? explicitStep(dt, fullRadius(d)) : dt;
  });
}

function intervals(d: Discretisation, step: (from: number, to: number) => number): number[] {
  return Array.from({ length: d.steps }, (_, k) => {
    const from = d.levels[k] ?? 0;
    const to = d.levels[k + 1] ?? from;
    return needOf(to - from, step(from, to));
  });
}

function substeps(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Advective stages of one sub-step, and how often its diffusion runs per axis and half step. */
const perSubstep = {
  explicit: { advection: 3, halves: 0 },
  strang: { advection: 3, halves: 2 },
  richardson: { advection: 9, halves: 6 },
} as const;

/** Stages of a sweep with these counts of sub-steps. */
function stagesOf(d: Discretisation, counts: readonly number[]): SweepWork {
  const { splitting } = d.scheme;
  const { advection, halves } = perSubstep[splitting];
  const balance = hasExit(d) && splitting !== "explicit" ? halves / 2 : 0;
  let diffusion = 0;
  counts.forEach((count, k) => {
    const tau = ((d.levels[k + 1] ?? 0) - (d.levels[k] ?? 0)) / count / 2;
    d.grid.shape.forEach((_, a) => {
      if (splitting === "explicit") diffusion += count * advection;
      else if (d.nu > 0) diffusion += count * halves * rklStages(tau, axisRadius(d, a));
    });
  });
  const total = substeps(counts);
  return { substeps: total, advection: total * (advection + balance), diffusion, levels: d.steps };
}

/**
 * The work of one iteration on `d`, from rates seen on any grid over the same domain.
 *
 * @param seen sub-steps that a sweep on `d` really took: the counts are then stretched to their sum
 */
export function workOf(
  d: Discretisation,
  rates: Rates,
  seen?: { readonly hjb: number; readonly fokkerPlanck: number },
): IterationWork {
  const hjb = stagesOf(d, stretched(hjbCounts(d, rates), seen?.hjb));
  const counts = stretched(densityCounts(d, rates), seen?.fokkerPlanck);
  if (d.scheme.fokkerPlanck !== "fdm") return { hjb, fokkerPlanck: stagesOf(d, counts) };
  const total = substeps(counts);
  // Each implicit sub-step solves one tridiagonal system per line and axis, then refines it.
  const fokkerPlanck = { substeps: total, advection: 0, diffusion: 2 * total * d.grid.shape.length, levels: d.steps };
  return { hjb, fokkerPlanck };
}

function stretched(counts: readonly number[], total: number | undefined): readonly number[] {
  const sum = substeps(counts);
  if (total === undefined || total === sum) return counts;
  return counts.map((count) => Math.max(1, (count * total) / sum));
}

/** The longest sub-step that these rates allow, at the fastest of their levels. */
export function longestStep(d: Discretisation, rates: Rates): number {
  const finer = inverseSpacing(d) / rates.inverseSpacing;
  const speed = finer * Math.max(...rates.speed);
  const growth = finer * Math.max(...rates.inner) + finer * finer * Math.max(...rates.atExits);
  const dt = Math.min(growingStep(d, speed, growth), d.scheme.cfl / speed, d.problem.horizon);
  return d.scheme.splitting === "explicit" ? explicitStep(dt, fullRadius(d)) : dt;
}
