import { availableParallelism, cpus } from "node:os";
import { MfgError } from "../../errors.ts";
import { findAdapter } from "../dawn/adapter.ts";
import type { KernelTier } from "../host/offload.ts";
import type { Available, TierPlace, Unavailable } from "../tier.ts";
import { openGpujsKernels } from "./kernels.ts";
import { loadLibrary, type Library, type Mode } from "./library.ts";

const modes: readonly Mode[] = ["cpu", "webasm", "webgpu"];

/** The mode of a place; the registry has checked the name. */
function modeOf(place: TierPlace): Mode {
  return modes.find((mode) => mode === place.variant) ?? "cpu";
}

function unavailable(why: string, fix: string): Unavailable {
  return { state: "unavailable", code: "MFGPU_TIER_UNAVAILABLE", why, fix };
}

async function look(mode: Mode, place: TierPlace): Promise<Available | Unavailable> {
  let library: Library;
  try {
    library = await loadLibrary();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return unavailable(`The package gpu.js does not load here: ${reason}`, "Install the packages again (npm ci).");
  }
  if (mode === "webgpu") {
    const found = await findAdapter(place);
    if ("state" in found) return found;
    const { name, software, vendor, architecture, description } = found.facts;
    return { state: "available", device: name, software, facts: { vendor, architecture, driver: description } };
  }
  const processor = cpus()[0]?.model.trim() || process.arch;
  if (mode === "cpu") {
    return { state: "available", device: `${processor}, JavaScript by gpu.js`, software: false, facts: { threads: 1 } };
  }
  const { isSupported, isSIMDSupported: simd, isThreadsSupported } = library.WebAssemblyKernel;
  if (!isSupported || !simd) {
    return unavailable("This JavaScript engine has no WebAssembly SIMD.", "Use the variant cpu, or Node 20 or later.");
  }
  const all = isThreadsSupported ? availableParallelism() : 1;
  const threads = place.threads ?? all;
  if (threads !== 1 && threads !== all) {
    return unavailable(
      `gpu.js computes with one thread or with all ${all}; ${threads} were asked for.`,
      `Use 1 or ${all} threads.`,
    );
  }
  const device = `${processor}, WebAssembly SIMD, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return { state: "available", device, software: false, facts: { simd, threads } };
}

const answers = new Map<string, Promise<Available | Unavailable>>();

/** Looks once for each place. */
function probe(place: TierPlace = {}): Promise<Available | Unavailable> {
  const mode = modeOf(place);
  const key = [mode, mode === "webgpu" ? place.adapter : place.threads].join(" ");
  const known = answers.get(key);
  if (known) return known;
  const answer = look(mode, place);
  answers.set(key, answer);
  return answer;
}

/** JavaScript functions compiled by gpu.js: to JavaScript, to WebAssembly with SIMD, or to WGSL. */
export const gpujsTier: KernelTier = {
  name: "gpujs",
  description: "gpu.js: JavaScript functions compiled to JavaScript, WebAssembly SIMD or WebGPU",
  variants: modes,
  precisions: ["f32"],
  probe,
  kernels: async ({ precision, ...place }) => {
    if (precision !== "f32") {
      throw new MfgError({
        code: "MFGPU_TIER_PRECISION",
        message: `The tier gpujs has no ${precision} kernels.`,
        fix: "Use f32, or another tier.",
        path: "precision",
        value: precision,
      });
    }
    const answer = await probe(place);
    if (answer.state === "unavailable") {
      throw new MfgError({ code: answer.code, message: answer.why, fix: answer.fix, path: "tier", value: "gpujs" });
    }
    return openGpujsKernels(modeOf(place), place);
  },
};
