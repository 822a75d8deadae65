import { describe, expect, test } from "vitest";
import { MfgError } from "../../src/errors.ts";
import type { DerivativeLayout, KernelArray, Kernels } from "../../src/tiers/tier.ts";
import { kernelTiers, rounding, smallest, smallestNormal, toleranceOf } from "../support/kernelTiers.ts";

/** Stencils of every size from 1e-20 to 1e6: noise, constants, slopes and jumps. */
function stencils(): number[][] {
  const shapes = [
    [1, 1, 1, 1, 1],
    [1, 2, 3, 4, 5],
    [0, 0, 0, 1, 1],
    [1, -1, 1, -1, 1],
    [0.3, -0.8, 0.1, 0.9, 0.4],
    [300, 300.1, 300.05, 299.9, 300.02],
  ];
  return Array.from({ length: 27 }, (_, k) => 10 ** (k - 20)).flatMap((size) =>
    shapes.map((v) => v.map((x) => x * size)),
  );
}

/**
 * As quadratic forms in the first differences (Jiang & Shu 1996 in another basis), an independent way to the
 * indicators.
 */
function indicators([v1, v2, v3, v4, v5]: readonly number[]): number[] {
  const form = (p: number, q: number, a: number, b: number, c: number): number => a * p * p + 2 * b * p * q + c * q * q;
  const d = [v2! - v1!, v3! - v2!, v4! - v3!, v5! - v4!] as const;
  return [
    form(d[0], d[1], 4 / 3, -11 / 6, 10 / 3),
    form(d[1], d[2], 4 / 3, -5 / 6, 4 / 3),
    form(d[2], d[3], 10 / 3, -11 / 6, 4 / 3),
  ];
}

