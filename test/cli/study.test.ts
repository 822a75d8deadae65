import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStudy, runPath } from "../../src/batch/study.ts";
import { readRun } from "../../src/io/run.ts";
import type { SolveRecord } from "../../src/solver/options.ts";
import { worst } from "../support/exact.ts";
import { describe, expect, test } from "vitest";
import { emptyFolder, mfgpu, problemWith, start } from "./mfgpu.ts";

/** A study of six small problems on two workers. */
function studyFile(folder: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const path = join(folder, "study.json");
  const study = {
    name: "ripples",
    problem: problemWith({}),
    vary: { volatility: [0.4, 0.5, 0.6], "coupling.strength": [1, 2] },
    solve: { grid: 16, steps: 6, tier: "batched", tolerance: 1e-6 },
    measures: ["cost", "max(density(T))"],
    ...changes,
  };
  writeFileSync(path, JSON.stringify(study));
  return path;
}

const summaryOf = (out: string): string => readFileSync(join(out, "summary.csv"), "utf8");
const runsOf = (out: string): string[] => readdirSync(join(out, "runs")).toSorted();

describe("mfgpu study", () => {
  test("solves every member, tabulates it, and a second run does nothing", async () => {
    const folder = emptyFolder();
    const out = join(folder, "out");
    const file = studyFile(folder);
    const first = await mfgpu(["study", file, "--out", out, "--workers", "2", "--json"]);
    expect(first.stderr).toContain("6 members");
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ total: 6, settled: 6, converged: 6, failed: 0 });
    const lines = summaryOf(out).trimEnd().split("\n");
    expect(lines[0]).toBe(
      "member,id,volatility,coupling.strength,stopReason,iterations,residual,massDrift,minDensity,warm,cost,max(density(T)),error",
    );
    expect(lines).toHaveLength(7);
    const rows = readFileSync(join(out, "summary.jsonl"), "utf8").trimEnd().split("\n");
    expect(rows.map((row) => (JSON.parse(row) as { member: number }).member)).toEqual([0, 1, 2, 3, 4, 5]);
    const files = runsOf(out);
    expect(files).toHaveLength(6);

    const page = join(folder, "page.html");
    const again = await mfgpu(["study", file, "--out", out, "--report", page, "--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ settled: 6, membersPerSecond: 0, report: page });
    expect(readFileSync(page, "utf8")).toContain("<title>mfgpu study: ripples</title>");
    expect(summaryOf(out)).toBe(`${lines.join("\n")}\n`);
    const status = await mfgpu(["study", "status", out, "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({ total: 6, settled: 6 });

    // The same page from the folder alone; and nothing but a study has one.
    const second = join(folder, "second.html");
    expect((await mfgpu(["plot", out, "--report", second])).stdout).toBe(`report  ${second}\n`);
    expect(readFileSync(second, "utf8")).toBe(readFileSync(page, "utf8"));
    const ofRun = await mfgpu(["plot", join(out, "runs", files[0]!), "--report", second, "--json"]);
    expect([ofRun.code, ofRun.stdout.includes("not the folder of a study")]).toEqual([2, true]);
    expect((await mfgpu(["plot", out, "--json"])).stdout).toContain("nothing to write");
  });

  test("a member equals a single solve bitwise, and two shards make the whole", async () => {
    const folder = emptyFolder();
    const file = studyFile(folder);
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    await mfgpu(["study", file, "--out", whole, "--workers", "1", "--quiet"]);
    for (const shard of ["1/2", "2/2"])
      expect((await mfgpu(["study", file, "--out", parts, "--shard", shard, "--workers", "1", "--quiet"])).code).toBe(
        0,
      );
    expect(summaryOf(parts)).toBe(summaryOf(whole));
    expect(runsOf(parts)).toEqual(runsOf(whole));
    for (const name of runsOf(whole)) {
      const [a, b] = [whole, parts].map((out) => readFileSync(join(out, "runs", name)));
      // The records hold times; the arrays before them must agree to the last bit.
      expect(a!.subarray(0, 2000).equals(b!.subarray(0, 2000))).toBe(true);
    }
    const problem = join(folder, "member.json");
    writeFileSync(problem, JSON.stringify(problemWith({ volatility: 0.4, coupling: { kind: "linear", strength: 1 } })));
    const single = join(folder, "single.npz");
    const options = ["--grid", "16", "--steps", "6", "--tier", "batched", "--tolerance", "1e-6"];
    await mfgpu(["solve", problem, ...options, "--out", single, "--quiet"]);
    const [row] = readFileSync(join(whole, "summary.jsonl"), "utf8").split("\n");
    const { id } = JSON.parse(row!) as { id: string };
    const member = readFileSync(join(whole, "runs", `${id}.npz`));
    expect(readFileSync(single).subarray(0, 2000).equals(member.subarray(0, 2000))).toBe(true);
  });

  test("members that start warm are the equilibria of those that do not, in fewer iterations", async () => {
    const folder = emptyFolder();
    const ends: { iterations: number; density: Float64Array }[][] = [];
    for (const warmStart of ["on", "off"]) {
      const out = join(folder, warmStart);
      const file = studyFile(folder, {
        problem: "two-crowds-1d",
        vary: { volatility: { from: 0.7, to: 1.3, count: 6 } },
        solve: { grid: 64, steps: 24, tier: "batched", tolerance: 1e-8 },
        warmStart,
      });
      expect((await mfgpu(["study", file, "--out", out, "--quiet"])).code).toBe(0);
      const { plan } = await openStudy(out);
      const runs = await Promise.all(plan.members.map(({ id }) => readRun(runPath(out, id))));
      ends.push(
        runs.map(({ record, density }) => ({
          iterations: (record as SolveRecord).iterations,
          density: Float64Array.from(density),
        })),
      );
    }
    const [warm, cold] = ends as [(typeof ends)[0], (typeof ends)[0]];
    const sum = (runs: typeof warm): number => runs.reduce((total, { iterations }) => total + iterations, 0);
    expect(sum(warm)).toBeLessThan(0.9 * sum(cold));
    // Sub-steps that hang on the way there left up to 1e-3 between the two.
    for (const [k, { density }] of cold.entries()) {
      expect(worst(warm[k]!.density, density)).toBeLessThan(1e-6 * Math.max(...density));
    }
  });

  test("killed with -9 it goes on where it was, and the summary is the same", async () => {
    const folder = emptyFolder();
    const file = studyFile(folder, {
      vary: { volatility: { from: 0.3, to: 0.8, count: 12 } },
      solve: { grid: 32, steps: 24, tier: "batched" },
    });
    const [calm, stormy] = [join(folder, "calm"), join(folder, "stormy")];
    const args = (out: string): string[] => ["study", file, "--out", out, "--workers", "1"];
    await mfgpu(args(calm));
    const { child, ended } = start(args(stormy));
    while (!existsSync(join(stormy, "runs")) || runsOf(stormy).filter((name) => name.endsWith(".npz")).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGKILL");
    await ended;
    expect((await mfgpu(args(stormy))).code).toBe(0);
    expect(summaryOf(stormy)).toBe(summaryOf(calm));
    expect(runsOf(stormy).filter((name) => name.endsWith(".npz"))).toEqual(runsOf(calm));
  });

  test("a member that cannot be solved is a row with its reason, and the others go on", async () => {
    const folder = emptyFolder();
    const out = join(folder, "out");
    const file = studyFile(folder, {
      problem: problemWith({ coupling: { kind: "power", strength: 1, exponent: 2 } }),
      vary: { terminalCost: ["0", "1e200*sin(2*pi*x)"] },
    });
    const { code, stdout } = await mfgpu(["study", file, "--out", out, "--json"]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ total: 2, settled: 2, converged: 1 });
    expect(summaryOf(out)).toMatch(/diverged/);
  });

  test("the folder of another study, a foreign folder and a study.json that was changed are refused", async () => {
    const folder = emptyFolder();
    const out = join(folder, "out");
    await mfgpu(["study", studyFile(folder), "--out", out, "--quiet"]);
    const other = await mfgpu(["study", studyFile(folder, { name: "other" }), "--out", out, "--json"]);
    expect(other.code).toBe(2);
    expect(other.stdout).toContain("MFGPU_FILE_STUDY");
    const foreign = await mfgpu(["study", studyFile(folder), "--out", folder, "--json"]);
    expect(foreign.stdout).toMatch(/holds other things|another program/);
    const path = join(out, "study.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/\b0\.4\b/, "0.45"));
    const changed = await mfgpu(["study", "status", out, "--json"]);
    expect(changed.stdout).toContain("MFGPU_FILE_STUDY");
    rmSync(out, { recursive: true });
  });

  test.each([
    [{ vary: { volatilty: [1] } }, "MFGPU_CONFIG_STUDY", 'Did you mean \\"volatility\\"'],
    [{ vary: { volatility: [0.5, -1] } }, "MFGPU_PROBLEM_SCHEMA", "Member 1"],
    [{ vary: { volatility: { from: 0, to: 1, count: 1_000_000 }, horizon: [1, 2] } }, "MFGPU_CONFIG_STUDY", "--yes"],
    [{ measures: ["maxi(density(T))"] }, "MFGPU_CONFIG_STUDY", "measure"],
  ])("bad study %j is exit 2 before anything runs", async (changes, code, words) => {
    const folder = emptyFolder();
    const out = join(folder, "out");
    const outcome = await mfgpu(["study", studyFile(folder, changes), "--out", out, "--json"]);
    expect(outcome.code).toBe(2);
    expect(outcome.stdout).toContain(code);
    expect(outcome.stdout).toContain(words);
    expect(existsSync(out)).toBe(false);
  });
});
