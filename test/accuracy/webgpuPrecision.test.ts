/** T20: what is lost to f32 on the GPU does not grow with the number of nodes where the state is compensated. */
import { describe, expect, test } from "vitest";
import type { Precision } from "../../src/tiers/tier.ts";
import { long } from "../support/solveTiers.ts";
import { sweepOnce } from "../support/sweeps.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { r1 } from "../solver/support.ts";

/** A short horizon: the software adapter is to end in time, with 26 sub-steps at 2048 nodes. */
const problem = { ...r1, horizon: long ? 0.01 : 0.004, terminalCost: "0.5*sin(2*pi*x)" };
const sizes = long ? [64, 128, 256, 512, 1024, 2048] : [64, 256, 1024, 2048];

/** Largest difference over the largest number. */
function relative(a: Float64Array, b: Float64Array): number {
  let worst = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    const gap = Math.abs(a[i]! - b[i]!);
    if (!(gap <= worst)) worst = gap;
    size = Math.max(size, Math.abs(b[i]!));
  }
  return worst / size;
}

interface Loss {
  readonly n: number;
  readonly u: number;
  readonly m: number;
}

async function lossIn(precision: Precision, fokkerPlanck: "weno5" | "fdm", n: number): Promise<Loss> {
  const exact = await sweepOnce(problem, [n], 2, { fokkerPlanck });
  const run = await sweepOnce(problem, [n], 2, { fokkerPlanck }, undefined, { tier: "webgpu", precision, ...gpuPlace });
  expect(run.hjb.substeps).toBe(exact.hjb.substeps);
  expect(run.fokkerPlanck.substeps).toBe(exact.fokkerPlanck.substeps);
  expect(run.fokkerPlanck.massDrift).toBeLessThan(precision === "compensated" ? 1e-10 : 1e-6);
  return { n, u: relative(run.value, exact.value), m: relative(run.density, exact.density) };
}

describe.skipIf(whyNoGpu !== undefined)("T20", () => {
  test.each(long ? (["weno5", "fdm"] as const) : (["weno5"] as const))(
    "a pair of sweeps with %s, 64 to 2048 nodes, against f64",
    async (fokkerPlanck) => {
      const losses: Loss[] = [];
      for (const n of sizes) losses.push(await lossIn("compensated", fokkerPlanck, n));
      const plain: Loss[] = [];
      for (const n of long ? sizes : [64, 1024]) plain.push(await lossIn("f32", fokkerPlanck, n));
      if (long) console.table([...losses, ...plain]);
      const [first, last] = [losses[0]!, losses.at(-1)!];
      // docs/gpu.md has the figures of a long run.
      for (const { n, u, m } of losses) {
        expect(u, `u at ${n}`).toBeLessThan(3e-8);
        expect(m, `m at ${n}`).toBeLessThan(4e-7);
      }
      // Thirty-two times the nodes: f32's own error would be some thirty times as large.
      expect(last.u).toBeLessThan(2 * first.u);
      expect(last.m).toBeLessThan(4 * first.m);
      // Without compensation it does grow, already from 64 to 1024: the test could fail.
      expect(plain.at(-1)!.u).toBeGreaterThan(5 * last.u);
      expect(plain.at(-1)!.m).toBeGreaterThan((fokkerPlanck === "weno5" ? 5 : 1) * plain[0]!.m);
    },
    900_000,
  );
});
