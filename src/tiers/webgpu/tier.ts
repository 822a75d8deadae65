import { MfgError } from "../../errors.ts";
import type { Available, Tier, Unavailable } from "../tier.ts";
import { findAdapter } from "../dawn/adapter.ts";
import { WebgpuKernels } from "./kernels.ts";
import { sharedDevice } from "./sharedDevice.ts";
import type { LineDevice } from "./solve/densityFields.ts";
import { openWorkspace, workspaceNeed } from "./solve/openWorkspace.ts";

const answers = new Map<string, Promise<Available | Unavailable>>();

/** Limits of the adapters that were looked at: they decide how much work memory long lines take. */
const limits = new Map<string, LineDevice>();

/** Those of an adapter that nobody looked at are WebGPU's least. */
function knownLimits(adapter: string | undefined): LineDevice {
  const least = { maxComputeWorkgroupStorageSize: 16_384, maxComputeInvocationsPerWorkgroup: 256 };
  return limits.get(adapter ?? "") ?? { bindingLimit: 2 ** 27, gpu: { limits: least } };
}

async function look(adapter: string | undefined): Promise<Available | Unavailable> {
  const found = await findAdapter(adapter === undefined ? {} : { adapter });
  if ("state" in found) return found;
  // Copied: the adapter's own object says nothing any more once the adapter is collected.
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup, maxStorageBufferBindingSize } =
    found.adapter.limits;
  limits.set(adapter ?? "", {
    bindingLimit: maxStorageBufferBindingSize,
    gpu: { limits: { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } },
  });
  const { name, software, vendor, architecture, description } = found.facts;
  return { state: "available", device: name, software, facts: { vendor, architecture, driver: description } };
}

/** WGSL compute shaders through Dawn. */
export const webgpuTier: Tier = {
  name: "webgpu",
  description: "WGSL compute shaders on the GPU, through WebGPU",
  variants: [],
  precisions: ["f32"],
  residencies: ["resident"],
  solvePrecisions: () => ["compensated", "f32"],
  refinement: (residency) =>
    residency === "resident" ? { precision: "f64", from: "compensated", on: "rust" } : undefined,
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
  memoryNeed: (members, options) => workspaceNeed(knownLimits(options.adapter), members, options),
  workspace: async (members, options) => openWorkspace(await sharedDevice(options), members, options),
};
