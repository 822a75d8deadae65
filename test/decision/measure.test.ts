/** The measurement core: who is timed, in which order, for how long, and who is left out. */
import { describe, expect, test } from "vitest";
import { clockGrain } from "../../src/decision/clock.ts";
import { lastConsumed, measure, type Contestant } from "../../src/decision/measure.ts";
import { median, medianDeviation, quantile, relativeError } from "../../src/decision/statistics.ts";
import { FakeClock, randomNumbers } from "./clock.ts";

/** A contestant that takes `ms` of a fake clock. */
function lasting(clock: FakeClock, name: string, ms: number, more: Partial<Contestant> = {}): Contestant {
  return { name, run: () => clock.pass(ms), ...more };
}

describe("statistics", () => {
  test("of odd, even, single and no numbers", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
    expect(medianDeviation([1, 2, 3, 10])).toBe(1);
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9, 12);
    expect(relativeError(10, 0, 5)).toBe(0);
  });
});

describe("the clock", () => {
  test("its grain is found", () => expect(clockGrain(new FakeClock(0.25))).toBe(0.25));
  test.each([
    ["stands still", { now: (): number => 5 }],
    ["moves in steps", new FakeClock(16)],
    ["runs backwards", new FakeClock(-1)],
  ])("one that %s is refused", (what, clock) => {
    expect(() => clockGrain(clock)).toThrow(expect.objectContaining({ code: "MFGPU_CONFIG_CLOCK" }));
    expect(() => clockGrain(clock)).toThrow(what);
  });
  test("a coarse one makes samples longer, and that is said", async () => {
    const clock = new FakeClock(0.1);
    const { timings, grain, notes } = await measure([lasting(clock, "a", 0.05)], { clock });
    expect(grain).toBeCloseTo(0.1, 9);
    expect(timings[0]!.repeats * 0.05).toBeGreaterThanOrEqual(9.9);
    expect(notes.join()).toMatch(/steps by 0.10 ms/);
  });
});

