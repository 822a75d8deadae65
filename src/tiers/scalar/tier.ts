import { HostWorkspace, hostMemoryNeed } from "../host/hostWorkspace.ts";
import type { Tier } from "../tier.ts";
import { scalarFieldKernels } from "./fieldKernels.ts";
import { ScalarKernels } from "./kernels.ts";

/** One stencil per call, straight from the formulas: the baseline of speed and the reference of the other tiers. */
export const scalarTier: Tier = {
  name: "scalar",
  description: "TypeScript, one stencil per call: the readable reference",
  variants: [],
  precisions: ["f64"],
  residencies: ["resident"],
  solvePrecisions: () => ["f64"],
  probe: async () => ({ state: "available", device: "JavaScript thread", software: false }),
  kernels: async () => new ScalarKernels(),
  memoryNeed: hostMemoryNeed,
  workspace: async (members, options) => new HostWorkspace("scalar", members, options, (d) => scalarFieldKernels(d)),
};
