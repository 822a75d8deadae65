/**
 * The native addon: loaded on first use, once per process, and only ever asked for by the tier rust. It lies beside the
 * sources where a clone was set up, and in a package per platform where mfgpu was installed with one.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Unavailable } from "../tier.ts";

/** What the addon finds on this processor. */
export interface AddonHost {
  /** Of the crate; it is the package's. */
  readonly version: string;
  /** Widest instruction set: `avx512`, `avx2+fma`, `sse2`, `neon`. */
  readonly simd: string;
  readonly threads: number;
}

/** The functions of native/src/binding.rs. */
export interface Addon {
  host(): AddonHost;
}

/** Where an addon may lie: what people are told, and what `require` is given. */
export interface AddonPlace {
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
export function addonPlaces(): readonly AddonPlace[] {
  const prebuilt = `mfgpu-${platformName()}`;
  return [
    { name: "native/build/mfgpu.node", specifier: built },
    { name: prebuilt, specifier: prebuilt },
  ];
}

/** The version that an addon must have. */
function packageVersion(): string {
  return (require("../../../package.json") as { readonly version: string }).version;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!;
}

/** Loads the first addon that works; otherwise the answer names every attempt and why it failed. */
export function loadAddon(places: readonly AddonPlace[]): Addon | Unavailable {
  const attempts: string[] = [];
  for (const { name, specifier } of places) {
    try {
      const addon = require(specifier) as Addon;
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

let known: Addon | Unavailable | undefined;

/** This process's addon, or why there is none. */
export function addon(): Addon | Unavailable {
  return (known ??= loadAddon(addonPlaces()));
}

/** True where an answer of `addon` is the addon. */
export function isAddon(answer: Addon | Unavailable): answer is Addon {
  return !("state" in answer);
}
