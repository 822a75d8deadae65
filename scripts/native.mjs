/**
 * Builds the addon of the tier rust when it is missing or older than the sources: native/build/mfgpu.node, and
 * native/build/mfgpu.wasm where the compiler has WebAssembly as a target. Without cargo the tier is unavailable and
 * everything else works, so that is a note and no failure.
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
const wasmTarget = "wasm32-wasip1-threads";

/** Archives that the WebAssembly build is linked with. */
const emnapi = join(root, "node_modules/emnapi/lib", wasmTarget);

/** True where cargo can be called. */
export function hasCargo() {
  return spawnSync("cargo", ["--version"], { stdio: "ignore" }).status === 0;
}

/** True where the compiler has the target's standard library. */
export function hasWasmTarget() {
  const asked = spawnSync("rustc", ["--print", "target-libdir", "--target", wasmTarget], { encoding: "utf8" });
  return asked.status === 0 && existsSync(asked.stdout.trim());
}

/** In CI what is missing is fetched; elsewhere nobody's toolchain is touched. */
function wasmTargetReady() {
  if (hasWasmTarget()) return true;
  if (process.env.CI === undefined) return false;
  say(`adding the compiler's target ${wasmTarget} (rustup)`);
  spawnSync("rustup", ["target", "add", wasmTarget], { stdio: ["ignore", 2, 2] });
  return hasWasmTarget();
}

/** Path of the library that cargo built, from its messages. */
function libraryOf(messages) {
  return messages
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .findLast(({ reason, target }) => reason === "compiler-artifact" && target.kind.includes("cdylib"))
    ?.filenames.find((name) => /\.(so|dylib|dll|wasm)$/.test(name));
}

/** Builds with cargo and puts the library into place under `name`; false where it fails. */
function cargo(name, options, environment) {
  const { status, stdout } = spawnSync(
    "cargo",
    [
      "build",
      "--release",
      "--locked",
      "--message-format=json-render-diagnostics",
      "--target-dir",
      "target",
      ...options,
    ],
    {
      cwd: join(root, "native"),
      stdio: ["ignore", "pipe", 2],
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      env: { ...process.env, ...environment },
    },
  );
  const library = status === 0 ? libraryOf(stdout) : undefined;
  if (library === undefined) return false;
  // A process that runs the old one keeps it: the new one takes its name, not its place on the disk.
  const fresh = join(folder, `${name}.${process.pid}`);
  copyFileSync(library, fresh);
  renameSync(fresh, join(folder, name));
  return true;
}

/**
 * Builds one library unless it is fresh.
 *
 * @param {{ name: string, wanted: string, force: boolean, lacking: () => string | undefined, build: () => boolean }} library
 *   `wanted`: hash of the sources; `lacking`: what is missing for the build and what mends it
 * @returns {"ready" | "not possible" | "failed"}
 */
function bring({ name, wanted, force, lacking, build }) {
  const path = join(folder, name);
  const stamp = `${path}.stamp`;
  const found = textOf(stamp);
  if (!force && found === wanted && existsSync(path)) return "ready";
  mkdirSync(folder, { recursive: true });
  const missing = lacking();
  if (missing !== undefined) {
    // Said once for each state of the sources.
    if (force || found !== `${missing} ${wanted}`) say(missing);
    rmSync(path, { force: true });
    writeFileSync(stamp, `${missing} ${wanted}`);
    return "not possible";
  }
  say(`building native/build/${name} (cargo)`);
  if (build()) {
    writeFileSync(stamp, wanted);
    return "ready";
  }
  rmSync(path, { force: true });
  rmSync(stamp, { force: true });
  say(`native/build/${name} could not be built: see cargo's messages above; that part of the tier rust is unavailable`);
  return "failed";
}

/**
 * @param {boolean} force builds in any case
 * @returns {"ready" | "not possible" | "failed"} what became of the native addon
 */
export function buildNative(force = false) {
  const sources = ["native/Cargo.toml", "native/Cargo.lock", "native/build.rs", ...filesBelow("native/src")];
  const wanted = hashOf(sources);
  const native = bring({
    name: "mfgpu.node",
    wanted,
    force,
    lacking: () =>
      hasCargo()
        ? undefined
        : "no cargo here: the tier rust is unavailable (https://rustup.rs, then npm run build:native)",
    build: () => cargo("mfgpu.node", [], {}),
  });
  const wasm = bring({
    name: "mfgpu.wasm",
    wanted: `${wanted} ${hashOf(["native/.cargo/config.toml"])}`,
    force,
    lacking: () => {
      if (native !== "ready") return "rust:wasm waits for what the native addon waits for";
      if (!wasmTargetReady())
        return `rust:wasm is unavailable (rustup target add ${wasmTarget}, then npm run build:native)`;
      return existsSync(emnapi) ? undefined : "rust:wasm is unavailable: the package emnapi is not installed";
    },
    build: () => cargo("mfgpu.wasm", ["--target", wasmTarget], { EMNAPI_LINK_DIR: emnapi }),
  });
  return native === "ready" && wasm === "failed" ? "failed" : native;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (locked(() => buildNative(process.argv.includes("--rebuild"))) === "failed") process.exitCode = 1;
}