describe.each(kernelTiers)("$name $precision", (tier) => {
  const { precision } = tier;
  const rows = stencils().map((v) => Array.from(tier.array(v)));

  test("smoothness equals the quadratic forms", async () => {
    await using kernels = await tier.open();
    const out = tier.array(3 * rows.length);
    await kernels.smoothness(tier.array(rows.flat()), out);
    for (const [i, v] of rows.entries()) {
      const wanted = indicators(v);
      const jump = Math.max(...v.slice(1).map((x, k) => Math.abs(x - v[k]!)));
      // A few roundings of v count where v is a large mean, and indicators of data of size 1e-20 are no normal f32
      // numbers, which an f32 arithmetic may take for zero.
      const lost = 2 * rounding[tier.arithmetic] * Math.max(...v.map(Math.abs));
      const flushed = tier.arithmetic === "f32" ? 40 * smallestNormal.f32 : smallest[precision];
      const allowed = 40 * toleranceOf(tier, "smoothness") * jump ** 2 + 20 * lost * (jump + lost) + flushed;
      for (let k = 0; k < 3; k++) {
        expect(Math.abs(out[3 * i + k]! - wanted[k]!), `S${k + 1} of ${v.join(", ")}`).toBeLessThanOrEqual(allowed);
        expect(out[3 * i + k]!).toBeGreaterThanOrEqual(0);
      }
    }
  });

  test("weights are d_k/(S_k + epsilon)^2, normalized, and finite for every size of data", async () => {
    await using kernels = await tier.open();
    const beta = tier.array(rows.flatMap(indicators).map((s) => Math.max(s, 0)));
    for (const linear of [
      [0.1, 0.6, 0.3],
      [0.3, 0.6, 0.1],
    ]) {
      for (const epsilon of [1e-6, 1e-40]) {
        const out = tier.array(beta.length);
        const d = tier.array(linear);
        await kernels.weights(beta, d, epsilon, out);
        for (let i = 0; i < beta.length; i += 3) {
          const a = [0, 1, 2].map((k) => d[k]! / (beta[i + k]! + epsilon) ** 2);
          const sum = a[0]! + a[1]! + a[2]!;
          // Where an f32 arithmetic may take indicators for zero, the weights must still be weights.
          const lost = tier.arithmetic === "f32" && beta.slice(i, i + 3).some((s) => s > 0 && s < 1e-30);
          for (let k = 0; k < 3; k++) {
            const wanted = lost ? 0.5 : a[k]! / sum;
            const allowed = lost ? 0.5 : toleranceOf(tier, "weights");
            expect(Math.abs(out[i + k]! - wanted), `beta ${beta.slice(i, i + 3).join(", ")}`).toBeLessThanOrEqual(
              allowed,
            );
          }
          expect(Math.abs(out[i]! + out[i + 1]! + out[i + 2]! - 1)).toBeLessThanOrEqual(toleranceOf(tier, "weights"));
        }
      }
    }
  });

  test.skipIf(precision !== "f64")("weights of indicators whose fourth powers leave the range of f64", async () => {
    await using kernels = await tier.open();
    const linear = [0.1, 0.6, 0.3];
    // One row of ordinary size among them: rows do not depend on each other.
    const rowsOf = (size: number): number[] => [size, 2 * size, 4 * size, 1, 3, 2];
    for (const [size, epsilon] of [
      [1e100, 1e-6],
      [1e-100, 1e-120],
    ] as const) {
      const out = new Float64Array(6);
      await kernels.weights(Float64Array.from(rowsOf(size)), Float64Array.from(linear), epsilon, out);
      for (const [row, beta] of [
        [1, 2, 4],
        [1, 3, 2],
      ].entries()) {
        const a = beta.map((b, k) => linear[k]! / (b + (row === 1 ? epsilon : 0)) ** 2);
        const sum = a[0]! + a[1]! + a[2]!;
        for (let k = 0; k < 3; k++)
          expect(Math.abs(out[3 * row + k]! - a[k]! / sum)).toBeLessThanOrEqual(
            toleranceOf(tier, "weights") + (row === 0 ? epsilon / size : 0),
          );
      }
    }
  });

  test("counts its calls and the bytes it read and wrote", async () => {
    await using kernels = await tier.open();
    expect(kernels.tally).toEqual({ launches: 0, bytesIn: 0, bytesOut: 0 });
    await kernels.smoothness(tier.array(10), tier.array(6));
    const bytes = precision === "f64" ? 8 : 4;
    expect(kernels.tally).toEqual({ launches: 1, bytesIn: 10 * bytes, bytesOut: 6 * bytes });
  });

  const layout: DerivativeLayout = {
    shape: [8, 9],
    axis: 1,
    spacing: 0.1,
    lower: "periodic",
    upper: "periodic",
    variant: "z",
    epsilon: { kind: "scaled", value: 1e-6 },
  };
  const a = (n: number): KernelArray => tier.array(n);
  const other = (n: number): KernelArray => (precision === "f64" ? new Float32Array(n) : new Float64Array(n));
  const bad: readonly (readonly [string, string, (k: Kernels) => Promise<void>])[] = [
    ["stencils of no whole number of rows", "stencils", (k) => k.smoothness(a(11), a(6))],
    ["an output too short", "out", (k) => k.smoothness(a(10), a(5))],
    ["another element type", "stencils", (k) => k.smoothness(other(10), a(6))],
    ["an output of another element type", "out", (k) => k.weights(a(6), a(3).fill(1), 1e-6, other(6))],
    ["an output that is the input", "out", (k) => ((x) => k.weights(x, a(3).fill(1), 1e-6, x))(a(6))],
    [
      "an output that overlaps the input",
      "out",
      (k) => ((x) => k.smoothness(x.subarray(0, 10), x.subarray(9, 15)))(a(20)),
    ],
    ["NaN epsilon", "epsilon", (k) => k.weights(a(6), a(3).fill(1), Number.NaN, a(6))],
    ["two linear weights", "linear", (k) => k.weights(a(6), a(2).fill(1), 1e-6, a(6))],
    ["a linear weight of 0", "linear[0]", (k) => k.weights(a(6), a(3), 1e-6, a(6))],
    ["a field that is too short", "field", (k) => k.derivatives(a(71), layout, a(72), a(72))],
    ["pMinus too short", "pMinus", (k) => k.derivatives(a(72), layout, a(71), a(72))],
    ["pPlus too long", "pPlus", (k) => k.derivatives(a(72), layout, a(72), a(73))],
    ["one output for both sides", "pMinus", (k) => ((p) => k.derivatives(a(72), layout, p, p))(a(72))],
    ["an output that is the field", "pPlus", (k) => ((u) => k.derivatives(u, layout, a(72), u))(a(72))],
    ["an axis that does not exist", "layout.axis", (k) => k.derivatives(a(72), { ...layout, axis: 2 }, a(72), a(72))],
    ["a negative axis", "layout.axis", (k) => k.derivatives(a(72), { ...layout, axis: -1 }, a(72), a(72))],
    ["too few nodes", "layout.shape[1]", (k) => k.derivatives(a(72), { ...layout, shape: [12, 6] }, a(72), a(72))],
    ["no shape", "layout.shape", (k) => k.derivatives(a(72), { ...layout, shape: [] }, a(72), a(72))],
    ["spacing 0", "layout.spacing", (k) => k.derivatives(a(72), { ...layout, spacing: 0 }, a(72), a(72))],
    ["one periodic side", "layout.upper", (k) => k.derivatives(a(72), { ...layout, upper: "open" }, a(72), a(72))],
    [
      "a NaN epsilon in the layout",
      "layout.epsilon.value",
      (k) => k.derivatives(a(72), { ...layout, epsilon: { kind: "scaled", value: Number.NaN } }, a(72), a(72)),
    ],
    [
      "an unknown variant",
      "layout.variant",
      (k) => k.derivatives(a(72), { ...layout, variant: "yc" as "z" }, a(72), a(72)),
    ],
  ];

  test.each(bad)("refuses %s and names %s", async (_, path, call) => {
    await using kernels = await tier.open();
    const failure = await call(kernels).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(MfgError);
    expect(failure).toMatchObject({ code: "MFGPU_TIER_ARGUMENT", path });
    expect((failure as MfgError).fix).toBeTruthy();
    expect(kernels.tally.launches).toBe(0);
  });

  test("refuses to work once closed", async () => {
    const kernels = await tier.open();
    await kernels[Symbol.asyncDispose]();
    await expect(kernels.smoothness(a(5), a(3))).rejects.toMatchObject({
      code: "MFGPU_TIER_ARGUMENT",
      path: "kernels",
    });
    await expect(kernels.weights(a(3), a(3).fill(1), 1, a(3))).rejects.toMatchObject({ path: "kernels" });
    await expect(kernels.derivatives(a(72), layout, a(72), a(72))).rejects.toMatchObject({ path: "kernels" });
  });
});
