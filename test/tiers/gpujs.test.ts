/** The tier gpujs: the mode that was asked for is the one that computes, whatever the size, and nothing is left behind. */
import { availableParallelism } from "node:os";
import { describe, expect, test, vi } from "vitest";
import type { MfgError } from "../../src/errors.ts";
import { acquireDevice, releaseDevice } from "../../src/tiers/gpujs/device.ts";
import { type GpujsOptions, openGpujsKernels } from "../../src/tiers/gpujs/kernels.ts";
import { checkMode, type Library, loadLibrary, type Mode, type Pipeline } from "../../src/tiers/gpujs/library.ts";
import { paddedLength, piecesOf } from "../../src/tiers/gpujs/lines.ts";
import { Plans } from "../../src/tiers/gpujs/plans.ts";
import { gpujsTier } from "../../src/tiers/gpujs/tier.ts";
import type { DerivativeLayout, Kernels } from "../../src/tiers/tier.ts";
import { BatchedKernels } from "../../src/tiers/batched/kernels.ts";
import { worst } from "../support/exact.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";

const modes: readonly Mode[] = whyNoGpu === undefined ? ["cpu", "webasm", "webgpu"] : ["cpu", "webasm"];
const open = (mode: Mode, options: GpujsOptions = {}): Promise<Kernels> =>
  openGpujsKernels(mode, { ...gpuPlace, ...options });

const layout = (shape: readonly number[], axis: number): DerivativeLayout => ({
  shape,
  axis,
  spacing: 0.1,
  lower: "reflecting",
  upper: "exit",
  variant: "z",
  epsilon: { kind: "scaled", value: 1e-6 },
});

const rough = (length: number, seed = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(seed + 0.3 * i) + ((i * 7919 + seed) % 13) / 13);

async function derive(kernels: Kernels, u: Float32Array, how: DerivativeLayout): Promise<Float32Array[]> {
  const out = [new Float32Array(u.length), new Float32Array(u.length)] as const;
  await kernels.derivatives(u, how, ...out);
  return [...out];
}

/** The global, whose classes the types of Node do not declare. */
const engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
interface Engine {
  Module: {
    new (code: Uint8Array): object;
    exports(module: object): readonly { readonly name: string }[];
  };
}

describe("the mode that was asked for computes", () => {
  test("cpu makes no WebAssembly", async () => {
    await using kernels = await open("cpu");
    const made = vi.spyOn(engine, "Module");
    await derive(kernels, rough(40), layout([40], 0));
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
  });

  test("webasm makes WebAssembly, with SIMD in it", async () => {
    await using kernels = await open("webasm");
    const { Module } = engine;
    const made = vi.spyOn(engine, "Module");
    await derive(kernels, rough(40), layout([40], 0));
    const names = made.mock.results.flatMap(({ value }) => Module.exports(value as object).map(({ name }) => name));
    made.mockRestore();
    expect(names).toContain("run_simd");
  });

  test.skipIf(whyNoGpu !== undefined)("webgpu: one submit and one readback per call, on the device", async () => {
    const device = await acquireDevice(gpuPlace);
    const { meter } = device;
    await using kernels = await open("webgpu");
    const calls: readonly (() => Promise<unknown>)[] = [
      () => derive(kernels, rough(40), layout([40], 0)),
      () => derive(kernels, rough(900), layout([9, 10, 10], 1)),
      () => kernels.smoothness(rough(50), new Float32Array(30)),
      () => kernels.weights(rough(30).map(Math.abs), Float32Array.of(0.1, 0.6, 0.3), 1e-6, new Float32Array(30)),
    ];
    for (const call of calls) {
      const [submits, readbacks, upload] = [meter.submits, meter.readbacks, meter.upload];
      await call();
      expect([meter.submits - submits, meter.readbacks - readbacks]).toEqual([1, 1]);
      expect(meter.upload).toBeGreaterThan(upload);
    }
    await releaseDevice(device);
  });

  test.each(["webasm", "webgpu"] as const)("a gpu.js that computes elsewhere than in %s is caught", async (mode) => {
    const library = await loadLibrary();
    class Elsewhere extends library.GPU {
      constructor() {
        super({ mode: "cpu" });
      }
    }
    const plans = new Plans({ ...partsOf(library), GPU: Elsewhere }, mode, false);
    const plan = await plans.smoothness(2);
    await expect(plan.run(rough(10))).rejects.toMatchObject({ code: "MFGPU_TIER_FALLBACK", value: `gpujs:${mode}` });
    await plans.close();
  });

  test("small plans are all kept, and of large ones the last eight", async () => {
    const library = await loadLibrary();
    const count = { made: 0, destroyed: 0 };
    class Counted extends library.GPU {
      constructor(...args: ConstructorParameters<typeof library.GPU>) {
        super(...args);
        count.made++;
      }
      override async destroy(): Promise<void> {
        count.destroyed++;
        await super.destroy();
      }
    }
    const plans = new Plans({ ...partsOf(library), GPU: Counted }, "cpu", false);
    for (let round = 0; round < 2; round++) {
      for (let rows = 1; rows <= 20; rows++) await plans.smoothness(rows);
      expect(count).toEqual({ made: 20, destroyed: 0 });
    }
    // Two of them are all that may be kept beyond eight: the small ones go, oldest first, then the large ones.
    for (let k = 0; k < 2; k++) await plans.weights(2 ** 22 + k);
    expect(count).toEqual({ made: 22, destroyed: 0 });
    for (let k = 2; k < 9; k++) await plans.weights(2 ** 22 + k);
    expect(count).toEqual({ made: 29, destroyed: 21 });
    await plans.weights(2 ** 22 + 1);
    expect(count.made).toBe(29);
    await plans.weights(2 ** 22);
    expect(count).toEqual({ made: 30, destroyed: 22 });
    await plans.close();
    expect(count.destroyed).toBe(30);
    // The smallest take memory, too.
    for (let rows = 1; rows <= 260; rows++) await plans.smoothness(rows);
    expect(count).toEqual({ made: 290, destroyed: 34 });
    await plans.close();
  });

  test("so is one that takes its steps one by one", () => {
    const pipeline = { backend: "webgpu", executorKind: "generic", fallbackReason: "too long" } as Pipeline;
    expect(() => checkMode("webgpu", pipeline)).toThrow(/too long/);
    expect(() => checkMode("webgpu", { ...pipeline, executorKind: "fused-encoder" } as Pipeline)).not.toThrow();
  });
});

