import { expect, test } from "vitest";
import { bench } from "../../src/bench/bench.ts";
import type { Energy } from "../../src/bench/energy.ts";
import { relativeDifference } from "../../src/bench/race.ts";
import { Schedule } from "../../src/bench/schedule.ts";
import { stagesGame } from "../../src/bench/solve.ts";
import { derivativeWork, stageWork } from "../../src/bench/work.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { scalarTier } from "../../src/tiers/scalar/tier.ts";
import type { Tier } from "../../src/tiers/tier.ts";
import { FakeClock } from "../decision/clock.ts";
import { liar, noEnergy } from "./support.ts";

const tiny = {
  quick: true,
  // So much that nobody is left out on a busy machine; the sizes are what keeps this quick.
  timeLimit: 100,
  energy: noEnergy,
  cases: [
    { operation: "smoothness", shape: [64] },
    { operation: "weights", shape: [64] },
    { operation: "derivatives", shape: [12, 10] },
  ],
  shapes: [[24], [10, 9]],
  sizes: [4096],
} as const;

test("every section has every row, checked, with its counts and its place", async () => {
  const seen: string[] = [];
  const report = await bench({
    ...tiny,
    games: [stagesGame([20], 2, "llf", 3)],
    tiers: [scalarTier, batchedTier],
    onRow: ({ operation, contestant }) => seen.push(`${operation} ${contestant}`),
  });
  expect(report.leftOut).toEqual([]);
  expect(seen).toEqual(report.rows.map(({ operation, contestant }) => `${operation} ${contestant}`));
  const of = (section: string): string[] =>
    report.rows
      .filter((row) => row.section === section)
      .map((row) => `${row.operation} ${row.shape.join("x")} ${row.contestant}`);
  const own = ["scalar f64", "batched f64", "batched f32"];
  expect(of("kernels")).toEqual(
    ["smoothness 64", "weights 64", "derivatives 12x10"].flatMap((what) => own.map((name) => `${what} ${name}`)),
  );
  expect(of("latency")).toEqual(own.map((name) => `call 16 ${name}`));
  const solved = ["24", "10x9"].flatMap((shape) =>
    ["hjb-stages", "hjb", "fokkerPlanck"].map((what) => `${what} ${shape}`),
  );
  expect(of("solve")).toEqual(
    [...solved, "hjb-stages-llf of 3 problems 20"].flatMap((what) =>
      ["scalar f64", "batched f64"].map((name) => `${what} ${name}`),
    ),
  );
  for (const row of report.rows) {
    expect(row.time).toBeGreaterThan(0);
    expect(row.median).toBeGreaterThanOrEqual(row.time);
    expect(row.n).toBeGreaterThanOrEqual(3);
    // Nothing is computed where latency is measured.
    const perPoint = row.section === "latency" ? null : (row.time * 1e6) / row.pointStages!;
    expect(row.nsPerPoint).toBe(perPoint);
    expect(row.error).toBeLessThanOrEqual(1e-5);
  }
  // 12 x 10 points along two axes; explicit stages of 24 points, three a sub-step.
  expect(report.rows.find(({ operation }) => operation === "derivatives")!.pointStages).toBe(240);
  expect(report.rows.find(({ operation }) => operation === "hjb-stages")!.pointStages! % (24 * 3)).toBe(0);
  // Eight sub-steps of three stages, of three problems.
  const batch = report.rows.find(({ operation }) => operation === "hjb-stages-llf of 3 problems")!;
  expect(batch.pointStages! / (3 * 20 * 3)).toBeGreaterThanOrEqual(8);
  const derivatives = report.rows.find(
    ({ operation, contestant }) => operation === "derivatives" && contestant === "batched f64",
  )!;
  const roof = report.roofs.find(({ place }) => place === "javascript")!;
  expect(derivatives.bandwidthShare).toBeCloseTo(24e9 / derivatives.nsPerPoint! / roof.bandwidth, 12);
  expect(derivatives.arithmeticShare).toBeCloseTo(68e9 / derivatives.nsPerPoint! / roof.arithmetic.f64!, 12);
});

