import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BaselineReport } from "../../src/bench/baseline.ts";
import type { BenchReport } from "../../src/bench/report.ts";
import { emptyFolder, mfgpu } from "./mfgpu.ts";

test("mfgpu bench --quick: a document, a table, CSV, a page, and a comparison with itself", async () => {
  const folder = emptyFolder();
  const [json, csv, page] = ["run.json", "run.csv", "run.html"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const base = ["bench", "all", "--quick", "--only", "scalar,batched", "--time-limit", "10"];
  const first = await mfgpu([...base, "--json", json, "--csv", csv, "--report", page, "--strict"]);
  expect({ code: first.code, error: first.code === 0 ? "" : first.stderr }).toEqual({ code: 0, error: "" });
  const report = JSON.parse(readFileSync(json, "utf8")) as BenchReport;
  expect(new Set(report.rows.map(({ tier }) => tier))).toEqual(new Set(["scalar", "batched"]));
  expect(new Set(report.rows.map(({ section }) => section))).toEqual(new Set(["kernels", "solve", "latency"]));
  expect(first.stdout).toMatch(/derivatives +16 x 16 x 16 +batched f64/);
  expect(first.stdout).toMatch(/energy/);
  expect(readFileSync(csv, "utf8").trim().split("\r\n")).toHaveLength(report.rows.length + 1);
  expect(readFileSync(page, "utf8")).toContain("Roofline of derivatives");

  const second = await mfgpu([
    "bench",
    "latency",
    "--quick",
    "--only",
    "batched",
    "--baseline",
    json,
    "--json",
    "--quiet",
  ]);
  expect(second).toMatchObject({ code: 0, stderr: "" });
  const { baseline } = JSON.parse(second.stdout) as BenchReport & { readonly baseline: BaselineReport };
  expect(baseline.rows.map(({ contestant }) => contestant)).toEqual(["batched f64", "batched f32"]);
  expect(baseline.rows.every(({ ratio }) => ratio! > 0)).toBe(true);
}, 120_000);

test.each([
  [["bench", "everything"], "everything"],
  [["bench", "--time-limit", "0"], "--time-limit"],
  [["bench", "--csv", "rows.txt"], "--csv"],
  [["bench", "--json", "kernels"], "--json"],
  [["bench", "--only", "abacus"], "abacus"],
  [["bench", "--baseline", "no-such-file.json"], "no-such-file.json"],
  [["bench", "--baseline", "package.json"], "package.json"],
])("%j is exit 2 and says what is wrong", async (args, word) => {
  const { code, stdout, stderr } = await mfgpu(args);
  expect(code).toBe(2);
  // With --json the error is the document.
  expect(args.includes("--json") ? stdout : stderr).toContain(word);
});
