/** What a timing is true for: the machine, the programs and the kernels that it was taken with. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PlanCandidate } from "./candidates.ts";

/** Every part must agree for wisdom to be trusted; plain JSON, texts only. */
export type Machine = Readonly<Record<string, string>>;

const packageRoot = fileURLToPath(new URL("../..", import.meta.url));
/** src, or dist where the package is built. */
const codeRoot = fileURLToPath(new URL("..", import.meta.url));

/** Version of this package. */
export function packageVersion(): string {
  const text = readFileSync(join(packageRoot, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Folders below the code, and below the package, that hold a tier's kernels. */
const kernelFolders: Readonly<Record<string, { readonly code: readonly string[]; readonly own: readonly string[] }>> = {
  scalar: { code: ["tiers/scalar"], own: [] },
  batched: { code: ["tiers/batched"], own: [] },
  gpujs: { code: ["tiers/gpujs", "tiers/dawn"], own: [] },
  rust: { code: ["tiers/rust"], own: ["native/build"] },
  webgpu: { code: ["tiers/webgpu", "tiers/dawn"], own: ["shaders"] },
};
const always = ["scheme", "tiers/host"];
const kernelEndings = /\.(?:ts|js|wgsl|node|wasm)$/;
const hashes = new Map<string, string>();

/** A hash of every file that the results and the speed of a tier come from. */
export function kernelHash(tier: string): string {
  const known = hashes.get(tier);
  if (known !== undefined) return known;
  const folders = kernelFolders[tier] ?? { code: [`tiers/${tier}`], own: [] };
  const hash = createHash("sha256");
  for (const folder of [...always, ...folders.code]) addFolder(hash, codeRoot, folder, true);
  for (const folder of folders.own) addFolder(hash, packageRoot, folder, false);
  const text = hash.digest("hex").slice(0, 16);
  hashes.set(tier, text);
  return text;
}

/** Adds the files of a folder, in order; one that is not there adds nothing. */
function addFolder(hash: ReturnType<typeof createHash>, base: string, folder: string, deep: boolean): void {
  let names: string[];
  try {
    names = readdirSync(join(base, folder), { recursive: deep, encoding: "utf8" });
  } catch {
    return;
  }
  for (const name of names.filter((file) => kernelEndings.test(file) && !file.endsWith(".d.ts")).toSorted()) {
    hash.update(`${folder}/${name}\0`).update(readFileSync(join(base, folder, name)));
  }
}

function versionOf(name: string): string {
  try {
    const text = readFileSync(createRequire(import.meta.url).resolve(`${name}/package.json`), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return "unknown";
  }
}

/** Parts of every candidate's machine. */
function hostMachine(): Record<string, string> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: String(processors.length),
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    mfgpu: packageVersion(),
  };
}

/** Where and with what a candidate runs. Its device stands for processor features, adapter and driver. */
export function machineOf(candidate: PlanCandidate): Machine {
  const { tier, found } = candidate;
  const machine = hostMachine();
  if (found.state === "available") {
    machine["device"] = found.device;
    for (const [name, fact] of Object.entries(found.facts ?? {})) {
      if (name === "driver" || name === "simd" || name === "backend") machine[name] = String(fact);
    }
  }
  if (tier.name === "gpujs" || tier.name === "webgpu") machine["webgpu"] = versionOf("webgpu");
  if (tier.name === "gpujs") machine["gpu.js"] = versionOf("gpu.js");
  machine["kernels"] = kernelHash(tier.name);
  return machine;
}

/** The first part in which two machines differ, in words; undefined where they agree. */
export function machineDifference(then: Machine, now: Machine): string | undefined {
  for (const part of new Set([...Object.keys(then), ...Object.keys(now)])) {
    const [was, is] = [then[part], now[part]];
    if (was !== is) return `${part} was ${was ?? "not known"} and is ${is ?? "not known"}`;
  }
  return undefined;
}
