/** The bundle runs where nothing is: from another folder, with PATH and HOME emptied. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../house/imports.ts";

const folder = mkdtempSync(join(tmpdir(), "mfgpu-bundle-"));
const bundle = join(folder, "moved");
let printed = "";

/** run.sh as on a machine without any of our tools. */
function runBundle(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: "", HOME: "", TMPDIR: folder };
  return spawnSync("/bin/sh", [join(bundle, "run.sh"), ...args], { cwd: folder, env, encoding: "utf8" });
}

describe.runIf(process.platform === "linux" && process.arch === "x64")("the bundle", () => {
  beforeAll(() => {
    const made = spawnSync(process.execPath, [join(root, "scripts/bundle.mjs"), "--quick"], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr);
    printed = made.stdout;
    cpSync(join(root, "build/mfgpu-linux-x64"), bundle, { recursive: true });
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("says its size, is smaller than 64 MiB and holds three files", () => {
    expect(printed).toMatch(/mfgpu-linux-x64\.tar, [\d.]+ MiB/);
    expect(readdirSync(bundle).toSorted()).toEqual(["payload.id", "payload.tar.xz", "run.sh"]);
    expect(statSync(join(root, "build/mfgpu-linux-x64.tar")).size).toBeLessThan(64 * 2 ** 20);
  });

  test("solves", () => {
    const { status, stdout, stderr } = runBundle([
      "solve",
      "r1",
      "--grid",
      "32",
      "--steps",
      "8",
      "--tier",
      "batched",
      "--json",
    ]);
    expect(stderr).not.toMatch(/error/i);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ problem: "r1", converged: true, tier: "batched" });
  });

  test("looks around and times what is here, into a file", () => {
    const looked = runBundle(["doctor", "--json"]);
    expect(looked.status).toBe(0);
    const { tiers } = JSON.parse(looked.stdout) as { tiers: { name: string; answer: { state: string } }[] };
    const here = tiers.filter(({ answer }) => answer.state === "available").map(({ name }) => name);
    expect(here).toEqual(expect.arrayContaining(["scalar", "batched", "gpujs:cpu", "gpujs:webasm"]));
    const args = ["bench", "all", "--quick", "--only", "batched", "--time-limit", "5", "--json", "out.json", "--quiet"];
    // Stderr has Dawn's own words where no driver is.
    expect(runBundle(args).status).toBe(0);
    const { rows } = JSON.parse(readFileSync(join(folder, "out.json"), "utf8")) as { rows: { section: string }[] };
    expect(new Set(rows.map(({ section }) => section))).toEqual(new Set(["kernels", "solve", "latency"]));
  });

  test("a second run unpacks nothing", () => {
    const { status, stderr } = runBundle(["examples"]);
    expect(status).toBe(0);
    expect(stderr).not.toMatch(/unpacking/);
    expect(existsSync(join(bundle, "unpacked"))).toBe(true);
  });

  test("passes exit codes on", () => {
    expect(runBundle(["solve", "no-such-problem"]).status).toBe(2);
  });

  test("runs the conformance suite", () => {
    const { status, stdout } = runBundle(["test", "test/conformance/presence.test.ts"]);
    expect(stdout).toMatch(/passed/);
    expect(status).toBe(0);
  });
});
