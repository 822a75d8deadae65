/** f64 in two parts as a candidate: planned from both parts' models, solved on both, refused where one of them is not there. */
import { describe, expect, test } from "vitest";
import { machineOf } from "../../src/decision/fingerprint.ts";
import { planSolve, type Planned } from "../../src/decision/planner.ts";
import { solve } from "../../src/decision/solve.ts";
import { Wisdom } from "../../src/decision/wisdom.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { scalarTier } from "../../src/tiers/scalar/tier.ts";
import type { Refinement, Tier } from "../../src/tiers/tier.ts";
import { r1 } from "../solver/support.ts";
import { faulty, type Behaviour } from "./tiers.ts";

const refinement: Refinement = { precision: "f64", from: "compensated", on: "batched" };
const size = { grid: 16, steps: 8 } as const;

/** A GPU without f64, as webgpu is. */
function coarse(behaviour: Behaviour = {}): Tier {
  return { ...faulty(behaviour), solvePrecisions: () => ["compensated", "f32"], refinement: () => refinement };
}

function planned(tiers: readonly Tier[], more: object = {}): Promise<Planned> {
  return planSolve([r1], size, { mode: "estimate", tiers, wisdom: Wisdom.inMemory(), ...more });
}

describe("a precision in two parts", () => {
  test("is a candidate where the first part alone is none, at the price of both", async () => {
    const { plan, ranked } = await planned([batchedTier, coarse()]);
    expect(plan.candidates.find(({ precision }) => precision === "compensated")!.eligible).toBe(false);
    expect(plan.candidates.find(({ name }) => name === "webgpu f64")).toMatchObject({
      eligible: true,
      source: "derived",
    });
    const { parts, predicted } = ranked.find(({ candidate }) => candidate.name === "webgpu f64")!;
    expect(parts.map(({ candidate }) => candidate.name)).toEqual(["webgpu compensated", "batched f64"]);
    const [first, second] = parts;
    expect(second!.iterations).toBeLessThan(first!.iterations);
    const alone = ranked.find(({ candidate }) => candidate.name === "batched f64")!;
    // The refinement's share of what batched takes for everything, and the GPU's part on top.
    const share = second!.iterations / alone.parts[0]!.iterations;
    expect(predicted.seconds).toBeGreaterThan(0.9 * share * alone.predicted.seconds);
  });
  test("shares the limit of iterations", async () => {
    const { ranked } = await planSolve(
      [r1],
      { ...size, maxIterations: 5 },
      {
        mode: "estimate",
        tiers: [batchedTier, coarse()],
        wisdom: Wisdom.inMemory(),
      },
    );
    const { parts } = ranked.find(({ candidate }) => candidate.name === "webgpu f64")!;
    expect(parts.map(({ iterations }) => iterations)).toEqual([5]);
  });
  test("is refused, with the reason, where its second tier or its first is not there, or is a program", async () => {
    const reasonOf = async (tiers: readonly Tier[]): Promise<string | null> => {
      const { plan } = await planned(tiers);
      return plan.candidates.find(({ name }) => name === "webgpu f64")!.reason;
    };
    expect(await reasonOf([scalarTier, coarse()])).toMatch(/second part runs on batched/);
    const absent = { state: "unavailable", code: "MFGPU_TIER_UNAVAILABLE", why: "No adapter.", fix: "-" } as const;
    expect(await reasonOf([batchedTier, coarse({ found: absent })])).toBe("No adapter.");
    expect(await reasonOf([batchedTier, coarse({ software: true })])).toMatch(/program on the processor/);
  });
  test("is measured by both parts, and falls with a wrong one", async () => {
    const wisdom = Wisdom.inMemory();
    const measuring = { mode: "measure", timeLimitMs: 1000, wisdom } as const;
    const { plan } = await planned([batchedTier, coarse()], measuring);
    expect(plan.candidates.find(({ name }) => name === "webgpu f64")).toMatchObject({
      eligible: true,
      source: "measured",
    });
    const models = wisdom.entries.flatMap((entry) => (entry.kind === "model" ? [entry.candidate] : []));
    expect(models.toSorted()).toEqual(["batched f64", "webgpu compensated"]);
    const wrong = await planned([batchedTier, coarse({ wrongBy: 1.01 })], { ...measuring, wisdom: Wisdom.inMemory() });
    expect(wrong.excluded).toMatchObject([{ name: "webgpu compensated", kind: "wrong" }]);
    expect(wrong.plan.candidates.find(({ name }) => name === "webgpu f64")).toMatchObject({
      eligible: false,
      reason: expect.stringContaining("webgpu compensated") as string,
    });
  });
  test("auto solves in both parts, says so and learns", async () => {
    const tiers = [batchedTier, coarse()];
    const wisdom = Wisdom.inMemory();
    const { ranked, plan } = await planned(tiers);
    const { parts } = ranked.find(({ candidate }) => candidate.name === "webgpu f64")!;
    // A GPU that is told to be fast, and a batched tier that is told to be slow.
    const told = [1e-9, 1e-3].map((cost, i) => {
      const { candidate, model } = parts[i]!;
      const sweep = { ...model.hjb, latency: cost, advection: cost, diffusion: cost };
      const own = { ...model, hjb: sweep, fokkerPlanck: sweep, cold: 0 };
      return {
        kind: "model",
        candidate: candidate.name,
        mode: plan.kind,
        machine: machineOf(candidate),
        model: own,
      } as const;
    });
    await wisdom.learn(told);
    const options = { ...size, tiers, wisdom, planMode: "estimate" } as const;
    const { record } = await solve(r1, options);
    expect(record.plan).toMatchObject({ chosen: "webgpu f64", failures: [] });
    expect(record.parts).toHaveLength(2);
    expect(record.residual).toBeLessThan(1e-8);
    expect(record.history.map(({ iteration }) => iteration)).toEqual(record.history.map((_, i) => i + 1));
    expect(wisdom.entries.filter(({ kind }) => kind === "outcome")).toMatchObject([{ candidate: "webgpu f64" }]);
  });
  test("moves on where the first part's device is lost", async () => {
    const tiers = [batchedTier, coarse({ failsInSweep: 6, afterwards: "throws" })];
    const wisdom = Wisdom.inMemory();
    const { ranked, plan } = await planned(tiers);
    const [first] = ranked.find(({ candidate }) => candidate.name === "webgpu f64")!.parts;
    const sweep = { ...first!.model.hjb, latency: 0, advection: 0, diffusion: 0 };
    const model = { ...first!.model, hjb: sweep, fokkerPlanck: sweep, cold: 0, setup: { fixed: 0, each: 0 } };
    const machine = machineOf(first!.candidate);
    await wisdom.learn([{ kind: "model", candidate: "webgpu compensated", mode: plan.kind, machine, model }]);
    const { record } = await solve(r1, { ...size, tiers, wisdom, planMode: "estimate" });
    expect(record.tier).toBe("batched");
    expect(record.converged).toBe(true);
    expect(record.plan!.failures).toMatchObject([
      { candidate: "webgpu f64", code: "MFGPU_DEVICE_LOST", iterations: 2 },
    ]);
  });
});
