/**
 * Rounds of a benchmark: the same races again, some time later. What disturbs a machine (other machines on the same processor,
 * a slower clock) lasts seconds, longer than a race, so no number of samples within one race shows it.
 */
import type { SectionResult } from "./kernels.ts";
import { type BenchRow, type LeftOut, rowKey } from "./report.ts";
import { timesOf } from "./times.ts";

const lost = "its time, a difference of two, is lost in what disturbs the machine";

/**
 * One result of several rounds. A row is that of its quietest round, with the samples of all. Who was left out of one round and
 * raced in another has a row; who was wrong or failed in any has none, nor has a time that comes out as 0.
 */
export function mergeRounds(rounds: readonly SectionResult[]): SectionResult {
  const broken = new Set(
    rounds.flatMap(({ leftOut }) => leftOut.filter(({ kind }) => kind === "wrong" || kind === "failed").map(rowKey)),
  );
  const rows = new Map<string, BenchRow[]>();
  for (const row of rounds.flatMap((round) => round.rows)) {
    const key = rowKey(row);
    if (!broken.has(key)) rows.set(key, [...(rows.get(key) ?? []), row]);
  }
  const leftOut = new Map<string, LeftOut>();
  for (const left of rounds.flatMap((round) => round.leftOut)) {
    const key = rowKey(left);
    const before = leftOut.get(key);
    // That somebody is wrong matters more than that another round had no time for it.
    if (!rows.has(key) && (!before || before.kind === "slow")) leftOut.set(key, left);
  }
  const merged = [...rows.values()].map(mergeRows);
  for (const row of merged.filter(({ time }) => !(time > 0))) {
    const { section, operation, shape, contestant } = row;
    leftOut.set(rowKey(row), { section, operation, shape, contestant, kind: "failed", reason: lost });
  }
  return {
    rows: merged.filter(({ time }) => time > 0),
    leftOut: [...leftOut.values()],
    notes: rounds.flatMap(({ notes }) => notes),
  };
}

function mergeRows(rows: readonly BenchRow[]): BenchRow {
  const quietest = rows.reduce((one, other) => (other.time < one.time ? other : one));
  const samples = rows.flatMap((row) => row.samples);
  const times = timesOf(samples, quietest.figure);
  const { nsPerPoint } = quietest;
  return {
    ...quietest,
    ...times,
    samples,
    nsSpread: nsPerPoint === null ? null : (nsPerPoint * times.spread) / times.time,
    joules: quietest.joules ?? rows.find(({ joules }) => joules !== null)?.joules ?? null,
  };
}
