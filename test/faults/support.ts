/** What the fault tests share: a study of small problems, its results, repeatable chance, a clock that jumps. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { problemWith } from "../cli/mfgpu.ts";
import { root } from "../house/imports.ts";

/** Writes a study of `count` small problems on the tier `batched`. */
export function studyFile(folder: string, count: number, changes: Readonly<Record<string, unknown>> = {}): string {
  const path = join(folder, "study.json");
  const study = {
    name: "storm",
    problem: problemWith({}),
    vary: { volatility: { from: 0.3, to: 0.9, count } },
    solve: { grid: 16, steps: 8, tier: "batched", tolerance: 1e-6 },
    measures: ["cost"],
    ...changes,
  };
  writeFileSync(path, JSON.stringify(study));
  return path;
}

export const summaryOf = (out: string): string => readFileSync(join(out, "summary.csv"), "utf8");

/** Files of members, without what a killed process left of one that it was writing. */
export function runsOf(out: string): string[] {
  try {
    return readdirSync(join(out, "runs"))
      .filter((name) => !name.startsWith("."))
      .toSorted();
  } catch {
    return [];
  }
}

/** Everything of a run but its record, which holds times. */
function arraysOf(out: string, name: string): Buffer {
  const bytes = readFileSync(join(out, "runs", name));
  return bytes.subarray(0, bytes.indexOf("record.npy"));
}

/** Runs of `calm` that `out` has not, or not with the same arrays bit by bit. */
export function otherRuns(out: string, calm: string): string[] {
  const there = runsOf(out);
  return runsOf(calm).filter((name) => !there.includes(name) || !arraysOf(out, name).equals(arraysOf(calm, name)));
}

/** Repeatable numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Environment of a process whose clock jumps by `ms` after half a second, and keeps on jumping back and forth. */
export function jumpingClock(ms: number): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import ${join(root, "test/faults/jumpingClock.mjs")}`, MFGPU_TEST_CLOCK_JUMP: String(ms) };
}
