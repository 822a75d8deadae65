/** What the memory plan promises is what a solve takes. */
import { describe, expect, test } from "vitest";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import type { ProblemInput } from "../../src/problem/input.ts";
import { parseProblem } from "../../src/problem/schema.ts";
import { discretise } from "../../src/scheme/discretise.ts";
import { schemeDefaults } from "../../src/scheme/options.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import type { MemoryPlan, SolveOptions } from "../../src/solver/options.ts";
import { memoryNeedOf, solve, solveOnTier } from "../../src/solver/solve.ts";
import { batchedFieldKernels } from "../../src/tiers/batched/fieldKernels.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { HostWorkspace, historiesOf, hostMemoryNeed } from "../../src/tiers/host/hostWorkspace.ts";
import { slotCount } from "../../src/tiers/host/pool.ts";
import type { Tier } from "../../src/tiers/tier.ts";
import { exitWave, torusWave } from "../support/oracles.ts";
import { plaza, r1 } from "./support.ts";

interface Seen {
  readonly plan: MemoryPlan;
  readonly workBytes: number;
  /** The first member. */
  readonly d: Discretisation;
}

/** A solve on the batched tier whose workspace is kept. */
async function watchedBatch(games: readonly unknown[], options: SolveOptions): Promise<Seen> {
  const plans: MemoryPlan[] = [];
  const made: HostWorkspace[] = [];
  const tier: Tier = {
    ...batchedTier,
    workspace: async (members, asked) => {
      const workspace = new HostWorkspace("batched", members, asked, batchedFieldKernels);
      made.push(workspace);
      return workspace;
    },
  };
  await solveOnTier(tier, games, { ...options, onPlan: (plan) => plans.push(plan) });
  const [workspace] = made;
  return { plan: plans[0]!, workBytes: workspace!.workBytes, d: workspace!.members[0]! };
}

const watchedSolve = (game: unknown, options: SolveOptions): Promise<Seen> => watchedBatch([game], options);

/** Bytes of the problem's own data on the grid. */
function dataBytes({ potential, coupling, hamiltonian }: Discretisation): number {
  const target = coupling.kind === "target" ? coupling.target.length : 0;
  const drift = hamiltonian.drift?.reduce((sum, field) => sum + field.length, 0) ?? 0;
  return 8 * (potential.length + target + drift);
}

const cube: ProblemInput = { ...torusWave({ k: [1, 1, 0] }).problem, coupling: { kind: "linear" } };
const drifting: ProblemInput = { ...plaza, hamiltonian: { kind: "quadratic", drift: ["0.1*y", "x"] } };
const powered: ProblemInput = { ...plaza, hamiltonian: { kind: "power", exponent: 3 } };
const doors: ProblemInput = {
  ...cube,
  domain: [
    { from: 0, to: 1, boundary: { lower: "reflecting", upper: "exit" } },
    { from: 0, to: 1, boundary: "exit" },
    { from: 0, to: 1, boundary: "open" },
  ],
};

const problems: readonly { readonly name: string; readonly problem: ProblemInput; readonly grid: number }[] = [
  { name: "1-D torus", problem: r1, grid: 16 },
  { name: "1-D exits with a target", problem: exitWave("exits", { kappa: 1 }).problem, grid: 16 },
  { name: "2-D with an exit", problem: plaza, grid: 10 },
  { name: "2-D with a drift field", problem: drifting, grid: 10 },
  { name: "2-D, power Hamiltonian", problem: powered, grid: 10 },
  { name: "3-D torus", problem: cube, grid: 8 },
  { name: "3-D, exits on two axes", problem: doors, grid: 8 },
];
const modes: readonly { readonly mode: string; readonly options: SolveOptions }[] = [
  { mode: "richardson", options: {} },
  { mode: "strang", options: { splitting: "strang" } },
  { mode: "explicit", options: { splitting: "explicit" } },
  { mode: "fdm", options: { fokkerPlanck: "fdm" } },
  { mode: "fdm beside strang", options: { fokkerPlanck: "fdm", splitting: "strang" } },
  { mode: "fdm beside explicit", options: { fokkerPlanck: "fdm", splitting: "explicit" } },
];

describe.each(problems)("the work fields of $name", ({ problem, grid }) => {
  test.each(modes)("$mode: as many as promised, apart and in place", async ({ options }) => {
    const run = { grid, steps: 3, maxIterations: 2, relaxation: 0.5, ...options };
    const { bytes } = await memoryNeedOf(problem, run);
    for (const inPlace of [false, true]) {
      const { plan, workBytes, d } = await watchedSolve(problem, inPlace ? { ...run, memoryBytes: bytes - 1 } : run);
      expect(plan.inPlace).toBe(inPlace);
      expect(workBytes).toBe(slotCount(d, inPlace) * plan.fieldBytes);
      expect(plan.bytes).toBeGreaterThanOrEqual(plan.histories * plan.historyBytes + workBytes + dataBytes(d));
    }
  });
});

/** Bytes of the arrays of doubles that `work` makes, those of a length alone. */
async function bytesMade(work: () => Promise<void>): Promise<number> {
  const original = globalThis.Float64Array;
  let bytes = 0;
  globalThis.Float64Array = new Proxy(original, {
    construct(target, args: [unknown, ...unknown[]], newTarget) {
      if (typeof args[0] === "number") bytes += 8 * args[0];
      return Reflect.construct(target, args, newTarget) as Float64Array;
    },
  });
  try {
    await work();
  } finally {
    globalThis.Float64Array = original;
  }
  return bytes;
}

