import { cpus } from "node:os";
import { MfgError } from "../../errors.ts";
import { hostMemoryNeed } from "../host/hostWorkspace.ts";
import type { Available, Kernels, Precision, Tier, TierPlace, Unavailable } from "../tier.ts";
import { addon, isAddon } from "./addon.ts";
import type { Addon } from "./addon.ts";
import { RustKernels } from "./kernels.ts";

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

function device(found: Addon, place: TierPlace): Available {
  const { simd, threads: cores } = found.host();
  const threads = place.threads ?? cores;
  const processor = cpus()[0]?.model.trim() || process.arch;
  const text = `${processor}, ${simd}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return { state: "available", device: text, software: false, facts: { simd, threads, cores } };
}

function probe(place: TierPlace = {}): Available | Unavailable {
  const found = addon();
  return isAddon(found) ? device(found, place) : found;
}

/** The addon, or the error that says why there is none. */
function needAddon(): Addon {
  const found = addon();
  if (isAddon(found)) return found;
  throw new MfgError({ code: found.code, message: found.why, fix: found.fix, path: "tier", value: "rust" });
}

function kernels(place: TierPlace & { readonly precision: Precision }): Kernels {
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
  const found = needAddon();
  return new RustKernels(found, precision, { threads: checkedThreads(place.threads ?? found.host().threads) });
}

/** Rust on all cores, vectorised for the processor at hand. */
export const rustTier: Tier = {
  name: "rust",
  description: "Rust, vector instructions chosen at run time, all cores",
  variants: ["native"],
  precisions: ["f64", "f32"],
  residencies: ["resident"],
  solvePrecisions: () => ["f64"],
  probe: async (place) => probe(place),
  kernels: async (options) => kernels(options),
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
