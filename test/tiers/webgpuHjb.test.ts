/** The backward sweep on the GPU against that of the batched tier, from the same density history. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProblemInput } from "../../src/problem/input.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { discretisationOf, problemOf } from "../../src/solver/configure.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { IntervalCounts } from "../../src/tiers/host/intervalCounts.ts";
import type { Precision, SweepReport } from "../../src/tiers/tier.ts";
import { relativeDifference } from "../../src/bench/race.ts";
import { type Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import { MemberData, type SolveContext, stateBytesOf } from "../../src/tiers/webgpu/solve/context.ts";
import { FieldStore } from "../../src/tiers/webgpu/solve/fields.ts";
import { HjbSweep } from "../../src/tiers/webgpu/solve/hjbSweep.ts";
import { Recorder } from "../../src/tiers/webgpu/solve/recorder.ts";
import { Reductions } from "../../src/tiers/webgpu/solve/reductions.ts";
import { makeScratch } from "../../src/tiers/webgpu/solve/scratch.ts";
import { downloadStates, uploadStates } from "../../src/tiers/webgpu/solve/transfer.ts";
import { ValueKernels, valueScratch } from "../../src/tiers/webgpu/solve/valueKernels.ts";
import { plaza, r1 } from "../solver/support.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";

const line = (boundary: ProblemInput["domain"][number]["boundary"]): ProblemInput => ({
  name: "line",
  domain: [{ from: -1, to: 1, boundary }],
  horizon: 0.5,
  volatility: 0.4,
  coupling: { kind: "linear", strength: 0.5 },
  potential: "2*x^2",
  terminalCost: "x^2",
  initialDensity: "gauss(x, 0.2, 0.3)",
});

const games: readonly { readonly game: string; readonly problem: ProblemInput; readonly options: SolveOptions }[] = [
  { game: "1-D torus", problem: r1, options: { grid: 32, steps: 8 } },
  { game: "1-D walls", problem: line("reflecting"), options: { grid: 24, steps: 8 } },
  {
    game: "1-D exit that moves, and open",
    problem: line({ lower: { kind: "exit", value: "0.1 + t" }, upper: "open" }),
    options: { grid: 24, steps: 8 },
  },
  {
    game: "2-D exits on both axes",
    problem: { ...plaza, domain: [plaza.domain[0]!, { from: 0, to: 1, boundary: "exit" }] },
    options: { grid: [9, 10], steps: 5 },
  },
  {
    game: "floored log coupling, explicit",
    problem: { ...r1, initialDensity: "1+cos(2*pi*x)", coupling: { kind: "log", strength: 0.3, floor: 0.1 } },
    options: { grid: 24, steps: 6, splitting: "explicit" },
  },
  {
    game: "nonlocal coupling",
    problem: { ...plaza, coupling: { kind: "nonlocal", strength: 2, width: 0.1 } },
    options: { grid: [10, 12], steps: 4 },
  },
];

/** Largest difference over the largest value: what rounding leaves. f32 alone is ten times worse on these small grids. */
const tolerance = { compensated: 2e-7, f32: 2e-6 } as const;

/** Memory of a workgroup in which one line of these grids diffuses, but no sub-step of it runs. */
const forDiffusion = 1024;

const ways = [
  ["compensated", undefined],
  ["compensated", forDiffusion],
  ["compensated", 0],
  ["f32", undefined],
] as const;

/** What two sweeps with the same counts gave; dispatches of the second. */
interface Swept {
  readonly first: SweepReport;
  readonly again: SweepReport;
  readonly value: Float64Array;
  readonly counts: IntervalCounts;
  readonly launches: number;
}

/** Schemes and Hamiltonians of one dimension beside those above. */
const lines: readonly {
  readonly game: string;
  readonly problem: ProblemInput;
  readonly options: SolveOptions;
}[] = [
  {
    game: "power of 3, js, an exit, Strang",
    problem: {
      ...line({ lower: "exit", upper: "reflecting" }),
      horizon: 0.2,
      hamiltonian: { kind: "power", exponent: 3 },
    },
    options: { grid: 24, steps: 3, weno: "js", splitting: "strang" },
  },
  {
    game: "quadratic with a drift, m, Godunov",
    problem: {
      ...line({ lower: { kind: "exit", value: "0.1 + t" }, upper: "open" }),
      hamiltonian: { kind: "quadratic", drift: ["sin(3*x)"] },
    },
    options: { grid: 21, steps: 3, weno: "m", hamiltonianFlux: "godunov" },
  },
  {
    game: "no diffusion, a moving source",
    problem: { ...line("periodic"), volatility: 0, potential: "cos(pi*x) * (1 + t)", terminalCost: "0" },
    options: { grid: 64, steps: 4 },
  },
  {
    game: "explicit at exits",
    problem: line("exit"),
    options: { grid: 24, steps: 3, splitting: "explicit" },
  },
];

