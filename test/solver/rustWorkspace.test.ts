/** What is the rust workspace's own: memory, threads, batches, aborts, f32, and what it bears. */
import { describe, expect, test } from "vitest";
import { parseProblem } from "../../src/problem/schema.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { discretise } from "../../src/scheme/discretise.ts";
import { schemeDefaults, type SchemeOptions } from "../../src/scheme/options.ts";
import type { SolveOptions, SolveResult } from "../../src/solver/options.ts";
import { solve, solveBatch } from "../../src/solver/solve.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { addon, isAddon } from "../../src/tiers/rust/addon.ts";
import { addonFields, addonOutline } from "../../src/tiers/rust/discretisation.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import type { RustWorkspace } from "../../src/tiers/rust/workspace.ts";
import type { WorkspaceOptions } from "../../src/tiers/tier.ts";
import { worst } from "../support/exact.ts";
import { couplings, games, type Game } from "./games.ts";
import { plaza, r1 } from "./support.ts";

const found = addon();
const here = isAddon(found);

function discretised(
  { problem, options }: Pick<Game, "problem" | "options">,
  scheme: Partial<SchemeOptions> = {},
): Discretisation {
  const shape = problem.domain.map((_, a) => (typeof options.grid === "number" ? options.grid : options.grid![a]!));
  return discretise(parseProblem(problem), shape, options.steps!, { ...schemeDefaults(scheme.splitting), ...scheme });
}

const spatial = games.find(({ game }) => game === "3-D exit x periodic x open")!.problem;

const whole: WorkspaceOptions = { precision: "f64", andersonDepth: 0, keepTransported: true };

async function opened(
  members: readonly Discretisation[],
  options: Partial<WorkspaceOptions> = {},
): Promise<RustWorkspace> {
  return (await rustTier.workspace(members, { ...whole, ...options })) as RustWorkspace;
}

function expectBitwise(a: SolveResult, b: SolveResult): void {
  expect(a.record.history.map(({ seconds: _seconds, ...rest }) => rest)).toEqual(
    b.record.history.map(({ seconds: _seconds, ...rest }) => rest),
  );
  expect([a.record.exploitability, a.record.dualityDefect]).toEqual([b.record.exploitability, b.record.dualityDefect]);
  expect(a.value).toEqual(b.value);
  expect(a.density).toEqual(b.density);
}

describe.skipIf(!here)("memory", () => {
  const schemes: readonly Partial<SchemeOptions>[] = [
    {},
    { splitting: "explicit", hamiltonianFlux: "glf" },
    { splitting: "strang" },
    { fokkerPlanck: "fdm" },
  ];
  const keepings: readonly Partial<WorkspaceOptions>[] = [
    { andersonDepth: 3 },
    { precision: "f32", threads: 3 },
    { keepTransported: false, threads: 1 },
  ];
  test.each([...games, ...couplings])("$game: the need is what is allocated, to the byte", async (game) => {
    for (const scheme of schemes) {
      for (const keeping of keepings) {
        const members = [discretised(game, scheme), discretised(game, { ...scheme, weno: "js" })];
        const options = { ...whole, ...keeping };
        const { bytes } = rustTier.memoryNeed(members, options);
        await using workspace = await opened(members, keeping);
        expect(workspace.bytes).toBe(bytes);
      }
    }
  });

  test("beyond the budget is refused by its numbers", async () => {
    const refused = solve(r1, { tier: "rust", grid: 64, steps: 6, memoryBytes: 1000 });
    await expect(refused).rejects.toMatchObject({ code: "MFGPU_MEMORY_BUDGET", path: "memory", value: 1000 });
  });

  test("that cannot be had is an error with a code and a mend, and nothing is touched", async () => {
    const d = discretised({ problem: r1, options: { grid: 100_000, steps: 50 } });
    const asked = opened([d], { andersonDepth: 900_000 });
    await expect(asked).rejects.toMatchObject({
      code: "MFGPU_MEMORY_ALLOCATION",
      fix: expect.stringContaining("grid"),
    });
  });
});

