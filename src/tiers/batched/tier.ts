import { MfgError } from "../../errors.ts";
import { HostWorkspace, hostMemoryNeed } from "../host/hostWorkspace.ts";
import type { Tier } from "../tier.ts";
import { batchedFieldKernels } from "./fieldKernels.ts";
import { BatchedKernels } from "./kernels.ts";

/** Fused loops over typed arrays, whole lines at a time. */
export const batchedTier: Tier = {
  name: "batched",
  description: "TypeScript, fused typed-array loops over whole grid lines",
  variants: [],
  precisions: ["f64", "f32"],
  residencies: ["resident"],
  solvePrecisions: () => ["f64"],
  probe: async () => ({ state: "available", device: "JavaScript thread", software: false }),
  kernels: async ({ precision }) => {
    if (precision !== "compensated") return new BatchedKernels(precision);
    throw new MfgError({
      code: "MFGPU_TIER_PRECISION",
      message: "The tier batched has no compensated kernels.",
      fix: "Use f64 or f32.",
      path: "precision",
      value: precision,
    });
  },
  memoryNeed: hostMemoryNeed,
  workspace: async (members, options) => new HostWorkspace("batched", members, options, batchedFieldKernels),
};