/** What is used of a module namespace, as a plain object. */
function partsOf({ GPU, input, WebGPUContext, WebAssemblyKernel }: Library): Library {
  return { GPU, input, WebGPUContext, WebAssemblyKernel };
}

describe.each(modes)("%s", (mode) => {
  test("arrays in pieces give what they give whole", async () => {
    for (const shape of [[400], [12, 30], [30, 12], [9, 8, 10]]) {
      for (const [axis] of shape.entries()) {
        const u = rough(shape.reduce((product, n) => product * n, 1));
        await using whole = await open(mode);
        await using pieces = await open(mode, { longest: 100 });
        const [wanted, got] = [
          await derive(whole, u, layout(shape, axis)),
          await derive(pieces, u, layout(shape, axis)),
        ];
        // WGSL compilers may contract what they like, in one shape and not in another.
        const allowed = mode === "webgpu" ? 1e-4 : 0;
        for (const side of [0, 1])
          expect(worst(got[side]!, wanted[side]!), `${shape.join("x")}, axis ${axis}`).toBeLessThanOrEqual(allowed);
      }
    }
    await using whole = await open(mode);
    await using pieces = await open(mode, { longest: 37 });
    const [wanted, got] = [new Float32Array(60), new Float32Array(60)];
    await whole.smoothness(rough(100), wanted);
    await pieces.smoothness(rough(100), got);
    expect(worst(got, wanted)).toBeLessThanOrEqual(mode === "webgpu" ? 1e-5 : 0);
  });

  test("calls that overlap take turns", async () => {
    await using kernels = await open(mode);
    await using reference = new BatchedKernels("f32");
    const fields = [3, 5, 7].map((seed) => rough(60, seed));
    const shapes = [[60], [6, 10], [60]];
    const how = shapes.map((shape) => layout(shape, shape.length - 1));
    const got = await Promise.all(fields.map((u, k) => derive(kernels, u, how[k]!)));
    for (const [k, u] of fields.entries()) {
      const wanted = await derive(reference, u, how[k]!);
      for (const side of [0, 1]) expect(worst(got[k]![side]!, wanted[side]!)).toBeLessThan(1e-4);
    }
    expect(kernels.tally.launches).toBe(3);
  });

  test("more sizes than plans are kept, and the first again", async () => {
    await using kernels = await open(mode);
    await using reference = new BatchedKernels("f32");
    for (const n of [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 8]) {
      const [wanted, got] = [
        await derive(reference, rough(n), layout([n], 0)),
        await derive(kernels, rough(n), layout([n], 0)),
      ];
      for (const side of [0, 1]) expect(worst(got[side]!, wanted[side]!)).toBeLessThan(1e-4);
    }
  });

  test("takes its phases, and leaves the globals alone", async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    await using kernels = await open(mode);
    await derive(kernels, rough(9000), layout([90, 100], 0));
    const { upload, kernel, download } = kernels.phases!;
    for (const part of [upload, kernel, download]) expect(part).toBeGreaterThan(0);
    expect(Object.getOwnPropertyDescriptor(globalThis, "navigator")).toEqual(before);
  });

  test("closes twice without harm, and not under a call", async () => {
    const kernels = await open(mode);
    const running = derive(kernels, rough(40), layout([40], 0));
    const queued = derive(kernels, rough(40), layout([40], 0));
    await kernels[Symbol.asyncDispose]();
    await kernels[Symbol.asyncDispose]();
    for (const answer of await Promise.allSettled([running, queued])) {
      const outcome =
        answer.status === "rejected"
          ? (answer.reason as MfgError).code
          : answer.value[0]!.every(Number.isFinite) && "whole";
      expect(["MFGPU_TIER_ARGUMENT", "whole"]).toContain(outcome);
    }
  });
});