describe.skipIf(!here)("members and threads", () => {
  const run: SolveOptions = { grid: 24, steps: 6, maxIterations: 17, tier: "rust" };

  test("a batch of B equals B single solves bitwise, whatever their walls and couplings", async () => {
    const members = [...games, ...couplings].filter(({ problem }) => problem.domain.length === 1);
    expect(members.length).toBeGreaterThan(8);
    const batch = await solveBatch(
      members.map(({ problem }) => problem),
      run,
    );
    for (const [i, { problem }] of members.entries()) expectBitwise(batch[i]!, await solve(problem, run));
  });

  test.each([
    { grid: [128, 130], problem: plaza, options: { splitting: "strang" } },
    { grid: [128, 130], problem: plaza, options: { splitting: "explicit", hamiltonianFlux: "glf" } },
    { grid: [27, 24, 26], problem: spatial, options: { splitting: "explicit", hamiltonianFlux: "glf" } },
    { grid: [27, 24, 26], problem: spatial, options: { splitting: "explicit" } },
  ] as const)("the number of threads changes no bit, on a grid that they share: $grid, $options", async (one) => {
    const options: SolveOptions = { tier: "rust", grid: one.grid, steps: 1, maxIterations: 1, ...one.options };
    const mean = { kind: "mean", strength: 0.5, attraction: 1 } as const;
    const problem = { ...one.problem, horizon: 0.02, coupling: mean };
    const single = await solve(problem, { ...options, threads: 1 });
    for (const threads of [2, 5]) expectBitwise(single, await solve(problem, { ...options, threads }));
  });

  test("members of one call each answer for themselves", async () => {
    const members = [0.5, 1].map((strength) =>
      discretised({ problem: { ...r1, coupling: { kind: "linear", strength } }, options: { grid: 16, steps: 4 } }),
    );
    await using workspace = await opened(members, { threads: 2 });
    for (const [i, d] of members.entries()) await workspace.load(i, d.initialDensity);
    await Promise.all([workspace.hjb(1), workspace.hjb(0)]);
    const values = [await workspace.read(0, "value"), await workspace.read(1, "value")];
    await workspace.hjb(0);
    expect(await workspace.read(0, "value")).toEqual(values[0]);
    expect(values[0]).not.toEqual(values[1]);
  });
});

describe.skipIf(!here)("the meter", () => {
  test("names every pass while it is on, and costs no bit", async () => {
    const d = discretised({ problem: r1, options: { grid: 24, steps: 4 } });
    await using workspace = await opened([d]);
    await workspace.load(0, d.initialDensity);
    await workspace.hjb(0);
    expect(workspace.passes()).toEqual({ kernels: [], which: [], seconds: [] });
    const unseen = await workspace.read(0, "value");
    await workspace.load(0, d.initialDensity);
    workspace.meter(true);
    const { substeps } = await workspace.hjb(0);
    const { kernels, which, seconds } = workspace.passes();
    expect(await workspace.read(0, "value")).toEqual(unseen);
    const calls = (part: string): number => which.filter((place) => kernels[place]!.includes(part)).length;
    // Richardson: nine stages of advection and six half steps of diffusion a sub-step.
    expect([calls("hamiltonian::AxisSink"), calls("diffuse_value")]).toEqual([9 * substeps, 6 * substeps]);
    expect(seconds.every((x) => x > 0)).toBe(true);
    workspace.meter(false);
    await workspace.hjb(0);
    expect(workspace.passes().which).toEqual([]);
  });
});

