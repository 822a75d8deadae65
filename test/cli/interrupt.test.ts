import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { readRun } from "../../src/io/run.ts";
import { root } from "../house/imports.ts";
import { solveTiers } from "../support/solveTiers.ts";
import { whyNoGpu } from "../support/webgpu.ts";
import { emptyFolder, start, startNode } from "./mfgpu.ts";

const otherTiers = [
  { tier: "rust", absent: solveTiers.find(({ tier }) => tier === "rust")?.absent },
  { tier: "webgpu", absent: whyNoGpu },
];

// So slow a relaxation that the solve outlives the test.
// On a named tier: planning such a long solve would measure first.
const endless = ["--tier", "batched", "--relaxation", "0.001", "--tolerance", "1e-14", "--max-iterations", "1000000"];

describe("Ctrl-C", () => {
  test("ends in 130 and leaves the last finished sweep, complete, in --out", async () => {
    const folder = emptyFolder();
    const run = join(folder, "run.npz");
    const size = ["--grid", "128", "--steps", "64"];
    const { child, ended, says } = start(["solve", "two-crowds-1d", ...size, ...endless, "--out", run, "--json"]);
    await says("iteration 1 ");
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ stopReason: "aborted", converged: false, output: run });
    expect(readdirSync(folder)).toEqual(["run.npz"]);
    const stored = await readRun(run);
    const record = stored.record as { iterations: number; stopReason: string; history: readonly unknown[] };
    expect(record.stopReason).toBe("aborted");
    expect(record.iterations).toBeGreaterThanOrEqual(1);
    expect(record.history).toHaveLength(record.iterations);
    expect(stored.value.every(Number.isFinite)).toBe(true);
    expect(stored.density.every((m) => m >= 0)).toBe(true);
  });

  describe.each(otherTiers)("on the $tier tier", ({ tier, absent }) => {
    test.skipIf(absent !== undefined)("leaves the last finished sweep as well", async () => {
      const run = join(emptyFolder(), "run.npz");
      const size = ["--grid", "32", "--steps", "8", "--out", run, "--json"];
      const { child, ended, says } = start(["solve", "two-crowds-1d", ...size, ...endless, "--tier", tier]);
      await says("iteration 1 ");
      child.kill("SIGINT");
      const { code, stdout } = await ended;
      expect(code).toBe(130);
      expect(JSON.parse(stdout)).toMatchObject({ stopReason: "aborted", tier, output: run });
      const { record, value, density } = await readRun(run);
      const { iterations, history } = record as { iterations: number; history: readonly unknown[] };
      expect(iterations).toBeGreaterThanOrEqual(1);
      expect(history).toHaveLength(iterations);
      expect(value.every(Number.isFinite)).toBe(true);
      expect(density.every((m) => m >= 0)).toBe(true);
    });
  });

  test("without --out ends in 130 as well", async () => {
    const { child, ended, says } = start(["solve", "two-crowds-1d", "--grid", "64", "--steps", "32", ...endless]);
    await says("iteration 1 ");
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout).toContain("interrupted");
  });

  test("before the first iteration is finished writes nothing", async () => {
    const folder = emptyFolder();
    const args = ["solve", "torus-exact-2d", "--grid", "256x256", "--steps", "256", "--out", join(folder, "run.npz")];
    const { child, ended, says } = start([...args, ...endless]);
    await says("memory:");
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("no run was written");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("twice ends at once, whatever is still going on", async () => {
    const handler = pathToFileURL(join(root, "dist/cli/interrupt.js")).href;
    // Work that heeds no signal, as a long write does.
    const program = `
      import { onInterrupt } from ${JSON.stringify(handler)};
      const { signal } = onInterrupt(false);
      setInterval(() => signal.aborted && process.stderr.write("still busy\\n"), 20);
      process.stderr.write("busy\\n");`;
    const { child, ended, says } = startNode(["--input-type=module", "--eval", program]);
    await says("busy");
    child.kill("SIGINT");
    await says("still busy");
    expect(child.exitCode).toBeNull();
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
  });
});
