/**
 * SYNTHETIC timings: made up from derived figures, not measured on anything. They stand for one current data centre GPU
 * (110 G point-stages/s in 2-D f32, 5 us per dispatch, 10 GB/s over the bus with 0.1 ms per transfer) beside two cores of
 * Rust (1.7 ns per point and stage in f64, 2-D) and the batched tier (13 to 40 ns).
 */
import { withoutTransfers, type CandidateModel, type SweepCosts } from "../../src/decision/model.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import type { Tier, TierName } from "../../src/tiers/tier.ts";

const ns = 1e-6;

function sweepCosts(latency: number, perStage: number, saturation = 0): SweepCosts {
  return { latency, advection: perStage, diffusion: perStage / 3, saturation, ratios: [], spread: 0.05 };
}

function modelOf(
  sweep: SweepCosts,
  more: Partial<CandidateModel> & { readonly bandwidth?: number; readonly transferLatency?: number },
): CandidateModel {
  const { bandwidth = Infinity, transferLatency = 0, ...rest } = more;
  const moving = { fixed: transferLatency, each: bandwidth === Infinity ? 0 : 1 / bandwidth };
  return {
    setup: { fixed: 0.2, each: 1e-7 },
    cold: 0,
    upload: moving,
    download: moving,
    hjb: sweep,
    fokkerPlanck: { ...sweep, advection: 1.5 * sweep.advection },
    moving: { hjb: 0, fokkerPlanck: 0 },
    relax: { fixed: sweep.latency, each: sweep.advection / 4 },
    column: sweep.advection / 4,
    certify: { sweeps: 1, each: sweep.advection },
    beside: [],
    fewest: 64,
    most: 1e8,
    noise: 0.02,
    ...rest,
  };
}

/** GB/s as bytes per millisecond. */
const bus = 10e6;

/**
 * A stateless derivative call of the GPU: 8 B up and 16 B down per point and axis, a round trip of 0.1 ms; the arithmetic is
 * nothing beside it.
 */
function offload(): CandidateModel {
  const moving = (2 * 24) / bus;
  const arithmetic = 0.1 * ns;
  const share = moving / (moving + arithmetic);
  return modelOf(sweepCosts(0.1, moving + arithmetic), {
    setup: { fixed: 30, each: 0 },
    cold: 500,
    moving: { hjb: share, fokkerPlanck: share },
  });
}

export const syntheticModels: ReadonlyMap<string, CandidateModel> = new Map([
  ["scalar f64", modelOf(sweepCosts(4e-3, 400 * ns), {})],
  ["batched f64", modelOf(sweepCosts(1e-3, 30 * ns), { cold: 120 })],
  ["rust f64", modelOf(sweepCosts(6e-3, 1.7 * ns), { cold: 5 })],
  [
    "webgpu/resident f64",
    modelOf(sweepCosts(5e-3, 0.01 * ns, 1e5), {
      bandwidth: bus,
      transferLatency: 0.1,
      setup: { fixed: 30, each: 1e-8 },
      cold: 500,
    }),
  ],
  ["webgpu/offload f64", offload()],
]);

/** The same, with data that move for nothing. */
export const syntheticWithoutTransfers: ReadonlyMap<string, CandidateModel> = new Map(
  [...syntheticModels].map(([name, model]) => [name, withoutTransfers(model)]),
);

function pretended(name: TierName, residencies: Tier["residencies"]): Tier {
  return {
    ...batchedTier,
    name,
    residencies,
    description: `${name}, synthetic`,
    probe: async () => ({ state: "available", device: `synthetic ${name}`, software: false }),
    workspace: () => Promise.reject(new Error("synthetic tiers do not compute")),
    memoryFree: async () => 64e9,
  };
}

export const syntheticTiers: readonly Tier[] = [
  pretended("scalar", ["resident"]),
  { ...batchedTier, memoryFree: async () => 64e9 },
  pretended("rust", ["resident"]),
  pretended("webgpu", ["resident", "offload"]),
];
