import { cpus } from "node:os";
import { MfgError } from "../../errors.ts";
import { hostMemoryNeed } from "../host/hostWorkspace.ts";
import type { Available, Tier, TierPlace, Unavailable } from "../tier.ts";
import { addon, isAddon } from "./addon.ts";

function probe(place: TierPlace = {}): Available | Unavailable {
  const found = addon();
  if (!isAddon(found)) return found;
  const { simd, threads: cores } = found.host();
  const threads = place.threads ?? cores;
  const processor = cpus()[0]?.model.trim() || process.arch;
  const device = `${processor}, ${simd}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return { state: "available", device, software: false, facts: { simd, threads, cores } };
}

/** Rust on all cores, vectorised for the processor at hand. */
export const rustTier: Tier = {
  name: "rust",
  description: "Rust, vector instructions chosen at run time, all cores",
  variants: ["native"],
  precisions: [],
  residencies: ["resident"],
  solvePrecisions: () => ["f64"],
  probe: async (place) => probe(place),
  kernels: async ({ precision }) => {
    throw new MfgError({
      code: "MFGPU_TIER_PRECISION",
      message: `The tier rust has no ${precision} kernels.`,
      fix: "Use the tier batched.",
      path: "precision",
      value: precision,
    });
  },
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
