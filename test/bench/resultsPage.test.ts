import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { compareRuns } from "../../src/bench/baseline.ts";
import { resultsPage } from "../../bench/support/resultsPage.ts";
import { reportWith, rowWith } from "./support.ts";

test("bench/README.md is what npm run bench:tables makes of bench/results", () => {
  expect(readFileSync(new URL("../../bench/README.md", import.meta.url), "utf8")).toBe(resultsPage());
});

test("both kinds of documents become tables with machine, date, command, rows and ratios", () => {
  const folder = mkdtempSync(join(tmpdir(), "mfgpu-results-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const options = { sections: ["kernels"], quick: false, only: null, timeLimit: 190 } as const;
  const report = reportWith([rowWith({ contestant: "batched f64" })], { options });
  const slower = reportWith([rowWith({ contestant: "batched f64", time: 2, median: 2 })]);
  writeFileSync(join(folder, "a.json"), JSON.stringify({ ...report, baseline: compareRuns(slower, report) }));
  const noisy = "weights 64: batched f64 is noisy: MAD 12 % of its median.";
  const unsettled = "weights 64: scalar f64 did not settle in 8 rounds of warm-up.";
  const old = {
    ...report,
    notes: ["A slow clock.", noisy, unsettled],
    format: 2,
    rows: [{ ...report.rows[0]!, time: undefined, median: 3, mad: 0.3 }],
  };
  writeFileSync(join(folder, "old.json"), JSON.stringify(old));
  const rows = [{ contestant: "numpy", software: false, nsPerPoint: 33, mad: 1, n: 9, error: 0 }];
  const results = [
    { operation: "derivatives", shape: [64], rows, ratios: [{ name: "numpy / batched f64", ratio: 3.5, goal: "> 1" }] },
  ];
  const skips = [{ name: "numba", reason: "not for this machine" }];
  writeFileSync(
    join(folder, "b.json"),
    JSON.stringify({ kind: "peers", place: report.place, quick: false, results, skips }),
  );
  const page = resultsPage(pathToFileURL(`${folder}/`));
  for (const part of [
    "## 2 cores of A processor, a virtual machine: a.json",
    "2026-01-02T03:04:05.000Z",
    "mfgpu bench kernels --time-limit 190 --json a.json",
    "| batched f64 |",
    "Times are the least of the quietest round",
    "Times are medians, `+-` is the median absolute deviation.",
    "| derivatives | 64 x 64 | batched f64 | 1.00 ms | 1.0 % | 9 |",
    "| derivatives | 64 x 64 | batched f64 | 3.00 ms | 10 % | 9 |",
    "- Median ratio 0.500; 0.0 % of the rows in both runs are within 10 %, by medians of all samples 0.0 %.",
    "| faster | derivatives | 64 x 64 | batched f64 | 2.00 ms | 1.00 ms |",
    "| numpy / batched f64 | 3.50 | > 1 |",
    "- numba: not for this machine",
    "- A slow clock.",
    "- 2 timings were noisy, did not settle in the warm-up or were cut short: the document names them.",
  ])
    expect(page).toContain(part);
  expect(page).not.toContain(noisy);
});