describe("timing", () => {
  test("a sample is the quietest of its stretches, as many as it has room for", async () => {
    const clock = new FakeClock();
    let call = 0;
    // Every third run is undisturbed.
    const shaken = (more: Partial<Contestant> = {}): Contestant => {
      return { name: "shaken", run: () => clock.pass(call++ % 3 === 0 ? 4 : 6), ...more };
    };
    const alone = { clock, samples: 9, spread: 1 };
    expect((await measure([shaken()], alone)).timings[0]!.median).toBeCloseTo(6, 3);
    const { timings } = await measure([shaken(), lasting(clock, "long", 40)], { ...alone, sampleMs: 18.1 });
    expect(timings[0]!.max).toBeCloseTo(4, 3);
    expect(timings.map(({ n }) => n)).toEqual([9, 9]);
    // Of differences the least is no quiet one.
    const own = await measure([shaken({ duration: () => (call % 3 === 0 ? 2 : 1) })], { ...alone, sampleMs: 18.1 });
    expect(own.timings[0]!.max).toBe(2);
    let runs = 0;
    await measure([{ name: "long", run: () => (runs++, clock.pass(40)) }], { ...alone, sampleMs: 18.1 });
    // The first, two of warm-up, and one a sample.
    expect(runs).toBe(12);
  });
  test("stretches keep half their length at least where runs have become faster since they were counted", async () => {
    const clock = new FakeClock();
    let calls = 0;
    const batches: number[] = [];
    // Compiled after the tenth call: four to a stretch then, not one.
    const compiled: Contestant = { name: "a", run: () => clock.pass(++calls <= 10 ? 2 : 0.14) };
    const watching: Contestant = { name: "b", run: () => (batches.push(calls), clock.pass(20)) };
    const { timings } = await measure([compiled, watching], { clock, samples: 9, spread: 1 });
    expect(timings[0]!.repeats).toBe(4);
    expect(timings[0]!.median).toBeCloseTo(0.14, 3);
    // In two rounds one before each sample, and the sample's.
    expect(batches.at(-1)! - batches.at(-3)!).toBe(2 * 5);
  });
  test("repeats are doubled until a stretch lasts a millisecond and a hundred grains", async () => {
    const clock = new FakeClock();
    const { timings } = await measure([lasting(clock, "short", 0.03), lasting(clock, "long", 40)], { clock });
    expect(timings.map(({ repeats }) => repeats)).toEqual([64, 1]);
    expect(timings[0]!.median).toBeCloseTo(0.03, 4);
    expect(timings[1]!.median).toBeCloseTo(40, 4);
    expect(timings.map(({ n }) => n)).toEqual([9, 9]);
    expect(timings[0]!.samples).toHaveLength(9);
  });
  test("the first call stands apart", async () => {
    const clock = new FakeClock();
    let calls = 0;
    const cold = { name: "cold", run: () => clock.pass(calls++ === 0 ? 500 : 2) };
    const { timings } = await measure([cold], { clock });
    expect(timings[0]!.first).toBeCloseTo(500, 3);
    expect(timings[0]!.max).toBeCloseTo(2, 3);
  });
  test("warm-up goes on until two medians agree", async () => {
    const clock = new FakeClock();
    let ms = 28;
    const warming = { name: "warming", run: () => clock.pass((ms = Math.max(2, ms / 1.3))) };
    const { timings } = await measure([warming], { clock });
    expect(timings[0]!.warmups).toBeGreaterThan(1);
    expect(timings[0]!.unsettled).toBe(false);
    expect(timings[0]!.median).toBeCloseTo(2, 3);
  });
  test("contestants take turns, and who goes first rotates", async () => {
    const clock = new FakeClock();
    const order: string[] = [];
    const named = (name: string): Contestant => ({ name, run: () => (order.push(name), clock.pass(5)) });
    await measure([named("a"), named("b"), named("c")], { clock, samples: 6 });
    const races = order.slice(-18).join("");
    expect(races).toBe("abcbcacababcbcacab");
  });
  test("noise that comes and goes meets all alike: the ratio of two is right though the clock is not", async () => {
    const clock = new FakeClock();
    const random = randomNumbers(7);
    let slow = 1;
    const noisy = (name: string, ms: number): Contestant => ({
      name,
      run: () => {
        if (random() < 0.05) slow = 1 + 2 * random();
        clock.pass(ms * slow);
      },
    });
    const { timings } = await measure([noisy("a", 5), noisy("b", 10)], { clock, samples: 31 });
    expect(timings[1]!.median / timings[0]!.median).toBeGreaterThan(1.6);
    expect(timings[1]!.median / timings[0]!.median).toBeLessThan(2.4);
  });
  test("noise brings more samples, and is said where it stays", async () => {
    const clock = new FakeClock();
    const random = randomNumbers(3);
    const { timings, doubts, notes } = await measure([{ name: "wild", run: () => clock.pass(2 + 6 * random()) }], {
      clock,
    });
    expect(timings[0]!.n).toBe(36);
    expect(timings[0]!.error).toBeGreaterThan(0.02);
    expect(doubts.join()).toContain("wild is noisy");
    expect(notes).toEqual([]);
  });
  test("device time replaces the wall clock where a contestant knows it", async () => {
    const clock = new FakeClock();
    const { timings } = await measure([lasting(clock, "gpu", 9, { duration: () => 0.5 })], { clock });
    expect(timings[0]!.median).toBe(0.5);
  });
  test("a slow contestant leaves once that is sure", async () => {
    const clock = new FakeClock();
    const both = [lasting(clock, "fast", 2), lasting(clock, "slow", 3), lasting(clock, "close", 2.2)];
    const { timings } = await measure(both, { clock, dropAt: 1.25 });
    expect(timings.map(({ name, dropped, n }) => [name, dropped, n])).toEqual([
      ["fast", false, 9],
      ["slow", true, 3],
      ["close", false, 9],
    ]);
  });
  test("a time limit ends it with the best so far, three samples at least, and says so", async () => {
    const clock = new FakeClock();
    const { timings, spent, doubts } = await measure([lasting(clock, "a", 50)], {
      clock,
      samples: 1000,
      budgetMs: 600,
    });
    expect(timings[0]!.n).toBeGreaterThanOrEqual(3);
    expect(spent).toBeLessThan(800);
    expect(doubts.join()).toContain("time limit");
  });
  test("warm-up that never settles leaves most of the time to samples", async () => {
    const clock = new FakeClock();
    const restless = (name: string): Contestant => {
      let call = 0;
      // Three runs of one length, three of twice that, for ever.
      return { name, run: () => clock.pass(Math.floor((call++ + 1) / 3) % 2 === 0 ? 20 : 10) };
    };
    const { timings } = await measure([restless("a"), restless("b")], { clock, budgetMs: 600 });
    for (const { n, unsettled } of timings) {
      expect(unsettled).toBe(true);
      expect(n).toBeGreaterThanOrEqual(9);
    }
  });
  test("who is known from before is checked by a run before the timing alone, which is all its warm-up", async () => {
    const clock = new FakeClock();
    let runs = 0;
    let checks = 0;
    const counted = (ms: number): Contestant => ({
      name: "a",
      run: () => (runs++, clock.pass(ms)),
      check: () => (checks++, undefined),
    });
    const again = async (ms: number, before: number): Promise<readonly number[]> => {
      const { timings } = await measure([counted(before)], { clock, samples: 4 });
      const known = new Map(timings.map((timing) => [timing.name, timing]));
      runs = checks = 0;
      const [timing] = (await measure([counted(ms)], { clock, samples: 4, known })).timings;
      expect(timing!.first).toBe(timings[0]!.first);
      expect(timing!.unsettled).toBe(false);
      return [timing!.n, timing!.repeats, timing!.warmups, runs, checks];
    };
    // One that is checked, and 16 a sample, with one before each.
    expect(await again(0.07, 0.07)).toEqual([4, 16, 0, 1 + 4 * (1 + 16), 1]);
    expect(await again(10, 8)).toEqual([4, 1, 0, 1 + 4, 1]);
    // The run of a long one that is checked is its sample, and has another beside it where it is slower than before.
    expect(await again(40, 40)).toEqual([1, 1, 0, 1, 1]);
    expect(await again(80, 40)).toEqual([2, 1, 0, 2, 1]);
    // What was noisy stays as it is said to be, and a wrong result has no time.
    const { timings } = await measure([counted(2)], { clock });
    const known = new Map([["a", { ...timings[0]!, unsettled: true }]]);
    const wrong = { ...counted(2), check: () => "lost its digits" };
    expect((await measure([counted(2)], { clock, known })).timings[0]!.unsettled).toBe(true);
    expect((await measure([wrong], { clock, known })).timings).toEqual([]);
  });
  test("results are consumed", async () => {
    const clock = new FakeClock();
    const result = { here: true };
    await measure([{ name: "a", run: () => (clock.pass(3), result) }], { clock });
    expect(lastConsumed()).toBe(result);
  });
});

