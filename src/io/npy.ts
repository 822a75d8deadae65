/**
 * The .npy format of NumPy, versions 1 to 3 (numpy.lib.format, "Format Version"): a magic word, a Python dictionary as
 * text, and the array's bytes in C order. Little-endian numbers and text are read and written.
 */
import { MfgError } from "../errors.ts";

/** What the element types `<f8`, `<f4`, `<i4`, `<i8` and text (`<U` or `|S`) become in JavaScript. */
export type NpyData = Float64Array | Float32Array | Int32Array | BigInt64Array | readonly string[];

/** An array in C order, last axis fastest; `shape` is empty for a single element. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: NpyData;
}

/** The dictionary at the start of a .npy file. */
export interface NpyHeader {
  /** NumPy's name of the element type, such as `<f8`. */
  readonly descr: string;
  readonly shape: readonly number[];
  readonly dataOffset: number;
  /** Bytes of the array itself. */
  readonly dataBytes: number;
}

interface ElementType {
  readonly bytes: number;
  readonly wrap: (buffer: ArrayBuffer) => NpyData;
}

const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
// NumPy refuses longer headers as unsafe to parse; nothing but a damaged file has one.
const longestHeader = 65536;

/**
 * The start of a .npy file of version 1 (2 where the dictionary is longer than 65535 bytes), padded to 64 bytes.
 *
 * @param descr NumPy's element type
 */
