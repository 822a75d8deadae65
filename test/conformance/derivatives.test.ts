import { describe, expect, test } from "vitest";
import type { BoundaryKind } from "../../src/problem/types.ts";
import type { Epsilon, WenoVariant } from "../../src/scheme/options.ts";
import { fillGhosts, valueGhostRule } from "../../src/scheme/boundary.ts";
import { oneSidedDerivatives } from "../../src/scheme/weno5.ts";
import type { Stencil7 } from "../../src/scheme/weno5.ts";
import { derivativesLine } from "../../src/tiers/batched/weno5.ts";
import type { DerivativeLayout, Kernels } from "../../src/tiers/tier.ts";
import golden from "../fixtures/weno5_derivatives.json" with { type: "json" };
import { kernelTiers, smallest, tolerance, toleranceOf } from "../support/kernelTiers.ts";
import { slopeScale, textbookDerivatives } from "../support/textbookWeno5.ts";

const variants: readonly WenoVariant[] = ["js", "z", "m"];
const epsilons: readonly Epsilon[] = [
  { kind: "absolute", value: 1e-6 },
  { kind: "absolute", value: 1e-40 },
  { kind: "scaled", value: 1e-6 },
];
/**
 * 1e-40 is no normal f32 number, and indicators of data rounded to f32 may vanish exactly, where it makes the weights
 * jump.
 */
const epsilonsOf = { f64: epsilons, f32: epsilons.filter((epsilon) => epsilon.value !== 1e-40) };
const boundaries: readonly (readonly [BoundaryKind, BoundaryKind])[] = [
  ["periodic", "periodic"],
  ["reflecting", "reflecting"],
  ["open", "open"],
  ["exit", "exit"],
  ["exit", "reflecting"],
  ["open", "exit"],
];
/** Short lines, lines and runs longer than one run of the batched tier, and a remainder. */
const shapes = [[7], [12], [7, 9], [9, 7, 8], [1100], [8, 530]];
/** Denormal data times a power of epsilon underflow, and what is left of the derivative is its central part. */
const denormalBound = 1;
const longKinds = ["random"];

function noise(seed: number): () => number {
  let s = seed;
  return () => {
    s = (Math.imul(1103515245, s) + 12345) & 0x7fffffff;
    return s / 2 ** 31;
  };
}

const random = noise(12345);
const kinds: Readonly<Record<string, (k: number, precision: "f64" | "f32", arithmetic: "f64" | "f32") => number>> = {
  constant: () => 3.7,
  zero: () => 0,
  random: () => random(),
  smooth: (k) => Math.exp(Math.sin(0.7 * k)),
  // Irregular, for where indicators tie exactly Z divides a difference that should vanish by an indicator that should,
  // too.
  kink: (k) => Math.abs(Math.sin(0.7 * k)),
  // The square of a slope must be a number: f32 ends at 3e38.
  huge: (_, _precision, arithmetic) => (arithmetic === "f64" ? 1e24 : 1e15) * random(),
  tiny: () => 1e-20 * random(),
  denormal: (_, precision) => (precision === "f64" ? 1e-315 : 1e-42) * random(),
  ripple: (k) => 300 + 0.1 * Math.sin(0.9 * k),
};

function layoutsOf(
  shape: readonly number[],
  rest: Omit<DerivativeLayout, "shape" | "axis" | "spacing">,
): DerivativeLayout[] {
  return shape.map((n, axis) => ({ ...rest, shape, axis, spacing: 1.7 / n }));
}

function pointsOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

async function run(
  kernels: Kernels,
  tier: (typeof kernelTiers)[number],
  u: ReturnType<typeof tier.array>,
  layout: DerivativeLayout,
) {
  const pMinus = tier.array(u.length).fill(Number.NaN);
  const pPlus = tier.array(u.length).fill(Number.NaN);
  await kernels.derivatives(u, layout, pMinus, pPlus);
  return { pMinus, pPlus };
}