describe("all that a workspace makes for a pair of sweeps, relaxation and certificate is what was promised", () => {
  const sizes = [
    { size: "a line", problem: r1, shape: [256], scheme: {} },
    { size: "a line, fdm", problem: r1, shape: [256], scheme: { fokkerPlanck: "fdm" } },
    { size: "a plane with an exit", problem: plaza, shape: [24, 24], scheme: {} },
    { size: "a plane, explicit", problem: plaza, shape: [24, 24], scheme: { splitting: "explicit" } },
    { size: "a box", problem: cube, shape: [9, 9, 9], scheme: {} },
  ] as const;

  test.each(sizes)("$size, with Anderson and in place: to a hundred lines of the grid", async (given) => {
    const d = discretise(parseProblem(given.problem), given.shape, 2, { ...schemeDefaults(), ...given.scheme });
    for (const options of [
      { precision: "f64", andersonDepth: 4, keepTransported: true },
      { precision: "f64", andersonDepth: 0, keepTransported: false },
    ] as const) {
      const made = await bytesMade(async () => {
        const workspace = new HostWorkspace("batched", [d], options, batchedFieldKernels);
        await workspace.load(0, d.initialDensity);
        await workspace.hjb(0);
        await workspace.fokkerPlanck(0, options.keepTransported ? undefined : { theta: 0.5 });
        if (options.keepTransported)
          await workspace.relax(0, { kind: "anderson", beta: 0.1 }, { kind: "blend", theta: 1 });
        await workspace.certify(0);
      });
      const need = hostMemoryNeed([d], options);
      const promised = need.bytes - dataBytes(d);
      expect(need.histories).toBe(historiesOf(options));
      expect(Math.abs(made - promised)).toBeLessThan(100 * 8 * (Math.max(...given.shape) + 6));
    }
  });
});

test("the members of a batch have histories of their own and share the work fields", async () => {
  const run = { grid: 16, steps: 4, maxIterations: 2 };
  const one = await watchedSolve(r1, run);
  const three = await watchedBatch([r1, { ...r1, volatility: 0.2 }, r1], run);
  expect(three.plan.histories).toBe(3 * one.plan.histories);
  expect(three.workBytes).toBe(one.workBytes);
});

describe("the budget", () => {
  const run = { grid: 64, steps: 32 } as const;
  const at = (memoryBytes: number): Promise<MemoryPlan> => memoryNeedOf(r1, { ...run, memoryBytes });

  test("decides the depth of Anderson, then gives it up, then relaxes in place", async () => {
    const whole = await at(1e9);
    expect(whole).toMatchObject({ method: "anderson", andersonDepth: 20, inPlace: false });
    expect(whole.histories).toBe(3 + 2 * 21);
    const seen: string[] = [];
    let depth = 20;
    for (let plan = whole; ; plan = await at(plan.bytes - 1)) {
      expect(plan.bytes).toBeLessThanOrEqual(plan.budget);
      seen.push(`${plan.method} ${plan.andersonDepth} ${plan.inPlace ? "in place" : "apart"}`);
      expect(plan.andersonDepth).toBeLessThanOrEqual(depth);
      depth = plan.andersonDepth;
      if (plan.inPlace) break;
    }
    const depths = Array.from({ length: 18 }, (_, i) => `anderson ${20 - i} apart`);
    expect(seen).toEqual([...depths, "fictitious 0 apart", "fictitious 0 in place"]);
  });

  test("too small for two histories is refused with the numbers", async () => {
    const least = await at((await at((await memoryNeedOf(r1, { ...run, relaxation: 0.5 })).bytes - 1)).bytes);
    expect(least.inPlace).toBe(true);
    const refused = solve(r1, { ...run, memoryBytes: least.bytes - 1 });
    await expect(refused).rejects.toMatchObject({
      code: "MFGPU_MEMORY_BUDGET",
      path: "memory",
      value: least.bytes - 1,
    });
    await expect(refused).rejects.toThrow(
      /needs at least [\d.]+ kB \(2 histories of [\d.]+ kB and [\d.]+ fields of [\d.]+ B\); the budget is/,
    );
  });

  test("is reported before anything is allocated", async () => {
    const calls: string[] = [];
    const tier: Tier = {
      ...batchedTier,
      workspace: (members, options) => {
        calls.push("workspace");
        return batchedTier.workspace(members, options);
      },
    };
    await solveOnTier(tier, [r1], { ...run, maxIterations: 1, onPlan: () => calls.push("plan") });
    expect(calls).toEqual(["plan", "workspace"]);
  });

  test("of 2 histories and 12 fields holds lq-2d at 1024 x 1024 x 50, in place", async () => {
    const field = 8 * 1024 * 1024;
    for (const fokkerPlanck of ["weno5", "fdm"] as const) {
      const options = { grid: 1024, steps: 50, relaxation: 0.3, memoryBytes: (2 * 51 + 12) * field, fokkerPlanck };
      const plan = await memoryNeedOf(loadCatalogueProblem("lq-2d"), options);
      expect(plan).toMatchObject({ inPlace: true, histories: 2 });
    }
  });
});
