/**
 * The set-up of a clone: installs the packages, builds the native addon and dist/, each only when missing or stale. Needs
 * nothing but Node and npm, so that it runs before any package is there. What it does it says on stderr, one line each;
 * nothing to do, nothing said.
 *
 * node scripts/setup.mjs [--rebuild]
 */
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { filesBelow, hashOf, locked, root, say, textOf } from "./clone.mjs";
import { buildNative } from "./native.mjs";

export { root } from "./clone.mjs";

const installStamp = join(root, "node_modules/.setup-stamp");
const buildStamp = join(root, "dist/.setup-stamp");

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
  // npx makes a command executable once, when it first meets it, and the compiler wrote a new file.
  chmodSync(join(root, "dist/cli/main.js"), 0o755);
  writeFileSync(buildStamp, wanted);
  return true;
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
    // Without the addon one tier is unavailable and says so; the rest works.
    buildNative(rebuild);
    return build(rebuild) ? "ready" : "build failed";
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (setUp({ rebuild: process.argv.includes("--rebuild") }) !== "ready") process.exitCode = 1;
}
