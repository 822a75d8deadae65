/**
 * Rounds of a benchmark: the same races again, minutes later. What disturbs a machine (other machines on the same processor,
 * a slower clock) lasts seconds, longer than a race, so no number of samples within one race shows it.
 */
import type { SectionResult } from "./kernels.ts";
import { type BenchRow, type LeftOut, rowKey } from "./report.ts";

/**
 * One result of several rounds. A row is that of its quieter round, the one with the smaller median; its deviation is no less
 * than half the difference between the rounds. Who was left out of one round and raced in another has a row; who was wrong or
 * failed in any has none.
 */
export function mergeRounds(rounds: readonly SectionResult[]): SectionResult {
  const broken = new Set(
    rounds.flatMap(({ leftOut }) => leftOut.filter(({ kind }) => kind === "wrong" || kind === "failed").map(rowKey)),
  );
  const rows = new Map<string, BenchRow>();
  for (const row of rounds.flatMap((round) => round.rows)) {
    const key = rowKey(row);
    if (broken.has(key)) continue;
    const other = rows.get(key);
    rows.set(key, other ? quieter(other, row) : row);
  }
  const leftOut = new Map<string, LeftOut>();
  for (const left of rounds.flatMap((round) => round.leftOut)) {
    const key = rowKey(left);
    const before = leftOut.get(key);
    // That somebody is wrong matters more than that another round had no time for it.
    if (!rows.has(key) && (!before || before.kind === "slow")) leftOut.set(key, left);
  }
  return { rows: [...rows.values()], leftOut: [...leftOut.values()], notes: rounds.flatMap(({ notes }) => notes) };
}

function quieter(one: BenchRow, other: BenchRow): BenchRow {
  const row = one.median <= other.median ? one : other;
  const mad = Math.max(row.mad, Math.abs(one.median - other.median) / 2);
  return { ...row, mad, nsMad: row.nsPerPoint === null ? null : (row.nsPerPoint * mad) / row.median };
}
