/** A study whose disk fills up: a file system of a few pages where we may mount one, a limit on files everywhere. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readRun } from "../../src/io/run.ts";
import { emptyFolder, mfgpu } from "../cli/mfgpu.ts";
import { root } from "../house/imports.ts";
import { otherRuns, runsOf, studyFile, summaryOf } from "./support.ts";

const members = 8;

async function calmRun(): Promise<{ readonly args: (out: string) => string[]; readonly calm: string }> {
  const folder = emptyFolder();
  const file = studyFile(folder, members, { solve: { grid: 64, steps: 16, tier: "batched", tolerance: 1e-4 } });
  const args = (out: string): string[] => ["study", file, "--out", out, "--workers", "2", "--json", "--quiet"];
  const calm = join(folder, "calm");
  expect((await mfgpu(args(calm))).code).toBe(0);
  return { args, calm };
}

/** No torn file, no temporary one; the rest comes with the same command once there is room. */
async function leftWhole(out: string): Promise<void> {
  expect(readdirSync(join(out, "runs")).filter((name) => name.startsWith("."))).toEqual([]);
  for (const name of runsOf(out)) await readRun(join(out, "runs", name));
}

const tmpfs = (target: string, size: string): boolean =>
  spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", target]).status === 0;

/** Why no file system can be mounted here; undefined where one can. */
const whyNoMount = ((): string | undefined => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root may mount";
  const probe = join("/tmp", `mfgpu-mount-${process.pid}`);
  mkdirSync(probe);
  const mounted = tmpfs(probe, "16k");
  if (mounted) spawnSync("umount", [probe]);
  spawnSync("rmdir", [probe]);
  return mounted ? undefined : "mounting is not allowed here";
})();

test.skipIf(whyNoMount !== undefined)(
  `a full disk stops a study cleanly, and with more room it goes on${whyNoMount === undefined ? "" : ` (${whyNoMount})`}`,
  async () => {
    const { args, calm } = await calmRun();
    const mounted = join(emptyFolder(), "disk");
    mkdirSync(mounted);
    tmpfs(mounted, "128k");
    onTestFinished(() => void spawnSync("umount", [mounted]));
    const out = join(mounted, "out");
    const full = await mfgpu(args(out));
    expect(full.code).toBe(2);
    expect(JSON.parse(full.stdout)).toMatchObject({ error: { code: "MFGPU_FILE_WRITE" } });
    expect(runsOf(out).length).toBeGreaterThan(0);
    expect(runsOf(out).length).toBeLessThan(members);
    await leftWhole(out);
    expect(spawnSync("mount", ["-o", "remount,size=4m", mounted]).status).toBe(0);
    expect((await mfgpu(args(out))).code).toBe(0);
    expect(summaryOf(out)).toBe(summaryOf(calm));
    expect(otherRuns(out, calm)).toEqual([]);
  },
);

test.skipIf(process.platform === "win32")(
  "no run can be written: exit 2, nothing torn, and later it goes on",
  async () => {
    const { args, calm } = await calmRun();
    const out = join(emptyFolder(), "out");
    // 8 KiB: study.json fits, a run does not.
    const limited = ["-c", 'ulimit -f 8 && exec "$@"', "bash", process.execPath, join(root, "dist/cli/main.js")];
    const child = spawn("bash", [...limited, ...args(out)], { stdio: ["ignore", "pipe", "ignore"] });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "MFGPU_FILE_WRITE" } });
    expect(runsOf(out)).toEqual([]);
    await leftWhole(out);
    expect((await mfgpu(args(out))).code).toBe(0);
    expect(summaryOf(out)).toBe(summaryOf(calm));
    expect(otherRuns(out, calm)).toEqual([]);
  },
);
