/** A run held against an earlier one: what became faster or slower by more than both runs' spread. */
import { median } from "../decision/statistics.ts";
import { MfgError } from "../errors.ts";
import { benchFormat, type BenchReport, type BenchRow, rowKey } from "./report.ts";

export interface Comparison {
  readonly section: string;
  readonly operation: string;
  readonly shape: readonly number[];
  readonly contestant: string;
  /** Milliseconds of one run; null where the row is in one run only. */
  readonly before: number | null;
  readonly after: number | null;
  /** after / before; null where one is missing. */
  readonly ratio: number | null;
  /** Relative difference that the spread of both runs explains. */
  readonly noise: number | null;
  readonly verdict: "same" | "faster" | "slower" | "new" | "gone";
}

export interface BaselineReport {
  readonly rows: readonly Comparison[];
  /** Middle of all ratios. */
  readonly medianRatio: number | null;
  /** Share of the rows in both runs whose times are within 10 % of each other, and whose medians of all samples are. */
  readonly within10: number | null;
  readonly mediansWithin10?: number | null;
  /** Parts in which the machines of both runs differ: then times do not compare. */
  readonly differences: readonly string[];
}

/** So many times the spread of both runs is still noise: on restless machines two runs of one program differ by less in 98 of 100 rows. */
const spreads = 2;
/** Runs of the same program differ by this much for no reason that a spread within one of them shows. */
const least = 0.02;
const near = 0.1;

/** Compares two runs, row by row. */
export function compareRuns(then: BenchReport, now: BenchReport): BaselineReport {
  const before = new Map(then.rows.map((row) => [rowKey(row), row]));
  const after = new Map(now.rows.map((row) => [rowKey(row), row]));
  const rows = [
    ...now.rows.map((row) => comparisonOf(before.get(rowKey(row)), row)),
    ...then.rows.filter((row) => !after.has(rowKey(row)) && asked(row, now)).map((row) => comparisonOf(row, undefined)),
  ];
  const ratios = rows.flatMap(({ ratio }) => (ratio === null ? [] : [ratio]));
  const medianRatios = now.rows.flatMap((row) => {
    const earlier = before.get(rowKey(row));
    return earlier ? [row.median / earlier.median] : [];
  });
  return {
    rows,
    medianRatio: ratios.length > 0 ? median(ratios) : null,
    within10: shareNear(ratios),
    mediansWithin10: shareNear(medianRatios),
    differences: differencesOf(then, now),
  };
}

function shareNear(ratios: readonly number[]): number | null {
  const close = ratios.filter((ratio) => Math.max(ratio, 1 / ratio) <= 1 + near);
  return ratios.length > 0 ? close.length / ratios.length : null;
}

/** True where a row of the earlier run belongs to what this run was asked for. */
function asked(row: BenchRow, { options }: BenchReport): boolean {
  return options.sections.includes(row.section) && options.only === null;
}

function comparisonOf(then: BenchRow | undefined, now: BenchRow | undefined): Comparison {
  const { section, operation, shape, contestant } = (now ?? then)!;
  const base = { section, operation, shape, contestant, before: then?.time ?? null, after: now?.time ?? null };
  if (!then || !now) return { ...base, ratio: null, noise: null, verdict: now ? "new" : "gone" };
  const ratio = now.time / then.time;
  const noise = Math.max(least, spreads * Math.hypot(now.spread / now.time, then.spread / then.time));
  const outside = Math.max(ratio, 1 / ratio) > 1 + noise;
  return { ...base, ratio, noise, verdict: !outside ? "same" : ratio < 1 ? "faster" : "slower" };
}

function differencesOf(then: BenchReport, now: BenchReport): string[] {
  const parts = ["processor", "cores", "system", "node", "mfgpu"] as const;
  const differing = parts
    .filter((part) => then.place[part] !== now.place[part])
    .map((part) => `${part} was ${then.place[part]} and is ${now.place[part]}`);
  const devices = ({ place }: BenchReport): string =>
    place.devices.map(({ tier, device }) => `${tier}: ${device}`).join(", ");
  return devices(then) === devices(now)
    ? differing
    : [...differing, `devices were ${devices(then)} and are ${devices(now)}`];
}

/**
 * Reads a document of `mfgpu bench --json`.
 *
 * @throws MFGPU_FILE_BENCH for a text that is no such document, or one of another version
 */
export function readBenchReport(text: string, path: string): BenchReport {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw unfit(path, "it is no JSON", cause);
  }
  const report = document as Partial<BenchReport> | null;
  if (typeof report !== "object" || report === null || !Array.isArray(report.rows) || !report.place) {
    throw unfit(path, "it has no rows of a benchmark");
  }
  if (report.format !== benchFormat) throw unfit(path, `it is of version ${String(report.format)}, not ${benchFormat}`);
  const bad = report.rows.findIndex(({ time, spread, median, section, contestant }) => {
    const timed = time > 0 && spread >= 0 && median > 0;
    return !(timed && typeof section === "string" && typeof contestant === "string");
  });
  if (bad >= 0) throw unfit(path, `its row ${bad} has no time`);
  return report as BenchReport;
}

function unfit(path: string, why: string, cause?: unknown): MfgError {
  return new MfgError({
    code: "MFGPU_FILE_BENCH",
    message: `${path} is not the result of a benchmark: ${why}.`,
    fix: "Give a file that mfgpu bench --json wrote.",
    path,
    value: path,
    ...(cause === undefined ? {} : { cause }),
  });
}
