/** Workspaces on the GPU where something is short: memory, bindings, time, the device itself. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discretisationOf, problemOf } from "../../src/solver/configure.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import type { WorkspaceOptions } from "../../src/tiers/tier.ts";
import { type Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import { deviceMemoryNeed } from "../../src/tiers/webgpu/solve/memory.ts";
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
