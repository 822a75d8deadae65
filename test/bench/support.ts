/** Tiers, courses and reports for tests of the benchmarks. */
import { type BenchReport, benchFormat, type BenchRow } from "../../src/bench/report.ts";
import type { Energy } from "../../src/bench/energy.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import type { Tier } from "../../src/tiers/tier.ts";

/** The batched tier under another name, whose derivatives are off by a factor. */
export function liar(factor: number): Tier {
  return {
    ...batchedTier,
    name: "webgpu",
    description: "pretended",
    probe: async () => ({ state: "available", device: "Pretended", software: true }),
    kernels: async (options) => {
      const inner = await batchedTier.kernels(options);
      return {
        tally: inner.tally,
        smoothness: (stencils, out) => inner.smoothness(stencils, out),
        weights: (beta, linear, epsilon, out) => inner.weights(beta, linear, epsilon, out),
        derivatives: async (field, layout, pMinus, pPlus) => {
          await inner.derivatives(field, layout, pMinus, pPlus);
          pPlus[pPlus.length - 1]! *= factor;
        },
        [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
      };
    },
  };
}

export const noEnergy: Energy = { processor: undefined, card: undefined, text: "none, in a test" };

/** A row with these parts. */
export function rowWith(parts: Partial<BenchRow>): BenchRow {
  return {
    section: "kernels",
    operation: "derivatives",
    shape: [64, 64],
    contestant: "batched f64",
    tier: "batched",
    precision: "f64",
    threads: null,
    device: "JavaScript thread",
    software: false,
    time: 1,
    spread: 0.01,
    median: 1.02,
    mad: 0.01,
    max: 1.1,
    n: 9,
    figure: "least",
    samples: [[1, 1.02, 1.1]],
    repeats: 1,
    first: 2,
    pointStages: 8192,
    nsPerPoint: 122,
    nsSpread: 1.2,
    pointsPerSecond: 8.2e6,
    nsWithoutTransfers: null,
    nsWithoutTransfersMad: null,
    flopPerPoint: 68,
    bytesPerPoint: 24,
    bandwidthShare: 0.1,
    arithmeticShare: 0.5,
    uploadGBs: null,
    readbackGBs: null,
    joules: null,
    error: 1e-16,
    ...parts,
  };
}

/** A report of these rows. */
export function reportWith(rows: readonly BenchRow[], parts: Partial<BenchReport> = {}): BenchReport {
  return {
    format: benchFormat,
    place: {
      processor: "A processor",
      cores: 2,
      virtual: true,
      memoryBytes: 2 ** 33,
      system: "linux 6 x64",
      node: "20.20.2",
      mfgpu: "0.1.0",
      devices: [{ tier: "batched", device: "JavaScript thread", software: false, facts: {} }],
      date: "2026-01-02T03:04:05.000Z",
      load: 0.5,
    },
    options: { sections: ["kernels"], quick: false, only: null, timeLimit: null },
    roofs: [{ place: "javascript", software: false, bandwidth: 2e10, arithmetic: { f64: 8e9, f32: 8e9 } }],
    energy: "none, in a test",
    rows,
    leftOut: [],
    notes: [],
    seconds: 12,
    ...parts,
  };
}