describe.skipIf(!here)("an abort in mid-sweep", () => {
  test(
    "ends an explicit sweep that would take hours, and says which history is mixed",
    { timeout: 30_000 },
    async () => {
      const controller = new AbortController();
      const { record, density } = await solve(r1, {
        grid: 20_000,
        steps: 2,
        splitting: "explicit",
        tier: "rust",
        signal: controller.signal,
        onPlan: () => setTimeout(() => controller.abort(), 1000),
      });
      expect(record).toMatchObject({ stopReason: "aborted", tier: "rust", partial: "value" });
      expect(record.stopDetail).toContain("HJB sweep of iteration 1");
      expect(density.every((x) => x >= 0)).toBe(true);
    },
  );

  test("leaves the workspace usable", async () => {
    const controller = new AbortController();
    const d = discretised({ problem: r1, options: { grid: 4000, steps: 2 } }, { splitting: "explicit" });
    await using workspace = await opened([d], { signal: controller.signal });
    await workspace.load(0, d.initialDensity);
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 50);
    await expect(workspace.hjb(0)).rejects.toBe(reason);
    await expect(workspace.hjb(0)).rejects.toBe(reason);
    expect(await workspace.read(0, "density", { from: 1, to: 2 })).toEqual(d.initialDensity);
    await workspace.load(0, d.initialDensity);
    expect(await workspace.relax(0, { kind: "blend", theta: 0.5 }, { kind: "blend", theta: 1 })).toMatchObject({
      depth: 0,
    });
  });
});

describe.skipIf(!here)("f32", () => {
  test.each(games.filter(({ options }) => options.steps === 8))("$game follows f64 to its precision", async (game) => {
    const run = { ...game.options, maxIterations: 5, tier: "rust" } as const;
    const single = await solve(game.problem, { ...run, precision: "f32" });
    const double = await solve(game.problem, { ...run, precision: "f64" });
    expect([single.record.precision, double.record.precision]).toEqual(["f32", "f64"]);
    const scale = Math.max(...double.value.map(Math.abs), ...double.density);
    expect(worst(single.value, double.value)).toBeLessThan(3e-4 * scale);
    expect(worst(single.density, double.density)).toBeLessThan(3e-4 * scale);
    expect(single.value).not.toEqual(double.value);
  });

  test("converges to its own tolerance", async () => {
    const { record } = await solve(r1, { grid: 32, steps: 8, tier: "rust", precision: "f32" });
    expect(record).toMatchObject({ stopReason: "tolerance", precision: "f32", tolerance: 1e-4 });
  });
});

describe.skipIf(!here)("data that are no numbers", () => {
  test.each([
    { what: "one", at: (i: number, points: number) => i === 3 * points + 5 },
    { what: "all", at: () => true },
  ])("$what in the density fails at the level where batched fails", async ({ at }) => {
    for (const { problem, options } of games.filter(({ game }) => ["1-D periodic", "2-D torus"].includes(game))) {
      const d = discretised({ problem, options });
      const density = new Float64Array((d.steps + 1) * d.grid.points)
        .fill(1)
        .map((x, i) => (at(i, d.grid.points) ? Number.NaN : x));
      await using rust = await opened([d]);
      await using batched = await batchedTier.workspace([d], whole);
      await rust.load(0, density);
      await batched.load(0, density);
      const [ours, theirs] = [await rust.hjb(0), await batched.hjb(0)];
      expect(theirs.failure).toBeDefined();
      expect(ours.failure).toEqual(theirs.failure);
    }
  });

  test("in the value fail the forward sweep", async () => {
    const d = discretised(games[0]!);
    const value = new Float64Array((d.steps + 1) * d.grid.points);
    value[2 * d.grid.points + 7] = Number.NaN;
    await using rust = await opened([d]);
    await using batched = await batchedTier.workspace([d], whole);
    for (const workspace of [rust, batched]) {
      await workspace.load(0, d.initialDensity);
      await workspace.loadValue(0, value);
    }
    const [ours, theirs] = [await rust.fokkerPlanck(0), await batched.fokkerPlanck(0)];
    expect(ours.failure).toMatchObject({ field: "density", level: theirs.failure!.level });
  });
});

