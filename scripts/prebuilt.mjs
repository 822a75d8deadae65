/**
 * Makes the npm package that carries the native addon of one platform, from what cargo built for it, or tries the one that
 * was made. src/tiers/rust/addon.ts looks for these packages by name.
 *
 * node scripts/prebuilt.mjs PLATFORM TARGET, node scripts/prebuilt.mjs --try PLATFORM
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { root } from "./clone.mjs";

const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Name of the library that cargo builds. */
function libraryOf(os) {
  if (os === "win32") return "mfgpu_native.dll";
  return os === "darwin" ? "libmfgpu_native.dylib" : "libmfgpu_native.so";
}

const folderOf = (platform) => join(root, "native/packages", `mfgpu-${platform}`);

function make(platform, target) {
  const [os, cpu, libc] = platform.split("-");
  const folder = folderOf(platform);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, "native/target", target, "release", libraryOf(os)), join(folder, "mfgpu.node"));
  const manifest = {
    name: `mfgpu-${platform}`,
    version,
    description: `Native addon of mfgpu for ${platform}`,
    license,
    main: "mfgpu.node",
    files: ["mfgpu.node"],
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc === "gnu" ? "glibc" : libc] }),
    engines: { node: ">=20.19" },
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
}

/** Loads the package and lets it compute: the indicators of a straight line are 1. */
function tryOut(platform) {
  const addon = createRequire(import.meta.url)(folderOf(platform));
  const out = new Float64Array(3);
  addon.smoothness(Float64Array.of(1, 2, 3, 4, 5), out, { threads: 1 });
  const host = addon.host();
  if (out.join() !== "1,1,1" || host.version !== version)
    throw new Error(`mfgpu-${platform} ${host.version} answers ${out.join()}`);
  process.stdout.write(`mfgpu-${platform} ${host.version}: ${host.simd}, ${host.threads} threads\n`);
}

const [first, second] = process.argv.slice(2);
if (first === "--try") tryOut(second);
else make(first, second);
