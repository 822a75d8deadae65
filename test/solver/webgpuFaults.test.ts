/** Workspaces on the GPU where something is short: memory, bindings, time, the device itself. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discretisationOf, problemOf } from "../../src/solver/configure.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve, solveOnTier } from "../../src/solver/solve.ts";
import type { Tier, WorkspaceOptions } from "../../src/tiers/tier.ts";
import { type Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import { deviceError } from "../../src/tiers/webgpu/deviceErrors.ts";
import { sharedDevice } from "../../src/tiers/webgpu/sharedDevice.ts";
import { deviceMemoryNeed } from "../../src/tiers/webgpu/solve/memory.ts";
import { openWorkspace } from "../../src/tiers/webgpu/solve/openWorkspace.ts";
import { GpuWorkspace } from "../../src/tiers/webgpu/solve/workspace.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { webgpuTier } from "../../src/tiers/webgpu/tier.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { plaza, r1 } from "./support.ts";

const options: WorkspaceOptions = { precision: "compensated", andersonDepth: 3, keepTransported: true };
const grid: SolveOptions = { grid: 64, steps: 6 };
const d = discretisationOf(problemOf(r1), grid);

/** Two iterations by hand: what a solve does, less its stopping. */
async function run(workspace: GpuWorkspace): Promise<Float64Array> {
  await workspace.load(0, d.initialDensity);
  for (let i = 0; i < 3; i++) {
    await workspace.hjb(0);
    await workspace.fokkerPlanck(0);
    await workspace.relax(0, { kind: "anderson", beta: 0.1 }, { kind: "blend", theta: 0.5 });
  }
  return workspace.read(0, "density");
}

