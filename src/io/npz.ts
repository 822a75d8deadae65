/** .npz: a zip archive of .npy files, as numpy.savez writes it, streamed both ways so that arrays may exceed 4 GiB. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import { MfgError } from "../errors.ts";
import { reason, replaceFile } from "./files.ts";
import { NpyReader, npyParts } from "./npy.ts";
import type { NpyArray, NpyBytes } from "./npy.ts";
import type { Entry, ZipFile } from "yauzl";

/** How an archive is written. */
export interface NpzOptions {
  /** Deflate the arrays; default false, since histories of floating-point numbers hardly shrink. */
  readonly compress?: boolean;
  /** Use the 64-bit records of the zip format even where 32 bits would do; default false. */
  readonly forceZip64?: boolean;
}

const chunkBytes = 1 << 20;
// Deflate cannot shrink by more than this (Deutsch 1996, RFC 1951: 258 bytes in 2 bits); more is a lie in the header.
const largestDeflateRatio = 1032;

/**
 * Writes arrays as one .npz file, whole or not at all, without ever holding a copy of an array.
 *
 * @param entries the arrays by name (without `.npy`), in C order; in the file they stand in the given order
 * @throws MFGPU_FILE_NO_FOLDER, MFGPU_FILE_NOT_WRITABLE, MFGPU_FILE_WRITE, MFGPU_FILE_NPY_SHAPE
 * @example
 * await writeNpz("pair.npz", { x: { shape: [2], data: Float64Array.of(1, 2) } });
 */
export async function writeNpz(
  path: string,
  entries: Readonly<Record<string, NpyArray>>,
  options: NpzOptions = {},
): Promise<void> {
  const parts = Object.entries(entries).map(([name, array]) => ({ name, ...npyParts(array) }));
  const yazl = await import("yazl");
  await replaceFile(path, async (file) => {
    const zip = new yazl.ZipFile();
    const failed = new Promise<never>((_, reject) => zip.on("error", reject));
    for (const { name, header, data } of parts) {
      zip.addReadStreamLazy(
        `${name}.npy`,
        {
          compress: options.compress === true,
          forceZip64Format: options.forceZip64 === true,
          size: header.length + data.byteLength,
          // The same run gives the same bytes at any hour.
          mtime: new Date(1980, 0, 1),
          forceDosTimestamp: true,
        },
        (open) => open(null, Readable.from(pieces(header, data), { objectMode: false })),
      );
    }
    zip.end({ forceZip64Format: options.forceZip64 === true, comment: "" });
    await Promise.race([pipeline(zip.outputStream, file), failed]);
  });
}

/**
 * Reads arrays of an .npz file; only the named ones are read, all of them where no names are given.
 *
 * @param names of arrays (without `.npy`) that must be there
 * @returns the arrays by name
 * @throws MFGPU_FILE_MISSING, MFGPU_FILE_NOT_NPZ (no zip, or cut off), MFGPU_FILE_NO_ARRAY, MFGPU_FILE_CHECKSUM, and what
 * `decodeNpy` throws
 * @example
 * const { density } = await readNpz("run.npz", ["density"]);
 */
export async function readNpz<Name extends string = string>(
  path: string,
  names?: readonly Name[],
): Promise<Record<Name, NpyArray>> {
  const zip = await openZip(path);
  const found = new Map<string, NpyArray>();
  const present: string[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName.replace(/\.npy$/, "");
      if (name === entry.fileName) continue;
      present.push(name);
      if (names === undefined || (names as readonly string[]).includes(name)) {
        found.set(name, await readEntry(zip, entry, path));
      }
    }
  } catch (cause) {
    if (cause instanceof MfgError) throw cause;
    throw notNpz(path, reason(cause), cause);
  } finally {
    zip.close();
  }
  const missing = (names ?? []).filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new MfgError({
      code: "MFGPU_FILE_NO_ARRAY",
      message: `${path} holds no array ${missing.join(", ")}; it holds ${present.join(", ") || "no arrays"}.`,
      fix: "Give a file that `mfgpu solve --out` wrote.",
      path,
      value: missing,
    });
  }
  return Object.fromEntries(found) as Record<Name, NpyArray>;
}

async function openZip(path: string): Promise<ZipFile> {
  const yauzl = await import("yauzl");
  try {
    return await yauzl.openPromise(path, { autoClose: false });
  } catch (cause) {
    const system = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (system === "ENOENT" || system === "EACCES" || system === "EISDIR" || system === "ENOTDIR") {
      throw new MfgError({
        code: "MFGPU_FILE_MISSING",
        message: `${path} cannot be read: ${reason(cause)}.`,
        fix: "Give the path of an .npz file that exists.",
        path,
        value: path,
        cause,
      });
    }
    throw notNpz(path, reason(cause), cause);
  }
}

async function readEntry(zip: ZipFile, entry: Entry, path: string): Promise<NpyArray> {
  if (!entry.canDecodeFileData()) throw notNpz(path, `${entry.fileName} is encrypted or packed in an unknown way`);
  // Sizes are claims until now: believe them only as far as the file can hold them.
  if (
    entry.compressedSize > zip.fileSize ||
    entry.uncompressedSize > entry.compressedSize * largestDeflateRatio + chunkBytes
  ) {
    throw notNpz(path, `${entry.fileName} claims more bytes than the file can hold`);
  }
  const reader = new NpyReader(entry.uncompressedSize, `${path}: ${entry.fileName}`);
  let checksum = 0;
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    const bytes = chunk as Buffer;
    checksum = crc32(bytes, checksum);
    reader.push(bytes);
  }
  if (checksum !== entry.crc32) {
    throw new MfgError({
      code: "MFGPU_FILE_CHECKSUM",
      message: `${path} is damaged: the checksum of ${entry.fileName} does not match its bytes.`,
      fix: "Copy or write the file again.",
      path,
      value: entry.fileName,
    });
  }
  return reader.finish();
}

function* pieces(header: Uint8Array, data: NpyBytes): Generator<Uint8Array> {
  yield header;
  for (let at = 0; at < data.byteLength; at += chunkBytes) {
    yield Buffer.from(data.buffer, data.byteOffset + at, Math.min(chunkBytes, data.byteLength - at));
  }
}

function notNpz(path: string, why: string, cause?: unknown): MfgError {
  return new MfgError({
    code: "MFGPU_FILE_NOT_NPZ",
    message: `${path} is not a whole .npz file: ${why}.`,
    fix: "Give a file that `mfgpu solve --out` or numpy.savez wrote; write it again where it was cut off.",
    path,
    value: path,
    cause,
  });
}
