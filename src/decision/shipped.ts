/**
 * What the tiers cost where nothing has been measured: orders of magnitude for one current server core and one current data
 * centre GPU. Good enough to tell whether measuring is worth its time, and to leave out what cannot win.
 */
import type { PlanCandidate } from "./candidates.ts";
import type { CandidateModel, SweepCosts } from "./model.ts";

const ns = 1e-6;
/** A shipped figure may be wrong by this factor less one. */
const spread = 0.6;

interface Prior {
  /** Milliseconds per stage, whatever its size. */
  readonly latency: number;
  /** Times of the batched tier that a stage takes: backward and forward sweep. */
  readonly hjb: number;
  readonly fokkerPlanck: number;
  /** Milliseconds of the first solve of a process, and of every workspace. */
  readonly cold: number;
  readonly setup: number;
  /** Bytes per millisecond between the memories; Infinity where there is one. */
  readonly bandwidth: number;
  /** Share of a sweep in which data cross over. */
  readonly moved: number;
}

/** Batched tier, nanoseconds per point and stage, measured on one 2 GHz server core: advection per axis, diffusion. */
const batched = { hjb: { advection: 18, diffusion: 5 }, fokkerPlanck: { advection: 28, diffusion: 25 } };

const host: Prior = { latency: 8e-4, hjb: 1, fokkerPlanck: 1, cold: 120, setup: 0.2, bandwidth: Infinity, moved: 0 };

function priorOf({ tier, residency, precision, place, variant }: PlanCandidate, dimension: number): Prior {
  const threads = place.threads ?? 1;
  if (tier.name === "scalar") return { ...host, latency: 4e-3, hjb: 12, fokkerPlanck: 22 };
  if (tier.name === "batched") return host;
  // Derivatives elsewhere, all else as in the batched tier; data cross over in every stage.
  if (residency === "offload") {
    const device = tier.name === "webgpu" || variant === "webgpu";
    const latency = tier.name === "rust" ? 5e-3 : device ? 0.15 * dimension : 2e-2;
    return {
      ...host,
      latency,
      hjb: tier.name === "gpujs" ? 2 : 0.9,
      cold: device ? 500 : 150,
      moved: device ? 0.6 : 0.1,
    };
  }
  if (tier.name === "rust") {
    const share = (precision === "f32" ? 0.5 : 1) / (4 * Math.max(1, 0.8 * threads)) / (variant === "wasm" ? 0.5 : 1);
    return { ...host, latency: threads > 1 ? 6e-3 : 1e-3, hjb: share, fokkerPlanck: share, cold: 10 };
  }
  const share = precision === "f32" ? 0.002 : 0.004;
  return { latency: 5e-3, hjb: share, fokkerPlanck: share, cold: 800, setup: 30, bandwidth: 5e6, moved: 0 };
}

/** The model of a candidate of which nothing is known but its name. */
export function shippedModel(candidate: PlanCandidate, dimension: number): CandidateModel {
  const { latency, hjb, fokkerPlanck, cold, setup, bandwidth, moved } = priorOf(candidate, dimension);
  const costs = (of: typeof batched.hjb, times: number): SweepCosts => ({
    latency,
    advection: times * of.advection * dimension * ns,
    diffusion: times * of.diffusion * ns,
    saturation: 0,
    ratios: [],
    spread,
  });
  const crossing = { fixed: bandwidth === Infinity ? 0 : 0.1, each: bandwidth === Infinity ? 0 : 1 / bandwidth };
  return {
    setup: { fixed: setup, each: 2e-7 },
    cold,
    upload: crossing,
    download: crossing,
    hjb: costs(batched.hjb, hjb),
    fokkerPlanck: costs(batched.fokkerPlanck, fokkerPlanck),
    moving: { hjb: moved, fokkerPlanck: moved },
    relax: { fixed: latency, each: 1.4 * Math.min(1, hjb) * ns },
    column: 12 * Math.min(1, hjb) * ns,
    certify: { sweeps: 1, each: 20 * Math.min(1, hjb) * ns },
    beside: [],
    fewest: 1,
    most: 1e12,
    noise: 0,
  };
}