test("a contestant that is wrong in one number is named, has no row, and is not asked again", async () => {
  const report = await bench({
    ...tiny,
    sections: ["kernels"],
    tiers: [scalarTier, batchedTier, liar(1.001)],
    cases: [
      { operation: "derivatives", shape: [40] },
      { operation: "weights", shape: [32] },
    ],
  });
  const wrong = report.leftOut.filter(({ kind }) => kind === "wrong");
  expect(wrong.map(({ contestant, operation }) => `${operation} ${contestant}`)).toEqual([
    "derivatives webgpu f64",
    "derivatives webgpu f32",
  ]);
  expect(wrong[0]!.reason).toMatch(/differs from the reference by/);
  expect(report.rows.filter(({ tier }) => tier === "webgpu")).toEqual([]);
  expect(report.rows).toHaveLength(6);
});

test("a contestant that computes nothing does not pass with what another one left", async () => {
  const idle: Tier = {
    ...liar(1),
    kernels: async () => ({
      tally: { launches: 0, bytesIn: 0, bytesOut: 0 },
      smoothness: async () => undefined,
      weights: async () => undefined,
      derivatives: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    }),
  };
  const cases = [{ operation: "derivatives", shape: [40] }] as const;
  const report = await bench({ ...tiny, sections: ["kernels"], tiers: [scalarTier, batchedTier, idle], cases });
  expect(report.leftOut.map(({ contestant, kind }) => [contestant, kind])).toEqual([
    ["webgpu f64", "wrong"],
    ["webgpu f32", "wrong"],
  ]);
});

test("a number that is none is no small difference, wherever it stands", () => {
  const wanted = [[1, 2, 3]];
  for (const k of [0, 1, 2]) {
    const got = [1, 2, 3];
    got[k] = Number.NaN;
    expect(relativeDifference([got], wanted)).toBeNaN();
  }
  expect(relativeDifference([[1, 2]], wanted)).toBeNaN();
  expect(relativeDifference([[1, 2, 3.3]], wanted)).toBeCloseTo(0.1, 12);
});

test("one that tells the truth under the same name is timed and labelled as software", async () => {
  const cases = [{ operation: "derivatives", shape: [40] }] as const;
  const report = await bench({ ...tiny, sections: ["kernels"], tiers: [scalarTier, liar(1)], cases, only: "webgpu" });
  expect(report.rows.map(({ contestant, software }) => [contestant, software])).toEqual([
    ["webgpu f64", true],
    ["webgpu f32", true],
  ]);
});

test("energy is read where it is counted", async () => {
  let asked = 0;
  const energy: Energy = {
    processor: {
      source: "a test",
      readingMs: 0,
      measure: async (work) => {
        asked++;
        await work();
        return 6;
      },
    },
    card: undefined,
    text: "a test",
  };
  const cases = [{ operation: "weights", shape: [32] }] as const;
  const { rows } = await bench({ ...tiny, energy, sections: ["kernels"], tiers: [scalarTier], cases });
  expect(asked).toBe(1);
  // As many runs as 300 ms hold, rounded, by a median of which the row has six digits.
  const [runs, held] = [6 / rows[0]!.joules!, 300 / rows[0]!.median];
  expect(runs).toBeCloseTo(Math.round(runs), 6);
  expect(Math.abs(runs - held)).toBeLessThan(0.5 + 1e-5 * held);
});

test("nothing that fits is an error, and says what is here", async () => {
  await expect(bench({ ...tiny, tiers: [scalarTier], only: "abacus" })).rejects.toMatchObject({
    code: "MFGPU_CONFIG_BENCH",
    path: "only",
  });
});

test("an aborted run ends with the signal's reason", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(bench({ ...tiny, tiers: [scalarTier], signal })).rejects.toThrow("enough");
});

