/** T22: a batch of games is, bit for bit, those games alone. */
import { describe, expect, test } from "vitest";
import type { ProblemInput } from "../../src/problem/input.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { discretisationOf, problemOf } from "../../src/solver/configure.ts";
import type { SolveOptions, SolveRecord } from "../../src/solver/options.ts";
import { solve, solveBatch } from "../../src/solver/solve.ts";
import { tiers } from "../../src/tiers/registry.ts";
import type { Tier, TierPlace } from "../../src/tiers/tier.ts";
import { solveTiers } from "../support/solveTiers.ts";
import { gpuPlace } from "../support/webgpu.ts";
import { plaza, r1 } from "./support.ts";

/** Where a tier is tested: the graphics adapter of the GPU tests, where it looks for one. */
function placeOf({ name }: Tier): TierPlace {
  return name === "webgpu" ? gpuPlace : {};
}

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

const answers = await Promise.all(tiers.map((tier) => tier.probe(placeOf(tier))));

describe.each(tiers.map((tier, i) => ({ name: tier.name, tier, answer: answers[i]! })))(
  "a workspace of the $name tier",
  ({ tier, answer }) => {
    test.skipIf(answer.state === "unavailable")("refuses members of another grid or number of steps", async () => {
      const member = (problem: ProblemInput, grid: number, steps: number): Discretisation =>
        discretisationOf(problemOf(problem), { grid, steps });
      const [residency] = tier.residencies;
      const [precision] = tier.solvePrecisions(residency);
      const options = { ...placeOf(tier), precision, residency, andersonDepth: 0, keepTransported: true };
      for (const other of [member(r1, 17, 4), member(r1, 16, 5), member(plaza, 8, 4)]) {
        const refused = tier.workspace([member(r1, 16, 4), member(r1, 16, 4), other], options);
        await expect(refused).rejects.toMatchObject({
          code: "MFGPU_CONFIG_BATCH",
          path: "members[2]",
          value: { shape: other.grid.shape, steps: other.steps },
        });
      }
    });
  },
);