describe("who is left out", () => {
  test("a wrong result, before it is timed", async () => {
    const clock = new FakeClock();
    let runs = 0;
    const wrong: Contestant = { name: "wrong", run: () => (runs++, clock.pass(1)), check: () => "off by a half" };
    const { timings, excluded } = await measure([wrong, lasting(clock, "right", 2)], { clock });
    expect(runs).toBe(1);
    expect(excluded).toEqual([{ name: "wrong", kind: "wrong", reason: "off by a half" }]);
    expect(timings.map(({ name }) => name)).toEqual(["right"]);
  });
  test("a result that goes wrong while it is timed", async () => {
    const clock = new FakeClock();
    let runs = 0;
    const fading = lasting(clock, "fading", 2, {
      run: () => (runs++, clock.pass(2)),
      check: () => (runs > 10 ? "lost its digits" : undefined),
    });
    const { timings, excluded } = await measure([fading], { clock });
    expect(timings).toEqual([]);
    expect(excluded[0]).toMatchObject({ kind: "wrong", reason: "lost its digits" });
  });
  test.each([0, 1, 6])("one that throws after %i runs, with its reason; the rest goes on", async (after) => {
    const clock = new FakeClock();
    let runs = 0;
    const failing = {
      name: "failing",
      run: (): void => {
        if (runs++ >= after) throw new Error("device lost");
        clock.pass(2);
      },
    };
    const { timings, excluded } = await measure([failing, lasting(clock, "steady", 3)], { clock });
    expect(excluded).toEqual([{ name: "failing", kind: "failed", reason: "device lost" }]);
    expect(timings.map(({ name, n }) => [name, n])).toEqual([["steady", 9]]);
  });
  test("an abort is no failure of a contestant", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const aborting = { name: "a", run: () => (clock.pass(2), controller.abort(new Error("enough"))) };
    await expect(measure([aborting], { clock, signal: controller.signal })).rejects.toThrow("enough");
  });
});
