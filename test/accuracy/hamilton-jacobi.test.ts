import { describe, expect, test } from "vitest";
import type { Epsilon, WenoVariant } from "../../src/scheme/options.ts";
import { BatchedKernels } from "../../src/tiers/batched/kernels.ts";
import {
  convex,
  errorsOf,
  hopfLax,
  nonconvex,
  smoothSolution,
  solveHamiltonJacobi,
} from "../support/hamiltonJacobi.ts";
import type { Errors, HamiltonJacobiRun, TestHamiltonian } from "../support/hamiltonJacobi.ts";

const jsEpsilon: Epsilon = { kind: "absolute", value: 1e-6 };
const zEpsilon: Epsilon = { kind: "absolute", value: 1e-40 };
const smoothTime = 0.5 / Math.PI ** 2;
const kinkedTime = 1.5 / Math.PI ** 2;

async function solve(run: HamiltonJacobiRun): Promise<Float64Array> {
  await using kernels = new BatchedKernels("f64");
  const u = await solveHamiltonJacobi(kernels, run);
  expect(kernels.tally.launches).toBeGreaterThan(0);
  return u;
}

async function smoothErrors(run: Omit<HamiltonJacobiRun, "time">): Promise<Errors> {
  const u = await solve({ ...run, time: smoothTime });
  return errorsOf(u, run.dimension, run.n, (s) => smoothSolution(run.hamiltonian, s, smoothTime));
}

function order(coarse: number, fine: number): number {
  return Math.log2(coarse / fine);
}

/** L1 and largest errors at N = 20, 40, .. 640 (docs/numerics.md section 9.4). */
interface SpaceTable {
  readonly name: string;
  readonly hamiltonian: TestHamiltonian;
  readonly variant: WenoVariant;
  readonly epsilon: Epsilon;
  readonly l1: readonly number[];
  readonly max: readonly number[];
}

const spaceTables: readonly SpaceTable[] = [
  {
    name: "convex JS",
    hamiltonian: convex,
    variant: "js",
    epsilon: jsEpsilon,
    l1: [5.1631e-4, 2.6512e-5, 1.0476e-6, 3.7857e-8, 1.2913e-9, 3.9698e-11],
    max: [1.7544e-3, 1.5658e-4, 6.597e-6, 2.2389e-7, 7.1421e-9, 2.2456e-10],
  },
  {
    name: "convex Z",
    hamiltonian: convex,
    variant: "z",
    epsilon: zEpsilon,
    l1: [2.2347e-4, 1.1923e-5, 4.4551e-7, 1.465e-8, 4.6737e-10, 1.4626e-11],
    max: [6.4203e-4, 6.6562e-5, 2.8571e-6, 9.7814e-8, 3.1287e-9, 9.8578e-11],
  },
  {
    name: "nonconvex JS",
    hamiltonian: nonconvex,
    variant: "js",
    epsilon: jsEpsilon,
    l1: [4.1982e-4, 2.7629e-5, 1.6135e-6, 7.0693e-8, 2.4703e-9, 7.9731e-11],
    max: [1.2147e-3, 2.0013e-4, 1.8856e-5, 1.0099e-6, 4.3183e-8, 1.4261e-9],
  },
];
const sizes = [20, 40, 80, 160, 320, 640];

describe("T4: fifth order in space, dt ~ dx^(5/3)", () => {
  test.each(spaceTables)("$name", async ({ hamiltonian, variant, epsilon, l1, max }) => {
    const found: Errors[] = [];
    for (const n of sizes) {
      const alpha0 = hamiltonian.speed(-Math.PI, Math.PI);
      const count = Math.ceil(smoothTime / ((0.5 * (2 / n) ** (5 / 3)) / alpha0));
      found.push(await smoothErrors({ hamiltonian, dimension: 1, n, variant, epsilon, steps: { count } }));
    }
    for (const [k, errors] of found.entries()) {
      // The last row is 1e-11 in size, where the rounding of 6,000 steps shows in the third digit.
      expect(Math.abs(errors.l1 / l1[k]! - 1), `L1 at N = ${sizes[k]}: ${errors.l1}`).toBeLessThan(0.01);
      expect(Math.abs(errors.max / max[k]! - 1), `L-infinity at N = ${sizes[k]}: ${errors.max}`).toBeLessThan(0.01);
    }
    expect(order(found[4]!.max, found[5]!.max)).toBeGreaterThan(4.8);
  });
});

/** hj_reachability at N = 20, 40, ..: five printed digits. */
const courantTables = [
  {
    hamiltonian: convex,
    l1: [6.8867e-4, 5.1014e-5, 4.7318e-6, 5.3458e-7, 6.6752e-8],
    max: [1.6969e-3, 1.4293e-4, 1.1269e-5, 1.407e-6, 1.7688e-7],
    l1Plane: [5.5093e-3, 4.081e-4, 3.7851e-5, 4.2761e-6],
  },
  {
    hamiltonian: nonconvex,
    l1: [4.547e-4, 5.3871e-5, 6.0365e-6, 7.9075e-7, 1.0136e-7],
    max: [1.206e-3, 1.7652e-4, 1.7061e-5, 1.9374e-6, 2.5261e-7],
    l1Plane: [3.6376e-3, 4.3096e-4, 4.8292e-5, 6.326e-6],
  },
] as const;
/** Half a unit of the fifth printed digit, and as much again for the rounding of another order of operations. */
const printedDigits = 1e-4;

