import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Plan } from "../../src/decision/plan.ts";
import { emptyFolder, mfgpu } from "./mfgpu.ts";

const size = ["--grid", "32", "--steps", "8"];
const quick = [...size, "--time-limit", "1"];

describe("mfgpu plan", () => {
  test("lists every candidate with time, memory and reason, and what it chose", async () => {
    const { code, stdout } = await mfgpu(["plan", "r1", ...quick, "--json"]);
    expect(code).toBe(0);
    const plan = JSON.parse(stdout) as Plan;
    expect(plan).toMatchObject({ problem: "r1", grid: [32], steps: 8, members: 1, mode: "measure" });
    expect(plan.candidates.map(({ name }) => name)).toContain("batched f64");
    const open = plan.candidates.filter(({ eligible }) => eligible);
    for (const { predicted, memory } of open) {
      expect(predicted!.seconds).toBeGreaterThan(0);
      expect(memory).toBeGreaterThan(0);
    }
    for (const { reason } of plan.candidates.filter(({ eligible }) => !eligible)) expect(reason).toMatch(/\S/);
    expect(plan.candidates[0]!.name).toBe(plan.chosen);
    const text = await mfgpu(["plan", "r1", ...size, "--mode", "estimate"]);
    expect(text.code).toBe(0);
    for (const word of ["candidate", "batched f64", "choice", "iterations"]) expect(text.stdout).toContain(word);
  });
  test("a precision that nobody has is exit 4, memory that nobody has exit 2, with the reasons", async () => {
    const lacking = await mfgpu(["plan", "r1", ...size, "--mode", "estimate", "--precision", "compensated", "--json"]);
    expect([0, 4]).toContain(lacking.code);
    const small = await mfgpu(["plan", "r1", ...size, "--mode", "estimate", "--memory", "1kB"]);
    expect(small.code).toBe(2);
    expect(small.stdout).toMatch(/needs at least/);
  });
  test.each([
    [["plan"], "problem"],
    [["plan", "r1", "--mode", "guess"], "--mode"],
    [["plan", "r1", "--time-limit", "0"], "--time-limit"],
    [["plan", "r1", "--batch", "0"], "--batch"],
    [["plan", "no-such-problem"], "no-such-problem"],
    [["plan", "--forget"], "MFGPU_WISDOM"],
  ])("%j is exit 2 and says what is wrong", async (args, word) => {
    const { code, stderr } = await mfgpu(args);
    expect(code).toBe(2);
    expect(stderr).toContain(word);
  });
});

describe("wisdom on the command line", () => {
  test("is written to the cache folder, used the next time, exported, forgotten, imported", async () => {
    const cache = emptyFolder();
    const env = { MFGPU_WISDOM: "", XDG_CACHE_HOME: cache };
    const file = join(cache, "mfgpu/wisdom.jsonl");
    const first = JSON.parse((await mfgpu(["plan", "r1", ...quick, "--json"], env)).stdout) as Plan;
    expect(first.candidates[0]!.source).toBe("measured");
    expect(existsSync(file)).toBe(true);
    const second = JSON.parse((await mfgpu(["plan", "r1", ...quick, "--json"], env)).stdout) as Plan;
    expect(second.candidates.find(({ name }) => name === first.chosen)!.source).toBe("wisdom");
    expect(second.chosen).toBe(first.chosen);

    const kept = join(cache, "kept.jsonl");
    expect((await mfgpu(["plan", "--export", kept], env)).code).toBe(0);
    expect((await mfgpu(["plan", "--forget"], env)).stdout).toContain("removed");
    expect(existsSync(file)).toBe(false);
    const imported = await mfgpu(["plan", "--import", kept, "--json"], env);
    expect(JSON.parse(imported.stdout)).toMatchObject({ wisdom: file });
    expect(readFileSync(file, "utf8")).toContain("batched f64");
    const foreign = join(cache, "foreign.jsonl");
    writeFileSync(foreign, "hello\n");
    const refused = await mfgpu(["plan", "--import", foreign], env);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("no wisdom file");
  });
  test("a damaged file is set aside with the reason and measured again", async () => {
    const cache = emptyFolder();
    const env = { MFGPU_WISDOM: "", XDG_CACHE_HOME: cache };
    mkdirSync(join(cache, "mfgpu"));
    writeFileSync(join(cache, "mfgpu/wisdom.jsonl"), `{"format":"mfgpu wisdom","version":99}\n`);
    const { code, stdout } = await mfgpu(["plan", "r1", ...quick], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/set aside as .*version 99/);
    expect(readdirSync(join(cache, "mfgpu")).some((name) => name.includes("set-aside"))).toBe(true);
  });
  test("a folder that cannot be written: it works without, and says so", async () => {
    const blocked = join(emptyFolder(), "file");
    writeFileSync(blocked, "");
    const { code, stdout } = await mfgpu(["plan", "r1", ...quick], { MFGPU_WISDOM: join(blocked, "wisdom.jsonl") });
    expect(code).toBe(0);
    expect(stdout).toContain("Nothing is remembered");
  });
});

test("solve --tier auto says what it chose and why, in the record and on stderr", async () => {
  const args = ["solve", "r1", ...size, "--tolerance", "1e-6"];
  const { code, stdout, stderr } = await mfgpu([...args, "--json"]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^tier: \S+/m);
  const { plan } = JSON.parse(stdout) as { plan: { chosen: string; why: string; actual: number; failures: unknown[] } };
  expect(plan.chosen).toMatch(/f64/);
  expect(plan.why).toMatch(/\S/);
  expect(plan.actual).toBeGreaterThan(0);
  const named = await mfgpu([...args, "--tier", "batched", "--json"]);
  expect(JSON.parse(named.stdout)).toMatchObject({ tier: "batched", plan: null });
});
