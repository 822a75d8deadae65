/** The page of all committed results: machines, commands, tables. */
import { readdirSync, readFileSync } from "node:fs";
import { machineText } from "../../src/bench/place.ts";
import type { BenchReport, BenchRow } from "../../src/bench/report.ts";
import type { BaselineReport } from "../../src/bench/baseline.ts";
import {
  baselineSentences,
  baselineTable,
  type BenchTable,
  leftOutSentences,
  placeTable,
  roofTable,
  sectionTable,
} from "../../src/bench/tables.ts";
import { markdownTable } from "../../src/plot/decisionReport.ts";
import type { Ratio, Row } from "./peerRows.ts";

interface PeersReport {
  readonly kind: "peers";
  readonly place: BenchReport["place"];
  readonly quick: boolean;
  readonly results: readonly {
    readonly operation: string;
    readonly shape: readonly number[];
    readonly rows: readonly Row[];
    readonly ratios: readonly Ratio[];
  }[];
  readonly skips: readonly { readonly name: string; readonly reason: string }[];
}

const defaultFolder = new URL("../results/", import.meta.url);

/** Documents in the order of their names. */
export function resultsPage(folder: URL = defaultFolder): string {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .toSorted();
  const parts = files.map((file) =>
    documentPart(
      file,
      JSON.parse(readFileSync(new URL(file, folder), "utf8")) as KeptReport | MedianReport | PeersReport,
    ),
  );
  const intro = `# Measured

Made by \`npm run bench:tables\` from \`bench/results/*.json\`; nothing here is typed by hand. Times of peers are medians,
\`+-\` is the median absolute deviation; of the others each part says it. Everyone was checked before being timed. A share above
100 % of the bandwidth means that a cache held the data.`;
  const none = files.length === 0 ? ["No results are committed yet."] : [];
  return `${[intro, ...none, ...parts].join("\n\n")}\n`;
}

function documentPart(file: string, report: KeptReport | MedianReport | PeersReport): string {
  if ("kind" in report) return peersPart(file, report);
  if (report.format === 2) {
    const rows = report.rows.map((row) => ({ ...row, time: row.median, spread: row.mad }));
    return benchPart(file, { ...report, rows }, "Times are medians, `+-` is the median absolute deviation.");
  }
  return benchPart(
    file,
    report,
    "Times are the least of the quietest round, `+-` is how much longer it took by the third quietest; `n` counts samples.",
  );
}

const table = ({ heading, rows }: BenchTable): string => markdownTable({ heading, rows });

/** A run, and how it compares with the one before where it was held against one. */
type KeptReport = BenchReport & { readonly baseline?: BaselineReport };

/** What a document of format 2 has in common with one of today: its figures are medians. */
type MedianReport = Omit<KeptReport, "format" | "rows"> & {
  readonly format: 2;
  readonly rows: readonly Omit<BenchRow, "time" | "spread">[];
};

function benchPart(file: string, report: Omit<KeptReport, "format">, times: string): string {
  const { sections, quick, only, timeLimit } = report.options;
  const flags = [
    quick ? " --quick" : "",
    only === null ? "" : ` --only ${only}`,
    timeLimit === null ? "" : ` --time-limit ${timeLimit}`,
  ].join("");
  const command = `mfgpu bench ${sections.length === 1 ? sections[0] : "all"}${flags} --json ${file}`;
  return [
    `## ${machineText(report.place)}: ${file}`,
    `\`${command}\``,
    times,
    table(placeTable(report)),
    "### Roofs",
    table(roofTable(report)),
    ...sections.flatMap((section) => [
      `### ${section}`,
      table(sectionTable(report, section, false)),
      ...listOf(leftOutSentences(report, section)),
    ]),
    ...(report.baseline
      ? [
          "### Against the run before, with `--baseline`",
          ...listOf(baselineSentences(report.baseline)),
          table(baselineTable(report.baseline)),
        ]
      : []),
    ...(report.notes.length > 0 ? ["### Notes", ...listOf(shortNotes(report.notes))] : []),
  ].join("\n\n");
}

const doubt = /did not settle in|is noisy: MAD|The time limit ended the measurement/;

/** The notes, those that hundreds of rows of a restless machine may have as their number. */
function shortNotes(notes: readonly string[]): readonly string[] {
  const others = notes.filter((note) => !doubt.test(note));
  const doubts = notes.length - others.length;
  return doubts === 0
    ? others
    : [
        ...others,
        `${doubts} timings were noisy, did not settle in the warm-up or were cut short: the document names them.`,
      ];
}

/** A list, or nothing of nothing. */
function listOf(sentences: readonly string[]): string[] {
  return sentences.length === 0 ? [] : [sentences.map((sentence) => `- ${sentence}`).join("\n")];
}

function peersPart(file: string, { place, quick, results, skips }: PeersReport): string {
  const machine = `${place.system}, Node ${place.node}, ${place.date}, load ${place.load.toFixed(2)}`;
  return [
    `## Peers on ${machineText(place)}: ${file}`,
    `\`npm run -s bench:peers -- --json${quick ? " --quick" : ""} > bench/results/${file}\``,
    machine,
    ...results.flatMap(({ operation, shape, rows, ratios }) => [
      `### ${operation} ${shape.join(" x ")}`,
      markdownTable({
        heading: ["contestant", "ns per point", "+-", "n", "error"],
        rows: rows.map(({ contestant, software, nsPerPoint, mad, n, error }) => [
          software ? `${contestant} (software)` : contestant,
          nsPerPoint.toFixed(2),
          mad.toFixed(2),
          String(n),
          error.toExponential(1),
        ]),
      }),
      ...(ratios.length === 0
        ? []
        : [
            markdownTable({
              heading: ["ratio", "", "goal"],
              rows: ratios.map(({ name, ratio, goal }) => [name, ratio.toFixed(2), goal ?? "-"]),
            }),
          ]),
    ]),
    ...(skips.length > 0 ? ["### Skipped", ...listOf(skips.map(({ name, reason }) => `${name}: ${reason}`))] : []),
  ].join("\n\n");
}
