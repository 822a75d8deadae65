/** Whole forward sweeps on the GPU against those of the batched tier: result, mass, sign, sub-steps. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BoundaryKind } from "../../src/problem/types.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { hasExit } from "../../src/scheme/discretisation.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import type { Precision } from "../../src/tiers/tier.ts";
import { type Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import type { GpuDensityReport } from "../../src/tiers/webgpu/solve/densitySweep.ts";
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
  });
  afterAll(() => device?.close());

  async function onDevice(
    d: Discretisation,
    value: Float64Array,
    precision: Precision,
    counts: Int32Array = new Int32Array(d.steps),
  ): Promise<{ report: GpuDensityReport; density: Float64Array; counts: Int32Array }> {
    const rig = await densityRig(device, d, precision);
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

  test.each([
    [64, "weno5"],
    [256, "weno5"],
    [1024, "weno5"],
    [2048, "weno5"],
    [64, "fdm"],
    [1024, "fdm"],
    [2048, "fdm"],
  ] as const)("T20 %i %s", async (n, mode) => {
    for (const nu of [0.002, 0.05]) {
      const { d, value } = smoothProblem({
        axes: [{ n }],
        nu,
        horizon: 0.05,
        steps: 4,
        scheme: { fokkerPlanck: mode },
      });
      const host = await onHost(d, value);
      for (const precision of ["compensated", "f32"] as const) {
        const t = performance.now();
        const { report, density } = await onDevice(d, value, precision);
        console.log(
          n,
          mode,
          nu,
          precision,
          "error",
          relative(density, host.density),
          "drift",
          report.massDrift,
          "limited",
          report.limited,
          host.report.limited,
          "substeps",
          report.substeps,
          "ms",
          performance.now() - t,
        );
      }
    }
  });
});
