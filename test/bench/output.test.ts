import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compareRuns, readBenchReport } from "../../src/bench/baseline.ts";
import { benchCsv, csvColumns } from "../../src/bench/csv.ts";
import { processorMeter } from "../../src/bench/energy.ts";
import { leftOutSentences, sectionTable } from "../../src/bench/tables.ts";
import { benchExit } from "../../src/cli/bench.ts";
import { benchHtml } from "../../src/plot/benchReport.ts";
import { spread } from "../../src/plot/roofline.ts";
import { reportWith, rowWith } from "./support.ts";

test("a baseline flags what is outside the spread of both runs, and nothing else", () => {
  const row = (contestant: string, time: number, spread: number): ReturnType<typeof rowWith> =>
    rowWith({ contestant, time, spread, median: contestant === "noisy" ? 1 : time });
  const then = reportWith([
    row("steady", 1, 0.01),
    row("slower", 1, 0.01),
    row("faster", 1, 0.01),
    row("noisy", 1, 0.3),
    row("gone", 1, 0.01),
  ]);
  const now = reportWith([
    row("steady", 1.025, 0.01),
    row("slower", 1.2, 0.01),
    row("faster", 0.8, 0.01),
    row("noisy", 1.5, 0.01),
    row("new", 1, 0.01),
  ]);
  const { rows, medianRatio, within10, mediansWithin10, differences } = compareRuns(then, now);
  expect(Object.fromEntries(rows.map(({ contestant, verdict }) => [contestant, verdict]))).toEqual({
    steady: "same",
    slower: "slower",
    faster: "faster",
    noisy: "same",
    gone: "gone",
    new: "new",
  });
  expect(medianRatio).toBeCloseTo(1.1125, 12);
  expect(within10).toBe(0.25);
  expect(mediansWithin10).toBe(0.5);
  expect(differences).toEqual([]);
  expect(compareRuns(then, then).rows.every(({ verdict }) => verdict === "same")).toBe(true);
});

test("rows that a run was not asked for are not gone, and another machine is told", () => {
  const then = reportWith([rowWith({}), rowWith({ section: "solve" })]);
  const now = reportWith([rowWith({})], { place: { ...then.place, processor: "Another" } });
  const { rows, differences } = compareRuns(then, now);
  expect(rows).toHaveLength(1);
  expect(differences).toEqual(["processor was A processor and is Another"]);
});

test.each([
  ["no JSON", "{"],
  ["nothing", "null"],
  ["another document", `{"rows":[]}`],
  ["another version", JSON.stringify({ ...reportWith([]), format: 99 })],
  ["an earlier version, whose times are medians", JSON.stringify({ ...reportWith([rowWith({})]), format: 2 })],
  ["a row without time", JSON.stringify(reportWith([rowWith({ time: 0 })]))],
])("%s is refused as a baseline", (_, text) => {
  expect(() => readBenchReport(text, "old.json")).toThrow(
    expect.objectContaining({ code: "MFGPU_FILE_BENCH", path: "old.json" }),
  );
});

test("what was written is read", () => {
  const report = reportWith([rowWith({})]);
  expect(readBenchReport(JSON.stringify(report), "x")).toEqual(report);
});

test("CSV: a heading, a line per row, quotes where needed, nothing where nothing applies", () => {
  const text = benchCsv(reportWith([rowWith({ device: 'A "fast", one', time: 0.1 })]));
  const [heading, line, end] = text.split("\r\n");
  expect(heading).toBe(csvColumns.join(","));
  expect(line).toContain('kernels,derivatives,64x64,batched f64,batched,f64,,"A ""fast"", one",false,0.1,');
  expect(line!.endsWith(",,,,1e-16")).toBe(true);
  expect(end).toBe("");
});

