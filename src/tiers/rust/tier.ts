import { availableParallelism, cpus } from "node:os";
import { MfgError } from "../../errors.ts";
import { hostMemoryNeed } from "../host/hostWorkspace.ts";
import type { Available, Kernels, Precision, Tier, TierPlace, Unavailable } from "../tier.ts";
import { addon, isAddon } from "./addon.ts";
import type { Addon } from "./addon.ts";
import { RustKernels, RustWasmKernels } from "./kernels.ts";
import { StagedAddon, wasmModule } from "./wasm.ts";

/** Most threads that the addon makes. */
const mostThreads = 1024;

function checkedThreads(threads: number): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= mostThreads) return threads;
  throw new MfgError({
    code: "MFGPU_CONFIG_THREADS",
    message: `There cannot be ${threads} threads.`,
    fix: `Give a whole number from 1 to ${mostThreads}, or leave it out for all cores.`,
    path: "threads",
    value: threads,
  });
}

/** The functions that a place on the tier runs, or why there are none. */
async function find(place: TierPlace): Promise<Addon | Unavailable> {
  if (place.variant !== "wasm") return addon();
  const module = await wasmModule();
  return "state" in module ? module : new StagedAddon(module);
}

function threadsOf(found: Addon, place: TierPlace): number {
  // WebAssembly cannot tell how many there are.
  return place.threads ?? (place.variant === "wasm" ? availableParallelism() : found.host().threads);
}

async function probe(place: TierPlace = {}): Promise<Available | Unavailable> {
  const found = await find(place);
  if (!isAddon(found)) return found;
  const { simd } = found.host();
  const threads = threadsOf(found, place);
  const processor = cpus()[0]?.model.trim() || process.arch;
  const text = `${processor}, ${simd}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return {
    state: "available",
    device: place.variant === "wasm" ? `rust (wasm) on ${text}` : text,
    software: false,
    facts: { simd, threads, cores: availableParallelism() },
  };
}

async function kernels(place: TierPlace & { readonly precision: Precision }): Promise<Kernels> {
  const { precision } = place;
  if (precision === "compensated") {
    throw new MfgError({
      code: "MFGPU_TIER_PRECISION",
      message: "The tier rust has no compensated kernels.",
      fix: "Use f64 or f32.",
      path: "precision",
      value: precision,
    });
  }
  const found = await find(place);
  if (!isAddon(found))
    throw new MfgError({ code: found.code, message: found.why, fix: found.fix, path: "tier", value: "rust" });
  const where = { threads: checkedThreads(threadsOf(found, place)) };
  return found instanceof StagedAddon
    ? new RustWasmKernels(found, precision, where)
    : new RustKernels(found, precision, where);
}

/** Rust on all cores, vectorised for the processor at hand. */
export const rustTier: Tier = {
  name: "rust",
  description: "Rust, vector instructions chosen at run time, all cores",
  variants: ["native", "wasm"],
  precisions: ["f64", "f32"],
  residencies: ["resident"],
  solvePrecisions: () => ["f64"],
  probe,
  kernels,
  memoryNeed: hostMemoryNeed,
  workspace: async () => {
    throw new MfgError({
      code: "MFGPU_TIER_UNAVAILABLE",
      message: "The tier rust has no whole solves in this version.",
      fix: "Use the tier batched.",
      path: "tier",
      value: "rust",
    });
  },
};
