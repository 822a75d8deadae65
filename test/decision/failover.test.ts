/** `auto` goes on elsewhere from the last whole density; a named tier never gives way. */
import { describe, expect, test } from "vitest";
import { solve, solveBatch, unwrapped, type AutoOptions } from "../../src/decision/solve.ts";
import { planSolve, type Planned } from "../../src/decision/planner.ts";
import { Wisdom } from "../../src/decision/wisdom.ts";
import { MfgError } from "../../src/errors.ts";
import type { IterationReport } from "../../src/solver/options.ts";
import { solveOnTier } from "../../src/solver/solve.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import type { Tier } from "../../src/tiers/tier.ts";
import { worst } from "../support/exact.ts";
import { plaza, r1 } from "../solver/support.ts";
import { deviceLost, faulty, type Behaviour } from "./tiers.ts";

const run = { grid: 16, steps: 32, tolerance: 1e-9 } as const;

/** Options under which the planner prefers the first tier: its shipped figures say that it is a fast GPU. */
async function preferring(tiers: readonly Tier[], options: AutoOptions = {}): Promise<AutoOptions> {
  const wisdom = Wisdom.inMemory();
  const planned = await planSolve([r1], { ...run, ...options }, { mode: "estimate", tiers, wisdom });
  const fast = tiers.find(({ name }) => name === "webgpu");
  const mine = planned.ranked.find(({ candidate }) => candidate.tier === fast);
  const simple = planned.ranked.find(({ candidate }) => candidate.tier === batchedTier);
  const kind = planned.plan.kind;
  const { machineOf } = await import("../../src/decision/fingerprint.ts");
  for (const [one, cost] of [
    [mine, 1e-9],
    [simple, 1e-6],
  ] as const) {
    if (!one) continue;
    const { candidate, parts } = one;
    const { model } = parts[0]!;
    const sweep = { ...model.hjb, latency: cost, advection: cost, diffusion: cost, spread: 0.01 };
    const quick = { ...model, hjb: sweep, fokkerPlanck: sweep, cold: 0, setup: { fixed: 0, each: 0 } };
    const machine = machineOf(candidate);
    await wisdom.learn([{ kind: "model", candidate: candidate.name, mode: kind, machine, model: quick }]);
  }
  return { ...run, tiers, planMode: "estimate", wisdom, ...options };
}

/** Two ways to one equilibrium end this close: far above the tolerance, far below what kept sub-step counts would leave (1e-5). */
const pathBound = 1e-7;

const truth = solve(r1, { ...run, tier: "batched" });

