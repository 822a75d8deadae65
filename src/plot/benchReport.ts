/** A benchmark as one self-contained page: tables, and the kernels under the measured roofs. */
import type { BaselineReport } from "../bench/baseline.ts";
import type { BenchReport } from "../bench/report.ts";
import { baselineSentences, baselineTable, placeTable, roofTable, sectionTable, shapeText } from "../bench/tables.ts";
import { toSvg } from "./blocks.ts";
import { openStudio } from "./charts.ts";
import { type Line, logLines } from "./decisionFigures.ts";
import { htmlPage, type Section } from "./decisionReport.ts";

/** The page; it needs no network and no script. */
export async function benchHtml(report: BenchReport, baseline?: BaselineReport): Promise<string> {
  const sections: Section[] = [
    { title: "Machine", table: placeTable(report) },
    {
      title: "Roofs",
      sentences: [
        "Measured by micro-kernels in this run: a copy of arrays that no cache holds (read and write counted), and chains of products and sums.",
        "Shares of a roof are of the operations and bytes counted in docs/performance.md section 2.",
      ],
      table: roofTable(report),
    },
    ...(await rooflines(report)),
    ...report.options.sections.map((section) => ({ title: section, table: sectionTable(report, section) })),
    ...(baseline
      ? [{ title: "Against the baseline", sentences: baselineSentences(baseline), table: baselineTable(baseline) }]
      : []),
    { title: "Notes", sentences: report.notes },
  ];
  return htmlPage(`mfgpu bench: ${report.place.processor}`, sections);
}

/** Most lines that one chart keeps readable. */
const mostMarks = 14;

/** One roofline per operation that is counted, at its largest size; programs that only pretend to be a GPU are left out. */
async function rooflines(report: BenchReport): Promise<Section[]> {
  const counted = report.rows.filter((row) => row.flopPerPoint !== null && row.nsPerPoint !== null && !row.software);
  const roofs = report.roofs.filter(({ software }) => !software);
  if (counted.length === 0 || roofs.length === 0) return [];
  const studio = await openStudio();
  const sections: Section[] = [];
  for (const operation of new Set(counted.map((row) => row.operation))) {
    const same = counted.filter((row) => row.operation === operation);
    const dimension = Math.max(...same.map(({ shape }) => shape.length));
    const points = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
    const largest = Math.max(
      ...same.filter(({ shape }) => shape.length === dimension).map(({ shape }) => points(shape)),
    );
    const shown = same
      .filter(({ shape }) => shape.length === dimension && points(shape) === largest)
      .slice(0, mostMarks);
    const marks: Line[] = shown.map(({ contestant, flopPerPoint, bytesPerPoint, nsPerPoint }) => {
      const flop = flopPerPoint ?? Number.NaN;
      return {
        name: contestant,
        points: [{ x: flop / (bytesPerPoint ?? Number.NaN), y: flop / (nsPerPoint ?? Number.NaN) }],
      };
    });
    const axes = { x: { label: "operations per byte" }, y: { label: "10^9 operations per second" } };
    const block = logLines(studio, [...roofs.map(roofLine), ...marks], axes);
    const title = `Roofline of ${operation}, ${shapeText(shown[0]?.shape ?? [])}`;
    sections.push({ title, figure: toSvg(block, 14, title) });
  }
  return sections;
}

/** A place's roof: slope of its bandwidth up to its arithmetic, where that is measured. */
function roofLine({ place, bandwidth, arithmetic }: BenchReport["roofs"][number]): Line {
  const at = (x: number): { x: number; y: number } => ({
    x,
    y: Math.min(arithmetic ?? Infinity, x * bandwidth) / 1e9,
  });
  const [low, high] = [0.1, 100];
  const ridge = arithmetic === null ? high : Math.min(high, Math.max(low, arithmetic / bandwidth));
  return { name: `roof of ${place}`, points: [at(low), at(ridge), at(high)] };
}
