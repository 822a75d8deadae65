/**
 * The set-up of a clone: installs the packages and builds dist/, each only when missing or stale. Needs nothing but Node
 * and npm, so that it runs before any package is there. What it does it says on stderr, one line each; nothing to do,
 * nothing said.
 *
 * node scripts/setup.mjs [--rebuild]
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Root of the clone, with a trailing separator. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const installStamp = join(root, "node_modules/.setup-stamp");
const buildStamp = join(root, "dist/.setup-stamp");
const lockFile = join(root, ".setup-stamp.lock");

function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  return hash.digest("hex");
}

/** Every file below `folder`, sorted, relative to the root. */
function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .toSorted();
}

/** True where npm's own list of what is installed holds exactly what the lock file asks for on this platform. */
function installedMatchesLock() {
  const installed = JSON.parse(textOf(join(root, "node_modules/.package-lock.json")) ?? "null")?.packages;
  if (installed === undefined) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const names = Object.keys(wanted).filter((name) => name !== "");
  return (
    names.every(
      (name) => installed[name]?.version === wanted[name].version || (!installed[name] && wanted[name].optional),
    ) && Object.keys(installed).every((name) => name in wanted)
  );
}

/** @returns {boolean} true where the packages are in place */
function install() {
  const wanted = hashOf(["package-lock.json"]);
  if (textOf(installStamp) === wanted) return true;
  if (!installedMatchesLock()) {
    say("installing packages (npm ci)");
    const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
      shell: process.platform === "win32",
    });
    if (status !== 0) {
      say("npm ci failed: see its message above");
      return false;
    }
  }
  writeFileSync(installStamp, wanted);
  return true;
}

/**
 * Builds dist/ where it is missing or older than the sources.
 *
 * @param {boolean} force builds in any case
 * @returns {boolean} true where dist/ is fresh and without a compiler error
 */
function build(force = false) {
  const wanted = hashOf([...filesBelow("src"), "tsconfig.json", "tsconfig.build.json", "package-lock.json"]);
  if (!force && textOf(buildStamp) === wanted) return true;
  say("building dist (tsc)");
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) {
    say("the build failed: see the compiler's messages above");
    return false;
  }
  writeFileSync(buildStamp, wanted);
  return true;
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
function locked(work) {
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

/**
 * Installs and builds what is missing or stale.
 *
 * @param {{ rebuild?: boolean }} options
 * @returns {"ready" | "install failed" | "build failed"}
 */
export function setUp({ rebuild = false } = {}) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    say(`mfgpu needs Node 20.19 or later; this is ${process.version}`);
    return "install failed";
  }
  return locked(() => {
    if (!install()) return "install failed";
    return build(rebuild) ? "ready" : "build failed";
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (setUp({ rebuild: process.argv.includes("--rebuild") }) !== "ready") process.exitCode = 1;
}
