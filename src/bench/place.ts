/** The machine of a run, by its hardware only: no name of a host, of a user or of a folder. */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { packageVersion } from "../decision/fingerprint.ts";
import type { Available, Tier, TierPlace } from "../tiers/tier.ts";

export interface Place {
  readonly processor: string;
  readonly cores: number;
  /** True where the cores are lent by another machine's system, which may take them away; undefined where that cannot be told. */
  readonly virtual?: boolean;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly mfgpu: string;
  /** What the tiers say of where they run: instruction set, adapter, driver. */
  readonly devices: readonly {
    readonly tier: string;
    readonly device: string;
    readonly software: boolean;
    readonly facts: Readonly<Record<string, string>>;
  }[];
  /** ISO 8601, UTC. */
  readonly date: string;
  /** Processes that were running or waiting to, over the last minute: above the number of cores, times are of little worth. */
  readonly load: number;
}

/** Looks at the machine and at every tier's default place. */
export async function lookAtPlace(
  tiers: readonly Tier[],
  adapter: string | undefined,
  date: Date = new Date(),
): Promise<Place> {
  const place: TierPlace = adapter === undefined ? {} : { adapter };
  const devices: Place["devices"][number][] = [];
  for (const tier of tiers) {
    const found = await tier.probe(place);
    if (found.state === "available") devices.push(described(tier.name, found));
  }
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    ...virtualMachine(),
    memoryBytes: totalmem(),
    // The version, without what a builder of systems adds to it.
    system: `${platform()} ${release().split("-")[0] ?? ""} ${arch()}`,
    node: process.versions.node,
    mfgpu: packageVersion(),
    devices,
    date: date.toISOString(),
    load: loadavg()[0] ?? 0,
  };
}

/** What Linux says of the processor's flags. */
function virtualMachine(): Pick<Place, "virtual"> {
  try {
    return { virtual: /^flags\s*:.*\bhypervisor\b/m.test(readFileSync("/proc/cpuinfo", "utf8")) };
  } catch {
    return {};
  }
}

/** A machine in words, by its hardware alone: `2 cores of AMD EPYC, a virtual machine (avx512)`. */
export function machineText({ processor, cores, virtual, devices }: Place): string {
  const simd = devices.find(({ tier }) => tier === "rust")?.facts["simd"];
  return `${cores} cores of ${processor}${virtual ? ", a virtual machine" : ""}${simd === undefined ? "" : ` (${simd})`}`;
}

function described(tier: string, { device, software, facts = {} }: Available): Place["devices"][number] {
  return {
    tier,
    device,
    software,
    facts: Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, String(fact)])),
  };
}
