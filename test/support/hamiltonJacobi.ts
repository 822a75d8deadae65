/**
 * u_t + H(u_x1 + ... + u_xd) = 0 on the periodic box [-d, d]^d (Osher & Shu 1991, examples 1 and 2): one-sided
 * derivatives of the kernels under test, global Lax-Friedrichs flux, SSPRK3. Exact solutions for u0 = -cos(pi/d sum
 * x_i).
 */
import type { Epsilon, WenoVariant } from "../../src/scheme/options.ts";
import type { Kernels } from "../../src/tiers/tier.ts";

export interface TestHamiltonian {
  readonly name: "convex" | "nonconvex";
  readonly value: (s: number) => number;
  readonly slope: (s: number) => number;
  /** max |H'| over an interval. */
  readonly speed: (low: number, high: number) => number;
}

export const convex: TestHamiltonian = {
  name: "convex",
  value: (s) => (1 + s) ** 2 / 2,
  slope: (s) => 1 + s,
  speed: (low, high) => Math.max(Math.abs(1 + low), Math.abs(1 + high)),
};

export const nonconvex: TestHamiltonian = {
  name: "nonconvex",
  value: (s) => -Math.cos(1 + s),
  slope: (s) => Math.sin(1 + s),
  speed: (low, high) => {
    // |sin| has its maxima 1 at pi/2 + k pi.
    const k = Math.ceil((1 + low - Math.PI / 2) / Math.PI);
    if (Math.PI / 2 + k * Math.PI <= 1 + high) return 1;
    return Math.max(Math.abs(Math.sin(1 + low)), Math.abs(Math.sin(1 + high)));
  },
};

export interface HamiltonJacobiRun {
  readonly hamiltonian: TestHamiltonian;
  readonly dimension: 1 | 2 | 3;
  readonly n: number;
  readonly time: number;
  readonly variant: WenoVariant;
  readonly epsilon: Epsilon;
  /** Steps of equal length, or steps of this Courant number with the last one cut to end on time. */
  readonly steps: { readonly count: number } | { readonly courant: number };
}

/** u at the final time, C order, node i of an axis at -d + i 2d/n. */
export async function solveHamiltonJacobi(kernels: Kernels, run: HamiltonJacobiRun): Promise<Float64Array> {
  const { hamiltonian, dimension: d, n, time } = run;
  const spacing = (2 * d) / n;
  const shape = Array<number>(d).fill(n);
  const points = n ** d;
  const u = Float64Array.from({ length: points }, (_, k) => {
    let sum = 0;
    for (let rest = k, a = 0; a < d; a++, rest = Math.floor(rest / n)) sum += -d + (rest % n) * spacing;
    return -Math.cos((Math.PI / d) * sum);
  });
  const pMinus = new Float64Array(points);
  const pPlus = new Float64Array(points);
  const mean = new Float64Array(points);
  const jump = new Float64Array(points);

  /** Rate of change of v; returns the dissipation alpha of each axis. */
  async function rateOf(v: Float64Array, rate: Float64Array): Promise<number> {
    mean.fill(0);
    jump.fill(0);
    let low = 0;
    let high = 0;
    for (let axis = 0; axis < d; axis++) {
      const layout = {
        shape,
        axis,
        spacing,
        lower: "periodic",
        upper: "periodic",
        variant: run.variant,
        epsilon: run.epsilon,
      } as const;
      await kernels.derivatives(v, layout, pMinus, pPlus);
      let axisLow = Number.POSITIVE_INFINITY;
      let axisHigh = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < points; k++) {
        const a = pMinus[k]!;
        const b = pPlus[k]!;
        axisLow = Math.min(axisLow, a, b);
        axisHigh = Math.max(axisHigh, a, b);
        mean[k] = mean[k]! + (a + b) / 2;
        jump[k] = jump[k]! + (b - a) / 2;
      }
      low += axisLow;
      high += axisHigh;
    }
    const alpha = hamiltonian.speed(low, high);
    for (let k = 0; k < points; k++) rate[k] = alpha * jump[k]! - hamiltonian.value(mean[k]!);
    return alpha;
  }

  const k1 = new Float64Array(points);
  const k2 = new Float64Array(points);
  const stage = new Float64Array(points);
  const fixed = "count" in run.steps ? time / run.steps.count : undefined;
  const courant = "courant" in run.steps ? run.steps.courant : 0;
  let t = 0;
  for (let step = 0; t < time; step++) {
    const alpha = await rateOf(u, k1);
    let dt = fixed ?? Math.min((courant * spacing) / (d * alpha), time - t);
    if ("count" in run.steps && step === run.steps.count - 1) dt = time - t;
    for (let k = 0; k < points; k++) stage[k] = u[k]! + dt * k1[k]!;
    await rateOf(stage, k2);
    for (let k = 0; k < points; k++) {
      k1[k] = k1[k]! + k2[k]!;
      stage[k] = u[k]! + (dt * k1[k]!) / 4;
    }
    await rateOf(stage, k2);
    for (let k = 0; k < points; k++) u[k] = u[k]! + dt * (k1[k]! / 6 + (2 * k2[k]!) / 3);
    t = "count" in run.steps && step === run.steps.count - 1 ? time : t + dt;
  }
  return u;
}