describe.skipIf(whyNoGpu !== undefined)("HJB on the GPU", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice(gpuPlace);
  });
  afterAll(() => device?.close());

  async function sweeps(d: Discretisation, precision: Precision, workgroupBytes?: number, growth = 0): Promise<Swept> {
    const recorder = await Recorder.make(device, undefined);
    const stateBytes = stateBytesOf(precision);
    const context: SolveContext = { device, precision, stateBytes, recorder, store: new FieldStore(device) };
    const data = await MemberData.make(context, d);
    const scratch = await makeScratch(context, d, valueScratch(d));
    const reductions = await Reductions.make(context, d, scratch.partials);
    const kernels = await ValueKernels.make(context, data, scratch, reductions, workgroupBytes);
    const { points } = d.grid;
    const density = await context.store.history("density", d.steps + 1, points, stateBytes);
    const value = await context.store.history("value", d.steps + 1, points, stateBytes);
    for (const [k, level] of density.levels.entries())
      await uploadStates(
        context,
        level,
        d.initialDensity.map((x) => x * (1 + k * growth)),
      );
    const sweep = new HjbSweep(context, data, kernels, scratch);
    const counts = new IntervalCounts(d.steps);
    const first = await sweep.run(density.levels, value.levels, counts);
    const before = recorder.launches;
    const again = await sweep.run(density.levels, value.levels, counts);
    const launches = recorder.launches - before;
    const out = new Float64Array((d.steps + 1) * points);
    for (const [k, level] of value.levels.entries())
      await downloadStates(context, level, out.subarray(k * points, (k + 1) * points));
    recorder.destroy();
    context.store.destroy();
    data.destroy();
    return { first, again, value: out, counts, launches };
  }

  test.each(games)(
    "$game: the host's value history, sub-steps and floored cells",
    async ({ problem, options }) => {
      const d = discretisationOf(problemOf(problem), options);
      await using host = await batchedTier.workspace([d], {
        precision: "f64",
        andersonDepth: 0,
        keepTransported: true,
      });
      await host.load(0, d.initialDensity);
      const expected = await host.hjb(0);
      const exact = await host.read(0, "value");
      const size = exact.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      // Lines too long for workgroup memory go another way.
      for (const [precision, workgroupBytes] of ways) {
        const { first, again, value } = await sweeps(d, precision, workgroupBytes);
        expect(first).toEqual(expected);
        // The counts of the last sweep serve: the whole sweep is one chunk.
        expect(again).toEqual(expected);
        const worst = value.reduce((most, x, i) => Math.max(most, Math.abs(x - exact[i]!)), 0);
        expect(worst / size).toBeLessThan(tolerance[precision]);
      }
    },
    120_000,
  );

  test.each(lines)(
    "$game: sub-steps in one workgroup give the numbers of kernels one by one",
    async ({ problem, options }) => {
      const d = discretisationOf(problemOf(problem), options);
      for (const precision of ["compensated", "f32"] as const) {
        const { launches, ...whole } = await sweeps(d, precision, undefined, 0.2);
        const { launches: many, ...parts } = await sweeps(d, precision, forDiffusion, 0.2);
        // Which products a real GPU's compiler fuses with sums differs from kernel to kernel.
        const bound = device.adapter.software ? 0 : precision === "f32" ? 1e-5 : 1e-7;
        expect(relativeDifference([whole.value], [parts.value])).toBeLessThanOrEqual(bound);
        expect({ ...whole, value: undefined }).toEqual({ ...parts, value: undefined });
        expect(whole.value.every(Number.isFinite)).toBe(true);
        expect(launches).toBeLessThanOrEqual(many - 2 * whole.again.substeps);
      }
    },
    120_000,
  );
});
