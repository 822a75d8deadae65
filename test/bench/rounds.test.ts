import { expect, test } from "vitest";
import { bench } from "../../src/bench/bench.ts";
import type { BenchRow, LeftOut } from "../../src/bench/report.ts";
import { mergeRounds } from "../../src/bench/rounds.ts";
import { timesOf } from "../../src/bench/times.ts";
import { scalarTier } from "../../src/tiers/scalar/tier.ts";
import type { Tier } from "../../src/tiers/tier.ts";
import { liar, noEnergy, rowWith } from "./support.ts";

const out = (contestant: string, kind: LeftOut["kind"]): LeftOut => {
  const { section, operation, shape } = rowWith({});
  return { section, operation, shape, contestant, kind, reason: `${contestant} is ${kind}` };
};
const round = (rows: ReturnType<typeof rowWith>[], leftOut: LeftOut[] = [], notes: string[] = []) => {
  return { rows, leftOut, notes };
};

/** A row of one round. */
const rowOf = (samples: number[], parts: Parameters<typeof rowWith>[0] = {}) => {
  const figure = parts.figure ?? "least";
  const times = timesOf([samples], figure);
  const [nsPerPoint, nsSpread] = [10 * times.time, 10 * times.spread];
  return rowWith({ contestant: "a", ...times, samples: [samples], nsPerPoint, nsSpread, ...parts });
};

test("the time is the quietest round's, its spread goes to the third quietest; the median is of all samples", () => {
  expect(timesOf([[3, 2, 9]], "least")).toEqual({ time: 2, spread: 1, median: 3, mad: 1, max: 9, n: 3 });
  const rounds = [
    [5, 6],
    [4, 4.5],
    [2, 9],
    [4.25, 7],
  ];
  expect(timesOf(rounds, "least")).toEqual({ time: 2, spread: 2.25, median: 4.75, mad: 1, max: 9, n: 8 });
  // A difference of times may come out too small as well as too large.
  expect(timesOf(rounds, "median")).toMatchObject({ time: 4.75, spread: 1, median: 4.75, n: 8 });
  expect(timesOf(rounds.slice(1, 3), "least")).toMatchObject({ time: 2, spread: 2 });
});

test("a row is that of its quietest round, with the samples of all", () => {
  const quiet = rowOf([2, 2.5], { joules: null, error: 1e-15 });
  const loud = rowOf([3, 4, 5], { joules: 7, error: 1e-16 });
  const merged = { median: 3, mad: 1, max: 5, n: 5, time: 2, spread: 1, nsPerPoint: 20, nsSpread: 10, joules: 7 };
  expect(mergeRounds([round([quiet]), round([loud])]).rows).toEqual([
    {
      ...quiet,
      ...merged,
      samples: [
        [2, 2.5],
        [3, 4, 5],
      ],
    },
  ]);
  expect(mergeRounds([round([loud]), round([quiet])]).rows).toEqual([
    {
      ...quiet,
      ...merged,
      samples: [
        [3, 4, 5],
        [2, 2.5],
      ],
    },
  ]);
  // Nothing is computed where bytes are moved.
  const moved = rowOf([2], { nsPerPoint: null, nsSpread: null });
  expect(mergeRounds([round([moved]), round([moved])]).rows[0]).toMatchObject({ nsPerPoint: null, nsSpread: null });
});

test("one round is itself, and notes of all rounds are kept", () => {
  const one = round([rowOf([1, 2]), rowOf([3], { contestant: "b" })], [out("c", "slow")], ["loud"]);
  expect(mergeRounds([one])).toEqual(one);
  expect(mergeRounds([one, round([], [], ["louder"])]).notes).toEqual(["loud", "louder"]);
});

test("who had no time in one round has a row by the other; who was wrong in any has none", () => {
  const [a, b] = [rowOf([1, 2]), rowOf([3], { contestant: "b" })];
  const merged = mergeRounds([
    round([b], [out("a", "slow"), out("c", "slow")]),
    round([a], [out("b", "wrong"), out("c", "failed")]),
  ]);
  expect(merged.rows).toEqual([a]);
  expect(merged.leftOut.map(({ contestant, kind }) => [contestant, kind])).toEqual([
    ["c", "failed"],
    ["b", "wrong"],
  ]);
});