describe.skipIf(!here)("bad arguments", () => {
  test("are refused by name", async () => {
    const d = discretised(games[0]!);
    await using workspace = await opened([d], { keepTransported: false });
    await expect(workspace.hjb(1)).rejects.toMatchObject({ code: "MFGPU_TIER_ARGUMENT", path: "member", value: 1 });
    await expect(workspace.load(0, new Float64Array(3))).rejects.toMatchObject({ path: "density", value: 3 });
    await expect(workspace.loadValue(0, d.initialDensity)).rejects.toMatchObject({ path: "value" });
    await expect(workspace.read(0, "transported")).rejects.toMatchObject({ code: "MFGPU_TIER_HISTORY" });
    await expect(workspace.fokkerPlanck(0)).rejects.toMatchObject({ code: "MFGPU_TIER_HISTORY" });
    await expect(opened([d], { precision: "compensated" })).rejects.toMatchObject({ code: "MFGPU_TIER_PRECISION" });
    await expect(opened([d], { threads: 0 })).rejects.toMatchObject({ code: "MFGPU_CONFIG_THREADS" });
    await expect(opened([d], { variant: "wasm" })).rejects.toMatchObject({ code: "MFGPU_TIER_UNAVAILABLE" });
  });

  test("are refused by the addon as well, and never panic", () => {
    if (!here) return;
    const d = discretised(games.find(({ game }) => game === "2-D exit x periodic")!);
    const keeping = { precision: "f64", andersonDepth: 0, keepTransported: true };
    const outline = addonOutline(d);
    const fields = addonFields(d);
    const make = (change: object, data: object = {}): (() => unknown) => {
      const [outlines, all] = [[{ ...outline, ...change }], [{ ...fields, ...data }]];
      return () => new found.NativeWorkspace(outlines, all, { threads: 1 }, keeping);
    };
    expect(make({})).not.toThrow();
    const bad: readonly [object, RegExp][] = [
      [{ shape: [12, 6] }, /axis 1 has 6 nodes/],
      [{ shape: [1e9, 1e9] }, /too many points/],
      [{ shape: [] }, /0 axes/],
      [{ shape: [12.5, 9] }, /not a whole number/],
      [{ spacing: [0, 1] }, /spacing is 0/],
      [{ steps: 0 }, /steps is 0/],
      [{ steps: 1e300 }, /steps is/],
      [{ grading: 2 }, /grading is 2/],
      [{ horizon: Number.NaN }, /horizon is NaN/],
      [{ lower: ["periodic", "periodic"] }, /one side of axis 0/],
      [{ upper: ["door", "periodic"] }, /no boundary is named door/],
      [{ weno: "q" }, /no variant is named q/],
      [{ epsilonValue: 0 }, /epsilon is 0/],
      [{ cfl: -1 }, /cfl is -1/],
      [{ fdmSubsteps: 0 }, /fdmSubsteps is 0/],
      [{ nu: -1 }, /nu is -1/],
      [{ exponent: 1 }, /exponent 1/],
      [{ coupling: "nonlocal", parameter: 1e300 }, /too many cells/],
      [{ coupling: "log", parameter: 0 }, /floor is 0/],
      [{ coupling: "target" }, /target has 0 numbers/],
    ];
    for (const [change, why] of bad) expect(make(change)).toThrow(why);
    const short = new Float64Array(5);
    for (const name of ["potential", "terminalCost", "initialDensity", "target"])
      expect(make({}, { [name]: short })).toThrow(`${name} has 5 numbers`);
    expect(make({}, { levels: short })).toThrow(/levels do not rise/);
    expect(make({}, { levels: fields.levels.toReversed() })).toThrow(/levels do not rise/);
    expect(make({}, { drift: [short, short] })).toThrow(/drift has 5 numbers/);
    expect(make({}, { upperExit: [short, short] })).toThrow(/exitValue has 5 numbers/);
  });
});
