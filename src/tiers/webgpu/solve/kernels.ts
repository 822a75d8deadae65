/**
 * The kernels of a solve: WGSL files of the folder shaders, each with entry point `main`, specialised to a precision and to a
 * member's structure. Group 0 holds the fields that a kernel names, group 1 the member's grid and, at a dynamic offset, the
 * numbers of one dispatch (`step`), whose struct is read from the shader's text.
 */
import { readFileSync } from "node:fs";
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type { Precision } from "../../tier.ts";
import type { Device } from "../device.ts";
import type { Pipeline } from "../pipelines.ts";
import { withIncludes } from "../shader.ts";
import { type StructLayout, structOf, type StructValues } from "../struct.ts";

/** Bytes of the numbers of one dispatch; the alignment of dynamic offsets. */
export const stepBytes = 256;

export interface Kernel {
  readonly label: string;
  readonly pipeline: Pipeline;
  /** What group 0 binds, in order. */
  readonly fields: readonly string[];
  readonly step: StructLayout;
}

/** Numbers of one dispatch by the names of the shader's struct Step; a vector is a list, short ones are filled with 0. */
export type StepValues = StructValues;

const texts = new Map<string, string>();

/** The text of a shader with its includes; `state.wgsl` is the state of the precision. */
export function solveShaderText(name: string, precision: Precision): string {
  const key = `${precision} ${name}`;
  let text = texts.get(key);
  if (text === undefined) {
    const read = (file: string): string => {
      const actual = file === "state.wgsl" ? `state_${precision}.wgsl` : file;
      return readFileSync(new URL(`../../../../shaders/${actual}`, import.meta.url), "utf8");
    };
    text = withIncludes(read(`${name}.wgsl`), new Set([`${name}.wgsl`]), read);
    texts.set(key, text);
  }
  return text;
}

/** Workgroup sizes by dimension: rows along the fastest axis. */
const groupSizes: readonly (readonly [number, number, number])[] = [
  [64, 1, 1],
  [32, 8, 1],
  [32, 4, 2],
];

/** Invocations of one workgroup over the nodes of a grid. */
export function groupSizeOf(d: Discretisation): readonly [number, number, number] {
  return groupSizes[d.grid.shape.length - 1]!;
}

const wenoCode = { js: 0, z: 1, m: 2 } as const;
const couplingCode = { none: 0, linear: 1, power: 2, log: 3, target: 4, nonlocal: 5, mean: 6 } as const;
const fluxCode = { llf: 0, glf: 1, godunov: 2 } as const;

/** Override constants that follow from a member's structure; a kernel takes those that its text declares. */
function structureOf(d: Discretisation): Readonly<Record<string, number>> {
  const [groupX, groupY, groupZ] = groupSizeOf(d);
  return {
    dimension: d.grid.shape.length,
    group_x: groupX,
    group_y: groupY,
    group_z: groupZ,
    weno: wenoCode[d.scheme.weno],
    coupling: couplingCode[d.coupling.kind],
    flux: fluxCode[d.scheme.hamiltonianFlux],
    quadratic: d.hamiltonian.exponent === 2 ? 1 : 0,
    separable: d.hamiltonian.separable ? 1 : 0,
  };
}

/** The pipeline of `shaders/NAME.wgsl` for members of this structure. Raises MFGPU_DEVICE_SHADER. */
export async function loadPipeline(
  device: Device,
  d: Discretisation,
  precision: Precision,
  name: string,
  constants: Readonly<Record<string, number>>,
  dynamic: readonly string[] = [],
): Promise<Pipeline> {
  const text = solveShaderText(name, precision);
  const known = { ...structureOf(d), ...constants };
  const declared = [...text.matchAll(/^override (\w+)/gm)].map((match) => match[1]!);
  const own = Object.fromEntries(Object.entries(known).filter(([key]) => declared.includes(key)));
  return device.pipeline({ shader: name, entry: "main", constants: own, dynamic, text });
}

/** The kernel `shaders/NAME.wgsl` for members of this structure; `constants` are its own. Raises MFGPU_DEVICE_SHADER. */
export async function loadKernel(
  device: Device,
  d: Discretisation,
  precision: Precision,
  name: string,
  constants: Readonly<Record<string, number>> = {},
): Promise<Kernel> {
  const pipeline = await loadPipeline(device, d, precision, name, constants, ["step", "given"]);
  const text = solveShaderText(name, precision);
  const fields = pipeline.bindings.filter(({ group }) => group === 0).map((binding) => binding.name);
  return { label: pipeline.label, pipeline, fields, step: structOf(text, "Step") };
}

/** Loads several kernels by name at once. */
export async function loadKernels<Name extends string>(
  device: Device,
  d: Discretisation,
  precision: Precision,
  names: readonly Name[],
): Promise<Readonly<Record<Name, Kernel>>> {
  const loaded = await Promise.all(names.map(async (name) => [name, await loadKernel(device, d, precision, name)]));
  return Object.fromEntries(loaded) as Record<Name, Kernel>;
}
