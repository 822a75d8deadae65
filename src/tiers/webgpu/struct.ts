/** Structs of numbers that a shader declares, filled by the names of their members: the text alone says where each stands. */

type Scalar = "f32" | "i32" | "u32";

interface Member {
  readonly name: string;
  readonly scalar: Scalar;
  /** Numbers of the member, and where they begin, in words of four bytes. */
  readonly width: number;
  readonly at: number;
}

export interface StructLayout {
  readonly name: string;
  readonly members: readonly Member[];
  readonly bytes: number;
}

export type StructValues = Readonly<Record<string, number | ArrayLike<number>>>;

const scalars: Readonly<Record<string, Scalar>> = { f: "f32", i: "i32", u: "u32" };

/** Scalar, numbers and alignment of a type of WGSL. */
function typeOf(type: string): readonly [Scalar, number, number] | undefined {
  if (type === "f32" || type === "i32" || type === "u32") return [type, 1, 1];
  const vector = /^vec([234])([fiu])$/.exec(type);
  if (!vector) return undefined;
  const width = Number(vector[1]);
  return [scalars[vector[2]!]!, width, width === 2 ? 2 : 4];
}

/**
 * The layout of `struct NAME` in a shader's text, by WGSL's rules for uniform buffers; scalars and vectors only.
 *
 * @throws TypeError for a struct that is not there or has other members
 */
export function structOf(text: string, name: string): StructLayout {
  const body = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(text.replaceAll(/\/\/.*$/gm, ""))?.[1];
  if (body === undefined) throw new TypeError(`there is no struct ${name}`);
  let end = 0;
  let alignment = 1;
  const members = body
    .split(/,(?![^<]*>)/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line): Member => {
      const [, member, type] = /^(\w+)\s*:\s*(\w+)$/.exec(line) ?? [];
      const known = type === undefined ? undefined : typeOf(type);
      if (member === undefined || !known) throw new TypeError(`struct ${name}: cannot lay out "${line}"`);
      const [scalar, width, align] = known;
      const at = Math.ceil(end / align) * align;
      end = at + width;
      alignment = Math.max(alignment, align);
      return { name: member, scalar, width, at };
    });
  return { name, members, bytes: 4 * Math.ceil(end / alignment) * alignment };
}

/** The struct's bytes. Raises TypeError unless every member, and nothing else, has a value of its width. */
export function packStruct({ name, members, bytes }: StructLayout, values: StructValues): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes);
  const views = { f32: new Float32Array(buffer), i32: new Int32Array(buffer), u32: new Uint32Array(buffer) };
  for (const key of Object.keys(values)) {
    if (!members.some((member) => member.name === key)) throw new TypeError(`struct ${name} has no member ${key}`);
  }
  for (const { name: member, scalar, width, at } of members) {
    const value = values[member];
    const numbers = typeof value === "number" ? [value] : value;
    if (numbers?.length !== width) throw new TypeError(`struct ${name}: ${member} takes ${width} numbers`);
    views[scalar].set(numbers, at);
  }
  return buffer;
}
