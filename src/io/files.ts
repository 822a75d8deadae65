import { randomBytes } from "node:crypto";
import { constants, createWriteStream } from "node:fs";
import type { WriteStream } from "node:fs";
import { access, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { MfgError } from "../errors.ts";

/**
 * Makes sure that a file can be written at `path`, so that a long solve does not fail at its end.
 *
 * @param path of the file to be written; it need not exist, its folder must
 * @throws MFGPU_FILE_NO_FOLDER where the folder does not exist or is a file
 * @throws MFGPU_FILE_NOT_WRITABLE where the folder is read-only or `path` is something other than a regular file
 * @example
 * await checkWritable("run.npz");
 */
export async function checkWritable(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const holder = await stat(folder).catch(() => undefined);
  if (!holder?.isDirectory()) {
    throw new MfgError({
      code: "MFGPU_FILE_NO_FOLDER",
      message: `${path} cannot be written: ${folder} ${holder === undefined ? "does not exist" : "is not a folder"}.`,
      fix: `Create the folder (mkdir -p ${folder}) or choose another path.`,
      path,
      value: path,
    });
  }
  const there = await stat(path).catch(() => undefined);
  // The finished file is renamed onto its target: that would replace a device such as /dev/null, or fail on a folder.
  if ((there !== undefined && !there.isFile()) || /[/\\]$/.test(path)) {
    throw notWritable(path, "it is not a regular file", "Give the path of a file.");
  }
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw notWritable(path, `${folder} is read-only`, "Choose a folder that you may write to.", cause);
  }
}

/**
 * Writes a file whole or not at all: `fill` writes to a temporary file beside `path`, which is renamed at the end and
 * removed where anything fails.
 *
 * @param fill writes to the stream it is given and ends it, or rejects
 * @throws what `checkWritable` throws, and MFGPU_FILE_WRITE where writing fails (a full disk)
 */
export async function replaceFile(path: string, fill: (stream: WriteStream) => Promise<void>): Promise<void> {
  await checkWritable(path);
  const target = resolve(path);
  const own = `${writerMark(process.pid)}${randomBytes(4).toString("hex")}${temporaryEnd}`;
  const temporary = join(dirname(target), `.${basename(target)}${own}`);
  const stream = createWriteStream(temporary, { flags: "wx", flush: true });
  const closed = finished(stream);
  // `fill` may fail first and leave this promise unwatched for a moment.
  closed.catch(() => undefined);
  try {
    await fill(stream);
    await closed;
    await rename(temporary, target);
  } catch (cause) {
    stream.destroy();
    await closed.catch(() => undefined);
    await rm(temporary, { force: true });
    if (cause instanceof MfgError) throw cause;
    throw new MfgError({
      code: "MFGPU_FILE_WRITE",
      message: `${path} could not be written: ${reason(cause)}.`,
      fix: "Check the free space and the permissions of the folder; nothing was left at the target.",
      path,
      value: path,
      cause,
    });
  }
}

/**
 * Removes what `replaceFile` was writing in a folder when its process was killed.
 *
 * @param pid of a process of this machine that has ended; files of all others, those of other machines too, stay
 */
export async function removeTemporaries(folder: string, pid: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const left = names.filter((name) => name.includes(writerMark(pid)) && name.endsWith(temporaryEnd));
  for (const name of left) await rm(join(folder, name), { force: true });
}

const temporaryEnd = ".tmp";

/** Says in a temporary file's name who writes it: machines may share a folder. */
const writerMark = (pid: number): string => `.${hostname()}-${pid}-`;

/** What an unknown thrown value says, for the inside of a message. */
export function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
}

function notWritable(path: string, why: string, fix: string, cause?: unknown): MfgError {
  return new MfgError({
    code: "MFGPU_FILE_NOT_WRITABLE",
    message: `${path} cannot be written: ${why}.`,
    fix,
    path,
    value: path,
    cause,
  });
}
