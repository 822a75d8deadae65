import { MfgError } from "../../errors.ts";
import { hostMemoryNeed } from "../host/hostWorkspace.ts";
import type { Available, Tier, Unavailable } from "../tier.ts";
import { findAdapter } from "../dawn/adapter.ts";
import { WebgpuKernels } from "./kernels.ts";

const answers = new Map<string, Promise<Available | Unavailable>>();

async function look(adapter: string | undefined): Promise<Available | Unavailable> {
  const found = await findAdapter(adapter === undefined ? {} : { adapter });
  if ("state" in found) return found;
  const { name, software, vendor, architecture, description } = found.facts;
  return { state: "available", device: name, software, facts: { vendor, architecture, driver: description } };
}

/** WGSL compute shaders through Dawn. */
export const webgpuTier: Tier = {
  name: "webgpu",
  description: "WGSL compute shaders on the GPU, through WebGPU",
  variants: [],
  precisions: ["f32"],
  residencies: ["resident", "offload"],
  solvePrecisions: (residency) => (residency === "resident" ? ["compensated", "f32"] : ["f32"]),
  probe: async ({ adapter } = {}) => {
    const key = adapter ?? "";
    const known = answers.get(key) ?? look(adapter);
    answers.set(key, known);
    return known;
  },
  kernels: async ({ precision, ...place }) => {
    if (precision === "f32") return WebgpuKernels.open(place);
    throw new MfgError({
      code: "MFGPU_TIER_PRECISION",
      message: `The tier webgpu has no ${precision} kernels.`,
      fix: "Use f32.",
      path: "precision",
      value: precision,
    });
  },
  memoryNeed: hostMemoryNeed,
  workspace: async (_, { residency = "resident" }) => {
    throw new MfgError({
      code: "MFGPU_TIER_UNAVAILABLE",
      message: `The tier webgpu has no ${residency} workspace in this version.`,
      fix: "Use another tier for solves.",
      path: "tier",
    });
  },
};
