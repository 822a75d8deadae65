/** Whole forward sweeps on the GPU against those of the batched tier: result, mass, sign, sub-steps. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BoundaryKind } from "../../src/problem/types.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { hasExit } from "../../src/scheme/discretisation.ts";
import { IntervalCounts } from "../../src/tiers/host/intervalCounts.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import type { Precision } from "../../src/tiers/tier.ts";
import { type Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import { type LineLimits, linePlan } from "../../src/tiers/webgpu/solve/densityFields.ts";
import type { GpuDensityReport } from "../../src/tiers/webgpu/solve/densityTally.ts";
import { relative } from "../conformance/cases.ts";
import { discretisationOf, type Plan, sampled } from "../scheme/fixtures.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { densityRig } from "../support/webgpuDensity.ts";

/** A problem with a smooth value history and density. */
function smoothProblem(plan: Plan, box = false): { d: Discretisation; value: Float64Array } {
  const bare = discretisationOf(plan);
  const shape = (x: readonly number[]): number =>
    x.reduce((product, z, a) => product * (1 + 0.4 * Math.cos(2 * Math.PI * z + a)), 1);
  const crowd = (x: readonly number[]): number => (x.every((z) => z > 0.3 && z < 0.6) ? 1 : 0);
  const initialDensity = sampled(bare, box ? crowd : shape);
  const levels = bare.steps + 1;
  const value = new Float64Array(levels * bare.grid.points);
  for (let k = 0; k < levels; k++) {
    const t = bare.levels[k]!;
    const slice = sampled(bare, (x) =>
      x.reduce((s, z, a) => s + (0.3 + 0.2 * t) * Math.sin(2 * Math.PI * z + 1 + a + t), 0),
    );
    value.set(slice, k * bare.grid.points);
  }
  return { d: { ...bare, initialDensity }, value };
}

