/** What is the tier rust's own: levels, threads, calls off the JavaScript thread, memory, and an addon that bears any input. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addon, isAddon } from "../../src/tiers/rust/addon.ts";
import type { Addon, AddonLayout } from "../../src/tiers/rust/addon.ts";
import { RustKernels } from "../../src/tiers/rust/kernels.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import type { DerivativeLayout, KernelArray } from "../../src/tiers/tier.ts";
import { live } from "../support/live.ts";

const found = addon();
const here = isAddon(found);
const native = found as Addon;
const levels = here ? native.host().levels : [];

const layout: DerivativeLayout = {
  shape: [400, 700],
  axis: 0,
  spacing: 0.01,
  lower: "exit",
  upper: "open",
  variant: "z",
  epsilon: { kind: "scaled", value: 1e-6 },
};
const points = 400 * 700;

function waves(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(i / 17) + Math.abs((i % 300) / 300 - 0.4));
}

async function slopes(kernels: RustKernels, u: KernelArray, where: DerivativeLayout): Promise<readonly KernelArray[]> {
  const make = (): KernelArray => (u instanceof Float64Array ? new Float64Array(u.length) : new Float32Array(u.length));
  const out = [make(), make()] as const;
  await kernels.derivatives(u, where, ...out);
  return out;
}

/** Slopes here are about 1, or 100 at the exit. */
const rounding = { f64: 1e-10, f32: 0.1 };

function worst(a: KernelArray, b: KernelArray): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

describe.skipIf(!here)("the native kernels", () => {
  test.each(["f64", "f32"] as const)(
    "give the same bits at every level that fuses and number of threads, %s",
    async (precision) => {
      expect(levels.length).toBeGreaterThan(0);
      const u = precision === "f64" ? waves(points) : Float32Array.from(waves(points));
      for (const axis of [0, 1]) {
        const best = await slopes(new RustKernels(native, precision, { threads: 1 }), u, { ...layout, axis });
        for (const alike of [levels.filter((level) => level !== "sse2"), levels.filter((level) => level === "sse2")]) {
          if (!alike[0]) continue;
          const first = new RustKernels(native, precision, { threads: 1, simd: alike[0] });
          const wanted = await slopes(first, u, { ...layout, axis });
          for (const side of [0, 1]) expect(worst(wanted[side]!, best[side]!)).toBeLessThan(rounding[precision]);
          for (const [simd, threads] of alike.flatMap((level) => [1, 2, 5].map((count) => [level, count] as const))) {
            const got = await slopes(new RustKernels(native, precision, { threads, simd }), u, { ...layout, axis });
            for (const side of [0, 1]) expect(Buffer.compare(bytes(got[side]!), bytes(wanted[side]!))).toBe(0);
          }
        }
      }
    },
  );

  test("long calls leave the JavaScript thread free, short ones are done when the call returns", async () => {
    const kernels = new RustKernels(native, "f64", { threads: 1 });
    const u = waves(1 << 21);
    const line = { ...layout, shape: [u.length], axis: 0 };
    const out = [new Float64Array(u.length), new Float64Array(u.length)] as const;
    const long = kernels.derivatives(u, line, ...out).then(() => "done");
    let turns = 0;
    for (;;) {
      const turn = new Promise((resolve) => setImmediate(resolve, "turn"));
      if ((await Promise.race([long, turn])) === "done") break;
      turns++;
    }
    expect(turns).toBeGreaterThan(1);
    expect(out[0].every(Number.isFinite)).toBe(true);

    const few = new Float64Array(3);
    const short = kernels.smoothness(Float64Array.of(1, 2, 3, 4, 5), few);
    expect([...few]).toEqual([1, 1, 1]);
    await short;
  });

  test("several long calls at once do not disturb each other", async () => {
    const kernels = new RustKernels(native, "f64", { threads: 2 });
    const fields = [1, 2, 3, 4].map((k) => waves(points).map((x) => k * x));
    const alone: (readonly KernelArray[])[] = [];
    for (const u of fields) alone.push(await slopes(kernels, u, layout));
    const together = await Promise.all(fields.map((u) => slopes(kernels, u, layout)));
    for (const [k, pair] of together.entries())
      for (const side of [0, 1]) expect(Buffer.compare(bytes(pair[side]!), bytes(alone[k]![side]!))).toBe(0);
  });

  test("memory that could shrink under a call is refused", async () => {
    const ResizableBuffer = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
    const buffer = new ResizableBuffer(40, { maxByteLength: 80 });
    const kernels = new RustKernels(native, "f64", { threads: 1 });
    await expect(kernels.smoothness(new Float64Array(buffer), new Float64Array(3))).rejects.toMatchObject({
      code: "MFGPU_TIER_ARGUMENT",
      path: "stencils",
    });
  });

  test.each([0, -1, 1.5, Number.NaN, 4096])("%s threads are refused", async (threads) => {
    await expect(rustTier.kernels({ precision: "f64", threads })).rejects.toMatchObject({
      code: "MFGPU_CONFIG_THREADS",
      path: "threads",
      value: threads,
    });
  });

  test("the roof's chains count a product and a sum in every number of twelve vectors, on every thread", () => {
    const place = { threads: 1 };
    const one = native.arithmetic(false, 10, place);
    expect(one % 240).toBe(0);
    expect(native.arithmetic(true, 10, place)).toBe(2 * one);
    expect(native.arithmetic(false, 30, { threads: 2 })).toBe(6 * one);
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 31])
      expect(() => native.arithmetic(false, bad, place)).toThrow(/steps is/);
    expect(() => native.arithmetic(false, 1, { threads: 0 })).toThrow(/threads is 0/);
  });

  test("the probe tells processor, level and threads", async () => {
    const answer = await rustTier.probe({ threads: 1 });
    expect(answer).toMatchObject({ state: "available", software: false, facts: { simd: levels[0], threads: 1 } });
    expect(answer.state === "available" && answer.device).toMatch(/, \S+, 1 thread$/);
  });

  test("1,000 kernel sets opened, used and closed leak less than 20 MB", { timeout: 60_000 }, async () => {
    const { code, numbers } = await live("rustLife.ts");
    expect(code).toBe(0);
    expect(numbers["kernels"]).toBeLessThan(20);
  });
});

