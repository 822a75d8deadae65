import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Decision } from "../../src/decision/decision.ts";
import { emptyFolder, mfgpu } from "./mfgpu.ts";

test("mfgpu decide two-crowds-1d --grid 100 --all: every rung, with its files and report", async () => {
  const folder = emptyFolder();
  const out = join(folder, "out");
  const report = join(folder, "report.html");
  const args = ["decide", "two-crowds-1d", "--grid", "100", "--all", "--out", out, "--report", report, "--json"];
  const { code, stdout, stderr } = await mfgpu(args);
  expect({ code, error: code === 0 ? "" : stderr }).toEqual({ code: 0, error: "" });
  const decision = JSON.parse(stdout) as Decision & { readonly files: Readonly<Record<string, string>> };
  expect(decision.rungs[0]).toMatchObject({ tier: "scalar", verdict: "baseline" });
  for (const { verdict, speedup, reason } of decision.rungs.slice(1))
    expect(verdict === "unavailable" ? reason : speedup).toBeTruthy();
  expect(decision.rungs.map(({ verdict }) => verdict)).not.toContain("not reached");
  expect(decision.recommendation.fastest).not.toBeNull();
  expect(readdirSync(out).toSorted()).toEqual(["baseline_performance.txt", "decision.json", "solve.cpuprofile"]);
  expect(readFileSync(join(out, "baseline_performance.txt"), "utf8")).toMatch(/median: .* us per call/);
  const profile = JSON.parse(readFileSync(join(out, "solve.cpuprofile"), "utf8")) as Record<string, unknown>;
  expect(Object.keys(profile)).toEqual(expect.arrayContaining(["nodes", "samples", "timeDeltas"]));
  expect(readFileSync(report, "utf8")).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
}, 240_000);

test.each([
  [["decide"], "problem"],
  [["decide", "r1", "--target", "0"], "--target"],
  [["decide", "r1", "--gate", "100,10"], "--gate"],
  [["decide", "r1", "--report", "report.pdf"], "--report"],
  [["decide", "no-such-problem"], "no-such-problem"],
])("%j is exit 2 and says what is wrong", async (args, word) => {
  const { code, stderr } = await mfgpu(args);
  expect(code).toBe(2);
  expect(stderr).toContain(word);
});

test("a folder that cannot be made is exit 2 before anything is measured", async () => {
  const file = join(emptyFolder(), "file");
  writeFileSync(file, "");
  const { code, stderr } = await mfgpu(["decide", "r1", "--out", join(file, "out")]);
  expect(code).toBe(2);
  expect(stderr).toContain("cannot be made");
});
