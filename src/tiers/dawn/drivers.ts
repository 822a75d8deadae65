/** Vulkan drivers that this machine has registered, for a person who wonders why a GPU is not found. Linux only. */
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

export interface VulkanDriver {
  /** The registration: a JSON file of the loader. */
  readonly file: string;
  /** The library that it names; undefined where the file cannot be read. */
  readonly library: string | undefined;
  /** What is known to go wrong with it here. */
  readonly warning?: string;
}

const folders = [
  "/etc/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/usr/share/vulkan/icd.d",
  "/usr/local/nvidia/share/vulkan/icd.d",
  join(homedir(), ".local/share/vulkan/icd.d"),
];

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function libraryOf(file: string): string | undefined {
  try {
    const { ICD } = JSON.parse(readFileSync(file, "utf8")) as { readonly ICD?: { readonly library_path?: string } };
    const { library_path: path } = ICD ?? {};
    return path;
  } catch {
    return undefined;
  }
}

function warningOf(library: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (library === undefined) return "The file cannot be read.";
  const display = env["DISPLAY"] !== undefined || env["WAYLAND_DISPLAY"] !== undefined;
  if (library.includes("libGLX_nvidia") && !display) {
    return "Without a display this library refuses to start: register libEGL_nvidia.so.0 instead.";
  }
  return undefined;
}

/** The drivers that the Vulkan loader considers: those of VK_DRIVER_FILES where it is set, else those of the system's folders. */
export function vulkanDrivers(env: NodeJS.ProcessEnv = process.env): readonly VulkanDriver[] {
  if (process.platform !== "linux") return [];
  const named = env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"];
  const files = named === undefined ? folders.flatMap(filesOf) : named.split(":").filter(Boolean);
  return files.map((file) => {
    const library = libraryOf(file);
    const warning = warningOf(library, env);
    return { file, library, ...(warning === undefined ? {} : { warning }) };
  });
}