const bytes = (array: KernelArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Anything that a caller could hand over, good and bad mixed so that many calls pass some checks. */
const arrays = fc.oneof(
  fc.integer({ min: 0, max: 700 }).map((n) => new Float64Array(n).fill(1)),
  fc.integer({ min: 0, max: 700 }).map((n) => new Float32Array(n).fill(1)),
  fc.constant(new Float64Array(70)),
  fc.constantFrom<unknown>(
    undefined,
    null,
    3,
    "text",
    {},
    [1, 2],
    new Uint8Array(70),
    new DataView(new ArrayBuffer(8)),
  ),
);
const numbers = fc.oneof(
  fc.integer({ min: -1, max: 40 }),
  fc.double(),
  fc.constantFrom<unknown>(undefined, null, "7", {}, 2 ** 53, 2 ** 63, 1e300, -0),
);
const words = fc.constantFrom<unknown>(
  "periodic",
  "open",
  "exit",
  "reflecting",
  "js",
  "z",
  "m",
  "scaled",
  "absolute",
  "",
  7,
);
const layouts = fc.oneof(
  fc.record({
    nodes: numbers,
    stride: numbers,
    spacing: numbers,
    lower: words,
    upper: words,
    variant: words,
    epsilonKind: words,
    epsilonValue: numbers,
  }),
  fc.record({
    nodes: fc.integer({ min: 5, max: 12 }),
    stride: fc.integer({ min: 0, max: 12 }),
    spacing: fc.constant(0.1),
    lower: fc.constant("open"),
    upper: fc.constantFrom("open", "exit"),
    variant: fc.constantFrom("js", "z", "m"),
    epsilonKind: fc.constantFrom("scaled", "absolute"),
    epsilonValue: fc.constant(1e-6),
  }),
  fc.constantFrom<unknown>(undefined, null, {}, 3),
);
const places = fc.constantFrom<unknown>({ threads: 1 }, { threads: 2, simd: "avx9" }, { threads: 0 }, {}, undefined, 5);

describe.skipIf(!here)("the addon, called without the checks of TypeScript", () => {
  const loose = native as unknown as Readonly<Record<keyof Addon, (...call: readonly unknown[]) => unknown>>;
  /** Nothing, or an error of JavaScript's: never a crash, never a panic. */
  const survives = async (call: () => unknown): Promise<void> => {
    try {
      await call();
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).not.toMatch(/panick|index out of|overflow/);
    }
  };

  test("bears any arguments", async () => {
    await fc.assert(
      fc.asyncProperty(arrays, layouts, arrays, arrays, places, numbers, async (a, where, b, c, place, epsilon) => {
        await survives(() => loose.derivatives(a, where, b, c, place));
        await survives(() => loose.derivativesLater(a, where, b, c, place));
        await survives(() => loose.smoothness(a, b, place));
        await survives(() => loose.weights(a, [0.1, 0.6, 0.3], epsilon, b, place));
        await survives(() => loose.weightsLater(a, [epsilon, 1], 1e-6, b, place));
      }),
      { numRuns: 300 },
    );
  });

  test("computes every shape that fits, and writes nowhere else", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 7, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom("js", "z", "m"),
        fc.constantFrom("periodic", "open", "exit", "reflecting"),
        fc.constantFrom(1, 2),
        (slabs, nodes, stride, variant, wall, threads) => {
          const length = slabs * nodes * stride;
          const memory = new Float64Array(3 * length + 40).fill(7);
          const [u, minus, plus] = [0, 1, 2].map((k) =>
            memory.subarray(10 + k * (length + 10), 10 + k * (length + 10) + length),
          );
          u!.set(waves(length));
          const where: AddonLayout = {
            nodes,
            stride,
            spacing: 0.1,
            lower: wall,
            upper: wall,
            variant,
            epsilonKind: "scaled",
            epsilonValue: 1e-6,
          };
          native.derivatives(u!, where, minus!, plus!, { threads });
          expect(minus!.every(Number.isFinite) && plus!.every(Number.isFinite)).toBe(true);
          for (let k = 0; k < 4; k++)
            expect(memory.subarray(k * (length + 10), k * (length + 10) + 10).every((x) => x === 7)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("refuses arrays that overlap, before anything is written", () => {
    const memory = waves(100);
    const where: AddonLayout = {
      nodes: 70,
      stride: 1,
      spacing: 0.1,
      lower: "open",
      upper: "open",
      variant: "js",
      epsilonKind: "scaled",
      epsilonValue: 1e-6,
    };
    const call = (): void =>
      native.derivatives(memory.subarray(0, 70), where, memory.subarray(30), new Float64Array(70), { threads: 1 });
    expect(call).toThrow(/shares memory/);
    expect([...memory]).toEqual([...waves(100)]);
  });
});