describe.skipIf(whyNoGpu !== undefined)("forward sweeps on the GPU", { timeout: 300_000 }, () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice(gpuPlace);
  }, 300_000);
  afterAll(() => device?.close(), 300_000);

  async function onDevice(
    d: Discretisation,
    value: Float64Array,
    precision: Precision,
    counts: IntervalCounts = new IntervalCounts(d.steps),
    limits?: LineLimits,
  ): Promise<{ report: GpuDensityReport; density: Float64Array; counts: IntervalCounts }> {
    const rig = await densityRig(device, d, precision, limits);
    const sweep = await rig.sweep();
    const { points } = d.grid;
    const levels = await Promise.all(
      Array.from({ length: d.steps + 1 }, (_, k) => rig.state(value.subarray(k * points, (k + 1) * points))),
    );
    const other = await rig.state(d.initialDensity);
    const out = await Promise.all(levels.map(() => rig.state(d.initialDensity)));
    const report = await sweep.run(
      levels,
      out[0]!,
      (k) => out[k]!,
      () => other,
      () => {},
      counts,
    );
    const density = new Float64Array(value.length);
    for (const [k, field] of out.entries()) density.set(await rig.read(field), k * points);
    rig.close();
    return { report, density, counts };
  }

  async function onHost(d: Discretisation, value: Float64Array) {
    await using workspace = await batchedTier.workspace([d], {
      precision: "f64",
      andersonDepth: 0,
      keepTransported: true,
    });
    await workspace.load(0, d.initialDensity);
    await workspace.loadValue(0, value);
    const report = await workspace.fokkerPlanck(0);
    return { report, density: await workspace.read(0, "transported") };
  }

  const line = (lower: BoundaryKind, upper = lower): Plan => ({
    axes: [{ n: 20, lower, upper }],
    nu: 0.02,
    horizon: 0.1,
    steps: 3,
  });
  const modes = {
    richardson: { fokkerPlanck: "weno5", splitting: "richardson" },
    strang: { fokkerPlanck: "weno5", splitting: "strang", cfl: 0.5 },
    explicit: { fokkerPlanck: "weno5", splitting: "explicit", cfl: 0.5 },
    fdm: { fokkerPlanck: "fdm", fdmSubsteps: 2 },
  } as const;
  const plane = [{ n: 10 }, { n: 9, lower: "exit", upper: "reflecting" }] as const;
  const space = [{ n: 7, lower: "reflecting" }, { n: 7, lower: "exit" }, { n: 8 }] as const;
  /** Every mode, wall and dimension, and exits in every mode. */
  const sweeps: readonly { readonly name: string; readonly mode: keyof typeof modes; readonly plan: Plan }[] = [
    { name: "periodic", mode: "richardson", plan: line("periodic") },
    { name: "periodic", mode: "strang", plan: line("periodic") },
    { name: "periodic", mode: "explicit", plan: line("periodic") },
    { name: "periodic", mode: "fdm", plan: line("periodic") },
    { name: "reflecting, exit", mode: "richardson", plan: line("reflecting", "exit") },
    { name: "open, exit", mode: "strang", plan: line("open", "exit") },
    { name: "exits", mode: "explicit", plan: line("exit") },
    { name: "exits", mode: "fdm", plan: line("exit") },
    { name: "2-D", mode: "richardson", plan: { ...line("periodic"), axes: plane } },
    { name: "2-D", mode: "fdm", plan: { ...line("periodic"), axes: plane } },
    { name: "3-D", mode: "richardson", plan: { ...line("periodic"), horizon: 0.01, steps: 1, axes: space } },
  ];

  test.each(sweeps)("$mode, $name", async ({ mode, plan }) => {
    const { d, value } = smoothProblem({ ...plan, scheme: modes[mode] });
    const host = await onHost(d, value);
    const { report, density } = await onDevice(d, value, "compensated");
    // Where the limiter is at work, round-off decides which of two nearly equal fluxes a cell is given.
    expect(relative(density, host.density)).toBeLessThan(report.limited > 0 ? 2e-5 : 1e-6);
    expect(report.substeps).toBe(host.report.substeps);
    // What cells exchange is kept to 2^-48; what leaves through exits is added up in f32.
    expect(report.massDrift).toBeLessThan(hasExit(d) ? 3e-8 : 1e-11);
    expect(report.minDensity).toBeGreaterThanOrEqual(0);
    expect(Math.abs(report.outflow - host.report.outflow)).toBeLessThan(1e-6);
    expect(report.failure).toBeUndefined();
  });

  describe.each(["compensated", "f32"] as const)("%s, a box profile (T28)", (precision) => {
    const boxes = [0, 1e-3, 1e-2].flatMap((nu) =>
      (["periodic", "exit"] as const).map((wall) => ({ nu, wall, plan: { ...line(wall), nu } })),
    );
    test.each(boxes)("nu = $nu, $wall: no level is negative, no mass is lost", async ({ plan }) => {
      const { d, value } = smoothProblem(plan, true);
      const { report, density } = await onDevice(d, value, precision);
      expect(Math.min(...density)).toBeGreaterThanOrEqual(0);
      expect(report.minDensity).toBe(Math.min(...density.map(Math.fround)));
      expect(report.limited).toBeGreaterThan(0);
      // In f32 every step rounds the state itself; that is reported, not hidden.
      expect(report.massDrift).toBeLessThan(precision === "f32" ? 1e-5 : hasExit(d) ? 3e-8 : 1e-11);
    });
  });

  test.each(["periodic", "exit"] as const)("a Strang step in one dispatch is the one in many, %s", async (wall) => {
    const { d, value } = smoothProblem(line(wall));
    const fused = await onDevice(d, value, "compensated");
    // Room for the diffusion of a line, but not for a whole step of it.
    const limits = { workgroup: 4 * (10 * 21 + 48), storage: 2 ** 20 };
    const parts = await onDevice(d, value, "compensated", new IntervalCounts(d.steps), limits);
    expect(linePlan(device, d).strang).toBeDefined();
    expect(linePlan(device, d, limits)).toMatchObject({ inWorkgroup: true, strang: undefined });
    expect(fused).toEqual(parts);
  });

  test("counts of the last sweep are kept where they serve, and a level that is not finite is named", async () => {
    const { d, value } = smoothProblem(line("periodic"));
    const first = await onDevice(d, value, "compensated");
    expect(first.counts.fresh).toEqual(first.counts.last);
    // One less than a fresh count is what they need, and serves.
    const bare = new IntervalCounts(d.steps);
    bare.last.set(first.counts.last.map((count) => count - 1));
    const { counts } = await onDevice(d, value, "compensated", bare);
    expect(counts.last).toEqual(first.counts.last.map((count) => count - 1));
    // Settling returns to what they take without a past.
    expect(counts.settle(false)).toBe(d.steps);
    expect(counts.last).toEqual(first.counts.last);
    value[2 * d.grid.points + 3] = Number.NaN;
    const { report } = await onDevice(d, value, "compensated");
    const host = await onHost(d, value);
    // Where within the level depends on what a maximum makes of NaN.
    expect(report.failure).toMatchObject({ level: host.report.failure!.level, field: "density" });
  });
});
