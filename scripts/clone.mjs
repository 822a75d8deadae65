/** What the scripts of a clone share: its root, hashes of its files, and the lock that set-ups take. Needs nothing but Node. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Root of the clone, with a trailing separator. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const lockFile = join(root, ".setup-stamp.lock");

export function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

export function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

export function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  return hash.digest("hex");
}

/** Every file below `folder`, sorted, relative to the root. */
export function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .toSorted();
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Two commands started together in one clone must not install or build over each other. */
export function locked(work) {
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = Number(textOf(lockFile));
    if (owner > 0 && !alive(owner)) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!told) say("waiting for another set-up of this clone");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    return work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}
