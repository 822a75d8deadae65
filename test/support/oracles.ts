/** Closed-form solutions (docs/numerics.md section 9). */
import type { ProblemInput } from "../../src/problem/input.ts";
import type { Exact, ExactGame } from "./exact.ts";

const { PI, exp, log, cos, sin, sqrt, tanh, cosh } = Math;

type Coupling = NonNullable<ProblemInput["coupling"]>;

export interface TorusWave {
  /** Wave vector of phi; its length is the dimension. Default [1]. */
  readonly k?: readonly number[];
  /** Wave vector of psi. Default as k. */
  readonly l?: readonly number[];
  readonly nu?: number;
  readonly horizon?: number;
  readonly phase?: number;
  /** Pull of the density towards the exact one; 0 leaves both equations uncoupled. Default 0. */
  readonly kappa?: number;
}

/**
 * E2 and E3: u = -2 nu log phi and m = phi psi on the torus [0, 1)^d, phi and psi waves that obey the heat equation (the
 * Cole-Hopf transform). With `kappa` the pair is the equilibrium of the coupling kappa (m - m*).
 */
export function torusWave(wave: TorusWave = {}): ExactGame {
  const { k = [1], l = k, nu = 0.05, horizon = 0.5, phase = PI / 3, kappa = 0 } = wave;
  const K = 2 * PI;
  const rate = (w: readonly number[]): number => nu * K * K * w.reduce((sum, part) => sum + part * part, 0);
  const [k1 = 0, k2 = 0, k3 = 0] = k;
  const [l1 = 0, l2 = 0, l3 = 0] = l;
  const phiRate = rate(k);
  const psiRate = rate(l);
  const phi: Exact = (x, y, z, t) => 1 + 0.5 * exp(-phiRate * (horizon - t)) * cos(K * (k1 * x + k2 * y + k3 * z));
  const psi: Exact = (x, y, z, t) => 1 + 0.5 * exp(-psiRate * t) * cos(K * (l1 * x + l2 * y + l3 * z) + phase);
  const value: Exact = (x, y, z, t) => -2 * nu * log(phi(x, y, z, t));
  const density: Exact = (x, y, z, t) => phi(x, y, z, t) * psi(x, y, z, t);
  return {
    value,
    density,
    problem: gameOf(
      "torus wave",
      k.map(() => unit("periodic")),
      horizon,
      nu,
      value,
      density,
      kappa,
    ),
  };
}

const unit = (boundary: ProblemInput["domain"][number]["boundary"]): ProblemInput["domain"][number] => ({
  from: 0,
  to: 1,
  boundary,
});

function gameOf(
  name: string,
  domain: ProblemInput["domain"],
  horizon: number,
  nu: number,
  value: Exact,
  density: Exact,
  kappa: number,
): ProblemInput {
  const coupling: Coupling = kappa === 0 ? { kind: "none" } : { kind: "target", strength: kappa, target: density };
  return {
    name,
    domain,
    horizon,
    volatility: sqrt(2 * nu),
    coupling,
    terminalCost: (x, y, z) => value(x, y, z, horizon),
    initialDensity: (x, y, z) => density(x, y, z, 0),
  };
}

export type ExitKind = "exits" | "mixed" | "exits x walls" | "exits x exits";

/** E7: the same construction on a box with exits (u = 0, m = 0) and reflecting walls. */
export function exitWave(kind: ExitKind, { nu = 0.05, horizon = 0.5, kappa = 0 } = {}): ExactGame {
  const a = 0.5;
  const c = 0.5;
  const heat = nu * PI * PI;
  const shapes: Record<ExitKind, { phi: Exact; psi: Exact; domain: ProblemInput["domain"] }> = {
    exits: {
      phi: (x, _y, _z, t) => 1 + a * sin(PI * x) * exp(-heat * (horizon - t)),
      psi: (x, _y, _z, t) => sin(PI * x) * exp(-heat * t),
      domain: [unit("exit")],
    },
    mixed: {
      phi: (x, _y, _z, t) => 1 + a * cos((PI * x) / 2) * exp((-heat * (horizon - t)) / 4),
      psi: (x, _y, _z, t) => cos((PI * x) / 2) * exp((-heat * t) / 4),
      domain: [unit({ lower: "reflecting", upper: "exit" })],
    },
    "exits x walls": {
      phi: (x, y, _z, t) => 1 + a * sin(PI * x) * cos(PI * y) * exp(-2 * heat * (horizon - t)),
      psi: (x, y, _z, t) => sin(PI * x) * (1 + c * cos(PI * y) * exp(-heat * t)) * exp(-heat * t),
      domain: [unit("exit"), unit("reflecting")],
    },
    "exits x exits": {
      phi: (x, y, _z, t) => 1 + a * sin(PI * x) * sin(PI * y) * exp(-2 * heat * (horizon - t)),
      psi: (x, y, _z, t) => sin(PI * x) * sin(PI * y) * exp(-2 * heat * t),
      domain: [unit("exit"), unit("exit")],
    },
  };
  const { phi, psi, domain } = shapes[kind];
  const value: Exact = (x, y, z, t) => -2 * nu * log(phi(x, y, z, t));
  const unscaled: Exact = (x, y, z, t) => phi(x, y, z, t) * psi(x, y, z, t);
  const mass = boxIntegral((x, y) => unscaled(x, y, 0, 0), domain.length);
  const density: Exact = (x, y, z, t) => unscaled(x, y, z, t) / mass;
  return { value, density, problem: gameOf(kind, domain, horizon, nu, value, density, kappa) };
}

