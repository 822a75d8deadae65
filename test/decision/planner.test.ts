/** The planner: what it chooses, what it refuses, and that it says why. */
import { describe, expect, test } from "vitest";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import { scalarTier } from "../../src/tiers/scalar/tier.ts";
import type { Tier } from "../../src/tiers/tier.ts";
import { choose, type Rival } from "../../src/decision/choose.ts";
import { planSolve, type PlanningOptions } from "../../src/decision/planner.ts";
import type { Plan } from "../../src/decision/plan.ts";
import { Wisdom } from "../../src/decision/wisdom.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import type { Prediction, SweepCosts } from "../../src/decision/model.ts";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import { r1 } from "../solver/support.ts";
import { faulty } from "./tiers.ts";
import { syntheticModels, syntheticTiers, syntheticWithoutTransfers } from "./syntheticGpu.ts";

const lq = loadCatalogueProblem("lq-2d");
const crowds = loadCatalogueProblem("two-crowds-1d");

async function planOf(problem: unknown, options: SolveOptions, planning: PlanningOptions = {}): Promise<Plan> {
  const { plan } = await planSolve([problem], options, { wisdom: Wisdom.inMemory(), ...planning });
  return plan;
}

test("one thread and two that do the same work have one time, and the simpler is taken, whatever the noise", async () => {
  const own = syntheticModels.get("rust f64")!;
  // As if two threads had been timed in a quieter moment.
  const halved = (costs: SweepCosts): SweepCosts => ({
    ...costs,
    latency: costs.latency / 2,
    advection: costs.advection / 2,
    diffusion: costs.diffusion / 2,
  });
  const faster = { ...own, hjb: halved(own.hjb), fokkerPlanck: halved(own.fokkerPlanck) };
  const rust: Tier = {
    ...syntheticTiers.find(({ name }) => name === "rust")!,
    busyThreads: (...size) => rustTier.busyThreads!(...size),
    probe: async () => ({ state: "available", device: "synthetic rust", software: false, facts: { threads: 2 } }),
  };
  const planning: PlanningOptions = {
    mode: "estimate",
    tiers: [scalarTier, rust],
    models: new Map([...syntheticModels, ["rust f64 x1", own], ["rust f64 x2", faster]]),
  };
  const planFor = async (problem: typeof lq, grid: number, members = 1): Promise<Plan> => {
    const problems = Array.from({ length: members }, () => problem);
    return (await planSolve(problems, { grid, steps: 4 }, { wisdom: Wisdom.inMemory(), ...planning })).plan;
  };
  const times = ({ candidates }: Plan): (number | undefined)[] =>
    ["rust f64 x1", "rust f64 x2"].map((name) => candidates.find((one) => one.name === name)?.predicted?.seconds);
  for (const plan of [await planFor(lq, 100), await planFor(crowds, 1000)]) {
    const [one, two] = times(plan);
    expect(two).toBe(one);
    expect(plan.chosen).toBe("rust f64 x1");
  }
  // Two members take a thread each, and from 16,384 points on both threads share one.
  for (const plan of [await planFor(lq, 128), await planFor(lq, 24, 2), await planFor(crowds, 1000, 2)]) {
    const [one, two] = times(plan);
    expect(two).toBeLessThan(0.9 * one!);
    expect(plan.chosen).toBe("rust f64 x2");
  }
  // In one dimension the answer never changes; in two it does where the threads begin to share.
  expect((await planFor(crowds, 100)).crossovers.map(({ to }) => to)).not.toContain("rust f64 x2");
  const [flip] = (await planFor(lq, 24)).crossovers.filter(({ to }) => to === "rust f64 x2");
  expect(Math.abs(flip!.grid[0]! - 128)).toBeLessThan(12);
});

