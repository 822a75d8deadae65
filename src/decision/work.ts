/** How much a solve has to do, apart from how fast anything does it: sub-steps and stages of both sweeps. */
import { rklStages } from "../scheme/diffusion.ts";
import { hasExit, type Discretisation } from "../scheme/discretisation.ts";
import { explicitStep, freshCount, needOf } from "../scheme/substeps.ts";
import { axisRadius, fullRadius, growingStep } from "../tiers/host/stepLimits.ts";
import { inverseSpacing, type Rates } from "./rates.ts";

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

/** The rates with factors that make the counts on `d` those that were seen there. */
export function matchedRates(
  d: Discretisation,
  rates: Rates,
  seen: { readonly hjb: number; readonly fokkerPlanck: number },
): Rates {
  return {
    ...rates,
    hjbFactor: matched((hjbFactor) => substeps(hjbCounts(d, { ...rates, hjbFactor })), seen.hjb),
    densityFactor: matched(
      (densityFactor) => substeps(densityCounts(d, { ...rates, densityFactor })),
      seen.fokkerPlanck,
    ),
  };
}

/** The factor, 1/64 to 8, at which a count that grows with it becomes `wanted`; 1 where it already is. */
function matched(count: (factor: number) => number, wanted: number): number {
  if (count(1) === wanted) return 1;
  let low = 1 / 64;
  let high = 8;
  for (let i = 0; i < 30; i++) {
    const middle = Math.sqrt(low * high);
    if (count(middle) < wanted) low = middle;
    else high = middle;
  }
  // Counts jump: just above the jump they are what was wanted.
  return high;
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
  const factor = rates.hjbFactor * finer ** rates.hjbTrend;
  const growthAt = (time: number): number =>
    at(rates.t, rates.inner, time) * finer + at(rates.t, rates.atExits, time) * finer * finer;
  return intervals(d, (from, to) => {
    const speed = factor * finer * at(rates.t, rates.speed, to);
    const dt = growingStep(d, speed, factor * Math.max(growthAt(from), growthAt(to)));
    return d.scheme.splitting === "explicit" ? explicitStep(dt, fullRadius(d)) : dt;
  });
}

/** Sub-steps of every stored interval of the forward sweep. */
function densityCounts(d: Discretisation, rates: Rates): number[] {
  const { fokkerPlanck, fdmSubsteps, cfl, splitting } = d.scheme;
  if (fokkerPlanck === "fdm") return Array.from({ length: d.steps }, () => fdmSubsteps);
  const finer = inverseSpacing(d) / rates.inverseSpacing;
  const factor = rates.densityFactor * finer ** rates.densityTrend;
  return intervals(d, (from, to) => {
    const speed = Math.max(at(rates.t, rates.speed, from), at(rates.t, rates.speed, to));
    const dt = cfl / (factor * finer * speed);
    return splitting === "explicit" ? explicitStep(dt, fullRadius(d)) : dt;
  });
}

function intervals(d: Discretisation, step: (from: number, to: number) => number): number[] {
  return Array.from({ length: d.steps }, (_, k) => {
    const from = d.levels[k] ?? 0;
    const to = d.levels[k + 1] ?? from;
    return freshCount(needOf(to - from, step(from, to)));
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
export function stagesOf(d: Discretisation, counts: readonly number[]): SweepWork {
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