export function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const long = text.length + 1 + 64 > 65535;
  const prefix = long ? 12 : 10;
  const total = Math.ceil((prefix + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(total).fill(0x20);
  bytes.set(magic);
  bytes.set([long ? 2 : 1, 0], 6);
  const view = new DataView(bytes.buffer);
  if (long) view.setUint32(8, total - prefix, true);
  else view.setUint16(8, total - prefix, true);
  bytes.set(new TextEncoder().encode(text), prefix);
  bytes[total - 1] = 0x0a;
  return bytes;
}

/**
 * A .npy file as a header and the bytes of the array (a view of the array's own memory for numbers), so that large
 * arrays can be written in pieces.
 *
 * @throws MFGPU_FILE_NPY_SHAPE where `shape` and the number of elements disagree
 */
export function npyParts(array: NpyArray): { readonly header: Uint8Array; readonly data: NpyBytes } {
  const count = array.shape.reduce((product, n) => product * n, 1);
  if (array.data.length !== count) {
    throw new MfgError({
      code: "MFGPU_FILE_NPY_SHAPE",
      message: `An array of shape (${array.shape.join(", ")}) has ${count} elements; ${array.data.length} were given.`,
      fix: "Give data and shape of the same size.",
      value: array.shape,
    });
  }
  if (isText(array.data)) {
    const { descr, bytes } = encodeText(array.data);
    return { header: npyHeader(descr, array.shape), data: bytes };
  }
  return { header: npyHeader(descrOf(array.data), array.shape), data: array.data };
}

/** Memory that can be cut into byte ranges. */
export type NpyBytes = Pick<Uint8Array, "buffer" | "byteOffset" | "byteLength">;

/** One whole .npy file in memory; for arrays below 2 GiB (`writeNpz` streams larger ones). */
export function encodeNpy(array: NpyArray): Uint8Array {
  const { header, data } = npyParts(array);
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return bytes;
}

/**
 * Decodes one whole .npy file.
 *
 * @param name what messages call the file
 * @throws MFGPU_FILE_NOT_NPY, MFGPU_FILE_NPY_TYPE, MFGPU_FILE_NPY_ORDER, MFGPU_FILE_NPY_SIZE
 */
export function decodeNpy(bytes: Uint8Array, name = "the .npy file"): NpyArray {
  const reader = new NpyReader(bytes.length, name);
  reader.push(bytes);
  return reader.finish();
}

/** Reads a .npy file piece by piece into one array, so that the file is never in memory twice. */
export class NpyReader {
  readonly #name: string;
  readonly #total: number;
  #head: Uint8Array = new Uint8Array(0);
  #header: NpyHeader | undefined;
  #buffer = new ArrayBuffer(0);
  #received = 0;

  /** @param total bytes of the whole file, header and all */
  constructor(total: number, name: string) {
    this.#total = total;
    this.#name = name;
  }

  push(chunk: Uint8Array): void {
    if (this.#header !== undefined) {
      this.#take(chunk, this.#header);
      return;
    }
    const head = new Uint8Array(this.#head.length + chunk.length);
    head.set(this.#head);
    head.set(chunk, this.#head.length);
    this.#head = head;
    const header = parseNpyHeader(head, this.#name);
    if (header === undefined) return;
    if (header.dataOffset + header.dataBytes !== this.#total) {
      throw sizeError(this.#name, header, this.#total - header.dataOffset);
    }
    this.#header = header;
    this.#buffer = allocate(header, this.#name);
    this.#head = new Uint8Array(0);
    this.#take(head.subarray(header.dataOffset), header);
  }

  finish(): NpyArray {
    const header = this.#header;
    if (header === undefined) throw notNpy(this.#name, "it ends within the header");
    if (this.#received !== header.dataBytes) throw sizeError(this.#name, header, this.#received);
    try {
      return { shape: header.shape, data: elementType(header.descr, this.#name).wrap(this.#buffer) };
    } catch (cause) {
      if (cause instanceof MfgError) throw cause;
      throw notNpy(this.#name, "its text holds an impossible character", cause);
    }
  }

  #take(chunk: Uint8Array, header: NpyHeader): void {
    if (this.#received + chunk.length > this.#buffer.byteLength) {
      throw sizeError(this.#name, header, this.#received + chunk.length);
    }
    new Uint8Array(this.#buffer, this.#received, chunk.length).set(chunk);
    this.#received += chunk.length;
  }
}

/**
 * The header at the start of `bytes`; undefined where more bytes are needed.
 *
 * @throws MFGPU_FILE_NOT_NPY where it is no .npy header, MFGPU_FILE_NPY_TYPE for an element type that is not read here,
 * MFGPU_FILE_NPY_ORDER for Fortran order
 */
export function parseNpyHeader(bytes: Uint8Array, name = "the .npy file"): NpyHeader | undefined {
  if (magic.subarray(0, bytes.length).some((byte, i) => byte !== bytes[i])) {
    throw notNpy(name, "it does not begin with the word of the format");
  }
  if (bytes.length < 12) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = view.getUint8(6);
  if (major < 1 || major > 3) throw notNpy(name, `version ${major} is unknown`);
  const prefix = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader) throw notNpy(name, `its header would be ${length} bytes long`);
  if (bytes.length < prefix + length) return undefined;

  const text = new TextDecoder().decode(bytes.subarray(prefix, prefix + length));
  // A record type has a list here, which is none of the types that are read.
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1] ?? "of records";
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const tuple = /'shape':\s*\(((?:\s*\d+\s*,?)*)\s*\)/.exec(text)?.[1];
  if (order === undefined || tuple === undefined) throw notNpy(name, "its header is not the dictionary of the format");
  const { bytes: elementBytes } = elementType(descr, name);
  const shape = tuple
    .split(",")
    .map((n) => n.trim())
    .filter((n) => n !== "")
    .map(Number);
  const count = shape.reduce((product, n) => product * n, 1);
  if (!Number.isSafeInteger(count * elementBytes)) throw notNpy(name, `shape (${tuple}) is impossible`);
  // With fewer than two axes the two orders are the same; NumPy writes True for neither.
  if (order === "True" && shape.length > 1) {
    throw new MfgError({
      code: "MFGPU_FILE_NPY_ORDER",
      message: `${name} holds an array in Fortran order; only C order is read.`,
      fix: "Save it with numpy.ascontiguousarray(array).",
      path: name,
    });
  }
  return { descr, shape, dataOffset: prefix + length, dataBytes: count * elementBytes };
}

function elementType(descr: string, name: string): ElementType {
  if (descr === "<f8") return { bytes: 8, wrap: (buffer) => new Float64Array(buffer) };
  if (descr === "<f4") return { bytes: 4, wrap: (buffer) => new Float32Array(buffer) };
  if (descr === "<i4") return { bytes: 4, wrap: (buffer) => new Int32Array(buffer) };
  if (descr === "<i8") return { bytes: 8, wrap: (buffer) => new BigInt64Array(buffer) };
  const text = /^(<U|\|S)(\d{1,9})$/.exec(descr);
  if (text !== null) {
    const length = Number(text[2]);
    return text[1] === "<U"
      ? { bytes: 4 * length, wrap: (buffer) => decodeText(buffer, 4 * length, decodeUtf32) }
      : { bytes: length, wrap: (buffer) => decodeText(buffer, length, decodeUtf8) };
  }
  throw new MfgError({
    code: "MFGPU_FILE_NPY_TYPE",
    message: `${name} holds elements of type ${descr}; <f8, <f4, <i4, <i8 and text (<U, |S) are read.`,
    fix: "Save it with numpy's array.astype('<f8').",
    path: name,
    value: descr,
  });
}

function descrOf(data: Exclude<NpyData, readonly string[]>): string {
  if (data instanceof Float64Array) return "<f8";
  if (data instanceof Float32Array) return "<f4";
  return data instanceof Int32Array ? "<i4" : "<i8";
}

function isText(data: NpyData): data is readonly string[] {
  return Array.isArray(data);
}

function encodeText(texts: readonly string[]): { readonly descr: string; readonly bytes: Uint8Array } {
  const points = texts.map((text) => Uint32Array.from(text, (character) => character.codePointAt(0) ?? 0));
  // NumPy has no text type of length 0.
  const length = points.reduce((longest, text) => Math.max(longest, text.length), 1);
  const all = new Uint32Array(length * texts.length);
  points.forEach((text, i) => all.set(text, i * length));
  return { descr: `<U${length}`, bytes: new Uint8Array(all.buffer) };
}

function decodeText(buffer: ArrayBuffer, size: number, decode: (bytes: Uint8Array<ArrayBuffer>) => string): string[] {
  const count = size === 0 ? 0 : buffer.byteLength / size;
  return Array.from({ length: count }, (_, i) => decode(new Uint8Array(buffer, i * size, size)));
}

function decodeUtf32(bytes: Uint8Array<ArrayBuffer>): string {
  const points = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const end = points.findLastIndex((point) => point !== 0) + 1;
  // Pieces, since an argument list has a limited length.
  const pieces: string[] = [];
  for (let i = 0; i < end; i += 4096) pieces.push(String.fromCodePoint(...points.subarray(i, Math.min(end, i + 4096))));
  return pieces.join("");
}

function decodeUtf8(bytes: Uint8Array<ArrayBuffer>): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(
    bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1),
  );
}

function allocate(header: NpyHeader, name: string): ArrayBuffer {
  try {
    return new ArrayBuffer(header.dataBytes);
  } catch (cause) {
    throw new MfgError({
      code: "MFGPU_MEMORY_ARRAY",
      message: `${name} needs ${header.dataBytes} bytes of memory, which could not be had.`,
      fix: "Read fewer arrays of the file, or use a machine with more memory.",
      path: name,
      cause,
    });
  }
}

function notNpy(name: string, why: string, cause?: unknown): MfgError {
  return new MfgError({
    code: "MFGPU_FILE_NOT_NPY",
    message: `${name} is not an array of NumPy: ${why}.`,
    fix: "Give a file that numpy.save, numpy.savez or mfgpu wrote.",
    path: name,
    cause,
  });
}

function sizeError(name: string, header: NpyHeader, found: number): MfgError {
  return new MfgError({
    code: "MFGPU_FILE_NPY_SIZE",
    message: `${name} should hold ${header.dataBytes} bytes for shape (${header.shape.join(", ")}); ${found} were found.`,
    fix: "The file is cut off or damaged: write it again.",
    path: name,
    value: found,
  });
}
