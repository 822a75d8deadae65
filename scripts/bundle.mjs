/**
 * `npm run bundle`: one folder, and a tar of it, that runs mfgpu on a bare Linux x64 machine with a graphics driver and
 * nothing else. Inside: Node, the built project, its native and Dawn binaries, the Vulkan loader, shaders, the conformance
 * suite, and run.sh, which unpacks, finds the driver and starts.
 *
 * Leaves build/mfgpu-linux-x64/{run.sh, payload.tar.xz, payload.id} and build/mfgpu-linux-x64.tar; prints both sizes.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { brotliDecompressSync } from "node:zlib";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { root, setUp } from "./setup.mjs";

/** `--quick` compresses less, for the test of this script. */
const effort = process.argv.includes("--quick") ? "-0" : "-6";

/** A machine that carries the bundle may take no more. */
const largest = 64 * 2 ** 20;
const out = join(root, "build/mfgpu-linux-x64");
const stage = join(root, "build/bundle-stage");
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;

function fail(message) {
  process.stderr.write(`bundle: ${message}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const { status, stdout, error } = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
  if (error?.code === "ENOENT") return undefined;
  return status === 0 ? (stdout ?? "") : undefined;
}

/** What a clone has to develop with and the bundle needs, too: for the WebAssembly of the tier rust, for `run.sh test`. */
const extra = ["@napi-rs/wasm-runtime", "@emnapi/core", "@emnapi/runtime", "vitest", "fast-check"];

/** gpu.js's way to OpenGL, which mfgpu never takes. */
const unused = new Set(["gl"]);

/** Folders of a package and of all it needs, as Node finds them; packages of other platforms are simply not here. */
function closure(names) {
  const found = new Set();
  const visit = (name, from) => {
    for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")))) {
      const place = `${base === "" ? "" : `${base}/`}node_modules/${name}`;
      if (lock[place] !== undefined) {
        if (found.has(place) || !existsSync(join(root, place))) return;
        found.add(place);
        const { dependencies = {}, optionalDependencies = {} } = lock[place];
        for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) {
          if (!unused.has(next)) visit(next, place);
        }
        return;
      }
      if (base === "") return;
    }
  };
  for (const name of names) visit(name, "");
  return [...found];
}

/** Parts of packages that nothing runs: types, maps, documents, binaries of other platforms, sources. */
const idle = /\.(?:d\.[cm]?ts|map|md|markdown|flow|tsbuildinfo|wasm\.map)$|\/(?:docs?|examples?|__tests__|\.github)\//i;
const otherPlatform = /webgpu\/(?:dist\/(?!linux-x64)|build\/)|gpu\.js\/(?:test|dist)\//;

function copyPackage(place) {
  const from = join(root, place);
  cpSync(from, join(stage, "app", place), {
    recursive: true,
    dereference: true,
    filter: (source) => {
      const inside = source.slice(root.length);
      if (inside.slice(place.length + 1).startsWith("node_modules")) return false;
      return !idle.test(inside) && !otherPlatform.test(inside);
    },
  });
}

/** A shared library of this machine that Node or Dawn needs and a bare machine may lack. */
function libraryOf(name) {
  const listed = run("ldd", [process.execPath]) ?? "";
  const line = listed.split("\n").find((text) => text.includes(name));
  const path = line?.match(/=> (\S+)/)?.[1];
  return path === undefined ? undefined : realpathSync(path);
}

/** The Vulkan loader: the one that comes with the dev dependency, since a bare machine has none. */
function vulkanLoader() {
  const packed = join(root, "node_modules/@sparticuz/chromium/bin/swiftshader.tar.br");
  if (!existsSync(packed)) fail("the dev dependency @sparticuz/chromium with the Vulkan loader is missing; run npm ci");
  const listing = spawnSync("tar", ["-xO", "libvulkan.so.1"], {
    input: brotliDecompressSync(readFileSync(packed)),
    maxBuffer: 2 ** 28,
  });
  if (listing.status !== 0) fail("the Vulkan loader could not be unpacked");
  return listing.stdout;
}

function main() {
  if (process.platform !== "linux" || process.arch !== "x64") fail("a bundle for Linux x64 is made on Linux x64");
  if (setUp() !== "ready") process.exit(1);
  for (const folder of [stage, out]) rmSync(folder, { recursive: true, force: true });
  for (const folder of ["bin", "lib", "app"]) mkdirSync(join(stage, folder), { recursive: true });
  mkdirSync(out, { recursive: true });

  const node = join(stage, "bin/node");
  cpSync(realpathSync(process.execPath), node);
  chmodSync(node, 0o755);
  if (run("strip", [node]) === undefined) process.stderr.write("bundle: no strip here; Node keeps its symbols\n");
  writeFileSync(join(stage, "lib/libvulkan.so.1"), vulkanLoader());
  for (const name of ["libstdc++.so.6", "libgcc_s.so.1"]) {
    const path = libraryOf(name);
    if (path !== undefined) cpSync(path, join(stage, "lib", name));
  }

  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const tests = ["test", "src", "vitest.config.ts", "tsconfig.json"];
  for (const place of ["package.json", "LICENSE", "dist", "shaders", "examples", "schema", ...tests]) {
    if (existsSync(join(root, place))) cpSync(join(root, place), join(stage, "app", place), { recursive: true });
  }
  for (const name of nativeBinaries()) cpSync(join(root, name), join(stage, "app", name), { recursive: true });
  for (const place of closure([...Object.keys(manifest.dependencies), ...extra])) copyPackage(place);

  const packed = pack();
  writeFileSync(
    join(out, "payload.id"),
    `${createHash("sha256").update(readFileSync(packed)).digest("hex").slice(0, 16)}\n`,
  );
  cpSync(join(root, "scripts/bundle/run.sh"), join(out, "run.sh"));
  chmodSync(join(out, "run.sh"), 0o755);
  rmSync(stage, { recursive: true, force: true });
  const tar = join(root, "build/mfgpu-linux-x64.tar");
  if (run("tar", ["-cf", tar, "-C", dirname(out), "mfgpu-linux-x64"]) === undefined) fail("tar failed");
  const { size } = statSync(tar);
  process.stdout.write(`bundle: ${tar.slice(root.length)}, ${(size / 2 ** 20).toFixed(1)} MiB\n`);
  if (size > largest) fail(`larger than ${largest / 2 ** 20} MiB`);
}

/** The native tier, if it was built: the addon and, where the compiler had that target, WebAssembly and what starts it. */
function nativeBinaries() {
  const addon = existsSync(join(root, "native/build/mfgpu.node")) ? ["native/build/mfgpu.node"] : [];
  const wasm = existsSync(join(root, "native/build/mfgpu.wasm")) ? ["native/build/mfgpu.wasm", "native/wasm"] : [];
  return [...addon, ...wasm];
}

/** The stage as payload.tar.xz, or .gz where nothing here writes xz. */
function pack() {
  const xz = join(out, "payload.tar.xz");
  if (run("tar", ["-cJf", xz, "-C", stage, "."], { env: { ...process.env, XZ_OPT: `${effort} -T0` } }) !== undefined)
    return xz;
  rmSync(xz, { force: true });
  const gz = join(out, "payload.tar.gz");
  if (run("tar", ["-czf", gz, "-C", stage, "."]) === undefined) fail("tar writes neither xz nor gz");
  return gz;
}

main();