test("the schedule shares what time is left and leaves out who would take too much of it", () => {
  const clock = new FakeClock();
  const schedule = new Schedule(clock);
  schedule.begin(1000, true);
  expect(schedule.share(4)).toBeCloseTo(250, 3);
  clock.pass(600);
  expect(schedule.share(2)).toBeCloseTo(200, 3);
  const [fast, slow] = [{ name: "fast" }, { name: "slow" }];
  schedule.learn("weights", "fast", 1e4, 0.01);
  schedule.learn("weights", "slow", 1e4, 1);
  const chosen = schedule.choose("weights", 1e6, [slow, fast], 200);
  expect(chosen.racing).toEqual([fast]);
  expect(chosen.slow.map(({ contender }) => contender)).toEqual([slow]);
  expect(chosen.slow[0]!.reason).toMatch(/about 0.70 s/);
  // The same time is enough for one of them who is not too slow, whatever the others would take.
  expect(schedule.choose("weights", 1e6, [slow, fast], 710).racing).toEqual([slow, fast]);
  // From two sizes on, a run that is mostly overhead is known as such; one that is not grows on in proportion.
  for (const [size, ms] of [
    [1e2, 10],
    [1e4, 10.5],
  ] as const)
    schedule.learn("stages", "fast", size, ms);
  for (const size of [1e2, 1e4]) schedule.learn("stages", "slow", size, size / 1000);
  expect(schedule.choose("stages", 1e5, [slow, fast], 200).racing).toEqual([fast]);
  expect(schedule.choose("stages", 1e7, [slow, fast], 200).racing).toEqual([]);
  // The fastest may take a quarter of the round where it is alone.
  schedule.learn("alone", "fast", 1, 60);
  schedule.learn("alone", "slow", 1, 61);
  expect(schedule.choose("alone", 1, [slow, fast], 100).racing).toEqual([fast]);
  expect(schedule.choose("alone", 2, [slow, fast], 100).racing).toEqual([]);
  // A size that was run is known, however the others grow.
  schedule.learn("stages", "slow", 1e3, 260);
  expect(schedule.choose("stages", 1e3, [slow], 170).racing).toEqual([]);
  // One run is enough the next time.
  expect(schedule.choose("stages", 1e3, [slow], 261).racing).toEqual([slow]);
  expect(schedule.choose("stages", 1e4, [slow], 200).racing).toEqual([slow]);
  // What it took in its quietest round counts.
  schedule.learn("stages", "slow", 1e3, 255);
  schedule.learn("stages", "slow", 1e3, 265);
  expect(schedule.choose("stages", 1e3, [slow], 255.1).racing).toEqual([slow]);
  // Who was left out of rounds of others has another one in the end.
  for (const rounds of [1, 2, 3]) {
    schedule.learn("turns", "fast", 1, 60);
    if (rounds === 1) schedule.learn("turns", "slow", 1, 80);
    expect(schedule.choose("turns", 1, [slow, fast], 100).racing).toEqual(rounds < 3 ? [fast] : [slow, fast]);
  }
  schedule.learn("turns", "slow", 1, 80);
  expect(schedule.choose("turns", 1, [slow, fast], 100).racing).toEqual([fast]);
  // Not where it would take a quarter of all.
  for (const ms of [1, 2, 3, 200]) schedule.learn("long turns", ms < 4 ? "fast" : "slow", 1, 60 + ms);
  expect(schedule.choose("long turns", 1, [slow, fast], 100).racing).toEqual([fast]);
  // A software adapter gets the first size alone, in every round, where it is not alone itself.
  const soft = { name: "soft", found: { state: "available", software: true } };
  expect(schedule.choose("drift", 1e4, [soft, fast], 200).racing).toEqual([soft, fast]);
  schedule.learn("drift", "soft", 1e4, 0.001);
  expect(schedule.choose("drift", 1e4, [soft, fast], 200).racing).toEqual([soft, fast]);
  expect(schedule.choose("drift", 1e5, [soft, fast], 200).racing).toEqual([fast]);
  expect(schedule.choose("drift", 1e5, [soft], 200).racing).toEqual([soft]);
  // An operation that nothing is known of is tried.
  expect(schedule.choose("smoothness", 1e6, [slow], 200).racing).toEqual([slow]);
  clock.pass(410);
  expect(schedule.share(1)).toBe(0);
  // A tenth of the time later nothing is begun any more, known or not.
  expect(schedule.choose("smoothness", 1e6, [slow], 0).racing).toEqual([slow]);
  clock.pass(100);
  expect(schedule.choose("smoothness", 1e6, [slow], 0)).toEqual({
    racing: [],
    slow: [{ contender: slow, reason: "the time limit had passed" }],
  });
});