/** Integral over the unit box by Gauss-Legendre, four points on each of 64 intervals. */
function boxIntegral(f: (x: number, y: number) => number, dimension: number): number {
  const { nodes, weights } = gaussLegendre(0, 1, 64);
  let total = 0;
  nodes.forEach((x, i) => {
    if (dimension === 1) total += weights[i]! * f(x, 0);
    else nodes.forEach((y, j) => (total += weights[i]! * weights[j]! * f(x, y)));
  });
  return total;
}

/** Composite Gauss-Legendre rule of four points. */
function gaussLegendre(from: number, to: number, intervals: number): { nodes: number[]; weights: number[] } {
  const inner = sqrt(3 / 7 - (2 / 7) * sqrt(6 / 5));
  const outer = sqrt(3 / 7 + (2 / 7) * sqrt(6 / 5));
  const rule = [
    [-outer, (18 - sqrt(30)) / 36],
    [-inner, (18 + sqrt(30)) / 36],
    [inner, (18 + sqrt(30)) / 36],
    [outer, (18 - sqrt(30)) / 36],
  ] as const;
  const half = (to - from) / intervals / 2;
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < intervals; i++) {
    for (const [node, weight] of rule) {
      nodes.push(from + half * (2 * i + 1 + node));
      weights.push(half * weight);
    }
  }
  return { nodes, weights };
}

/** E1: log coupling, stationary Gaussian; beta |x|^2/2 + gamma log m on a box of 8.5 deviations either side. */
export function logGaussian({ nu, beta, gamma }: { nu: number; beta: number; gamma: number }): ExactGame & {
  readonly a: number;
  readonly c: number;
} {
  const a = (-gamma + sqrt(gamma * gamma + 4 * nu * nu * beta)) / (2 * nu);
  const c = nu * a + (gamma / 2) * log(a / (2 * PI * nu));
  const horizon = 1;
  const reach = 8.5 * sqrt(nu / a);
  const value: Exact = (x, _y, _z, t) => (a * x * x) / 2 + c * (horizon - t);
  const density: Exact = (x) => sqrt(a / (2 * PI * nu)) * exp((-a * x * x) / (2 * nu));
  const problem: ProblemInput = {
    name: "log gaussian",
    domain: [{ from: -reach, to: reach, boundary: "open" }],
    horizon,
    volatility: sqrt(2 * nu),
    coupling: { kind: "log", strength: gamma },
    potential: (x) => (beta * x * x) / 2,
    terminalCost: (x) => value(x, 0, 0, horizon),
    initialDensity: (x) => density(x, 0, 0, 0),
  };
  return { a, c, value, density, problem };
}

/** E4 with the data of LQ1: everybody is drawn to half of the mean position; q = 1, kappa = 1/2, T = 1, nu = 0.045. */
export const lq1 = (() => {
  const kappa = 0.5;
  const nu = 0.045;
  const horizon = 1;
  const [mean0, variance0] = [0.5, 0.04];
  const wk = sqrt(1 - kappa);
  const P = (t: number): number => tanh(horizon - t);
  const Pi = (t: number): number => wk * tanh(wk * (horizon - t));
  const mean = (t: number): number => (mean0 * cosh(wk * (horizon - t))) / cosh(wk * horizon);
  const S = (t: number): number => (Pi(t) - P(t)) * mean(t);
  const R = (t: number): number => {
    const { nodes, weights } = gaussLegendre(t, horizon, 64);
    const rate = (s: number): number => nu * P(s) - S(s) ** 2 / 2 + (kappa * mean(s)) ** 2 / 2;
    return nodes.reduce((sum, s, i) => sum + weights[i]! * rate(s), 0);
  };
  const variance = (t: number): number =>
    cosh(horizon - t) ** 2 * (variance0 / cosh(horizon) ** 2 + 2 * nu * (tanh(horizon) - tanh(horizon - t)));
  const value: Exact = (x, _y, _z, t) => (P(t) * x * x) / 2 + S(t) * x + R(t);
  const density: Exact = (x, _y, _z, t) => exp(-((x - mean(t)) ** 2) / (2 * variance(t))) / sqrt(2 * PI * variance(t));
  const problem: ProblemInput = {
    name: "lq1",
    domain: [{ from: -2, to: 3, boundary: "open" }],
    horizon,
    volatility: 0.3,
    coupling: { kind: "mean", strength: 1, attraction: kappa },
    initialDensity: (x) => density(x, 0, 0, 0),
  };
  return { P, Pi, S, R, mean, variance, value, density, problem };
})();
