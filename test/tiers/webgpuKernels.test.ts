import { describe, expect, test } from "vitest";
import type { BoundaryKind } from "../../src/problem/types.ts";
import { webgpuTier } from "../../src/tiers/webgpu/tier.ts";
import { WebgpuKernels } from "../../src/tiers/webgpu/kernels.ts";
import type { DerivativeLayout } from "../../src/tiers/tier.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";

const layoutOf = (
  shape: readonly number[],
  axis: number,
  lower: BoundaryKind = "periodic",
  upper: BoundaryKind = lower,
): DerivativeLayout => ({
  shape,
  axis,
  spacing: 0.1,
  lower,
  upper,
  variant: "z",
  epsilon: { kind: "scaled", value: 1e-6 },
});

function noise(length: number): Float32Array {
  let s = 7;
  return Float32Array.from({ length }, () => (s = (Math.imul(1103515245, s) + 12345) & 0x7fffffff) / 2 ** 31);
}

async function derive(
  kernels: WebgpuKernels,
  field: Float32Array,
  layout: DerivativeLayout,
): Promise<readonly [Float32Array, Float32Array]> {
  const pMinus = new Float32Array(field.length).fill(Number.NaN);
  const pPlus = new Float32Array(field.length).fill(Number.NaN);
  await kernels.derivatives(field, layout, pMinus, pPlus);
  return [pMinus, pPlus];
}

test("a precision it has not is refused", async () => {
  await expect(webgpuTier.kernels({ precision: "f64" })).rejects.toMatchObject({
    code: "MFGPU_TIER_PRECISION",
    path: "precision",
  });
});

