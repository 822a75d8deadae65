/**
 * A GPU made of software, for machines without one: SwiftShader, from the development package `@sparticuz/chromium`,
 * unpacked into this clone. The Vulkan loader reads its environment when a process starts, so whoever wants the software
 * adapter is started as a child. Tests and the command line read in MFGPU_ADAPTER which adapter is meant.
 *
 * node scripts/software.mjs COMMAND ARGUMENTS                 runs the command with the software adapter
 * node scripts/software.mjs --unless-gpu COMMAND ARGUMENTS    does so only where there is no real GPU
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const packageFolder = join(root, "node_modules/@sparticuz/chromium");
const cache = join(root, "node_modules/.cache/swiftshader");
const wantedFiles = ["libvk_swiftshader.so", "libvulkan.so.1", "vk_swiftshader_icd.json"];

/** Files of a tar archive: headers of 512 bytes, contents padded to the same. */
function* filesOfTar(bytes) {
  const text = (from, length) => bytes.toString("latin1", from, from + length).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    yield { name: text(at, 100), content: bytes.subarray(at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

/** Unpacks what is missing; whole or not at all, also where two processes do it together. */
function unpack(target) {
  if (wantedFiles.every((name) => existsSync(join(target, name)))) return;
  mkdirSync(dirname(target), { recursive: true });
  const draft = mkdtempSync(join(dirname(target), "draft-"));
  const tar = brotliDecompressSync(readFileSync(join(packageFolder, "bin/swiftshader.tar.br")));
  for (const { name, content } of filesOfTar(tar)) {
    if (wantedFiles.includes(name)) writeFileSync(join(draft, name), content, { mode: 0o755 });
  }
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!wantedFiles.every((name) => existsSync(join(target, name)))) throw error;
  }
}

/**
 * Environment with which a child process finds the software adapter and no other; undefined where there is none: the
 * development packages are not installed, or this is not Linux on x64.
 *
 * @returns {Record<string, string> | undefined}
 */
export function softwareEnvironment() {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  if (!existsSync(join(packageFolder, "bin/swiftshader.tar.br"))) return undefined;
  const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const folder = join(cache, version);
  unpack(folder);
  const icd = join(folder, "vk_swiftshader_icd.json");
  const libraries = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return {
    VK_DRIVER_FILES: icd,
    VK_ICD_FILENAMES: icd,
    LD_LIBRARY_PATH: libraries,
    // Without it the loader complains on stderr.
    XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir(),
    MFGPU_ADAPTER: "software",
  };
}

/** True where WebGPU finds a real GPU: asked in a child process, since an open driver stays in the process that asked. */
function hasGpu() {
  // Asked of what set-up built; without it nobody could tell a real GPU from none.
  if (!existsSync(new URL("../dist/tiers/dawn/adapter.js", import.meta.url))) {
    spawnSync(process.execPath, [join(root, "scripts/setup.mjs")], { stdio: ["ignore", 2, 2] });
  }
  const adapters = new URL("../dist/tiers/dawn/adapter.js", import.meta.url).href;
  const ask = `process.exit("adapter" in (await (await import(${JSON.stringify(adapters)})).findAdapter()) ? 0 : 1)`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", ask], { stdio: "ignore" }).status === 0;
}

/** Environment of a run of tests or benches: nothing more where there is a real GPU, else the software adapter's. */
export function environmentOfGpu() {
  return hasGpu() ? {} : (softwareEnvironment() ?? {});
}

/** Runs a command with more environment; the exit code is the command's, and signals reach it. */
function run([command, ...args], environment) {
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...environment } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`${command}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, ...rest] = process.argv.slice(2);
  const unlessGpu = first === "--unless-gpu";
  const environment = unlessGpu ? environmentOfGpu() : softwareEnvironment();
  if (environment === undefined) {
    process.stderr.write(
      "There is no software adapter here: it needs Linux on x64 and the development packages (npm ci).\n",
    );
    process.exitCode = 1;
  } else {
    run(unlessGpu ? rest : [first, ...rest], environment);
  }
}