describe("with SYNTHETIC timings of a fast GPU", () => {
  const synthetic = { mode: "estimate", tiers: syntheticTiers, models: syntheticModels } as const;
  const at = (n: number, more: PlanningOptions = {}): Promise<Plan> =>
    planOf(lq, { grid: n, steps: 20 }, { ...synthetic, ...more });

  test("small solves go to Rust, large ones to the GPU that keeps the data", async () => {
    expect((await at(24)).chosen).toBe("rust f64");
    expect((await at(512)).chosen).toBe("webgpu/resident f64");
  });
  test("stateless offload never wins: the bus costs more than Rust's arithmetic", async () => {
    for (const n of [16, 64, 256, 512]) {
      const { candidates } = await at(n);
      const time = (name: string): number => candidates.find((each) => each.name === name)!.predicted!.seconds;
      expect(time("webgpu/offload f64")).toBeGreaterThan(time("rust f64"));
    }
    // Where the GPU may not keep the data, Rust it is.
    const stateless = {
      tiers: syntheticTiers.map((tier) =>
        tier.name === "webgpu" ? { ...tier, residencies: ["offload"] as const } : tier,
      ),
    };
    expect((await at(512, stateless)).chosen).toBe("rust f64");
  });
  test("with transfers for nothing it would have chosen otherwise", async () => {
    const stateless = {
      tiers: syntheticTiers.map((tier) =>
        tier.name === "webgpu" ? { ...tier, residencies: ["offload"] as const } : tier,
      ),
    };
    const models = new Map(
      [...syntheticWithoutTransfers].map(([name, model]) => [name.replace("/offload", ""), model] as const),
    );
    const real = new Map([...syntheticModels].map(([name, model]) => [name.replace("/offload", ""), model] as const));
    const plan = await at(512, { ...stateless, models: real });
    expect(plan).toMatchObject({ chosen: "rust f64", withoutTransfers: "webgpu f64" });
    expect(plan.notes.join()).toContain("If moving data took no time, webgpu f64 would be chosen.");
    // Where nothing moves nothing would change, and nothing is said.
    const small = await at(24, { ...stateless, models: real });
    expect(small).toMatchObject({ chosen: "rust f64", withoutTransfers: "rust f64" });
    expect(small.notes.join()).not.toContain("took no time");
    expect((await at(512, { ...stateless, models })).chosen).toBe("webgpu f64");
  });
  test("the crossover is reported, with an interval around it, and is where the choice changes", async () => {
    const { crossovers } = await at(64);
    const crossover = crossovers.find(({ to }) => to === "webgpu/resident f64")!;
    expect(crossover.from).toBe("rust f64");
    const [n] = crossover.grid as [number];
    expect(crossover.low[0]).toBeLessThanOrEqual(n);
    expect(crossover.high[0]).toBeGreaterThanOrEqual(n);
    expect((await at(Math.round(n / 1.6))).chosen).toBe("rust f64");
    expect((await at(Math.round(n * 1.6))).chosen).toBe("webgpu/resident f64");
  });
});

describe("who may be chosen", () => {
  const tiers = [scalarTier, batchedTier];
  test("software adapters may not, unless they are asked for", async () => {
    const software = faulty({ software: true });
    const planning = { mode: "estimate", tiers: [...tiers, software] } as const;
    const plain = await planOf(r1, { grid: 16, steps: 4 }, planning);
    expect(plain.chosen).toBe("batched f64");
    expect(plain.candidates.find(({ tier }) => tier === "webgpu")).toMatchObject({
      eligible: false,
      software: true,
      reason: expect.stringContaining("program on the processor") as string,
    });
    const asked = await planOf(r1, { grid: 16, steps: 4, adapter: "software" }, planning);
    expect(asked.candidates.find(({ tier }) => tier === "webgpu")).toMatchObject({ eligible: true, software: true });
  });
  test("an absent tier stays in the table with its reason", async () => {
    const absent = faulty({
      found: { state: "unavailable", code: "MFGPU_TIER_UNAVAILABLE", why: "No adapter.", fix: "Plug one in." },
    });
    const { candidates } = await planOf(r1, { grid: 16, steps: 4 }, { mode: "estimate", tiers: [...tiers, absent] });
    expect(candidates.at(-1)).toMatchObject({ eligible: false, reason: "No adapter.", predicted: null });
  });
  test("precision is a constraint: f32 needs a tolerance that it can meet, or to be asked for", async () => {
    const single = { ...faulty({}), solvePrecisions: () => ["f32"] as const };
    const planning = { mode: "estimate", tiers: [...tiers, single] } as const;
    const of = async (options: SolveOptions): Promise<boolean> => {
      const { candidates } = await planOf(r1, { grid: 16, steps: 4, ...options }, planning);
      return candidates.find(({ precision }) => precision === "f32")!.eligible;
    };
    expect(await of({})).toBe(false);
    expect(await of({ tolerance: 1e-6 })).toBe(false);
    expect(await of({ tolerance: 1e-4 })).toBe(true);
    expect(await of({ precision: "f32" })).toBe(true);
    expect(await of({ precision: "f64", tolerance: 1e-2 })).toBe(false);
  });
  test("memory is a constraint, with the numbers", async () => {
    const small = { ...faulty({}), memoryFree: async () => 1000 };
    const planning = { mode: "estimate", tiers: [...tiers, small] } as const;
    const { candidates } = await planOf(r1, { grid: 16, steps: 4 }, planning);
    expect(candidates.find(({ tier }) => tier === "webgpu")!.reason).toMatch(/needs at least .* the budget is/);
    const nowhere = await planOf(r1, { grid: 16, steps: 4, memoryBytes: 100 }, planning);
    expect(nowhere.chosen).toBeNull();
  });
});