describe.skipIf(whyNoGpu !== undefined)("on a device", () => {
  const walls: readonly (readonly [BoundaryKind, BoundaryKind])[] = [
    ["periodic", "periodic"],
    ["reflecting", "exit"],
    ["open", "reflecting"],
    ["exit", "open"],
  ];

  // Blocks, bundles of columns, and pieces of columns, by how many bytes a binding may hold.
  test.each([
    [[5, 40, 9], 1, 4096],
    [[5, 40, 9], 2, 512],
    [[5, 40, 9], 1, 512],
    [[40, 5, 9], 0, 1024],
    [[300], 0, 256],
    [[2, 300, 3], 1, 256],
    [[101, 7], 0, 256],
  ] as const)(
    "shape %j, axis %i, sliced to %i bytes, gives what one piece gives",
    async (shape, axis, bindingLimit) => {
      await using whole = await WebgpuKernels.open(gpuPlace);
      await using sliced = await WebgpuKernels.open({ ...gpuPlace, bindingLimit });
      expect(sliced.device.bindingLimit).toBe(bindingLimit);
      const field = noise(shape.reduce((a, b) => a * b, 1));
      for (const [lower, upper] of walls) {
        const layout = layoutOf(shape, axis, lower, upper);
        const wanted = await derive(whole, field, layout);
        const got = await derive(sliced, field, layout);
        for (const side of [0, 1] as const) {
          // Ghosts of pieces are made as values and not as differences: one rounding of the field, over the spacing.
          const worst = Math.max(...got[side].map((p, i) => Math.abs(p - wanted[side][i]!)));
          expect(worst, `${lower} ${upper}`).toBeLessThanOrEqual(lower === "periodic" ? 0 : 1e-3);
        }
      }
    },
  );

  test("rows sliced to 200 bytes give what one piece gives", async () => {
    await using whole = await WebgpuKernels.open(gpuPlace);
    await using sliced = await WebgpuKernels.open({ ...gpuPlace, bindingLimit: 200 });
    const stencils = noise(5 * 77);
    const results = await Promise.all(
      [whole, sliced].map(async (kernels) => {
        const beta = new Float32Array(3 * 77);
        await kernels.smoothness(stencils, beta);
        const weights = new Float32Array(3 * 77);
        await kernels.weights(beta, Float32Array.of(0.1, 0.6, 0.3), 1e-6, weights);
        return [beta, weights];
      }),
    );
    expect(results[0]![0]!.every((x) => x > 0)).toBe(true);
    expect(results[1]).toEqual(results[0]);
  });

  test("a binding shorter than a stencil is refused", async () => {
    await using kernels = await WebgpuKernels.open({ ...gpuPlace, bindingLimit: 16 });
    await expect(derive(kernels, noise(40), layoutOf([40], 0))).rejects.toMatchObject({ code: "MFGPU_DEVICE_MEMORY" });
  });

  test("more lines than a dimension has workgroups", async () => {
    await using kernels = await WebgpuKernels.open(gpuPlace);
    // 65,536 lines and more along y (8 to a workgroup), 65,536 blocks and more along z, all with the same numbers.
    for (const [shape, axis] of [
      [[600_000, 7], 1],
      [[70_000, 7, 2], 1],
    ] as const) {
      const one = noise(shape[1] * (shape[2] ?? 1));
      const field = new Float32Array(shape[0] * one.length);
      for (let k = 0; k < shape[0]; k++) field.set(one, k * one.length);
      const [minus, plus] = await derive(kernels, field, layoutOf(shape, axis, "reflecting", "open"));
      const wanted = await derive(kernels, one, layoutOf([1, ...shape.slice(1)], axis, "reflecting", "open"));
      expect(minus.findIndex((p, i) => p !== wanted[0][i % one.length])).toBe(-1);
      expect(plus.findIndex((p, i) => p !== wanted[1][i % one.length])).toBe(-1);
    }
  });

  test("rows beyond 65,535 workgroups, and arrays beyond one staging buffer", async () => {
    await using kernels = await WebgpuKernels.open(gpuPlace);
    const n = 4_400_003;
    const stencils = new Float32Array(5 * n);
    for (let i = 0; i < n; i++) stencils[5 * i + 2] = i % 1000;
    const beta = new Float32Array(3 * n);
    await kernels.smoothness(stencils, beta);
    // Of (0, 0, v, 0, 0): 13/12 v^2 + 9/4 v^2, 13/3 v^2, 13/12 v^2 + 9/4 v^2.
    const wrong = beta.findIndex((b, k) => {
      const v = Math.floor(k / 3) % 1000;
      const wanted = (k % 3 === 1 ? 13 / 3 : 10 / 3) * v * v;
      return Math.abs(b - wanted) > 1e-6 * wanted;
    });
    expect(wrong).toBe(-1);
  });

  test("calls at the same time do not disturb each other, and time is told apart", async () => {
    await using kernels = await WebgpuKernels.open(gpuPlace);
    const fields = [20, 300, 7, 4000].map(noise);
    const together = await Promise.all(fields.map((u) => derive(kernels, u, layoutOf([u.length], 0))));
    for (const [k, u] of fields.entries())
      expect(await derive(kernels, u, layoutOf([u.length], 0))).toEqual(together[k]);
    expect(kernels.tally.launches).toBe(8);
    const { upload, kernel, download } = kernels.phases;
    for (const ms of [upload, kernel, download]) expect(ms).toBeGreaterThan(0);
  });

  test("T26: jumps of u_x up to 1e6 and values down to 1e-30 give no NaN and no infinity", async () => {
    await using kernels = await WebgpuKernels.open(gpuPlace);
    const n = 64;
    for (const size of [1e6, 1e3, 1, 1e-10, 1e-20, 1e-30]) {
      const rough = noise(n);
      const fields = [
        Float32Array.from({ length: n }, () => size),
        Float32Array.from({ length: n }, (_, i) => size * Math.abs(i - 31)),
        Float32Array.from({ length: n }, (_, i) => (i < 20 ? 0 : size)),
        Float32Array.from({ length: n }, (_, i) => (i % 2 === 0 ? size : -size)),
        rough.map((x) => size * x),
      ];
      for (const variant of ["js", "z", "m"] as const) {
        for (const epsilon of [
          { kind: "scaled", value: 1e-6 },
          { kind: "absolute", value: 1e-6 },
          { kind: "absolute", value: 1e-40 },
        ] as const) {
          for (const [lower, upper] of [
            ["periodic", "periodic"],
            ["reflecting", "exit"],
            ["open", "open"],
          ] as const) {
            for (const field of fields) {
              const layout = { ...layoutOf([n], 0, lower, upper), spacing: 1, variant, epsilon };
              const [minus, plus] = await derive(kernels, field, layout);
              const finite = minus.every(Number.isFinite) && plus.every(Number.isFinite);
              expect(finite, `${size} ${variant} ${epsilon.kind} ${epsilon.value} ${lower}`).toBe(true);
            }
          }
        }
      }
    }
  });

  test("a device lost between calls is told by name, and closing after it works", async () => {
    const kernels = await WebgpuKernels.open(gpuPlace);
    const u = noise(40);
    await derive(kernels, u, layoutOf([40], 0));
    kernels.device.gpu.destroy();
    await expect(derive(kernels, u, layoutOf([40], 0))).rejects.toMatchObject({ code: "MFGPU_DEVICE_LOST" });
    await kernels[Symbol.asyncDispose]();
  });

  test("a device lost during a call is told by name", async () => {
    const kernels = await WebgpuKernels.open(gpuPlace);
    const call = derive(kernels, noise(1_000_000), layoutOf([1_000_000], 0));
    setTimeout(() => {
      kernels.device.gpu.destroy();
    }, 1);
    await expect(call).rejects.toMatchObject({ code: "MFGPU_DEVICE_LOST" });
    await kernels[Symbol.asyncDispose]();
  });
});
