/** A benchmark as one self-contained page: tables, and the kernels under the measured roofs. */
import type { BaselineReport } from "../bench/baseline.ts";
import { machineText } from "../bench/place.ts";
import type { BenchReport, BenchRow } from "../bench/report.ts";
import {
  baselineSentences,
  baselineTable,
  leftOutSentences,
  placeTable,
  roofTable,
  sectionTable,
  shapeText,
} from "../bench/tables.ts";
import { toSvg } from "./blocks.ts";
import { openStudio } from "./charts.ts";
import { htmlPage, type Section } from "./decisionReport.ts";
import { rooflineChart, type RooflineMark, type RooflineRoof } from "./roofline.ts";

/** The page; it needs no network and no script. */
export async function benchHtml(report: BenchReport, baseline?: BaselineReport): Promise<string> {
  const sections: Section[] = [
    { title: "Machine", table: placeTable(report) },
    {
      title: "Roofs",
      sentences: [
        "Measured by micro-kernels in this run: a copy of arrays that no cache holds (read and write counted), and chains of products and sums, fused where the instruction set can and then counted as two. No kernel of a processor fuses, so that half of such a roof is within its reach.",
        "Shares of a roof are of the operations and bytes counted in docs/performance.md section 2.",
      ],
      table: roofTable(report),
    },
    ...(await rooflines(report)),
    ...report.options.sections.map((section) => ({
      title: section,
      table: sectionTable(report, section, false),
      after: leftOutSentences(report, section),
    })),
    ...(baseline
      ? [{ title: "Against the baseline", sentences: baselineSentences(baseline), table: baselineTable(baseline) }]
      : []),
    { title: "Notes", sentences: report.notes },
  ];
  return htmlPage(`mfgpu bench: ${machineText(report.place)}`, sections);
}

/** One roofline per operation that is counted, at its largest size, in most dimensions; programs that only pretend to be a GPU are left out. */
async function rooflines(report: BenchReport): Promise<Section[]> {
  const counted = report.rows.filter((row) => row.flopPerPoint !== null && row.nsPerPoint !== null && !row.software);
  const roofs = report.roofs.filter(({ software }) => !software).map(roofOf);
  if (counted.length === 0 || roofs.length === 0) return [];
  const studio = await openStudio();
  const sections: Section[] = [];
  const points = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
  for (const operation of new Set(counted.map((row) => row.operation))) {
    const same = counted.filter((row) => row.operation === operation);
    const largest = Math.max(...same.map(({ shape }) => points(shape)));
    const large = same.filter(({ shape }) => points(shape) === largest);
    const dimension = Math.max(...large.map(({ shape }) => shape.length));
    const shown = large.filter(({ shape }) => shape.length === dimension);
    const title = `Roofline of ${operation}, ${shapeText(shown[0]?.shape ?? [])}`;
    sections.push({ title, figure: toSvg(rooflineChart(studio, roofs, shown.map(markOf)), 14, title) });
  }
  return sections;
}

/** A contestant's computing alone, where that is told. */
function markOf({ contestant, flopPerPoint, bytesPerPoint, nsPerPoint, nsWithoutTransfers }: BenchRow): RooflineMark {
  const flop = flopPerPoint ?? Number.NaN;
  const ns = nsWithoutTransfers ?? nsPerPoint ?? Number.NaN;
  return { name: contestant, intensity: flop / (bytesPerPoint ?? Number.NaN), rate: flop / ns };
}

function roofOf({ place, bandwidth, arithmetic }: BenchReport["roofs"][number]): RooflineRoof {
  const kinds = Object.entries(arithmetic).filter((kind): kind is [string, number] => kind[1] !== null);
  // One ceiling, where both kinds of numbers have the same.
  const same = arithmetic.f64 === arithmetic.f32;
  return {
    name: place,
    bandwidth: bandwidth / 1e9,
    arithmetic: (same ? kinds.slice(0, 1) : kinds).map(([kind, rate]) => ({
      label: same ? "" : kind,
      rate: rate / 1e9,
    })),
  };
}
