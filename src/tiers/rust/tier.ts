import { availableParallelism, cpus } from "node:os";
import { MfgError } from "../../errors.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import type {
  Available,
  Kernels,
  MemoryNeed,
  Precision,
  RunPlace,
  Tier,
  TierPlace,
  Unavailable,
  Workspace,
  WorkspaceOptions,
} from "../tier.ts";
import { addon, isAddon } from "./addon.ts";
import type { Addon, NativeAddon } from "./addon.ts";
import { RustKernels, RustWasmKernels } from "./kernels.ts";
import { StagedAddon, wasmModule } from "./wasm.ts";
import { rustMemoryNeed, RustWorkspace } from "./workspace.ts";

/** Points from which on all threads work on one grid together: SMALL in native/src/workspace.rs. */
export const sharedFrom = 16_384;
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

function noCompensated(what: string): MfgError {
  return new MfgError({
    code: "MFGPU_TIER_PRECISION",
    message: `The tier rust has no compensated ${what}.`,
    fix: "Use f64 or f32.",
    path: "precision",
    value: "compensated",
  });
}

function isMissing({ code, why, fix }: Unavailable): MfgError {
  return new MfgError({ code, message: why, fix, path: "tier", value: "rust" });
}

async function kernels(place: TierPlace & { readonly precision: Precision }): Promise<Kernels> {
  const { precision } = place;
  if (precision === "compensated") throw noCompensated("kernels");
  const found = await find(place);
  if (!isAddon(found)) throw isMissing(found);
  const where = { threads: checkedThreads(threadsOf(found, place)) };
  return found instanceof StagedAddon
    ? new RustWasmKernels(found, precision, where)
    : new RustKernels(found, precision, where);
}

/** The addon with its workspaces, which the WebAssembly build does not have. */
function needWorkspaces(place: TierPlace): NativeAddon {
  if (place.variant === "wasm") {
    throw new MfgError({
      code: "MFGPU_TIER_UNAVAILABLE",
      message: "The WebAssembly build of the tier rust has kernels and no whole solves.",
      fix: "Use rust:native, or rust:wasm/offload.",
      path: "tier",
      value: "rust:wasm/resident",
    });
  }
  const found = addon();
  if (!isAddon(found)) throw isMissing(found);
  return found;
}

function memoryNeed(members: readonly Discretisation[], options: WorkspaceOptions): MemoryNeed {
  const found = needWorkspaces(options);
  return rustMemoryNeed(found, members, options, checkedThreads(threadsOf(found, options)));
}

async function workspace(members: readonly Discretisation[], options: WorkspaceOptions): Promise<Workspace> {
  const { precision } = options;
  if (precision === "compensated") throw noCompensated("workspace");
  const found = needWorkspaces(options);
  const answer = await probe(options);
  if (answer.state === "unavailable") throw isMissing(answer);
  const place: RunPlace = { device: answer.device, software: false, variant: "native", residency: "resident" };
  const threads = checkedThreads(threadsOf(found, options));
  return new RustWorkspace(found, members, { ...options, precision }, threads, place);
}

/** Rust on all cores, vectorised for the processor at hand. */
export const rustTier: Tier = {
  name: "rust",
  description: "Rust, vector instructions chosen at run time, all cores",
  variants: ["native", "wasm"],
  precisions: ["f64", "f32"],
  residencies: ["resident"],
  solvePrecisions: () => ["f64", "f32"],
  probe,
  kernels,
  breaks: (dimension) => (dimension > 1 ? [sharedFrom] : []),
  // `lanes` in native/src/workspace.rs: below it threads take members each, not parts of one.
  busyThreads: (dimension, points, members, threads) =>
    dimension > 1 && points >= sharedFrom ? threads : Math.min(members, threads),
  memoryNeed,
  workspace,
};