describe.each(kernelTiers)("$name $precision", (tier) => {
  const { precision } = tier;

  describe.each(boundaries)("%s | %s", (lower, upper) => {
    const extrapolated = lower === "open" || lower === "exit" || upper === "exit";

    test.each(variants.flatMap((variant) => epsilonsOf[precision].map((epsilon) => ({ variant, epsilon }))))(
      "$variant, epsilon $epsilon.kind $epsilon.value: equals the textbook on every axis and kind of data",
      async ({ variant, epsilon }) => {
        await using kernels = await tier.open();
        const bound = toleranceOf(tier, extrapolated ? "ghosts" : "derivatives");
        let calls = 0;
        for (const shape of shapes) {
          for (const [kind, sample] of Object.entries(kinds)) {
            if (pointsOf(shape) > 1000 && !longKinds.includes(kind)) continue;
            const u = tier.array(
              Array.from({ length: pointsOf(shape) }, (_, k) => sample(k, precision, tier.arithmetic)),
            );
            for (const layout of layoutsOf(shape, { lower, upper, variant, epsilon })) {
              const wanted = textbookDerivatives(u, layout, { floor: tier.epsilonFloor, power: 2 });
              const got = await run(kernels, tier, u, layout);
              calls++;
              const nearZero = (100 * smallest[precision]) / Math.min(layout.spacing, 1);
              // Rounded ghosts of a large mean err by their own size, not by that of the slopes.
              const mean = extrapolated && precision === "f32" ? Math.abs(u[0]!) / layout.spacing : 0;
              const relative = kind === "denormal" ? denormalBound : bound;
              const allowed = relative * (slopeScale(u, layout) + mean) + nearZero;
              for (const side of ["pMinus", "pPlus"] as const) {
                const worst = worstDifference(got[side], wanted[side]);
                expect(
                  worst,
                  `${kind} data, shape ${shape.join("x")}, axis ${layout.axis}, ${side}`,
                ).toBeLessThanOrEqual(allowed);
              }
            }
          }
        }
        expect(kernels.tally.launches, "the answers did not come from these kernels").toBe(calls);
      },
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("%s stays in the stencils that contain it", async (bad) => {
    await using kernels = await tier.open();
    for (const shape of [[31], [17, 9], [9, 12, 8]]) {
      const u = tier.array(Array.from({ length: pointsOf(shape) }, () => random()));
      u[Math.floor(u.length / 2)] = bad;
      for (const variant of variants) {
        for (const layout of layoutsOf(shape, { lower: "reflecting", upper: "exit", variant, epsilon: epsilons[2]! })) {
          const wanted = textbookDerivatives(u, layout, { floor: tier.epsilonFloor, power: 2 });
          const got = await run(kernels, tier, u, layout);
          for (const side of ["pMinus", "pPlus"] as const) {
            expect([...got[side]].map(Number.isFinite)).toEqual([...wanted[side]].map(Number.isFinite));
            expect([...wanted[side]].filter(Number.isFinite).length).toBeGreaterThan(0);
          }
        }
      }
    }
  });

  test("T26: finite for constant data, slopes and jumps of size 1e-20 to 1e6", async () => {
    await using kernels = await tier.open();
    for (let exponent = -20; exponent <= 6; exponent++) {
      const size = 10 ** exponent;
      const lines = {
        constant: () => size,
        slope: (i: number) => size * i,
        jump: (i: number) => (i < 20 ? 0 : size),
        "jump of slope": (i: number) => size * Math.max(0, i - 20),
        zigzag: (i: number) => (i % 2 === 0 ? size : -size),
      };
      for (const [name, at] of Object.entries(lines)) {
        const u = tier.array(Array.from({ length: 40 }, (_, i) => at(i)));
        for (const variant of variants) {
          for (const epsilon of [...epsilons, { kind: "absolute", value: 1e-99 } as const]) {
            for (const lower of ["reflecting", "open"] as const) {
              for (const spacing of [1e-3, 1]) {
                const layout = { shape: [40], axis: 0, spacing, lower, upper: lower, variant, epsilon };
                const { pMinus, pPlus } = await run(kernels, tier, u, layout);
                const finite = pMinus.every(Number.isFinite) && pPlus.every(Number.isFinite);
                expect(finite, `${name} ${size}, ${variant}, epsilon ${epsilon.kind} ${epsilon.value}, ${lower}`).toBe(
                  true,
                );
              }
            }
          }
        }
      }
    }
  });

  test("T2: cubics are exact up to the walls", async () => {
    await using kernels = await tier.open();
    const n = 24;
    const spacing = 0.125;
    const u = tier.array(Array.from({ length: n }, (_, i) => cubic(i * spacing)));
    const scale = Math.max(...Array.from(u, Math.abs)) / spacing;
    for (const variant of variants) {
      for (const epsilon of epsilons) {
        const layout = { shape: [n], axis: 0, spacing, lower: "open", upper: "open", variant, epsilon } as const;
        const { pMinus, pPlus } = await run(kernels, tier, u, layout);
        for (let i = 0; i < n; i++) {
          const exact = cubicSlope(i * spacing);
          expect(Math.abs(pMinus[i]! - exact)).toBeLessThanOrEqual(toleranceOf(tier, "cubic") * scale);
          expect(Math.abs(pPlus[i]! - exact)).toBeLessThanOrEqual(toleranceOf(tier, "cubic") * scale);
        }
      }
    }
  });
});

describe("T1: golden vectors", () => {
  const columns = [
    { variant: "js", suffix: "", value: 1e-6, power: 2 },
    { variant: "z", suffix: "_Z1", value: 1e-40, power: 1 },
    { variant: "z", suffix: "_Z2", value: 1e-40, power: 2 },
    { variant: "m", suffix: "_M", value: 1e-6, power: 2 },
  ] as const;

  describe.each(golden.cases.map((c) => ({ ...c, label: `${c.name}, N = ${c.N}` })))("$label", (sample) => {
    const scale = Math.max(...sample.left.map(Math.abs));

    test.each(columns)("the scheme, $variant $suffix", ({ variant, suffix, value, power }) => {
      const padded = new Float64Array(sample.N + 6);
      padded.set(sample.values, 3);
      fillGhosts(padded, sample.N, "wrap", "wrap");
      const wanted = { minus: sample[`left${suffix}`], plus: sample[`right${suffix}`] };
      for (let i = 0; i < sample.N; i++) {
        const u = [...padded.subarray(i, i + 7)] as unknown as Stencil7;
        const [minus, plus] = oneSidedDerivatives(variant, { kind: "absolute", value }, u, sample.dx, power);
        expect(Math.abs(minus - wanted.minus[i]!)).toBeLessThanOrEqual(tolerance.golden.f64 * scale);
        expect(Math.abs(plus - wanted.plus[i]!)).toBeLessThanOrEqual(tolerance.golden.f64 * scale);
      }
    });

    // Tiers offer power 2 only.
    describe.each(kernelTiers)("$name $precision", (tier) => {
      test.each(columns.filter((c) => c.power === 2))("$variant $suffix", async ({ variant, suffix, value }) => {
        await using kernels = await tier.open();
        const layout: DerivativeLayout = {
          shape: [sample.N],
          axis: 0,
          spacing: sample.dx,
          lower: "periodic",
          upper: "periodic",
          variant,
          epsilon: { kind: "absolute", value },
        };
        const { pMinus, pPlus } = await run(kernels, tier, tier.array(sample.values), layout);
        const allowed = toleranceOf(tier, "golden") * scale;
        expect(worstDifference(pMinus, Float64Array.from(sample[`left${suffix}`]))).toBeLessThanOrEqual(allowed);
        expect(worstDifference(pPlus, Float64Array.from(sample[`right${suffix}`]))).toBeLessThanOrEqual(allowed);
      });
    });
  });
});

describe("the batched line function", () => {
  test.each(variants.flatMap((variant) => epsilons.map((epsilon) => ({ variant, epsilon }))))(
    "$variant, epsilon $epsilon.kind $epsilon.value: equals the textbook, and writes where it is told to",
    ({ variant, epsilon }) => {
      const line = derivativesLine(variant, epsilon);
      for (const [kind, sample] of Object.entries(kinds)) {
        for (const n of [7, 40]) {
          // Two spacings, since the function keeps what it derived from the last one.
          for (const spacing of [0.1, 1 / n]) {
            const u = Float64Array.from({ length: n }, (_, k) => sample(k, "f64", "f64"));
            const layout = {
              shape: [n],
              axis: 0,
              spacing,
              lower: "reflecting",
              upper: "open",
              variant,
              epsilon,
            } as const;
            const padded = new Float64Array(n + 6);
            padded.set(u, 3);
            fillGhosts(padded, n, valueGhostRule.reflecting, valueGhostRule.open);
            const pMinus = new Float64Array(n + 4).fill(-7);
            const pPlus = new Float64Array(n + 4).fill(-7);
            line(padded, n, 1 / spacing, pMinus, pPlus, 2);
            const wanted = textbookDerivatives(u, layout, { floor: 1e-40, power: 2 });
            const relative = kind === "denormal" ? denormalBound : tolerance.ghosts.f64;
            const allowed = relative * slopeScale(u, layout) + (100 * smallest.f64) / spacing;
            expect(worstDifference(pMinus.subarray(2, n + 2), wanted.pMinus), `${kind} data`).toBeLessThanOrEqual(
              allowed,
            );
            expect(worstDifference(pPlus.subarray(2, n + 2), wanted.pPlus), `${kind} data`).toBeLessThanOrEqual(
              allowed,
            );
            for (const p of [pMinus, pPlus]) expect([p[0], p[1], p[n + 2], p[n + 3]]).toEqual([-7, -7, -7, -7]);
          }
        }
      }
    },
  );
});

function cubic(x: number): number {
  return ((x - 2) * x + 0.5) * x - 1;
}

function cubicSlope(x: number): number {
  return (3 * x - 4) * x + 0.5;
}

/** Largest difference; infinite where one of the two is not a number. */
function worstDifference(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs(got[i]! - wanted[i]!);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst;
}