describe("measuring", () => {
  const options = { grid: 40, steps: 6 } as const;
  test("a candidate with a wrong result is excluded and reported; one that fails as well; the rest goes on", async () => {
    const wisdom = Wisdom.inMemory();
    const tiers = [
      batchedTier,
      faulty({ name: "webgpu", wrongBy: 1.01 }),
      faulty({ name: "rust", failsInSweep: 9, failsWith: () => new Error("fell over") }),
    ];
    const { plan, excluded } = await planSolve([r1], options, { tiers, wisdom, timeLimitMs: 1500 });
    expect(plan.chosen).toBe("batched f64");
    expect(Object.fromEntries(excluded.map(({ name, kind }) => [name, kind]))).toEqual({
      "rust f64": "failed",
      "webgpu f64": "wrong",
    });
    expect(plan.candidates.find(({ tier }) => tier === "webgpu")!.reason).toContain("differs from the reference");
    expect(plan.candidates.find(({ tier }) => tier === "rust")!.reason).toContain("fell over");
    expect(wisdom.entries.map((entry) => entry.kind)).toEqual(["model", "choice"]);
  });
  test("wisdom is used the next time and nothing is measured; software adapters leave none", async () => {
    const wisdom = Wisdom.inMemory();
    const log: string[] = [];
    const tiers = [batchedTier, faulty({ software: true, log })];
    const planning = { tiers, wisdom, timeLimitMs: 1500 };
    const first = await planOf(r1, { ...options, adapter: "software" }, planning);
    expect(first.candidates.map(({ source }) => source)).toEqual(["measured", "measured"]);
    expect(log.length).toBeGreaterThan(0);
    expect(wisdom.entries.filter(({ kind }) => kind === "model")).toMatchObject([{ candidate: "batched f64" }]);
    const second = await planOf(r1, options, planning);
    expect(second.candidates.find(({ name }) => name === "batched f64")!.source).toBe("wisdom");
    expect(second.seconds).toBeLessThan(first.seconds);
  });
  test("who lost at small sizes is not measured again for a large one", async () => {
    // Both know their costs, the slow one of small grids alone; 16 times the largest size is what is trusted.
    const wisdom = Wisdom.inMemory();
    await planOf(r1, options, { tiers: [batchedTier, scalarTier], wisdom, timeLimitMs: 1500 });
    const models = wisdom.entries.filter((entry) => entry.kind === "model");
    const known = new Map(models.map((entry) => [entry.candidate, entry]));
    const slow = known.get("scalar f64")!;
    await wisdom.learn([{ ...slow, model: { ...slow.model, fewest: 20, most: 20 } }]);
    const wide = { ...options, grid: 15 * known.get("batched f64")!.model.most };
    expect(wide.grid).toBeGreaterThan(16 * 20);
    const plan = await planOf(r1, wide, { tiers: [batchedTier, scalarTier], wisdom, timeLimitMs: 1500 });
    expect(plan.candidates.map(({ source }) => source)).toEqual(["wisdom", "wisdom"]);
  });
  test("wisdom-only without wisdom chooses nothing and says why", async () => {
    const plan = await planOf(r1, options, { mode: "wisdom-only", tiers: [batchedTier] });
    expect(plan.chosen).toBeNull();
    expect(plan.candidates[0]!.reason).toContain("Nothing is known");
  });
  test("a time limit is kept, with the best answer so far", async () => {
    const { chosen, notes, candidates } = await planOf(
      lq,
      { grid: 128, steps: 20 },
      { tiers: [batchedTier], timeLimitMs: 300 },
    );
    expect(chosen).toBe("batched f64");
    expect(candidates[0]!.source).toBe("measured");
    expect(notes.join()).toMatch(/time limit ended the calibration before \d+x\d+/);
  });
});

describe("the choice between predicted times", () => {
  const rival = (name: string, rank: number, seconds: number, noise = 0.01): Rival => ({
    name,
    rank,
    noise,
    predicted: { seconds } as Prediction,
  });
  test("the fastest", () =>
    expect(choose([rival("a", 0, 2), rival("b", 1, 1)])).toMatchObject({
      name: "b",
      why: expect.stringContaining("2.0 times") as string,
    }));
  test("of ties the simpler, and says so", () => {
    expect(choose([rival("simple", 0, 1.04), rival("fast", 1, 1)])).toMatchObject({ name: "simple" });
    expect(choose([rival("simple", 0, 1.06), rival("fast", 1, 1)])).toMatchObject({ name: "fast" });
    // Noise widens a tie, to a tenth and no further.
    expect(choose([rival("simple", 0, 1.09, 0.05), rival("fast", 1, 1, 0.05)])).toMatchObject({ name: "simple" });
    expect(choose([rival("simple", 0, 1.11, 0.5), rival("fast", 1, 1, 0.5)])).toMatchObject({ name: "fast" });
  });
  test("an earlier choice stays unless the gain is real; a change is told", () => {
    const both = [rival("simple", 0, 1), rival("old", 1, 1.03)];
    expect(choose(both, "old")).toMatchObject({ name: "old", why: expect.stringContaining("chosen before") as string });
    const apart = [rival("simple", 0, 1), rival("old", 1, 1.3)];
    expect(choose(apart, "old")).toMatchObject({ name: "simple" });
    expect(choose(apart, "old")!.notes.join()).toContain("changed from old to simple");
    expect(choose(apart, "gone")!.notes.join()).toContain("changed from gone to simple");
  });
  test("of none there is none", () => expect(choose([])).toBeUndefined());
});
