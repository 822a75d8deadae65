/** One-dimensional members, a workgroup each, against the same members taken in turn, bit for bit. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create } from "webgpu";
import type { ProblemInput } from "../../src/problem/input.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { discretisationOf, problemOf } from "../../src/solver/configure.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import type { Precision, RelaxStep, Workspace, WorkspaceOptions } from "../../src/tiers/tier.ts";
import { Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import type { LineDevice } from "../../src/tiers/webgpu/solve/densityFields.ts";
import { densityLinePlan, lineSlices, pathOf } from "../../src/tiers/webgpu/solve/linePlan.ts";
import { LineWorkspace } from "../../src/tiers/webgpu/solve/lineWorkspace.ts";
import { openWorkspace, workspaceNeed } from "../../src/tiers/webgpu/solve/openWorkspace.ts";
import { plaza, r1 } from "../solver/support.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";

const line: ProblemInput = {
  name: "line",
  domain: [{ from: -1, to: 1, boundary: "reflecting" }],
  horizon: 0.3,
  volatility: 0.4,
  coupling: { kind: "linear", strength: 0.5 },
  potential: "2*x^2",
  terminalCost: "x^2",
  initialDensity: "gauss(x, 0.2, 0.3)",
};
const through = (lower: "exit" | "open", upper: "exit" | "reflecting"): ProblemInput["domain"] => [
  { from: -1, to: 1, boundary: { lower: lower === "exit" ? { kind: "exit", value: "0.1 + t" } : lower, upper } },
];

/**
 * Every wall, coupling, Hamiltonian and mode that goes this way. What needs shaders of its own (variant, flux, exponent, precision) is
 * put together: compiling them is most of the time.
 */
const games: readonly {
  readonly game: string;
  readonly problem: ProblemInput;
  readonly options: SolveOptions;
  readonly precision?: Precision;
}[] = [
  { game: "torus", problem: r1, options: { grid: 32, steps: 4 } },
  {
    game: "an exit that moves, a drift, a floored log coupling",
    problem: {
      ...line,
      domain: through("exit", "reflecting"),
      coupling: { kind: "log", strength: 0.3, floor: 0.1 },
      hamiltonian: { kind: "quadratic", drift: ["sin(3*x)"] },
      potential: "2*x^2*(1 + t)",
    },
    options: { grid: 24, steps: 4 },
  },
  {
    game: "no diffusion, the mean",
    problem: { ...line, volatility: 0, coupling: { kind: "mean", strength: 1, attraction: 0.5 } },
    options: { grid: 24, steps: 3 },
  },
  {
    game: "open and exit, Strang, Godunov, JS, power of 3, a target, f32",
    problem: {
      ...line,
      domain: through("open", "exit"),
      coupling: { kind: "target", strength: 0.5, target: "gauss(x, 0.1*t, 0.4)" },
      hamiltonian: { kind: "power", exponent: 3 },
    },
    options: { grid: 20, steps: 3, splitting: "strang", hamiltonianFlux: "godunov", weno: "js" },
    precision: "f32",
  },
  {
    game: "fdm at exits, a nonlocal coupling",
    problem: { ...line, domain: through("exit", "exit"), coupling: { kind: "nonlocal", strength: 2, width: 0.2 } },
    options: { grid: 24, steps: 3, fokkerPlanck: "fdm", fdmSubsteps: 2 },
  },
  {
    game: "fdm on a torus, explicit u",
    problem: r1,
    options: { grid: 20, steps: 3, fokkerPlanck: "fdm", splitting: "explicit" },
  },
];

const settings: WorkspaceOptions = { precision: "compensated", andersonDepth: 3, keepTransported: true };

/** Held for the life of the file: once it is collected, what was made of it crashes the process now and then. */
const nullGpu = create(["backend=null"]);

