/**
 * Dawn, loaded once. An instance keeps its flags for life, so there is one per process for the default adapter, and one
 * more for each adapter that is asked for by a name which is not the default's. All are held: once an instance is collected, what was
 * made of it ends the process.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type * as webgpu from "webgpu";

/** Without it GPU timestamps step by 65,536 ns. */
const flags = ["disable-dawn-features=timestamp_quantization"];

type Dawn = typeof webgpu;

let dawn: Promise<Dawn> | undefined;
const instances = new Map<string, GPU>();

/** Where the system's loader looks, as far as one can tell from here; undefined where it cannot be told. */
function vulkanLoaderIsThere(): boolean | undefined {
  if (process.platform !== "linux") return undefined;
  // The loader's own search path, no setting of ours.
  const folders = (process.env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean);
  if (folders.some((folder) => existsSync(join(folder, "libvulkan.so.1")))) return true;
  try {
    return readFileSync("/etc/ld.so.cache", "latin1").includes("libvulkan.so.1");
  } catch {
    return undefined;
  }
}

/** Why Dawn is not even asked; undefined where it is. It would print a warning of its own where there is no Vulkan. */
export function whyNoVulkan(): string | undefined {
  if (vulkanLoaderIsThere() !== false) return undefined;
  return "There is no Vulkan loader (libvulkan.so.1) on this machine, so no GPU can be reached.";
}

/** The package `webgpu`; rejects where it has no binary for this platform. */
export async function loadDawn(): Promise<Dawn> {
  return (dawn ??= import("webgpu"));
}

/** The process's instance for the default adapter, or for the adapter of this very name. */
export async function instance(adapterName?: string): Promise<GPU> {
  const key = adapterName ?? "";
  const known = instances.get(key);
  if (known) return known;
  const { create } = await loadDawn();
  const made = create(adapterName === undefined ? flags : [...flags, `adapter=${adapterName}`]);
  instances.set(key, made);
  return made;
}

export interface ListedAdapter {
  readonly backend: string;
  readonly name: string;
}

/** Every adapter of this machine. Dawn names them when it is asked for one that does not exist. */
export async function listAdapters(): Promise<readonly ListedAdapter[]> {
  try {
    await (await instance("no such adapter")).requestAdapter();
    return [];
  } catch (error) {
    const found = String(error).matchAll(/backend: '([^']*)', name: '([^']*)'/g);
    return [...found].map(([, backend, name]) => ({ backend: backend!, name: name! }));
  }
}
