/** T22: a batch of games is, bit for bit, those games alone. */
import { describe, expect, test } from "vitest";
import type { ProblemInput } from "../../src/problem/input.ts";
import type { SolveOptions, SolveRecord } from "../../src/solver/options.ts";
import { solve, solveBatch } from "../../src/solver/solve.ts";
import { solveTiers } from "../support/solveTiers.ts";
import { plaza, r1 } from "./support.ts";

/** What of a record does not hang on the clock or on the size of the batch. */
function facts(record: SolveRecord): unknown {
  const { timings: _timings, memory: _memory, history, ...rest } = record;
  return { ...rest, history: history.map(({ seconds: _seconds, ...report }) => report) };
}

const lines: readonly ProblemInput[] = [
  r1,
  { ...r1, volatility: 0.15 },
  { ...r1, coupling: { kind: "none" } },
  { ...r1, terminalCost: "1e200*sin(2*pi*x)" },
  { ...r1, horizon: 0.3, coupling: { kind: "nonlocal", strength: 2, width: 0.05 } },
  { ...r1, domain: [{ from: 0, to: 1, boundary: { lower: "reflecting", upper: "exit" } }] },
  { ...r1, hamiltonian: { kind: "power", exponent: 3 } },
];
const planes: readonly ProblemInput[] = [
  plaza,
  { ...plaza, volatility: 0.2 },
  { ...plaza, domain: plaza.domain.map((axis) => ({ ...axis, boundary: "reflecting" as const })) },
];

const sets: readonly {
  readonly set: string;
  readonly problems: readonly ProblemInput[];
  readonly options: SolveOptions;
}[] = [
  { set: "seven on a line", problems: lines, options: { grid: 14, steps: 6, tolerance: 1e-4, maxIterations: 20 } },
  {
    set: "seven on a line, fdm",
    problems: lines,
    options: { grid: 14, steps: 6, fokkerPlanck: "fdm", maxIterations: 17 },
  },
  { set: "three on a plane", problems: planes, options: { grid: [9, 8], steps: 3, maxIterations: 17 } },
  {
    set: "three on a plane, explicit",
    problems: planes,
    options: { grid: [9, 8], steps: 3, maxIterations: 4, splitting: "explicit" },
  },
];

const tested = [{ tier: "scalar" as const, absent: undefined }, ...solveTiers];

describe.each(tested)("T22 on the $tier tier", ({ tier, absent }) => {
  test.skipIf(absent !== undefined).each(sets)(
    "$set: arrays and records are equal bitwise",
    async ({ problems, options }) => {
      const together = await solveBatch(problems, { ...options, tier });
      expect(together).toHaveLength(problems.length);
      for (const [i, problem] of problems.entries()) {
        const alone = await solve(problem, { ...options, tier });
        expect(together[i]!.value).toEqual(alone.value);
        expect(together[i]!.density).toEqual(alone.density);
        expect(facts(together[i]!.record)).toEqual(facts(alone.record));
      }
    },
  );
});

test("members stop on their own: one converges, one diverges, one runs to the limit", async () => {
  const options = { grid: 20, steps: 8, tolerance: 1e-7, maxIterations: 12 };
  const reports: number[] = [];
  const results = await solveBatch([lines[2]!, lines[3]!, lines[1]!], {
    ...options,
    onIteration: (_, member) => reports.push(member),
  });
  expect(results.map(({ record }) => record.stopReason)).toEqual(["tolerance", "diverged", "limit"]);
  expect(results.map(({ record }) => record.iterations)).toEqual([2, 0, 12]);
  expect(reports.filter((member) => member === 2)).toHaveLength(12);
  expect(reports.slice(0, 4)).toEqual([0, 2, 0, 2]);
});

test("the order of the members does not matter", async () => {
  const options = { grid: 20, steps: 8, maxIterations: 18 };
  const forwards = await solveBatch(lines, options);
  const backwards = await solveBatch(lines.toReversed(), options);
  forwards.forEach(({ density }, i) => expect(backwards.at(-1 - i)!.density).toEqual(density));
});

test("an empty batch and one of mixed dimensions are refused", async () => {
  await expect(solveBatch([])).rejects.toMatchObject({ code: "MFGPU_CONFIG_BATCH" });
  await expect(solveBatch([r1, plaza], { steps: 4 })).rejects.toMatchObject({
    code: "MFGPU_CONFIG_BATCH",
    path: "problems[1]",
  });
});