describe.skipIf(whyNoGpu !== undefined)("a workgroup per member", { timeout: 300_000 }, () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice(gpuPlace);
  }, 300_000);
  afterAll(() => device?.close(), 300_000);

  const blend: RelaxStep = { kind: "blend", theta: 0.6 };
  const anderson: RelaxStep = { kind: "anderson", beta: 0.1 };

  /** Iterations of every member beside each other or in turn, all that is reported of them, and the histories. */
  async function iterate(workspace: Workspace, steps: readonly RelaxStep[]): Promise<unknown[]> {
    const one = async (_: unknown, i: number): Promise<unknown> => {
      const said: unknown[] = [];
      for (const step of steps)
        said.push(await workspace.hjb(i), await workspace.fokkerPlanck(i), await workspace.relax(i, step, blend));
      said.push(await workspace.certify(i));
      for (const field of ["value", "density", "transported"] as const) said.push(await workspace.read(i, field));
      return said;
    };
    for (const [i, d] of workspace.members.entries()) await workspace.load(i, d.initialDensity);
    if (workspace.concurrent === true) return Promise.all(workspace.members.map(one));
    const said: unknown[] = [];
    for (const i of workspace.members.keys()) said.push(await one(undefined, i));
    return said;
  }

  test.each(games)("$game: both paths give the same numbers", async ({ problem, options, precision }) => {
    const d = discretisationOf(problemOf(problem), options);
    const some = { ...settings, precision: precision ?? settings.precision };
    expect(pathOf(device, [d], some)).toBe("line");
    await using lines = await openWorkspace(device, [d], some);
    await using grids = await openWorkspace(device, [d], some, "grid");
    expect([lines.place.path, grids.place.path]).toEqual(["line", "grid"]);
    expect(await iterate(lines, [blend, blend])).toEqual(await iterate(grids, [blend, blend]));
    expect(lines.launches).toBeLessThan(grids.launches / 2);
  });

  test("Anderson's steps are those of the other path but for the order of sums, with columns that are dropped", async () => {
    const d = discretisationOf(problemOf(r1), { grid: 16, steps: 2 });
    const steps: readonly RelaxStep[] = [blend, ...Array.from({ length: 6 }, () => anderson)];
    const densities: Float64Array[] = [];
    for (const path of ["line", "grid"] as const) {
      await using workspace = await openWorkspace(device, [d], settings, path);
      const [said] = (await iterate(workspace, steps)) as [unknown[]];
      const taken = said.filter((report) => (report as { readonly depth?: number }).depth === settings.andersonDepth);
      expect(taken.length).toBeGreaterThan(1);
      densities.push(said.at(-2) as Float64Array);
    }
    const [ours, theirs] = densities as [Float64Array, Float64Array];
    const gap = ours.reduce((most, x, i) => Math.max(most, Math.abs(x - theirs[i]!)), 0);
    expect(gap).toBeLessThan(1e-5);
  });

  /** Members whose sub-steps, couplings and walls differ. */
  const company: readonly Discretisation[] = [
    { ...line, domain: through("exit", "reflecting"), terminalCost: "0" },
    { ...line, volatility: 0.9, horizon: 0.6 },
    { ...line, coupling: { kind: "log", strength: 0.3, floor: 0.1 }, terminalCost: "3*x^2" },
  ].map((problem) => discretisationOf(problemOf(problem), { grid: 24, steps: 3 }));

  test("three members at once are each what they are alone, in about as many dispatches as one", async () => {
    await using together = await LineWorkspace.make(device, company, settings);
    const steps = [blend, anderson, anderson];
    const said = await iterate(together, steps);
    let alone = 0;
    for (const [i, d] of company.entries()) {
      await using single = await LineWorkspace.make(device, [d], settings);
      expect(said[i]).toEqual((await iterate(single, steps))[0]);
      alone += single.launches;
    }
    const counts = said.map((all) => (all as { readonly substeps?: number }[])[0]!.substeps);
    expect(new Set(counts).size).toBe(company.length);
    // They end together but for what the one with most sub-steps does alone.
    expect(together.launches).toBeLessThan(0.6 * alone);
  });

  test("a sweep in many dispatches, or with members in several buffers, gives the same numbers", async () => {
    await using whole = await LineWorkspace.make(device, company, settings);
    const expected = await iterate(whole, [blend]);
    await using pieces = await LineWorkspace.make(device, company, settings, { budget: 1 });
    expect(await iterate(pieces, [blend])).toEqual(expected);
    expect(pieces.launches).toBeGreaterThan(2 * whole.launches);
    const small: LineDevice = { bindingLimit: 12_288, gpu: device.gpu };
    await using sliced = await LineWorkspace.make(device, company, settings, { plan: small });
    expect(lineSlices(small, company, settings).length).toBeGreaterThan(1);
    expect(await iterate(sliced, [blend])).toEqual(expected);
    expect(sliced.bytes).toBe(workspaceNeed(small, company, settings).bytes);
  });

  test("two parties that take turns are what one is", async () => {
    await using one = await LineWorkspace.make(device, company, settings);
    const expected = await iterate(one, [blend, anderson]);
    await using two = await LineWorkspace.make(device, company, settings, { twoFrom: company.length });
    expect(await iterate(two, [blend, anderson])).toEqual(expected);
    // What was one submit of three members is two.
    expect(two.launches).toBeGreaterThan(one.launches);
    const many = Array.from({ length: 512 }, () => company[1]!);
    await using large = await openWorkspace(device, many, settings);
    expect(large.bytes).toBe(workspaceNeed(device, many, settings).bytes);
  });

  test.each(["weno5", "fdm"] as const)("what workgroup memory lacks stands in storage, %s", async (fokkerPlanck) => {
    const exits = { ...line, domain: through("exit", "exit") };
    const d = discretisationOf(problemOf(exits), { grid: 48, steps: 2, fokkerPlanck });
    // Room for the seven numbers of u, in 64 entries each.
    const maxComputeWorkgroupStorageSize = 4 * 7 * 64;
    const { maxComputeInvocationsPerWorkgroup } = device.gpu.limits;
    const limits = { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup };
    const plan: LineDevice = { bindingLimit: device.bindingLimit, gpu: { limits } };
    const [wide, narrow] = [densityLinePlan(device, d), densityLinePlan(plan, d)];
    expect(wide.held).toBe(wide.slots);
    expect(narrow.held).toBeLessThan(narrow.slots);
    await using all = await LineWorkspace.make(device, [d], settings);
    await using some = await LineWorkspace.make(device, [d], settings, { plan });
    expect(await iterate(some, [blend])).toEqual(await iterate(all, [blend]));
    expect(some.bytes).toBe(workspaceNeed(plan, [d], settings).bytes);
  });

  test("the path follows from dimension, scheme, memory of a workgroup and bindings; the need is what is made", async () => {
    const of = (problem: ProblemInput, options: SolveOptions): Discretisation =>
      discretisationOf(problemOf(problem), options);
    const small = of(line, { grid: 24, steps: 3 });
    const path = (d: Discretisation, on: LineDevice = device, some = settings): string => pathOf(on, [d], some);
    expect(path(small)).toBe("line");
    expect(path(of(plaza, { grid: [12, 9], steps: 2 }))).toBe("grid");
    expect(path(of(line, { grid: 24, steps: 3, hamiltonianFlux: "glf" }))).toBe("grid");
    expect(path(of(line, { grid: 24, steps: 3, splitting: "explicit" }))).toBe("grid");
    expect(path(of(line, { grid: 4096, steps: 1 }))).toBe("grid");
    expect(path(small, device, { ...settings, keepTransported: false })).toBe("grid");
    expect(path(small, { gpu: device.gpu, bindingLimit: 1024 })).toBe("grid");
    for (const members of [[small], company]) {
      await using workspace = await openWorkspace(device, members, settings);
      expect(workspace.place.path).toBe("line");
      expect(workspace.bytes).toBe(workspaceNeed(device, members, settings).bytes);
    }
  });

  test("an abort ends all members' sweeps and leaves the device as it was", async () => {
    const controller = new AbortController();
    await using workspace = await LineWorkspace.make(device, company, { ...settings, signal: controller.signal });
    for (const [i, d] of company.entries()) await workspace.load(i, d.initialDensity);
    const sweeps = company.map((_, i) => workspace.hjb(i));
    controller.abort(new Error("enough"));
    for (const sweep of sweeps) await expect(sweep).rejects.toThrow("enough");
    device.check();
  });

  test("a lost device is named", async () => {
    // Of the null backend: there is no need to compute anything.
    const adapter = (await nullGpu.requestAdapter())!;
    const facts = { name: "null", vendor: "", architecture: "", description: "", software: true };
    const other = new Device(await adapter.requestDevice(), facts);
    const lost = await LineWorkspace.make(other, [company[0]!], { ...settings, precision: "f32" });
    await lost.load(0, company[0]!.initialDensity);
    const sweep = lost.hjb(0);
    other.gpu.destroy();
    await expect(sweep).rejects.toMatchObject({ code: "MFGPU_DEVICE_LOST" });
    await lost[Symbol.asyncDispose]();
    other.close();
  });
});
