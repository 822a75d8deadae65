/**
 * Builds native/build/mfgpu.node, the addon of the tier rust, when it is missing or older than the sources. Without cargo
 * the tier is unavailable and everything else works, so that is a note and no failure.
 *
 * node scripts/native.mjs [--rebuild]
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { filesBelow, hashOf, locked, root, say, textOf } from "./clone.mjs";

const folder = join(root, "native/build");
const addon = join(folder, "mfgpu.node");
const stamp = join(folder, ".setup-stamp");

/** True where cargo can be called. */
export function hasCargo() {
  return spawnSync("cargo", ["--version"], { stdio: "ignore" }).status === 0;
}

/** Path of the library that cargo built, from its messages. */
function libraryOf(messages) {
  return messages
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .findLast(({ reason, target }) => reason === "compiler-artifact" && target.kind.includes("cdylib"))
    ?.filenames.find((name) => /\.(so|dylib|dll)$/.test(name));
}

/**
 * @param {boolean} force builds in any case
 * @returns {"ready" | "no cargo" | "failed"}
 */
export function buildNative(force = false) {
  const sources = ["native/Cargo.toml", "native/Cargo.lock", "native/build.rs", ...filesBelow("native/src")];
  const wanted = hashOf(sources);
  const found = textOf(stamp);
  if (!force && found === wanted && existsSync(addon)) return "ready";
  if (!hasCargo()) {
    // Said once for each state of the sources.
    if (force || found !== `no cargo ${wanted}`)
      say("no cargo here: the tier rust will be unavailable (https://rustup.rs, then npm run build:native)");
    mkdirSync(folder, { recursive: true });
    rmSync(addon, { force: true });
    writeFileSync(stamp, `no cargo ${wanted}`);
    return "no cargo";
  }
  say("building the native addon (cargo)");
  const { status, stdout } = spawnSync(
    "cargo",
    ["build", "--release", "--locked", "--message-format=json-render-diagnostics", "--target-dir", "target"],
    { cwd: join(root, "native"), stdio: ["ignore", "pipe", 2], encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  const library = status === 0 ? libraryOf(stdout) : undefined;
  if (library === undefined) {
    rmSync(addon, { force: true });
    rmSync(stamp, { force: true });
    say("the native addon could not be built: see cargo's messages above; the tier rust will be unavailable");
    return "failed";
  }
  mkdirSync(folder, { recursive: true });
  // A process that runs the old one keeps it: the new one takes its name, not its place on the disk.
  const fresh = `${addon}.${process.pid}`;
  copyFileSync(library, fresh);
  renameSync(fresh, addon);
  writeFileSync(stamp, wanted);
  return "ready";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (locked(() => buildNative(process.argv.includes("--rebuild"))) === "failed") process.exitCode = 1;
}
