/** Which adapter: a real GPU, the software adapter where it is asked for, or one by name. Nothing else in its place. */
import type { TierPlace, Unavailable } from "../tier.ts";
import { instance, listAdapters, loadDawn, whyNoVulkan } from "./instance.ts";

/** What an adapter says of itself. */
export interface AdapterFacts {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A program on the processor. */
  readonly software: boolean;
}

export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly facts: AdapterFacts;
}

/** Adapters are now and then refused for a moment, such as while another process opens its own. */
const attempts = 3;
const pauseMs = 50;

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic.render|software/i;

/** True for programs on the processor: by the adapter's own word, and by the names of those that do not say so. */
export function isSoftware(
  info: Pick<GPUAdapterInfo, "vendor" | "architecture" | "device" | "description"> & {
    readonly isFallbackAdapter?: boolean;
  },
): boolean {
  if (info.isFallbackAdapter === true) return true;
  return [info.vendor, info.architecture, info.device, info.description].some((text) => softwareNames.test(text));
}

/** True for the null backend, which accepts everything and computes nothing. */
function isNull(info: GPUAdapterInfo): boolean {
  return info.device === "null-backend";
}

export function factsOf(info: GPUAdapterInfo): AdapterFacts {
  const { vendor, architecture, description } = info;
  return { name: nameOf(info), vendor, architecture, description, software: isSoftware(info) };
}

/** A name for a person. `device` is the driver's name of the chip in a form for machines; the description has the driver. */
function nameOf(info: GPUAdapterInfo): string {
  const device = info.device.replace(/-+$/, "");
  if (isSoftware(info)) return /swiftshader/i.test(device) ? "SwiftShader" : device || info.architecture || "software";
  return [info.vendor, device].filter(Boolean).join(" ") || info.description || "GPU";
}

async function request(
  adapterName: string | undefined,
  options: GPURequestAdapterOptions,
): Promise<FoundAdapter | undefined> {
  for (let attempt = 0; ; attempt++) {
    const adapter = await (await instance(adapterName)).requestAdapter(options).catch(() => null);
    if (adapter) return isNull(adapter.info) ? undefined : { adapter, facts: factsOf(adapter.info) };
    if (attempt + 1 >= attempts) return undefined;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** The wish as a test of an adapter. */
function wanted(wish: string | undefined): (facts: AdapterFacts, listed?: string) => boolean {
  if (wish === undefined) return ({ software }) => !software;
  if (/^software$/i.test(wish)) return ({ software }) => software;
  const text = wish.toLowerCase();
  return (facts, listed = "") =>
    [facts.name, facts.vendor, facts.architecture, facts.description, listed].some((name) =>
      name.toLowerCase().includes(text),
    );
}

function unavailable(why: string, fix: string): Unavailable {
  return { state: "unavailable", code: "MFGPU_TIER_UNAVAILABLE", why, fix };
}

const driverFix =
  "Install the GPU's Vulkan driver (docs/gpu.md lists what each needs), or use `--adapter software`, a slow stand-in for tests.";
const softwareFix =
  "In a clone run `npm ci` and then `npm run -s mfgpu -- ... --adapter software`, or `node scripts/software.mjs COMMAND`; elsewhere install a software Vulkan driver such as Mesa's lavapipe 24.2 or later.";

function absent(wish: string | undefined, seen: readonly string[]): Unavailable {
  const list = seen.length > 0 ? ` What is here: ${seen.join(", ")}.` : "";
  if (wish === undefined) return unavailable(`There is no GPU that WebGPU can use.${list}`, driverFix);
  if (/^software$/i.test(wish)) return unavailable(`There is no software adapter in this process.${list}`, softwareFix);
  const known = seen.length > 0 ? `Use part of one of these names: ${seen.join(", ")}.` : driverFix;
  return unavailable(`There is no adapter named ${wish}.`, known);
}

/**
 * The adapter of a place: the first real GPU where none is named.
 *
 * @returns an adapter, fresh for one device, or why there is none; never throws
 */
export async function findAdapter(place: Pick<TierPlace, "adapter"> = {}): Promise<FoundAdapter | Unavailable> {
  const wish = place.adapter;
  try {
    await loadDawn();
  } catch (error) {
    return unavailable(
      `The package webgpu does not load here: ${error instanceof Error ? error.message : String(error)}`,
      "It has binaries for Linux (glibc 2.35 or later), macOS and Windows on x64 and arm64.",
    );
  }
  const noVulkan = whyNoVulkan();
  if (noVulkan !== undefined) return unavailable(noVulkan, wish === "software" ? softwareFix : driverFix);
  const fits = wanted(wish);
  const first = await request(undefined, { powerPreference: "high-performance" });
  if (first && fits(first.facts)) return first;
  const listed = await listAdapters();
  for (const { name } of listed) {
    const other = await request(name, {});
    if (other && fits(other.facts, name)) return other;
  }
  return absent(
    wish,
    listed.map(({ name }) => name),
  );
}
