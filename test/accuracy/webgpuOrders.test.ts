/** T7 and T8 on the GPU: the errors of f64, and so their orders, down to what f32 on a compensated state leaves of them. */
import { describe, expect, test } from "vitest";
import type { WenoVariant } from "../../src/scheme/options.ts";
import { solveNear } from "../support/coupled.ts";
import { type ExactGame, lastOrder } from "../support/exact.ts";
import { torusWave } from "../support/oracles.ts";
import { long } from "../support/solveTiers.ts";
import { sweepErrors } from "../support/sweeps.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";

interface Pair {
  readonly value: number;
  readonly density: number;
}

/** About the largest |u| and m of all these games. */
const size: Pair = { value: 0.07, density: 2.3 };

/**
 * Both rows hold the same errors but for the floor, a share of the size; where three floors are passed the order shows.
 *
 * @param least the order that is asked for, which these coarse grids show in f64
 */
function expectOrders(
  gpu: readonly Pair[],
  exact: readonly Pair[],
  { sizes, floor, least }: { readonly sizes: readonly number[]; readonly floor: number; readonly least: number },
): void {
  for (const part of ["value", "density"] as const) {
    const seen: { readonly n: number; readonly error: number }[] = [];
    for (const [i, { [part]: error }] of gpu.entries()) {
      const f64 = exact[i]![part];
      expect(Math.abs(error - f64), `${part} at ${sizes[i]}`).toBeLessThan(floor * size[part]);
      if (f64 > 3 * floor * size[part]) seen.push({ n: sizes[i]!, error });
    }
    expect(seen.length, `${part} is above its floor on two grids`).toBeGreaterThanOrEqual(2);
    const [coarse, fine] = seen.slice(-2);
    const order = lastOrder([coarse!.error, fine!.error], fine!.n / coarse!.n);
    expect(order, `order of ${part}`).toBeGreaterThanOrEqual(least);
  }
}

const plane = { k: [1, 1], l: [1, 0] } as const;
const space = { k: [1, 1, 0], l: [0, 1, 1] } as const;
const gpu = { tier: "webgpu", ...gpuPlace } as const;

interface Study {
  readonly where: string;
  readonly game: ExactGame;
  readonly sizes: readonly number[];
  readonly weno: WenoVariant;
}

describe.skipIf(whyNoGpu !== undefined)("T7 on the GPU, explicit", () => {
  const studies: readonly Study[] = [
    { where: "1-D", game: torusWave(), sizes: long ? [16, 32, 64, 128] : [16, 32], weno: "z" },
    { where: "2-D", game: torusWave(plane), sizes: long ? [16, 24, 32, 64] : [16, 24], weno: "js" },
    { where: "3-D", game: torusWave(space), sizes: long ? [8, 12, 16] : [8, 12], weno: "z" },
  ];
  test.each(studies)("$where: HJB and Fokker-Planck", async ({ game, sizes, weno }) => {
    const scheme = { splitting: "explicit", weno } as const;
    const [onGpu, exact]: [Pair[], Pair[]] = [[], []];
    for (const n of sizes) {
      const shape = game.problem.domain.map(() => n);
      const run = await sweepErrors(game, shape, n / 2, scheme, gpu);
      expect(run.sweeps.fokkerPlanck.massDrift).toBeLessThan(1e-10);
      expect(run.sweeps.fokkerPlanck.minDensity).toBeGreaterThanOrEqual(0);
      onGpu.push(run);
      exact.push(await sweepErrors(game, shape, n / 2, scheme));
    }
    expectOrders(onGpu, exact, { sizes, floor: 1e-7, least: long && game.problem.domain.length > 1 ? 3.5 : 4.5 });
  });
});

describe.skipIf(whyNoGpu !== undefined)("T8 on the GPU, the default form, kappa = 1, NT = N / 2", () => {
  const studies: readonly Study[] = [
    { where: "1-D", game: torusWave({ kappa: 1 }), sizes: long ? [16, 24, 32, 48] : [16, 24], weno: "z" },
    { where: "2-D", game: torusWave({ ...plane, kappa: 1 }), sizes: long ? [8, 12, 16, 24] : [8, 12], weno: "z" },
    { where: "3-D", game: torusWave({ ...space, kappa: 1 }), sizes: [8, 12], weno: "z" },
  ];
  test.each(studies.filter(({ where }) => long || where !== "3-D"))(
    "$where: the equilibrium",
    async ({ game, sizes, weno }) => {
      const [onGpu, exact]: [Pair[], Pair[]] = [[], []];
      for (const n of sizes) {
        const run = await solveNear(game, n, { steps: n / 2, weno, ...gpu, tolerance: 1e-6 });
        for (const { massDrift } of run.result.record.history) expect(massDrift).toBeLessThan(1e-10);
        onGpu.push(run.errors);
        exact.push((await solveNear(game, n, { steps: n / 2, weno, tolerance: 1e-6 })).errors);
      }
      expectOrders(onGpu, exact, { sizes, floor: 1e-6, least: 3.8 });
    },
  );
});