/** Exact solution in s = mean of the x_i while it is smooth (t < 1/pi^2), by Newton along the characteristics. */
export function smoothSolution(hamiltonian: TestHamiltonian, s: number, t: number): number {
  let y = s;
  for (let k = 0; k < 100; k++) {
    const p = Math.PI * Math.sin(Math.PI * y);
    const curvature = Math.PI ** 2 * Math.cos(Math.PI * y);
    // H'' by the derivative of `slope`: 1 or cos(1 + p).
    const second = hamiltonian.name === "convex" ? 1 : Math.cos(1 + p);
    const correction = (y + t * hamiltonian.slope(p) - s) / (1 + t * second * curvature);
    y -= correction;
    if (Math.abs(correction) < 1e-15) break;
  }
  const p = Math.PI * Math.sin(Math.PI * y);
  return -Math.cos(Math.PI * y) + t * (p * hamiltonian.slope(p) - hamiltonian.value(p));
}

/**
 * Exact solution of the convex case at any time: min over y of -cos(pi y) + y + (x - y)^2/(2t), less x (Hopf & Lax).
 */
export function hopfLax(x: number, t: number): number {
  const cost = (y: number): number => -Math.cos(Math.PI * y) + y + (x - y) ** 2 / (2 * t) - x;
  let best = x;
  const candidates = 400;
  for (let k = 0; k <= candidates; k++) {
    const y = x - 3 + (6 * k) / candidates;
    if (cost(y) < cost(best)) best = y;
  }
  let low = best - 6 / candidates;
  let high = best + 6 / candidates;
  // Bisection of the derivative, which changes sign once around the best candidate.
  for (let k = 0; k < 60; k++) {
    const y = (low + high) / 2;
    if (Math.PI * Math.sin(Math.PI * y) + 1 + (y - x) / t > 0) high = y;
    else low = y;
  }
  return cost((low + high) / 2);
}

export interface Errors {
  readonly l1: number;
  readonly max: number;
}

/** L1 (box volume times mean) and largest error against an exact solution of s = mean of the x_i. */
export function errorsOf(u: Float64Array, dimension: number, n: number, exact: (s: number) => number): Errors {
  const spacing = (2 * dimension) / n;
  const known = new Map<number, number>();
  let sum = 0;
  let max = 0;
  for (let k = 0; k < u.length; k++) {
    let index = 0;
    for (let rest = k, a = 0; a < dimension; a++, rest = Math.floor(rest / n)) index += rest % n;
    const wrapped = index % n;
    let value = known.get(wrapped);
    if (value === undefined) known.set(wrapped, (value = exact(-dimension + (wrapped * spacing) / dimension)));
    const error = Math.abs(u[k]! - value);
    sum += error;
    max = Math.max(max, error);
  }
  return { l1: ((2 * dimension) ** dimension * sum) / u.length, max };
}
