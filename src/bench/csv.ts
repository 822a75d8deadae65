/** Rows of a benchmark as CSV (RFC 4180): one line per row, all columns, numbers in full. */
import type { BenchReport, BenchRow } from "./report.ts";

/** Columns in order; `shape` is written as 64x64. */
export const csvColumns: readonly (keyof BenchRow)[] = [
  "section",
  "operation",
  "shape",
  "contestant",
  "tier",
  "precision",
  "threads",
  "device",
  "software",
  "time",
  "spread",
  "figure",
  "median",
  "mad",
  "max",
  "n",
  "repeats",
  "first",
  "pointStages",
  "nsPerPoint",
  "nsSpread",
  "pointsPerSecond",
  "nsWithoutTransfers",
  "nsWithoutTransfersMad",
  "flopPerPoint",
  "bytesPerPoint",
  "bandwidthShare",
  "arithmeticShare",
  "uploadGBs",
  "readbackGBs",
  "joules",
  "error",
];

/** The rows, under a heading; empty where something does not apply. */
export function benchCsv({ rows }: Pick<BenchReport, "rows">): string {
  const lines = rows.map((row) => csvColumns.map((column) => cell(row[column])).join(","));
  return [csvColumns.join(","), ...lines].map((line) => `${line}\r\n`).join("");
}

function cell(value: BenchRow[keyof BenchRow]): string {
  if (value === null) return "";
  const text = Array.isArray(value) ? value.join("x") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
