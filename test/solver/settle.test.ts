/** Sub-step counts of an equilibrium hang on the problem and not on the way there (docs/numerics.md section 3.4). */
import { describe, expect, test } from "vitest";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import { parseProblem } from "../../src/problem/schema.ts";
import { discretise } from "../../src/scheme/discretise.ts";
import { schemeDefaults } from "../../src/scheme/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { IntervalCounts } from "../../src/tiers/host/intervalCounts.ts";
import { addon, isAddon } from "../../src/tiers/rust/addon.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import type { Tier, Workspace } from "../../src/tiers/tier.ts";
import { worst } from "../support/exact.ts";
import { plaza, r1 } from "./support.ts";

const crowds = loadCatalogueProblem("two-crowds-1d").source as Readonly<Record<string, unknown>>;

describe("many sub-steps per interval", () => {
  const run = { grid: 64, steps: 24, tier: "batched", tolerance: 1e-9 } as const;
  const neighbour = solve({ ...crowds, volatility: 0.9 }, run);
  const cold = solve(crowds, run);

  test("a neighbour's equilibrium and the initial density lead to one equilibrium", async () => {
    const [start, reference] = [await neighbour, await cold];
    expect(reference.record.substeps.hjb).toBeGreaterThan(3 * run.steps);
    const warm = await solve(crowds, { ...run, warmStart: start });
    expect(warm.record.stopReason).toBe("tolerance");
    expect(warm.record.iterations).toBeLessThan(reference.record.iterations);
    expect(warm.record.substeps).toEqual(reference.record.substeps);
    // Counts kept from the way left 1e-5 to 1e-4 of the largest density between the two.
    expect(worst(warm.density, reference.density)).toBeLessThan(1e-7);
    expect(worst(warm.value, reference.value)).toBeLessThan(1e-7);
  });

  test("an equilibrium is one for a solve that starts from it", async () => {
    const reference = await cold;
    const { record } = await solve(crowds, { ...run, tolerance: 1e-8, warmStart: reference });
    expect(record.iterations).toBe(1);
    expect(record.substeps).toEqual(reference.record.substeps);
  });
});

describe("the counts of a workspace", () => {
  const problems = { "two-crowds-1d": [crowds, [32], 8], plaza: [plaza, [9, 8], 4], r1: [r1, [20], 6] } as const;

  async function opened(tier: Tier, name: keyof typeof problems): Promise<Workspace> {
    const [problem, shape, steps] = problems[name];
    const d = discretise(parseProblem(problem), shape, steps, schemeDefaults());
    return tier.workspace([d], { precision: "f64", andersonDepth: 0, keepTransported: true });
  }
  async function iterate(workspace: Workspace, theta: number): Promise<readonly number[]> {
    const hjb = await workspace.hjb(0);
    const density = await workspace.fokkerPlanck(0);
    const blend = { kind: "blend", theta } as const;
    await workspace.relax(0, blend, blend);
    return [hjb.substeps, density.substeps];
  }
  const initial = (workspace: Workspace): Float64Array => workspace.members[0]!.initialDensity;

  test("settled they are those that a workspace chooses which has seen nothing else", async () => {
    await using workspace = await opened(batchedTier, "two-crowds-1d");
    await using fresh = await opened(batchedTier, "two-crowds-1d");
    await workspace.load(0, initial(workspace));
    // The wildest first iteration needs the most.
    const [wild] = await iterate(workspace, 1);
    for (let k = 0; k < 4; k++) await iterate(workspace, 0.5);
    const state = await workspace.read(0, "density");
    const kept = await workspace.hjb(0);
    await workspace.fokkerPlanck(0);
    const changed = await workspace.settle(0, true);
    await fresh.load(0, state);
    const own = await fresh.hjb(0);
    expect(kept.substeps).toBeLessThanOrEqual(wild!);
    expect(changed).toBeGreaterThan(0);
    expect(own.substeps).toBeLessThan(kept.substeps);
    expect((await workspace.hjb(0)).substeps).toBe(own.substeps);
    expect(await workspace.read(0, "value")).toEqual(await fresh.read(0, "value"));
    await workspace.fokkerPlanck(0);
    expect(await workspace.settle(0, false)).toBe(0);
  });

  test.skipIf(!isAddon(addon()))("rust settles as batched does", async () => {
    for (const name of Object.keys(problems) as (keyof typeof problems)[]) {
      await using rust = await opened(rustTier, name);
      await using batched = await opened(batchedTier, name);
      const both = [rust, batched] as const;
      for (const workspace of both) await workspace.load(0, initial(workspace));
      const trace = async (workspace: Workspace): Promise<unknown[]> => {
        const seen: unknown[] = [await iterate(workspace, 1), await iterate(workspace, 0.5)];
        seen.push(await workspace.settle(0, false), await iterate(workspace, 0.5), await iterate(workspace, 0.2));
        seen.push(await workspace.settle(0, true), await iterate(workspace, 0.2), await workspace.settle(0, false));
        return seen;
      };
      expect({ name, trace: await trace(rust) }).toEqual({ name, trace: await trace(batched) });
    }
  });
});

test("counts found by doing an interval again stay until they are chosen afresh", () => {
  const counts = new IntervalCounts(3);
  counts.last.set([5, 3, 4]);
  counts.fresh.set([4, 3, 2]);
  counts.floors.set([0, 0, 4]);
  const fixed = counts.fixed();
  expect(counts.settle(false)).toBe(1);
  expect([...counts.last]).toEqual([4, 3, 4]);
  expect(counts.settle(false)).toBe(0);
  expect(counts.settle(true)).toBe(1);
  expect([...counts.last]).toEqual([4, 3, 2]);
  expect([...counts.floors]).toEqual([0, 0, 0]);
  expect([0, 1, 2].map((k) => fixed.choose(k, 9, "hjb"))).toEqual([5, 3, 4]);
  counts.forget();
  expect([...counts.last, ...counts.fresh]).toEqual([0, 0, 0, 0, 0, 0]);
});