test("the table labels software and says of everyone left out why", () => {
  const report = reportWith([rowWith({ contestant: "webgpu f32", software: true })], {
    leftOut: [
      {
        section: "kernels",
        operation: "weights",
        shape: [8],
        contestant: "rust:native f64 x1",
        kind: "wrong",
        reason: "off by 2",
      },
    ],
  });
  const cells = sectionTable(report, "kernels").rows;
  expect(cells[0]).toContain("webgpu f32 (software)");
  expect(cells[1]!.filter(Boolean).join(" ")).toBe("weights 8 rust:native f64 x1 WRONG, not timed off by 2");
  expect(sectionTable(report, "kernels", false).rows).toHaveLength(1);
});

test("those left out in sentences: the slow by size, the others by name and reason, of one section", () => {
  const out = { section: "solve", operation: "hjb", shape: [64, 64], kind: "slow", reason: "minutes" } as const;
  const report = reportWith([], {
    leftOut: [
      { ...out, contestant: "scalar f64" },
      { ...out, contestant: "batched f64" },
      { ...out, contestant: "gpujs f32", kind: "absent", operation: "all", shape: [], reason: "no adapter" },
      { ...out, contestant: "scalar f64", section: "kernels" },
    ],
  });
  expect(leftOutSentences(report, "solve")).toEqual([
    "hjb 64 x 64, too slow for the time limit: scalar f64, batched f64",
    "gpujs f32, not here (no adapter): all",
  ]);
});

test("a wrong result is exit 5 with --strict, and only then; one who is slow or not here is none", () => {
  const out = { section: "kernels", operation: "weights", shape: [8], contestant: "batched f64", reason: "x" } as const;
  expect(benchExit({ leftOut: [{ ...out, kind: "wrong" }] }, true)).toBe(5);
  expect(benchExit({ leftOut: [{ ...out, kind: "wrong" }] }, false)).toBe(0);
  expect(
    benchExit(
      {
        leftOut: [
          { ...out, kind: "slow" },
          { ...out, kind: "absent" },
        ],
      },
      true,
    ),
  ).toBe(0);
});

test("the page is self-contained, holds a roofline, and leaves software out of it", async () => {
  const report = reportWith([rowWith({}), rowWith({ contestant: "soft <f32>", software: true })]);
  const page = await benchHtml(report, compareRuns(report, report));
  expect(page).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
  expect(page).toContain("Roofline of derivatives, 64 x 64");
  expect(page).toMatch(/>javascript: 8</);
  expect(page).toContain("soft &lt;f32&gt; (software)");
  const [, figure] = /<figure>([^]*?)<\/figure>/.exec(page)!;
  expect(figure).toContain("batched f64");
  expect(figure).not.toContain("soft");
  expect(page).not.toMatch(/<script|<link|<iframe|src=|@import|url\(http/);
});

test("RAPL: the sum over packages, a counter that wraps, and none where it cannot be read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mfgpu-rapl-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  expect(processorMeter(folder)).toBeUndefined();
  const write = (zone: string, energy: number): void => {
    mkdirSync(join(folder, zone), { recursive: true });
    writeFileSync(join(folder, zone, "energy_uj"), `${energy}\n`);
    writeFileSync(join(folder, zone, "max_energy_range_uj"), "10000000\n");
  };
  write("intel-rapl:0", 1_000_000);
  write("intel-rapl:1", 9_000_000);
  // A part of a package, which must not be counted twice.
  write("intel-rapl:0:0", 0);
  const joules = await processorMeter(folder)!.measure(async () => {
    write("intel-rapl:0", 3_000_000);
    write("intel-rapl:1", 500_000);
    write("intel-rapl:0:0", 9_000_000);
  });
  expect(joules).toBeCloseTo(2 + 1.5, 9);
});

test("names of a roofline are moved apart, in their order, as little as it takes, and stay within the chart", () => {
  expect(spread([10, 50, 90], 15, 0, 100)).toEqual([10, 50, 90]);
  expect(spread([50, 52], 10, 0, 100)).toEqual([46, 56]);
  // Two pairs that touch become one run around their middle.
  expect(spread([52, 40, 41, 53], 10, 0, 100)).toEqual([51.5, 31.5, 41.5, 61.5]);
  const places = spread([98, 99, 97, 3], 10, 0, 100);
  expect(places).toEqual([90, 100, 80, 3]);
});
