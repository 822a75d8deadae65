/** What this machine offers mfgpu, as data: the processor, every tier and variant, every adapter. */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from "node:os";
import process from "node:process";
import { MfgError } from "../errors.ts";
import { candidateText } from "../tiers/candidate.ts";
import { listAdapters, whyNoVulkan } from "../tiers/dawn/instance.ts";
import { type VulkanDriver, vulkanDrivers } from "../tiers/dawn/drivers.ts";
import { tiers } from "../tiers/registry.ts";
import type { Available, TierName, Unavailable } from "../tiers/tier.ts";
import { type AdapterSurvey, surveyAdapter } from "../tiers/webgpu/survey.ts";
import { packageVersion } from "./fingerprint.ts";

export interface DoctorTier {
  readonly tier: TierName;
  /** With its variant, such as `rust:native`. */
  readonly name: string;
  readonly description: string;
  readonly answer: Available | Unavailable;
}

/** An adapter that was found and did not open. */
export interface SickAdapter {
  readonly name: string;
  readonly code: string;
  readonly why: string;
  readonly fix: string | undefined;
}

export interface DoctorReport {
  readonly mfgpu: string;
  readonly node: string;
  readonly system: string;
  readonly processor: {
    readonly model: string;
    /** Widest vector instructions that the tiers can use; undefined where it cannot be told. */
    readonly simd: string | undefined;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly freeBytes: number;
  };
  readonly tiers: readonly DoctorTier[];
  readonly adapters: readonly (AdapterSurvey | SickAdapter)[];
  /** Registered Vulkan drivers, where the system has such a register. */
  readonly drivers: readonly VulkanDriver[];
}

/** SIMD level by the kernel's list of what the processor can do, for where the native tier is not there to ask. */
function simdOf(): string | undefined {
  if (arch() === "arm64") return "neon";
  try {
    const flags = new Set(/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" "));
    if (["avx512f", "avx512dq", "avx512vl"].every((flag) => flags.has(flag))) return "avx512";
    if (flags.has("avx2") && flags.has("fma")) return "avx2+fma";
    return flags.has("sse2") ? "sse2" : undefined;
  } catch {
    return undefined;
  }
}

async function lookAtTiers(adapter: string | undefined): Promise<readonly DoctorTier[]> {
  const found: DoctorTier[] = [];
  for (const tier of tiers) {
    for (const variant of tier.variants.length > 0 ? tier.variants : [undefined]) {
      const place = { ...(variant === undefined ? {} : { variant }), ...(adapter === undefined ? {} : { adapter }) };
      const name = candidateText({ ...tier, residencies: ["resident"] }, { variant, residency: undefined });
      found.push({ tier: tier.name, name, description: tier.description, answer: await tier.probe(place) });
    }
  }
  return found;
}

async function lookAtAdapters(adapter: string | undefined): Promise<readonly (AdapterSurvey | SickAdapter)[]> {
  if (whyNoVulkan() !== undefined) return [];
  const names = adapter === undefined ? [...new Set((await listAdapters()).map(({ name }) => name))] : [adapter];
  const found: (AdapterSurvey | SickAdapter)[] = [];
  for (const name of names) {
    try {
      found.push(await surveyAdapter(name));
    } catch (error) {
      if (!(error instanceof MfgError)) throw error;
      found.push({ name, code: error.code, why: error.message, fix: error.fix });
    }
  }
  return found;
}

/**
 * Looks around and measures; a second or two per adapter.
 *
 * @param adapter only this one; all that are there where none is named
 *
 * @example
 * const { tiers } = await examine();
 * for (const { name, answer } of tiers) if (answer.state === "unavailable") console.log(name, answer.why, answer.fix);
 */
export async function examine(adapter?: string): Promise<DoctorReport> {
  const found = await lookAtTiers(adapter);
  const simd = found.map(({ answer }) => (answer.state === "available" ? answer.facts?.["simd"] : undefined));
  return {
    mfgpu: packageVersion(),
    node: process.versions.node,
    system: `${platform()} ${release()} ${arch()}`,
    processor: {
      model: cpus()[0]?.model.trim() ?? "unknown",
      simd: simd.find((level) => typeof level === "string") ?? simdOf(),
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      freeBytes: freemem(),
    },
    tiers: found,
    adapters: await lookAtAdapters(adapter),
    drivers: vulkanDrivers(),
  };
}
