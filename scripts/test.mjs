/**
 * `npm test`: sets up, then runs every check of the project and closes with one plain line of totals. The exit code is 0
 * only where nothing failed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { hasCargo, hasWasmTarget } from "./native.mjs";
import { root, setUp } from "./setup.mjs";
import { environmentOfGpu } from "./software.mjs";

const tool = (name, file) => join(root, "node_modules", name, file);

/** Checks that are one pass or one failure each. */
const checks = [
  { name: "lint", command: [tool("oxlint", "bin/oxlint")] },
  { name: "format", command: [tool("oxfmt", "bin/oxfmt"), "--check", "."] },
  { name: "types", command: [tool("typescript", "bin/tsc"), "--noEmit", "-p", "tsconfig.json"] },
];

/** Checks of the crate, where cargo is here; the build that set-up made is not made again. */
const nativeChecks = [
  { name: "rustfmt", options: ["fmt", "--check"] },
  { name: "clippy", options: ["clippy", "--locked", "--all-targets", "--", "-D", "warnings"] },
  { name: "cargo test", options: ["test", "--locked", "--quiet"] },
];

/**
 * Files run at once where one core does most of the work: by itself vitest leaves one of two idle. Among the fast ones the software
 * adapter takes all cores, and two at once gain a tenth.
 */
const workers = Math.max(2, availableParallelism() - 1);

/** Groups of vitest projects, the quick ones first. What kills processes and fills disks has the machine to itself. */
const groups = [
  { name: "fast", projects: ["fast", "cli"] },
  { name: "accuracy", projects: ["accuracy"], options: [`--maxWorkers=${workers}`] },
  { name: "package", projects: ["package", "faults"] },
];

function heading(name) {
  process.stdout.write(`\n== ${name}\n`);
}

function node(args, environment = {}) {
  const env = { ...process.env, ...environment };
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit", env }).status === 0;
}

function runGroup({ projects, options = [] }) {
  const folder = mkdtempSync(join(tmpdir(), "mfgpu-test-"));
  const report = join(folder, "totals.json");
  try {
    const succeeded = node(
      [
        tool("vitest", "vitest.mjs"),
        "run",
        ...projects.flatMap((project) => ["--project", project]),
        ...options,
        "--reporter=default",
        `--reporter=${join(root, "scripts/totals.mjs")}`,
      ],
      { ...gpu, MFGPU_EXPECT_TIERS: promised, MFGPU_TEST_TOTALS: report },
    );
    const totals = JSON.parse(readFileSync(report, "utf8"));
    failures.push(...totals.failures);
    return !succeeded && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
  } catch (error) {
    failures.push(`no totals from vitest: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What this machine must have, so that its absence is a failure and no skip. */
function promisedTiers(cargo) {
  const promised = ["scalar", "batched", "gpujs:cpu", "gpujs:webasm"];
  if (cargo || process.env.CI !== undefined) promised.push("rust:native");
  if (gpu.MFGPU_ADAPTER !== undefined) promised.push("gpujs:webgpu", "webgpu");
  if (cargo && hasWasmTarget()) promised.push("rust:wasm");
  return [process.env.MFGPU_EXPECT_TIERS, ...promised].filter((name) => name !== undefined).join(",");
}

const results = [];
const failedChecks = [];
const failures = [];

function record(name, result) {
  results.push(result);
  if (result.failed > 0) failedChecks.push(name);
}

const ready = setUp();
if (ready === "install failed") {
  process.stdout.write("\n0 passed, 1 failed\n");
  process.exit(1);
}
record("build", { passed: Number(ready === "ready"), failed: Number(ready !== "ready"), skipped: 0 });

/** What the GPU tiers run on: a real GPU where there is one, else the software adapter of the development packages. */
const gpu = environmentOfGpu();

for (const { name, command } of checks) {
  heading(name);
  const passed = node(command);
  record(name, { passed: Number(passed), failed: Number(!passed), skipped: 0 });
}
const cargo = hasCargo();
for (const { name, options } of nativeChecks) {
  heading(name);
  if (!cargo) process.stdout.write("no cargo here\n");
  const passed = cargo && spawnSync("cargo", options, { cwd: join(root, "native"), stdio: "inherit" }).status === 0;
  const excused = !cargo && process.env.CI === undefined;
  record(name, { passed: Number(passed), failed: Number(!passed && !excused), skipped: Number(excused) });
}
const promised = promisedTiers(cargo);
for (const group of groups) {
  heading(group.name);
  record(group.name, runGroup(group));
}

const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
if (failedChecks.length > 0) process.stdout.write(`\nfailed: ${failedChecks.join(", ")}\n`);
for (const failure of failures) process.stdout.write(`  ${failure}\n`);
const skipped = total("skipped") > 0 ? `, ${total("skipped")} skipped` : "";
process.stdout.write(`\n${total("passed")} passed, ${total("failed")} failed${skipped}\n`);
process.exitCode = total("failed") > 0 ? 1 : 0;