/** The turns of a round whose races take `ms` each: number, share to the millisecond, how many of one take part. */
function turnsOf(
  clock: FakeClock,
  schedule: Schedule,
  ms: number,
  parts: readonly number[],
  once?: readonly boolean[],
): readonly (readonly [number, number, number])[] {
  const seen: [number, number, number][] = [];
  for (const { index, budgetMs } of schedule.turns(parts, once)) {
    const { racing } = schedule.choose("weights", 1, [{ name: "one" }], budgetMs);
    seen.push([index, Math.round(budgetMs), racing.length]);
    clock.pass(ms);
  }
  return seen;
}

test("races that time left no turn for have the first ones of the next round", () => {
  const clock = new FakeClock();
  const schedule = new Schedule(clock);
  const round = (ms: number, final: boolean, parts: readonly number[], once?: readonly boolean[]) => {
    schedule.begin(1000, final);
    return turnsOf(clock, schedule, ms, parts, once).map(([index, budget]) => [index, budget]);
  };
  // Nobody who comes late has less than a fifth for it.
  expect(round(400, false, [1, 1, 1, 1, 1])).toEqual([
    [0, 200],
    [1, 200],
    [2, 200],
  ]);
  expect(round(400, false, [1, 1, 1, 1, 1]).map(([index]) => index)).toEqual([3, 4, 0]);
  // Who is quick leaves the rest to the others, and who has a larger part gets more.
  expect(round(0, false, [1, 1, 0, 2, 0])).toEqual([
    [1, 250],
    [3, 667],
    [0, 1000],
  ]);
  // Who has one turn in all has it when time allows, in whichever round.
  const once = [false, false, false, false, false, true, true];
  expect(round(400, false, [1, 1, 1, 1, 1, 1, 0], once).map(([index]) => index)).toEqual([1, 2, 3]);
  expect(round(400, false, [1, 1, 1, 1, 1, 1, 1], once).map(([index]) => index)).toEqual([4, 5, 6]);
  expect(round(0, false, [1, 1, 1, 1, 1, 1, 1], once).map(([index]) => index)).toEqual([0, 1, 2, 3, 4]);
});

test("in the last round those without a turn so far share what is left, and learn where it was too late", () => {
  const clock = new FakeClock();
  const schedule = new Schedule(clock);
  schedule.begin(1000, true);
  expect(turnsOf(clock, schedule, 525, [1, 1, 1, 1])).toEqual([
    [0, 250, 1],
    [1, 158, 1],
    [2, 0, 1],
    [3, 0, 0],
  ]);
  // Those that had one do not have another then.
  schedule.begin(1000, true);
  expect(turnsOf(clock, schedule, 600, [1, 1, 1, 1]).map(([index]) => index)).toEqual([0, 1]);
});

test("counts are those of the design: 85, 158 and 231 operations a stage in f32, 10.67 bytes", () => {
  expect([1, 2, 3].map((d) => stageWork(d, "f32").flop)).toEqual([85, 158, 231]);
  expect(stageWork(2, "f32").bytes).toBeCloseTo(10.67, 2);
  expect(derivativeWork("f64")).toEqual({ flop: 68, bytes: 24 });
});
