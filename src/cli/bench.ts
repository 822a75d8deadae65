import { readFile } from "node:fs/promises";
import { Argument, Command } from "commander";
import { type BaselineReport, compareRuns, readBenchReport } from "../bench/baseline.ts";
import { bench } from "../bench/bench.ts";
import { benchCsv } from "../bench/csv.ts";
import { type BenchReport, type BenchRow, type SectionName, sectionNames } from "../bench/report.ts";
import {
  baselineSentences,
  baselineTable,
  type BenchTable,
  durationText,
  placeTable,
  roofTable,
  sectionTable,
  shapeText,
} from "../bench/tables.ts";
import { MfgError } from "../errors.ts";
import { checkWritable, replaceFile } from "../io/files.ts";
import { benchHtml } from "../plot/benchReport.ts";
import { exitCodes } from "./exit.ts";
import { option } from "./flags.ts";
import { note, printJson, printLine } from "./print.ts";
import { tableLines } from "./table.ts";
import { secondsText } from "./text.ts";
import * as read from "./values.ts";

interface Flags {
  readonly quick?: true;
  readonly only?: string;
  readonly adapter?: string;
  readonly timeLimit?: number;
  readonly json?: true | string;
  readonly csv?: string;
  readonly report?: string;
  readonly baseline?: string;
  readonly strict?: true;
  readonly quiet?: true;
}

/** `mfgpu bench`: how fast everything here is at this work, how close to its limits, and whether it is right. */
export function benchCommand(): Command {
  return new Command("bench")
    .description("time every tier on kernels, sweeps, transfers and latency, checked first, under measured roofs")
    .addArgument(new Argument("[section]", "what to measure").choices([...sectionNames, "all"]).default("all"))
    .option("--quick", "small sizes and few samples: half a minute")
    .option("--only <parts>", "contestants whose names hold one of these, such as batched,rust")
    .option("--adapter <name>", "graphics adapter: software, or part of a name")
    .addOption(
      option("--time-limit <seconds>", "most seconds, about (default 265, quick 40)", (text) =>
        read.readPositive("--time-limit", text),
      ),
    )
    .addOption(
      option("--json [file]", "print one JSON document, or write it to a file", (text) =>
        read.readPath("--json", text, [".json"]),
      ),
    )
    .addOption(option("--csv <file>", "write the rows as CSV", (text) => read.readPath("--csv", text, [".csv"])))
    .addOption(
      option("--report <file>", "write a page with rooflines", (text) => read.readPath("--report", text, [".html"])),
    )
    .option("--baseline <file>", "compare with an earlier run's JSON document")
    .option("--strict", "exit 5 where a contestant gave a wrong result")
    .option("--quiet", "no progress on stderr")
    .action(async (section: SectionName | "all", flags: Flags) => {
      process.exitCode = await runBench(section, flags);
    });
}

async function runBench(section: SectionName | "all", flags: Flags): Promise<number> {
  const { json, csv, report: page, quick, only, timeLimit } = flags;
  const adapter = flags.adapter ?? process.env["MFGPU_ADAPTER"];
  // What is wrong with the files is said before minutes of measuring.
  for (const path of [json, csv, page]) if (typeof path === "string") await checkWritable(path);
  const then = flags.baseline === undefined ? undefined : await readBaseline(flags.baseline);
  const report = await bench({
    sections: section === "all" ? sectionNames : [section],
    quick: quick ?? false,
    ...(only === undefined ? {} : { only }),
    ...(adapter === undefined || adapter === "" ? {} : { adapter }),
    ...(timeLimit === undefined ? {} : { timeLimit }),
    onSection: (name) => {
      if (!flags.quiet) note(`${name} ...`);
    },
    onRow: (row) => {
      if (!flags.quiet) note(progressLine(row));
    },
  });
  const baseline = then && compareRuns(then, report);
  const document = { ...report, ...(baseline && { baseline }) };
  if (typeof json === "string") await writeText(json, `${JSON.stringify(document, undefined, 2)}\n`);
  if (csv !== undefined) await writeText(csv, benchCsv(report));
  if (page !== undefined) await writeText(page, await benchHtml(report, baseline));
  if (json === true) printJson(document);
  else for (const line of benchLines(report, baseline)) printLine(line);
  return benchExit(report, flags.strict ?? false);
}

/** Exit code of a finished run: a wrong result is one where `--strict` asks for it. */
export function benchExit({ leftOut }: Pick<BenchReport, "leftOut">, strict: boolean): number {
  return strict && leftOut.some(({ kind }) => kind === "wrong") ? exitCodes.tiersDisagree : exitCodes.done;
}

function progressLine({ operation, shape, contestant, time, software }: BenchRow): string {
  return `  ${operation} ${shapeText(shape)}  ${contestant}${software ? " (software)" : ""}  ${durationText(time)}`;
}

async function readBaseline(path: string): Promise<BenchReport> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new MfgError({
      code: "MFGPU_FILE_READ",
      message: `${path} cannot be read.`,
      fix: "Give a file that mfgpu bench --json wrote: --baseline FILE.",
      path: "--baseline",
      value: path,
      cause,
    });
  }
  return readBenchReport(text, path);
}

async function writeText(path: string, text: string): Promise<void> {
  await replaceFile(path, async (stream) => {
    stream.end(text);
  });
}

/** A benchmark for a person, line by line. */
export function benchLines(report: BenchReport, baseline: BaselineReport | undefined): string[] {
  const show = ({ heading, rows, right }: BenchTable): string[] =>
    tableLines(heading, rows, right).map((line) => `  ${line}`);
  const blocks: (readonly [string, BenchTable])[] = [
    ["machine", placeTable(report)],
    ["roofs, measured in this run (of memory: what caches hold may pass them)", roofTable(report)],
    ...report.options.sections.map((section) => [section, sectionTable(report, section)] as const),
  ];
  return [
    ...blocks.flatMap(([title, table]) => [title, ...show(table), ""]),
    ...(baseline
      ? [
          "against the baseline",
          ...show(baselineTable(baseline)),
          ...baselineSentences(baseline).map((line) => `  ${line}`),
          "",
        ]
      : []),
    ...report.notes.map((line) => `note      ${line}`),
    `measured  in ${secondsText(report.seconds)}`,
  ];
}