test("a difference of times that is lost has no row, and says so", () => {
  const figure = "median" as const;
  const merged = mergeRounds([round([rowOf([0, 0, 3], { figure })]), round([rowOf([0, 0.5, 0], { figure })])]);
  expect(merged.rows).toEqual([]);
  expect(merged.leftOut).toMatchObject([
    { contestant: "a", kind: "failed", reason: expect.stringMatching(/is lost in/) },
  ]);
  const told = mergeRounds([round([rowOf([0, 0, 3], { figure })]), round([rowOf([0.25, 0.5, 0.75], { figure })])]);
  expect(told.rows.map(({ time }) => time)).toEqual([0.375]);
});

test("a whole run has rounds of everything, one row of each, and asks the wrong ones once a round", async () => {
  const seen: string[] = [];
  const firsts = new Set<number>();
  let asked = 0;
  const measure = async (work: () => Promise<void>): Promise<number> => {
    asked++;
    await work();
    return 6;
  };
  const report = await bench({
    sections: ["kernels"],
    tiers: [scalarTier, liar(1.001)],
    cases: [{ operation: "derivatives", shape: [40] }],
    timeLimit: 20,
    energy: { ...noEnergy, processor: { source: "a test", readingMs: 0, measure } },
    onSection: (section) => seen.push(section),
    onRow: ({ contestant, first }) => (seen.push(contestant), firsts.add(first)),
  });
  expect(seen).toEqual(Array.from({ length: 12 }, () => ["kernels", "scalar f64"]).flat());
  expect(report.rows.map(({ contestant, samples }) => [contestant, samples.length])).toEqual([["scalar f64", 12]]);
  // What the first round found is known in the others.
  expect(firsts.size).toBe(1);
  expect(asked).toBe(1);
  const { samples, figure, n } = report.rows[0]!;
  expect(report.rows[0]).toMatchObject(timesOf(samples, figure));
  expect(n).toBe(samples.flat().length);
  // Three of a short run, one or two where a restless machine made it a long one.
  for (const some of samples) expect([1, 2, 3]).toContain(some.length);
  expect(samples[0]).toHaveLength(3);
  expect(report.leftOut.map(({ contestant, kind }) => [contestant, kind])).toEqual([
    ["webgpu f64", "wrong"],
    ["webgpu f32", "wrong"],
  ]);
});

test("shares of moving and the computing alone are those of the runs, in the first round as in later ones", async () => {
  const phases = { upload: 0, kernel: 0, download: 0 };
  let calls = 0;
  const moving: Tier = {
    ...liar(1),
    precisions: ["f64"],
    kernels: async (options) => {
      const inner = await liar(1).kernels(options);
      return {
        ...inner,
        phases,
        derivatives: async (...args) => {
          await inner.derivatives(...args);
          // Setting up is in the first run alone; the others differ in turn, so that one of them tells another share than all.
          phases.upload += calls === 0 ? 1e6 : calls % 2 === 0 ? 1 : 3;
          phases.kernel += 2;
          phases.download += 5;
          calls++;
        },
      };
    },
  };
  const rows: BenchRow[] = [];
  await bench({
    sections: ["kernels"],
    tiers: [scalarTier, moving],
    only: "webgpu",
    cases: [{ operation: "derivatives", shape: [40] }],
    timeLimit: 20,
    energy: noEnergy,
    onRow: (row) => rows.push(row),
  });
  expect(rows).toHaveLength(12);
  for (const { time, uploadGBs, readbackGBs, nsWithoutTransfers } of rows) {
    const gigabytes = (40 * 8) / 1e6;
    expect(gigabytes / (uploadGBs! * time)).toBeCloseTo(2 / 9, 2);
    expect((2 * gigabytes) / (readbackGBs! * time)).toBeCloseTo(5 / 9, 2);
    expect(nsWithoutTransfers).toBeCloseTo(2e6 / 40, 6);
  }
});