describe("T5: fixed Courant number 0.75 repeats hj_reachability", () => {
  describe.each(courantTables)("$hamiltonian.name", ({ hamiltonian, l1, max, l1Plane }) => {
    const run = { hamiltonian, variant: "js", epsilon: jsEpsilon, steps: { courant: 0.75 } } as const;

    test("in 1-D", async () => {
      for (const [k, wanted] of l1.entries()) {
        const errors = await smoothErrors({ ...run, dimension: 1, n: sizes[k]! });
        expect(Math.abs(errors.l1 / wanted - 1), `L1 at N = ${sizes[k]}: ${errors.l1}`).toBeLessThan(printedDigits);
        expect(Math.abs(errors.max / max[k]! - 1), `L-infinity at N = ${sizes[k]}: ${errors.max}`).toBeLessThan(
          printedDigits,
        );
      }
    });

    test("in 2-D, where the largest error is that of 1-D", async () => {
      for (const [k, wanted] of l1Plane.entries()) {
        const errors = await smoothErrors({ ...run, dimension: 2, n: sizes[k]! });
        expect(Math.abs(errors.l1 / wanted - 1), `L1 at N = ${sizes[k]}: ${errors.l1}`).toBeLessThan(printedDigits);
        expect(Math.abs(errors.max / max[k]! - 1), `L-infinity at N = ${sizes[k]}: ${errors.max}`).toBeLessThan(
          printedDigits,
        );
      }
    });

    test("in 3-D, where the largest error is that of 1-D", async () => {
      for (const [k, n] of [20, 40].entries()) {
        const errors = await smoothErrors({ ...run, dimension: 3, n });
        expect(Math.abs(errors.max / max[k]! - 1), `L-infinity at N = ${n}: ${errors.max}`).toBeLessThan(printedDigits);
        // Slopes are a third of those of 1-D, to which only a scaled epsilon is blind.
        const scaled = { ...run, n, epsilon: { kind: "scaled", value: 1e-6 } } as const;
        const line = await smoothErrors({ ...scaled, dimension: 1 });
        const space = await smoothErrors({ ...scaled, dimension: 3 });
        expect(Math.abs(space.max / line.max - 1), `scaled epsilon, N = ${n}: ${space.max}`).toBeLessThan(1e-9);
      }
    });
  });
});

describe("T6: after the kink", () => {
  const run = { dimension: 1, variant: "js", epsilon: jsEpsilon, time: kinkedTime, steps: { courant: 0.75 } } as const;
  const kink = -0.848;
  /** A little more than the 0.1 of the table, on whose edge a node stands (-0.95) that the table does not count. */
  const margin = 0.11;
  /** Errors of hj_reachability at N = 40, 80, .. 640. */
  const l1 = [2.42e-3, 5.31e-4, 1.02e-4, 1.63e-5, 4.3e-6];
  const away = [3.6e-4, 2.4e-5, 3e-6, 3.8e-7, 4.8e-8];

  test("the exact solution is that of the literature", () => {
    const known = [
      [-0.75, 0.43864907196191],
      [-0.5, -0.25822252576144],
      [0, -1.03045213143595],
      [0.5, -0.83849130012242],
    ] as const;
    for (const [x, u] of known) expect(Math.abs(hopfLax(x, kinkedTime) - u)).toBeLessThan(1e-13);
  });

  test("convex: L1 of first order or better, smooth parts untouched", async () => {
    const found: Errors[] = [];
    for (const [k, bound] of l1.entries()) {
      const n = sizes[k + 1]!;
      const u = await solve({ ...run, hamiltonian: convex, n });
      const errors = errorsOf(u, 1, n, (s) => hopfLax(s, kinkedTime));
      const x = (i: number): number => -1 + (2 * i) / n;
      const distance = (i: number): number => Math.abs(((x(i) - kink + 3) % 2) - 1);
      const far = Math.max(...u.map((v, i) => (distance(i) > margin ? Math.abs(v - hopfLax(x(i), kinkedTime)) : 0)));
      expect(errors.l1, `L1 at N = ${n}`).toBeLessThanOrEqual(1.2 * bound);
      expect(far, `away from the kink at N = ${n}`).toBeLessThanOrEqual(1.2 * away[k]!);
      found.push(errors);
    }
    for (let k = 1; k < found.length; k++) expect(order(found[k - 1]!.l1, found[k]!.l1)).toBeGreaterThanOrEqual(1);
  });

  test("nonconvex: the values of a fine run of hj_reachability", async () => {
    const n = 1280;
    const u = await solve({ ...run, hamiltonian: nonconvex, n });
    const known = [
      [-1, 0.98442949],
      [-0.5, -0.06851251],
      [0, -0.87830128],
      [0.5, -0.09072752],
    ] as const;
    for (const [x, value] of known) expect(Math.abs(u[((x + 1) / 2) * n]! - value), `u(${x})`).toBeLessThan(3e-8);
  });
});
