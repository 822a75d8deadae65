/**
 * What the tiers cost where nothing has been measured: good enough to tell whether measuring is worth its time, and to leave out
 * what cannot win. Figures of the host's tiers were fitted to sweeps timed on two cores of a current server processor with AVX-512,
 * in f64 and natively; the factors of f32 and of WebAssembly are guesses, and those of webgpu are derived from data sheets and not
 * measured on anything. `bench/shipped.ts` prints what a machine gives.
 */
import { breaksOf, type PlanCandidate } from "./candidates.ts";
import type { CandidateModel, Ratio, SweepCosts } from "./model.ts";

const ns = 1e-6;
const us = 1e-3;
/** Relative errors: of figures taken on another machine, and of those that nobody took. */
const measuredSpread = 0.4;
const derivedSpread = 0.8;

/** The batched tier, nanoseconds per point and stage: advection per axis, diffusion. All others are so many times it. */
const stage = { hjb: { advection: 30, diffusion: 3.1 }, fokkerPlanck: { advection: 95, diffusion: 9.5 } };

/** A sweep in one, two and three dimensions: microseconds per stage, and times of the batched tier's stages. */
type Fit = readonly (readonly [latency: number, times: number])[];

interface Prior {
  readonly hjb: Fit;
  readonly fokkerPlanck: Fit;
  /** Milliseconds of the first solve of a process, and of every workspace. */
  readonly cold: number;
  readonly setup: number;
  /** Bytes per millisecond between the memories; Infinity where there is one. */
  readonly bandwidth: number;
  /** Share of a sweep in which data cross over. */
  readonly moved: number;
  readonly spread: number;
}

const host = { setup: 0.4, bandwidth: Infinity, moved: 0, spread: measuredSpread } as const;

const scalar: Prior = {
  hjb: [12, 17, 21].map((times) => [0, times] as const),
  fokkerPlanck: [26, 27, 26].map((times) => [0, times] as const),
  ...host,
  cold: 30,
};
const batched: Prior = {
  hjb: [
    [0.13, 1],
    [1.2, 0.88],
    [3.5, 0.83],
  ],
  fokkerPlanck: [
    [0.23, 0.92],
    [2.4, 0.9],
    [17, 0.73],
  ],
  ...host,
  cold: 56,
};
const rust: Prior = {
  hjb: [
    [0.12, 0.055],
    [0.88, 0.138],
    [2.8, 0.165],
  ],
  fokkerPlanck: [
    [0.21, 0.05],
    [1.6, 0.13],
    [5.3, 0.125],
  ],
  ...host,
  cold: 10,
};
/** Derivatives in Rust, all else as in the batched tier. */
const rustOffload: Prior = {
  hjb: [
    [0.89, 0.71],
    [3.4, 0.74],
    [5.6, 0.7],
  ],
  fokkerPlanck: [
    [0.82, 0.85],
    [4.1, 0.88],
    [17, 0.69],
  ],
  ...host,
  cold: 60,
};

const alike = (latency: number, times: number): Fit => [1, 2, 3].map((axes) => [latency * axes, times] as const);

/** Derivatives on a device: a round trip per axis and stage. */
const deviceOffload: Prior = {
  hjb: alike(150, 0.9),
  fokkerPlanck: alike(150, 0.9),
  cold: 500,
  setup: 30,
  bandwidth: Infinity,
  moved: 0.6,
  spread: derivedSpread,
};
/** gpu.js on the processor takes its time to compile, and its calls are slow. */
const gpujsHost: Prior = {
  hjb: alike(20, 2),
  fokkerPlanck: alike(20, 1),
  ...host,
  cold: 150,
  spread: derivedSpread,
};
const device = (share: number): Prior => ({
  hjb: alike(5, share),
  fokkerPlanck: alike(5, share),
  cold: 800,
  setup: 30,
  bandwidth: 5e6,
  moved: 0,
  spread: derivedSpread,
});
/** f32 takes this share of f64's time in Rust. */
const halfPrecision = 0.65;
/** WebAssembly's vectors are a quarter as wide. */
const wasmSlower = 1.3;

function priorOf({ tier, residency, precision, variant }: PlanCandidate): Prior {
  if (tier.name === "scalar") return scalar;
  if (tier.name === "batched") return batched;
  if (residency === "offload") {
    if (tier.name === "webgpu" || variant === "webgpu") return deviceOffload;
    if (tier.name === "gpujs") return gpujsHost;
    return variant === "wasm" ? slower(rustOffload, wasmSlower) : rustOffload;
  }
  if (tier.name === "rust") return precision === "f32" ? slower(rust, halfPrecision) : rust;
  return device(precision === "f32" ? 0.002 : 0.004);
}

function slower(prior: Prior, factor: number): Prior {
  const stretched = (fit: Fit): Fit => fit.map(([latency, times]) => [latency * factor, times * factor] as const);
  return { ...prior, hjb: stretched(prior.hjb), fokkerPlanck: stretched(prior.fokkerPlanck) };
}

/** Whether what is shipped of a candidate was measured at all. */
export function shippedSource(candidate: PlanCandidate): "shipped" | "derived" {
  return priorOf(candidate).spread === derivedSpread ? "derived" : "shipped";
}

/** Share of its threads that a tier makes use of. */
const useOfThreads = 0.9;

/** The model of a candidate of which nothing is known but its name. */
export function shippedModel(candidate: PlanCandidate, dimension: number): CandidateModel {
  const { cold, setup, bandwidth, moved, spread, ...fits } = priorOf(candidate);
  const { place, residency } = candidate;
  const threads = residency === "resident" ? (place.threads ?? 1) : 1;
  const together = threads > 1 ? 1 / (useOfThreads * threads) : 1;
  // Below the break a grid has one thread and members run beside each other; above it all threads work on one grid.
  const [from] = breaksOf(candidate, dimension);
  const step = (below: number, above: number): Ratio[] =>
    threads === 1
      ? []
      : from === undefined
        ? [{ points: 1, ratio: below }]
        : [
            { points: from - 1, ratio: below },
            { points: from, ratio: above },
          ];
  const ratios = step(1, together);
  const costs = (part: "hjb" | "fokkerPlanck"): SweepCosts => {
    const [latency, times] = fits[part][dimension - 1] ?? [1, 1];
    return {
      latency: latency * us,
      advection: times * stage[part].advection * dimension * ns,
      diffusion: times * stage[part].diffusion * ns,
      saturation: 0,
      ratios,
      spread,
    };
  };
  const hjb = costs("hjb");
  const share = Math.min(1, hjb.advection / (stage.hjb.advection * dimension * ns));
  const crossing = { fixed: bandwidth === Infinity ? 0 : 0.1, each: bandwidth === Infinity ? 0 : 1 / bandwidth };
  return {
    setup: { fixed: setup, each: 2e-7 },
    cold,
    upload: crossing,
    download: crossing,
    hjb,
    fokkerPlanck: costs("fokkerPlanck"),
    moving: { hjb: moved, fokkerPlanck: moved },
    relax: { fixed: hjb.latency, each: 1.4 * share * ns },
    column: 12 * share * ns,
    certify: { sweeps: 1, each: 20 * share * ns },
    beside: step(together, 1),
    fewest: 1,
    most: 1e12,
    noise: 0,
  };
}
