/** Tables of a benchmark, the same on screen, on the page and in bench/README.md. */
import type { BaselineReport } from "./baseline.ts";
import { machineText } from "./place.ts";
import type { BenchReport, BenchRow, LeftOut, SectionName } from "./report.ts";

export interface BenchTable {
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of numbers. */
  readonly right: readonly number[];
}

const dash = "-";
const three = (x: number | null): string => (x === null || !Number.isFinite(x) ? dash : plain(x));
const percent = (x: number | null): string => (x === null ? dash : `${plain(100 * x, 2)} %`);

/** So many digits, without an exponent where the number is of ordinary size. */
function plain(x: number, digits = 3): string {
  const text = x.toPrecision(digits);
  return text.includes("e") && Math.abs(x) < 1e9 && Math.abs(x) >= 1e-6 ? String(Number(text)) : text;
}

/** Milliseconds in the unit that suits them. */
export function durationText(ms: number): string {
  if (ms >= 1000) return `${plain(ms / 1000)} s`;
  if (ms >= 1) return `${plain(ms)} ms`;
  return ms >= 1e-3 ? `${plain(1e3 * ms)} us` : `${plain(1e6 * ms)} ns`;
}

export function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? "all" : shape.join(" x ");
}

/** Name with the label that a program on the processor gets. */
function nameOf({ contestant, software }: Pick<BenchRow, "contestant" | "software">): string {
  return software ? `${contestant} (software)` : contestant;
}

const kindText: Readonly<Record<LeftOut["kind"], string>> = {
  wrong: "WRONG, not timed",
  failed: "failed",
  absent: "not here",
  slow: "too slow for the time limit",
};

/**
 * One section: its rows and those left out, by operation and size in the order of the run.
 *
 * @param whole false: without those left out
 */
export function sectionTable(
  report: Pick<BenchReport, "rows" | "leftOut">,
  section: SectionName,
  whole: boolean = true,
): BenchTable {
  const rows = report.rows.filter((row) => row.section === section);
  const leftOut = whole ? report.leftOut.filter((row) => row.section === section) : [];
  const own = section === "transfer" || section === "latency" ? linkCells : computeCells;
  const heading =
    section === "transfer" || section === "latency"
      ? ["operation", "size", "contestant", "time", "+-", "n", "up GB/s", "down GB/s", ""]
      : [
          "operation",
          "size",
          "contestant",
          "time",
          "+-",
          "n",
          "ns/point",
          "M points/s",
          "without transfers",
          "% bandwidth",
          "% arithmetic",
          "nJ/point",
          "error",
          "",
        ];
  const cells = [
    ...rows.map((row) => own(row)),
    ...leftOut.map(({ operation, shape, contestant, kind, reason }) => {
      const blank = heading.slice(4, -1).map(() => "");
      return [operation, shapeText(shape), contestant, kindText[kind], ...blank, reason];
    }),
  ];
  // The last column is the reasons'.
  const right = heading.map((_, c) => c).slice(4, -1);
  return withoutEmpty({ heading: whole ? heading : heading.slice(0, -1), rows: cells, right });
}

/** Without columns in which nobody has anything to tell, such as energy where no system counts it. */
function withoutEmpty({ heading, rows, right }: BenchTable): BenchTable {
  if (rows.length === 0) return { heading, rows, right };
  const kept = heading.flatMap((_, c) => (rows.some((row) => ![undefined, "", dash].includes(row[c])) ? [c] : []));
  return {
    heading: kept.map((c) => heading[c]!),
    rows: rows.map((row) => kept.filter((c) => c < row.length).map((c) => row[c]!)),
    right: kept.flatMap((c, at) => (right.includes(c) ? [at] : [])),
  };
}

/** Those left out of a section in sentences: who is too slow for a size in one, who is left out for a reason of his own in one. */
export function leftOutSentences({ leftOut }: Pick<BenchReport, "leftOut">, section: SectionName): string[] {
  const sentences = new Map<string, string[]>();
  for (const out of leftOut) {
    if (out.section !== section) continue;
    const work = out.shape.length === 0 ? out.operation : `${out.operation} ${shapeText(out.shape)}`;
    const [head, part] =
      out.kind === "slow"
        ? [`${work}, ${kindText.slow}`, out.contestant]
        : [`${out.contestant}, ${kindText[out.kind]} (${out.reason})`, work];
    sentences.set(head, [...(sentences.get(head) ?? []), part]);
  }
  return [...sentences].map(([head, parts]) => `${head}: ${parts.join(", ")}`);
}

