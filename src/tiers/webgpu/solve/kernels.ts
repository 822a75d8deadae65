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

/** Bytes of the numbers of one dispatch; the alignment of dynamic offsets. */
export const stepBytes = 256;

type StepType = "f32" | "u32" | "vec4f" | "vec4u";

interface StepEntry {
  readonly name: string;
  readonly type: StepType;
  /** In words of four bytes. */
  readonly at: number;
}

export interface Kernel {
  readonly label: string;
  readonly pipeline: Pipeline;
  /** What group 0 binds, in order. */
  readonly fields: readonly string[];
  readonly step: readonly StepEntry[];
}

/** Numbers of one dispatch by the names of the shader's struct Step; a vec4 is a list, short ones are filled with 0. */
export type StepValues = Readonly<Record<string, number | ArrayLike<number>>>;

const stepStruct = /struct Step \{([^}]*)\}/;
const stepMember = /^\s*(\w+)\s*:\s*(\w+)\s*,?\s*$/gm;
const width: Readonly<Record<StepType, number>> = { f32: 1, u32: 1, vec4f: 4, vec4u: 4 };

/** The layout of a shader's struct Step: scalars follow one another, vectors stand at multiples of 16 bytes. */
export function stepLayoutOf(text: string): readonly StepEntry[] {
  const body = stepStruct.exec(text.replaceAll(/\/\/.*$/gm, ""))?.[1];
  if (body === undefined) throw new TypeError("a kernel of a solve has a struct Step");
  let at = 0;
  return [...body.matchAll(stepMember)].map(([, name, type]) => {
    const size = width[type as StepType] as number | undefined;
    if (size === undefined) throw new TypeError(`struct Step: ${name} is a ${type}`);
    if (size === 4) at = 4 * Math.ceil(at / 4);
    const entry = { name: name!, type: type as StepType, at };
    at += size;
    if (4 * at > stepBytes) throw new RangeError(`struct Step is longer than ${stepBytes} bytes`);
    return entry;
  });
}

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

/** The kernel `shaders/NAME.wgsl` for members of this structure; `constants` are its own. Raises MFGPU_DEVICE_SHADER. */
export async function loadKernel(
  device: Device,
  d: Discretisation,
  precision: Precision,
  name: string,
  constants: Readonly<Record<string, number>> = {},
): Promise<Kernel> {
  const text = solveShaderText(name, precision);
  const known = { ...structureOf(d), ...constants };
  const declared = [...text.matchAll(/^override (\w+)/gm)].map((match) => match[1]!);
  const pipeline = await device.pipeline({
    shader: name,
    entry: "main",
    constants: Object.fromEntries(Object.entries(known).filter(([key]) => declared.includes(key))),
    dynamic: ["step"],
    text,
  });
  const fields = pipeline.bindings.filter(({ group }) => group === 0).map((binding) => binding.name);
  return { label: pipeline.label, pipeline, fields, step: stepLayoutOf(text) };
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
