/** Random differential tests: every tier against the f64 of `batched`, on shapes, layouts and data that nobody chose. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BoundaryKind } from "../../src/problem/types.ts";
import { BatchedKernels } from "../../src/tiers/batched/kernels.ts";
import type { DerivativeLayout } from "../../src/tiers/tier.ts";
import { worst } from "../support/exact.ts";
import { kernelTiers, rounding, toleranceOf } from "../support/kernelTiers.ts";
import { slopeScale } from "../support/textbookWeno5.ts";

const runs = 25;

const wall = fc.constantFrom<BoundaryKind>("reflecting", "open", "exit");
const sides = fc.oneof(
  fc.constant(["periodic", "periodic"] as const),
  fc.tuple(wall, wall).map(([lower, upper]) => [lower, upper] as const),
);
const epsilons = fc.constantFrom<DerivativeLayout["epsilon"]>(
  { kind: "scaled", value: 1e-6 },
  { kind: "scaled", value: 1e-3 },
  { kind: "absolute", value: 1e-6 },
);
/** Up to three axes of 7 to 40 nodes, one of which may be long. */
const shapes = fc
  .array(fc.integer({ min: 7, max: 23 }), { minLength: 1, maxLength: 3 })
  .chain((shape) =>
    fc
      .integer({ min: 0, max: 700 })
      .map((more) => [...shape.slice(0, -1), shape.at(-1)! + (shape.length < 3 ? more : 0)]),
  );

const layouts = shapes.chain((shape) =>
  fc
    .record({
      axis: fc.integer({ min: 0, max: shape.length - 1 }),
      spacing: fc.constantFrom(1e-3, 0.07, 1, 40),
      sides,
      variant: fc.constantFrom<DerivativeLayout["variant"]>("js", "z", "m"),
      epsilon: epsilons,
    })
    .map(({ sides: [lower, upper], ...rest }): DerivativeLayout => ({ ...rest, shape, lower, upper })),
);

/** Rough data of any size, with a mean that may be large beside them. */
const fields = fc.record({
  seed: fc.integer(),
  size: fc.constantFrom(1e-6, 1, 1e5),
  mean: fc.constantFrom(0, 0, 100),
});

function field({ seed, size, mean }: { seed: number; size: number; mean: number }, length: number): number[] {
  let s = seed | 0;
  return Array.from({ length }, (_, k) => {
    s = (Math.imul(1664525, s) + 1013904223) | 0;
    const noise = (s >>> 8) / 2 ** 24;
    return size * (mean + (k % 5 === 0 ? noise : Math.sin(0.3 * k) + 0.01 * noise));
  });
}

describe.each(kernelTiers.filter((tier) => !(tier.name === "batched" && tier.precision === "f64")))(
  "$name $precision = batched f64",
  (tier) => {
    test(`derivatives of ${runs} random layouts`, async () => {
      await using kernels = await tier.open();
      await using reference = new BatchedKernels("f64");
      await fc.assert(
        fc.asyncProperty(layouts, fields, async (layout, data) => {
          const points = layout.shape.reduce((product, n) => product * n, 1);
          const u = tier.array(field(data, points));
          const exact = Float64Array.from(u);
          const [minus, plus] = [tier.array(points), tier.array(points)];
          const [wantedMinus, wantedPlus] = [new Float64Array(points), new Float64Array(points)];
          await kernels.derivatives(u, layout, minus, plus);
          await reference.derivatives(exact, layout, wantedMinus, wantedPlus);
          const extrapolated = [layout.lower, layout.upper].some((kind) => kind === "open" || kind === "exit");
          // Ghosts through a wall are sums of neighbours times up to 50, each rounded by its own size.
          const largest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          const ghosts = extrapolated ? (100 * rounding[tier.precision] * largest) / layout.spacing : 0;
          const allowed =
            toleranceOf(tier, extrapolated ? "ghosts" : "derivatives") * slopeScale(exact, layout) + ghosts;
          expect(worst(minus, wantedMinus)).toBeLessThanOrEqual(allowed);
          expect(worst(plus, wantedPlus)).toBeLessThanOrEqual(allowed);
        }),
        { numRuns: runs, seed: 20261125 },
      );
    });

    test(`smoothness and weights of ${runs} random sets of stencils`, async () => {
      await using kernels = await tier.open();
      await using reference = new BatchedKernels("f64");
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 3000 }),
          fields,
          fc.constantFrom(1e-6, 1e-2),
          async (n, data, epsilon) => {
            const stencils = tier.array(field({ ...data, mean: 0 }, 5 * n));
            const beta = tier.array(3 * n);
            const weights = tier.array(3 * n);
            await kernels.smoothness(stencils, beta);
            const wantedBeta = new Float64Array(3 * n);
            await reference.smoothness(Float64Array.from(stencils), wantedBeta);
            const scale = (2.1 * data.size) ** 2;
            expect(worst(beta, wantedBeta)).toBeLessThanOrEqual(40 * toleranceOf(tier, "smoothness") * scale);
            const linear = [0.1, 0.6, 0.3];
            await kernels.weights(beta, tier.array(linear), epsilon, weights);
            const wanted = new Float64Array(3 * n);
            await reference.weights(Float64Array.from(beta), Float64Array.from(tier.array(linear)), epsilon, wanted);
            expect(worst(weights, wanted)).toBeLessThanOrEqual(toleranceOf(tier, "weights"));
          },
        ),
        { numRuns: runs, seed: 20261125 },
      );
    });
  },
);
