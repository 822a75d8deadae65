/** WGSL files of the folder `shaders`, with one kind of include line, and what they bind. */
import { readFileSync } from "node:fs";
import { MfgError } from "../../errors.ts";

const includeLine = /^\/\/ #include "([\w-]+\.wgsl)"$/gm;
const bindingLine = /@group\((\d+)\)\s*@binding\((\d+)\)\s*var(?:<([^>]*)>)?\s+(\w+)/g;

const texts = new Map<string, string>();

function rawText(file: string): string {
  try {
    return readFileSync(new URL(`../../../shaders/${file}`, import.meta.url), "utf8");
  } catch (error) {
    throw new MfgError({
      code: "MFGPU_DEVICE_SHADER",
      message: `There is no shader ${file}.`,
      fix: "Install the package again: its folder shaders is not whole.",
      cause: error,
    });
  }
}

/**
 * The text of `shaders/NAME.wgsl`. A line `// #include "other.wgsl"` is replaced by that file, once however often it is
 * asked for, so that a function stands in one place only.
 */
export function shaderText(name: string): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = withIncludes(rawText(`${name}.wgsl`), new Set([`${name}.wgsl`]));
    texts.set(name, text);
  }
  return text;
}

/** Replaces include lines, read by `read`; a file that is already there is left out. */
export function withIncludes(text: string, seen: Set<string>, read: (file: string) => string = rawText): string {
  return text.replace(includeLine, (_, file: string) => {
    if (seen.has(file)) return "";
    seen.add(file);
    return withIncludes(read(file), seen, read);
  });
}

export interface Binding {
  readonly name: string;
  readonly group: number;
  readonly binding: number;
  readonly type: GPUBufferBindingType;
}

/** The buffers that a shader binds, in the order of its text. */
export function bindingsOf(text: string): readonly Binding[] {
  return [...text.matchAll(bindingLine)].map(([, group, binding, space = "", name]) => ({
    name: name!,
    group: Number(group),
    binding: Number(binding),
    type: space === "uniform" ? "uniform" : space.includes("read_write") ? "storage" : "read-only-storage",
  }));
}