function sharedCells(row: BenchRow): string[] {
  const spread = row.time > 0 ? percent(row.spread / row.time) : dash;
  return [row.operation, shapeText(row.shape), nameOf(row), durationText(row.time), spread, String(row.n)];
}

function computeCells(row: BenchRow): string[] {
  const perPoint = row.joules === null || row.pointStages === null ? null : (1e9 * row.joules) / row.pointStages;
  return [
    ...sharedCells(row),
    three(row.nsPerPoint),
    three(row.pointsPerSecond === null ? null : row.pointsPerSecond / 1e6),
    three(row.nsWithoutTransfers),
    percent(row.bandwidthShare),
    percent(row.arithmeticShare),
    three(perPoint),
    row.error === null ? dash : row.error.toExponential(1),
  ];
}

function linkCells(row: BenchRow): string[] {
  return [...sharedCells(row), three(row.uploadGBs), three(row.readbackGBs)];
}

export function roofTable({ roofs }: Pick<BenchReport, "roofs">): BenchTable {
  return {
    heading: ["place", "copy GB/s", "Gflop/s f64", "Gflop/s f32"],
    rows: roofs.map(({ place, software, bandwidth, arithmetic }) => [
      software ? `${place} (software)` : place,
      three(bandwidth / 1e9),
      ...[arithmetic.f64, arithmetic.f32].map((rate) => three(rate === null ? null : rate / 1e9)),
    ]),
    right: [1, 2, 3],
  };
}

export function placeTable({ place, energy, seconds }: Pick<BenchReport, "place" | "energy" | "seconds">): BenchTable {
  const facts = place.devices.map(({ tier, device, software, facts }) => {
    const more = Object.entries(facts).map(([name, fact]) => `${name} ${fact}`);
    return [tier, [software ? `${device} (software)` : device, ...more].join(", ")];
  });
  return {
    heading: ["part", "here"],
    rows: [
      ["machine", `${machineText(place)}, ${(place.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
      ["system", `${place.system}, Node ${place.node}, mfgpu ${place.mfgpu}`],
      ["date", `${place.date}, load ${place.load.toFixed(2)}, ${seconds.toFixed(0)} s`],
      ["energy", energy],
      ...facts,
    ],
    right: [],
  };
}

/** What is outside the noise first; rows in one run only; the others are counted, not listed. */
export function baselineTable({ rows }: BaselineReport): BenchTable {
  const told = rows.filter(({ verdict }) => verdict !== "same");
  return {
    heading: ["verdict", "operation", "size", "contestant", "before", "now", "now / before", "noise"],
    rows: told.map((row) => [
      row.verdict,
      row.operation,
      shapeText(row.shape),
      row.contestant,
      row.before === null ? dash : durationText(row.before),
      row.after === null ? dash : durationText(row.after),
      three(row.ratio),
      percent(row.noise),
    ]),
    right: [4, 5, 6, 7],
  };
}

/** The comparison in sentences. */
export function baselineSentences(report: BaselineReport): string[] {
  const { rows, medianRatio, within10, mediansWithin10, differences } = report;
  // A document of before does not tell it.
  const byMedians =
    mediansWithin10 === null || mediansWithin10 === undefined
      ? ""
      : `, by medians of all samples ${percent(mediansWithin10)}`;
  const count = (verdict: string): number => rows.filter((row) => row.verdict === verdict).length;
  const words = (["same", "faster", "slower", "new", "gone"] as const).map((verdict) => `${count(verdict)} ${verdict}`);
  return [
    ...differences.map((part) => `The machines differ, so times do not compare: ${part}.`),
    `${rows.length} rows: ${words.join(", ")}.`,
    ...(medianRatio === null || within10 === null
      ? []
      : [
          `Median ratio ${plain(medianRatio)}; ${percent(within10)} of the rows in both runs are within 10 %${byMedians}.`,
        ]),
  ];
}
