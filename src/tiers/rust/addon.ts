/**
 * The native addon: loaded on first use, once per process, and only ever asked for by the tier rust. It lies beside the
 * sources where a clone was set up, and in a package per platform where mfgpu was installed with one.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { KernelArray, Unavailable } from "../tier.ts";
import type { AddonWorkspaces } from "./addonWorkspace.ts";

/** What the addon finds on this processor. */
export interface AddonHost {
  /** Of the crate; it is the package's. */
  readonly version: string;
  /** Widest instruction set: `avx512`, `avx2+fma`, `sse2`, `neon`. */
  readonly simd: string;
  /** Every instruction set that kernels can run with here, the widest first. */
  readonly levels: readonly string[];
  readonly threads: number;
}

/** Where on the processor a call runs: for large arrays on so many threads, with a level other than the widest. */
export interface CallPlace {
  readonly threads: number;
  readonly simd?: string;
}

/** An array as any number of slabs of `nodes` x `stride` entries. */
export interface AddonLayout {
  readonly nodes: number;
  readonly stride: number;
  readonly spacing: number;
  readonly lower: string;
  readonly upper: string;
  readonly variant: string;
  readonly epsilonKind: string;
  readonly epsilonValue: number;
}

type SmoothnessArguments = [stencils: KernelArray, out: KernelArray, place: CallPlace];
type WeightsArguments = [
  beta: KernelArray,
  linear: readonly number[],
  epsilon: number,
  out: KernelArray,
  place: CallPlace,
];
type DerivativesArguments = [
  field: KernelArray,
  layout: AddonLayout,
  pMinus: KernelArray,
  pPlus: KernelArray,
  place: CallPlace,
];

/**
 * The functions of native/src/binding.rs. They refuse what does not fit; those named `Later` run off the JavaScript thread,
 * and their arrays are theirs until the promise settles.
 */
export interface Addon {
  host(): AddonHost;
  smoothness(...call: SmoothnessArguments): void;
  smoothnessLater(...call: SmoothnessArguments): Promise<void>;
  weights(...call: WeightsArguments): void;
  weightsLater(...call: WeightsArguments): Promise<void>;
  derivatives(...call: DerivativesArguments): void;
  derivativesLater(...call: DerivativesArguments): Promise<void>;
  /** Runs so many steps of products and sums, in f32 or in f64, on every thread, and waits for them; gives the operations done. */
  arithmetic(single: boolean, steps: number, place: CallPlace): number;
}

/** The addon of this processor: with the workspaces of native/src/workspace_binding.rs. */
export interface NativeAddon extends Addon, AddonWorkspaces {}

/** Where an addon may lie: what people are told, and what `require` is given. */
export interface AddonFile {
  readonly name: string;
  readonly specifier: string;
}

const require = createRequire(import.meta.url);

/** The same from src/tiers/rust and from dist/tiers/rust. */
const built = fileURLToPath(new URL("../../../native/build/mfgpu.node", import.meta.url));

/** Node's name of the platform, such as `linux-x64-gnu`, as the prebuilt packages carry it. */
export function platformName(): string {
  if (process.platform !== "linux") return `${process.platform}-${process.arch}`;
  const { header } = process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } };
  return `linux-${process.arch}-${header.glibcVersionRuntime === undefined ? "musl" : "gnu"}`;
}

/** Where this installation's addon may lie, the first choice first. */
export function addonFiles(): readonly AddonFile[] {
  const prebuilt = `mfgpu-${platformName()}`;
  return [
    { name: "native/build/mfgpu.node", specifier: built },
    { name: prebuilt, specifier: prebuilt },
  ];
}

/** The version that an addon must have. */
export function packageVersion(): string {
  return (require("../../../package.json") as { readonly version: string }).version;
}

/** What an error says, in one line. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!;
}

/** True where a file lies. */
export function isThere(path: string): boolean {
  return existsSync(path);
}

/** Loads the first addon that works; otherwise the answer names every attempt and why it failed. */
export function loadAddon(files: readonly AddonFile[]): NativeAddon | Unavailable {
  const attempts: string[] = [];
  for (const { name, specifier } of files) {
    try {
      const addon = require(specifier) as NativeAddon;
      const { version } = addon.host();
      if (version === packageVersion()) return addon;
      attempts.push(`${name}: it is of version ${version}, not ${packageVersion()}`);
    } catch (error) {
      const missing = (error as { readonly code?: string }).code === "MODULE_NOT_FOUND";
      attempts.push(`${name}: ${missing ? "not there" : firstLine(error)}`);
    }
  }
  return {
    state: "unavailable",
    code: "MFGPU_TIER_UNAVAILABLE",
    why: `The native addon of the tier rust could not be loaded (${attempts.join("; ")}).`,
    fix: "In a clone, install Rust (https://rustup.rs) and run npm run build:native; or use the tier batched.",
  };
}

let known: NativeAddon | Unavailable | undefined;

/** This process's addon, or why there is none. */
export function addon(): NativeAddon | Unavailable {
  return (known ??= loadAddon(addonFiles()));
}

/** True where an answer of `addon` is the addon. */
export function isAddon<A extends Addon>(answer: A | Unavailable): answer is A {
  return !("state" in answer);
}