describe("pieces of a field", () => {
  test.each([
    [[1000], 0, 100],
    [[40, 50], 0, 300],
    [[40, 50], 1, 300],
    [[10, 11, 12], 1, 64],
    [[7, 4000], 0, 128],
    [[8, 9, 10], 2, 2 ** 23],
  ] as const)("of shape %j along axis %i, at most %i numbers each, cover it once", (shape, axis, longest) => {
    const stride = shape.slice(axis + 1).reduce((product, k) => product * k, 1);
    const n = shape[axis]!;
    const points = shape.reduce((product, k) => product * k, 1);
    const seen = new Uint8Array(points);
    for (const piece of piecesOf({ points, n, stride }, longest)) {
      expect(paddedLength(piece)).toBeLessThanOrEqual(longest);
      for (let s = piece.slab; s < piece.slab + piece.slabs; s++)
        for (let j = piece.node; j < piece.node + piece.nodes; j++)
          for (let b = piece.inner; b < piece.inner + piece.count; b++) seen[(s * n + j) * stride + b]!++;
    }
    expect(seen.every((count) => count === 1)).toBe(true);
  });
});

describe("what is not here is refused by name", () => {
  test("another precision", async () => {
    await expect(gpujsTier.kernels({ precision: "f64" })).rejects.toMatchObject({
      code: "MFGPU_TIER_PRECISION",
      path: "precision",
    });
  });

  test("an adapter that does not exist", async () => {
    const place = { variant: "webgpu", adapter: "no such adapter" };
    const answer = await gpujsTier.probe(place);
    expect(answer).toMatchObject({ state: "unavailable", code: "MFGPU_TIER_UNAVAILABLE" });
    expect(answer).toHaveProperty("fix", expect.stringMatching(/./));
    await expect(gpujsTier.kernels({ ...place, precision: "f32" })).rejects.toMatchObject({
      code: "MFGPU_TIER_UNAVAILABLE",
    });
  });

  test("threads that gpu.js cannot be given", async () => {
    const answer = await gpujsTier.probe({ variant: "webasm", threads: availableParallelism() + 1 });
    expect(answer).toMatchObject({ state: "unavailable" });
    expect(await gpujsTier.probe({ variant: "webasm", threads: 1 })).toMatchObject({
      facts: { threads: 1, simd: true },
    });
  });

  test.skipIf(whyNoGpu !== undefined)("a second adapter beside the one in use: gpu.js holds one", async () => {
    await using kernels = await open("webgpu");
    await expect(openGpujsKernels("webgpu", { adapter: "another" })).rejects.toMatchObject({ path: "adapter" });
    await derive(kernels, rough(40), layout([40], 0));
  });

  test.skipIf(gpuPlace.adapter !== "software" || whyNoGpu !== undefined)(
    "a software adapter is named as such",
    async () => {
      expect(await gpujsTier.probe({ variant: "webgpu", adapter: "software" })).toMatchObject({ software: true });
    },
  );
});