describe("a fault in mid-run", () => {
  const faults: readonly (readonly [string, Behaviour])[] = [
    ["a lost device that cannot be read any more", { failsInSweep: 12, afterwards: "throws" }],
    ["a lost device that hands out zeros", { failsInSweep: 12, afterwards: "zeros" }],
    ["a validation error after which the state is still there", { failsInSweep: 13, afterwards: "reads" }],
    ["an array that cannot be allocated", { failsInSweep: 9, failsWith: () => new RangeError("allocation failed") }],
    ["a fault in the first sweep", { failsInSweep: 1, afterwards: "throws" }],
    ["a workspace that cannot be made", { failsAtOnce: deviceLost }],
  ];
  test.each(faults)("%s: the next candidate ends at the same equilibrium, and the record says so", async (_, fault) => {
    const log: string[] = [];
    const reports: IterationReport[] = [];
    const options = await preferring([faulty({ ...fault, log }), batchedTier]);
    const { record, value, density } = await solve(r1, { ...options, onIteration: (report) => reports.push(report) });
    expect(record.tier).toBe("batched");
    expect(record.converged).toBe(true);
    const reference = await truth;
    expect(worst(value, reference.value)).toBeLessThan(pathBound);
    expect(worst(density, reference.density)).toBeLessThan(pathBound);
    expect(record.plan).toMatchObject({ chosen: "webgpu f64" });
    const [failure] = record.plan!.failures;
    const finished = fault.failsInSweep === undefined ? 0 : Math.floor((fault.failsInSweep - 1) / 2);
    expect(failure).toMatchObject({ candidate: "webgpu f64", iterations: finished });
    expect(failure!.message).toMatch(/lost|allocation/);
    // Iterations of both tiers stand in one list, numbered through.
    expect(record.history.map(({ iteration }) => iteration)).toEqual(record.history.map((__, i) => i + 1));
    expect(reports).toEqual(record.history);
    expect(record.iterations).toBeGreaterThan(finished);
  });
  test("what was finished is not lost: the second tier goes on from there", async () => {
    const late = { failsInSweep: 40, afterwards: "throws" } as const;
    const { record } = await solve(r1, await preferring([faulty(late), batchedTier]));
    const [failure] = record.plan!.failures;
    expect(failure!.resumedAfter).toBeGreaterThan(10);
    const resumed = record.history[failure!.iterations]!;
    expect(resumed.residual).toBeLessThan(record.history[0]!.residual / 100);
  });
  test("zeros of a dead device are not taken for a density", async () => {
    const late = { failsInSweep: 41, afterwards: "zeros" } as const;
    const { record } = await solve(r1, await preferring([faulty(late), batchedTier]));
    const [failure] = record.plan!.failures;
    expect(record.history[failure!.iterations]!.residual).toBeLessThan(record.history[0]!.residual / 100);
  });
  test("a batch moves on as a whole", async () => {
    const options = await preferring([faulty({ failsInSweep: 20, afterwards: "throws" }), batchedTier]);
    const problems = [r1, { ...r1, volatility: 0.3 }, r1];
    const moved = await solveBatch(problems, options);
    const [, second] = await solveBatch(problems, { ...run, tier: "batched" });
    expect(moved.map(({ record }) => record.converged)).toEqual([true, true, true]);
    expect(worst(moved[1]!.density, second!.density)).toBeLessThan(pathBound);
    expect(moved[1]!.record.plan!.failures).toHaveLength(1);
  });
  test("a plane with an exit, too", async () => {
    const size = { grid: [9, 8], steps: 24 };
    const options = await preferring([faulty({ failsInSweep: 15, afterwards: "throws" }), batchedTier]);
    const moved = await solve(plaza, { ...options, ...size, tiers: [faulty({ failsInSweep: 15 }), batchedTier] });
    const reference = await solve(plaza, { ...run, ...size, tier: "batched" });
    expect(worst(moved.density, reference.density)).toBeLessThan(pathBound);
  });
  test("where every candidate fails the last failure is thrown", async () => {
    const lost = faulty({ failsInSweep: 3, afterwards: "throws" });
    await expect(solve(r1, await preferring([lost]))).rejects.toMatchObject({ code: "MFGPU_DEVICE_LOST" });
  });
  test("bad input does not make it try the next tier", async () => {
    const refused = (): MfgError => new MfgError({ code: "MFGPU_PROBLEM_DENSITY", message: "no mass" });
    const failures: unknown[] = [];
    const options = await preferring([faulty({ failsInSweep: 3, failsWith: refused }), batchedTier]);
    await expect(solve(r1, { ...options, onFailure: (f) => failures.push(f) })).rejects.toThrow("no mass");
    expect(failures).toEqual([]);
  });
  test("nor does an abort", async () => {
    const controller = new AbortController();
    const options = await preferring([faulty({}), batchedTier]);
    const { record } = await solve(r1, {
      ...options,
      signal: controller.signal,
      onIteration: ({ iteration }) => iteration === 3 && controller.abort(),
    });
    expect(record).toMatchObject({ stopReason: "aborted", tier: "webgpu", iterations: 3 });
    expect(record.plan!.failures).toEqual([]);
  });
});

describe("a named tier", () => {
  test("that fails fails: nothing else runs", async () => {
    const lost = faulty({ failsInSweep: 5, afterwards: "throws" });
    const error: unknown = await solveOnTier(lost, [r1], run).catch(unwrapped);
    expect(error).toMatchObject({ code: "MFGPU_DEVICE_LOST" });
    const { record } = await solve(r1, { ...run, tier: "batched" });
    expect(record.plan).toBeNull();
  });
});

test("auto writes plan, prediction and actual time into the record, and learns from them", async () => {
  const wisdom = Wisdom.inMemory();
  const plans: Planned[] = [];
  const options = { ...run, wisdom, tiers: [batchedTier], onChoice: (planned: Planned) => plans.push(planned) };
  const { record } = await solve(r1, options);
  expect(record.plan).toMatchObject({ chosen: "batched f64", mode: "estimate", failures: [] });
  expect(record.plan!.actual).toBeGreaterThan(0);
  expect(record.plan!.predicted.seconds).toBeGreaterThan(0);
  expect(wisdom.entries.map(({ kind }) => kind)).toEqual(["work", "outcome"]);
  await solve(r1, options);
  const [before, after] = plans.map(({ plan }) => plan);
  expect(before!.work).toMatchObject({ iterationsFrom: "typical", substepsFrom: "data" });
  expect(after!.work).toMatchObject({
    iterationsFrom: "learned",
    substepsFrom: "learned",
    iterations: record.iterations,
    hjb: record.substeps.hjb,
  });
});
