/** T7: both equations alone, on the Cole-Hopf pair E2 (docs/numerics.md section 9.2). */
import { describe, expect, test } from "vitest";
import { lastOrder } from "../support/exact.ts";
import { torusWave } from "../support/oracles.ts";
import { sweepErrors } from "../support/sweeps.ts";

/** The explicit form of the table: global Lax-Friedrichs, CFL 0.4. */
const explicit = { splitting: "explicit", hamiltonianFlux: "glf", cfl: 0.4 } as const;

const shapeOf = (dimension: number, n: number): number[] => Array<number>(dimension).fill(n);

describe("T7 in one dimension", () => {
  const sizes = [16, 32, 64, 128, 256];
  // Table 9.2, columns Z + Lap6 and JS + Lap6; the last entry of Z lies in the round-off of u.
  const listed = {
    z: [1.86e-5, 3.74e-7, 3.25e-9, 6.93e-11, 2.43e-12],
    js: [5.22e-5, 1.96e-6, 5.24e-8, 1.43e-9, 4.1e-11],
  } as const;
  const accepted = { z: { value: 3e-12, density: 3e-10 }, js: { value: 5e-11, density: 1.8e-9 } } as const;

  test.each(["z", "js"] as const)("HJB and Fokker-Planck converge at order 4.8 or more with %s", async (weno) => {
    const game = torusWave();
    const results = [];
    for (const n of sizes) results.push(await sweepErrors(game, [n], n, { ...explicit, weno }));
    const value = results.map((r) => r.value);
    const density = results.map((r) => r.density);
    const offTable = value.map((error, i) => Math.abs(error / listed[weno][i]! - 1));
    expect(Math.max(...offTable)).toBeLessThan(0.05);
    expect(value.at(-1)).toBeLessThanOrEqual(accepted[weno].value);
    expect(density.at(-1)).toBeLessThanOrEqual(accepted[weno].density);
    expect(lastOrder(value)).toBeGreaterThanOrEqual(4.8);
    expect(lastOrder(density)).toBeGreaterThanOrEqual(4.8);
    for (const { sweeps } of results) {
      expect(sweeps.fokkerPlanck.massDrift).toBeLessThan(1e-12);
      expect(sweeps.fokkerPlanck.limited).toBe(0);
    }
  });

  test("the mapped weights (M) do as well", async () => {
    const coarse = await sweepErrors(torusWave(), [64], 64, { ...explicit, weno: "m" });
    const fine = await sweepErrors(torusWave(), [128], 128, { ...explicit, weno: "m" });
    expect(lastOrder([coarse.value, fine.value])).toBeGreaterThanOrEqual(4.8);
    expect(lastOrder([coarse.density, fine.density])).toBeGreaterThanOrEqual(4.8);
  });
});

describe("T7 in two dimensions, oblique waves k = (1, 1), l = (1, 0)", () => {
  test.each(["z", "js"] as const)("HJB and Fokker-Planck converge at order 4.8 or more with %s", async (weno) => {
    const game = torusWave({ k: [1, 1], l: [1, 0] });
    const coarse = await sweepErrors(game, shapeOf(2, 32), 32, { ...explicit, weno });
    const fine = await sweepErrors(game, shapeOf(2, 64), 64, { ...explicit, weno });
    expect(lastOrder([coarse.value, fine.value])).toBeGreaterThanOrEqual(4.8);
    expect(lastOrder([coarse.density, fine.density])).toBeGreaterThanOrEqual(4.8);
    expect(fine.sweeps.fokkerPlanck.massDrift).toBeLessThan(1e-12);
  });
});

describe("T7 in three dimensions, oblique waves k = (1, 1, 0), l = (0, 1, 1)", () => {
  test.each(["z", "js"] as const)("HJB and Fokker-Planck converge at order 4.5 or more with %s", async (weno) => {
    const game = torusWave({ k: [1, 1, 0], l: [0, 1, 1] });
    const coarse = await sweepErrors(game, shapeOf(3, 16), 16, { ...explicit, weno });
    const fine = await sweepErrors(game, shapeOf(3, 32), 32, { ...explicit, weno });
    expect(lastOrder([coarse.value, fine.value])).toBeGreaterThanOrEqual(4.5);
    expect(lastOrder([coarse.density, fine.density])).toBeGreaterThanOrEqual(4.5);
    expect(fine.sweeps.fokkerPlanck.massDrift).toBeLessThan(1e-12);
  });
});