describe.skipIf(whyNoGpu !== undefined)("a workspace on the GPU", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice(gpuPlace);
  }, 120_000);
  afterAll(() => device?.close());

  test.each([
    ["1-D", d],
    [
      "2-D with exits, nonlocal",
      discretisationOf(problemOf({ ...plaza, coupling: { kind: "nonlocal", strength: 1, width: 0.1 } }), {
        grid: [12, 9],
        steps: 3,
      }),
    ],
  ] as const)(
    "allocates what it said it would: %s",
    async (_, problem) => {
      for (const some of [
        options,
        { ...options, precision: "f32", andersonDepth: 0, keepTransported: false } as const,
      ]) {
        await using workspace = await GpuWorkspace.make(device, [problem, problem], some);
        expect(workspace.bytes).toBe(deviceMemoryNeed(device, [problem, problem], some).bytes);
      }
    },
    240_000,
  );

  test("slices its histories under a small binding limit, and computes the same bits", async () => {
    await using whole = await GpuWorkspace.make(device, [d], options);
    const expected = await run(whole);
    await using small = await openDevice({ ...gpuPlace, bindingLimit: 1400 });
    await using sliced = await GpuWorkspace.make(small, [d], options);
    expect(await run(sliced)).toEqual(expected);
    await using tiny = await openDevice({ ...gpuPlace, bindingLimit: 500 });
    await expect(GpuWorkspace.make(tiny, [d], options)).rejects.toMatchObject({ code: "MFGPU_DEVICE_MEMORY" });
  }, 240_000);

  test("who reads after a step of Anderson's, or writes, meets the whole of it", async () => {
    await using workspace = await GpuWorkspace.make(device, [d], options);
    const density = await run(workspace);
    // Its sums are collected, so that nothing recorded before them is left out.
    await workspace.certify(0);
    expect(await workspace.read(0, "density")).toEqual(density);
    await workspace.relax(0, { kind: "anderson", beta: 0.1 }, { kind: "blend", theta: 0.5 });
    await workspace.load(0, d.initialDensity);
    await workspace.certify(0);
    expect((await workspace.read(0, "density", { from: 3, to: 4 })).map(Math.fround)).toEqual(
      d.initialDensity.map(Math.fround),
    );
  }, 240_000);

  test("stops at an abort in mid-sweep and goes on afterwards as if nothing had been", async () => {
    await using reference = await GpuWorkspace.make(device, [d], options);
    const expected = await run(reference);
    const controller = new AbortController();
    await using workspace = await GpuWorkspace.make(device, [d], { ...options, signal: controller.signal });
    await workspace.load(0, d.initialDensity);
    const sweep = workspace.hjb(0);
    controller.abort(new Error("enough"));
    await expect(sweep).rejects.toThrow("enough");
    device.check();
    await using next = await GpuWorkspace.make(device, [d], options);
    expect(await run(next)).toEqual(expected);
  }, 240_000);

  test.each([
    // A sweep of half a million sub-steps, which many dispatches share, and one of ten thousand in a single workgroup.
    { path: "grid", splitting: "explicit", nodes: 2000 },
    { path: "line", splitting: "strang", nodes: 1000 },
  ] as const)(
    "an aborted solve ($splitting) has its record, and the next one the device",
    async (given) => {
      const { path, splitting, nodes } = given;
      const patient = { ...r1, horizon: 10 };
      const small: SolveOptions = { ...gpuPlace, grid: 32, steps: 3, splitting, maxIterations: 1 };
      const [before] = await solveOnTier(webgpuTier, [r1], small);
      const controller = new AbortController();
      const watched: Tier = {
        ...webgpuTier,
        workspace: async (members, asked) => {
          const workspace = await webgpuTier.workspace(members, asked);
          expect(workspace.place.path).toBe(path);
          const hjb = workspace.hjb.bind(workspace);
          workspace.hjb = (member) => {
            setTimeout(() => controller.abort(), 200);
            return hjb(member);
          };
          return workspace;
        },
      };
      const endless = { ...small, grid: nodes, signal: controller.signal };
      const [stopped] = await solveOnTier(watched, [patient], endless);
      expect(stopped!.record).toMatchObject({ stopReason: "aborted", tier: "webgpu", iterations: 0, partial: "value" });
      expect(stopped!.record.stopDetail).toContain("HJB sweep of iteration 1");
      expect(stopped!.density.every((m) => m >= 0)).toBe(true);
      const shared = await sharedDevice(gpuPlace);
      expect(() => shared.check()).not.toThrow();
      const [after] = await solveOnTier(webgpuTier, [r1], small);
      expect(await sharedDevice(gpuPlace)).toBe(shared);
      expect(after!.value).toEqual(before!.value);
      expect(after!.density).toEqual(before!.density);
    },
    240_000,
  );

  test("refuses a budget below two histories by its numbers", async () => {
    const refused = solve(r1, { ...gpuPlace, tier: "webgpu", grid: 64, steps: 6, memoryBytes: 1000 });
    await expect(refused).rejects.toMatchObject({ code: "MFGPU_MEMORY_BUDGET", path: "memory", value: 1000 });
  });

  test.each(["line", "grid"] as const)(
    "on the path %s that finds no memory frees what it made",
    async (path) => {
      await using own = await openDevice(gpuPlace);
      const real = own.buffer.bind(own);
      const alive = new Set<string>();
      let left = 0;
      let made = 0;
      own.buffer = async (label, bytes, flags) => {
        if (left-- <= 0) throw deviceError("MFGPU_DEVICE_MEMORY", `${label}: out of memory`);
        const buffer = await real(label, bytes, flags);
        const name = `${label} ${made++}`;
        alive.add(name);
        const destroy = buffer.destroy.bind(buffer);
        buffer.destroy = () => {
          alive.delete(name);
          destroy();
        };
        return buffer;
      };
      left = 1000;
      await (await openWorkspace(own, [d, d], options, path))[Symbol.asyncDispose]();
      expect(alive).toEqual(new Set());
      const needed = made;
      expect(needed).toBeGreaterThan(10);
      for (const enough of [0, 1, 2, Math.floor(needed / 2), needed - 1]) {
        left = enough;
        await expect(openWorkspace(own, [d, d], options, path)).rejects.toMatchObject({ code: "MFGPU_DEVICE_MEMORY" });
        expect(alive).toEqual(new Set());
      }
      left = 1000;
      own.check();
      await using workspace = await openWorkspace(own, [d], options, path);
      await workspace.load(0, d.initialDensity);
      expect(await workspace.hjb(0)).toMatchObject({ failure: undefined });
    },
    240_000,
  );

  test("relaxes in place as the batched tier does", async () => {
    const options: SolveOptions = { grid: 20, steps: 3, relaxation: "fictitious", maxIterations: 3, tolerance: 1e-9 };
    const problem = discretisationOf(problemOf(plaza), options);
    const least = { andersonDepth: 0, keepTransported: false } as const;
    const [run, exact] = await Promise.all(
      [webgpuTier, batchedTier].map((tier) => {
        const precision = tier.solvePrecisions("resident")[0];
        const { bytes } = tier.memoryNeed([problem], { ...least, precision, ...gpuPlace });
        return solve(plaza, {
          ...options,
          tier: tier.name,
          ...(tier === webgpuTier ? gpuPlace : {}),
          memoryBytes: bytes,
        });
      }),
    );
    expect(run!.record.memory.inPlace).toBe(true);
    expect(exact!.record.memory.inPlace).toBe(true);
    const gap = (a: Float64Array, b: Float64Array): number =>
      a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
    expect(gap(run!.density, exact!.density)).toBeLessThan(1e-5);
    for (const key of ["residual", "cost", "exploitability"] as const)
      expect(run!.record[key]).toBeCloseTo(exact!.record[key]!, 5);
  }, 240_000);

  test("says that the device was lost in mid-sweep", async () => {
    const other = await openDevice(gpuPlace);
    const workspace = await GpuWorkspace.make(other, [d], options);
    await workspace.load(0, d.initialDensity);
    const sweep = workspace.hjb(0);
    other.gpu.destroy();
    await expect(sweep).rejects.toMatchObject({ code: "MFGPU_DEVICE_LOST" });
    await workspace[Symbol.asyncDispose]();
    other.close();
  }, 240_000);
});
