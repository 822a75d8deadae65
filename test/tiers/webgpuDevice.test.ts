import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isSoftware } from "../../src/tiers/dawn/adapter.ts";
import { foldGroups } from "../../src/tiers/webgpu/dispatch.ts";
import { type Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import { bindingsOf, withIncludes } from "../../src/tiers/webgpu/shader.ts";
import { sliceRanges } from "../../src/tiers/webgpu/slices.ts";
import { GpuTimer } from "../../src/tiers/webgpu/timer.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";

/** b = scale a, over any number of groups. */
const text = `
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> b: array<f32>;
override scale: f32 = 1.0;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (id.y * groups.x + id.x) * 64u + lane;
  if (i < params.count) { b[i] = scale * a[i]; }
}`;

describe("without a device", () => {
  test("an include line brings a file once", () => {
    const files: Record<string, string> = { "a.wgsl": 'A\n// #include "b.wgsl"\n', "b.wgsl": "B" };
    const read = (file: string): string => files[file]!;
    const whole = withIncludes('// #include "b.wgsl"\n// #include "a.wgsl"\nC', new Set(), read);
    expect(whole).toBe("B\nA\n\n\nC");
  });

  test("bindings are read from the text", () => {
    expect(bindingsOf(text)).toEqual([
      { name: "params", group: 0, binding: 0, type: "uniform" },
      { name: "a", group: 0, binding: 1, type: "read-only-storage" },
      { name: "b", group: 0, binding: 2, type: "storage" },
    ]);
  });

  test.each([1, 65_535, 65_536, 70_001, 4_294_836_225])("%i workgroups fold within the limit", (count) => {
    const [x, y, z] = foldGroups(count);
    expect(z).toBe(1);
    expect(Math.max(x, y)).toBeLessThanOrEqual(65_535);
    expect(x * y).toBeGreaterThanOrEqual(count);
    expect(x * y - count).toBeLessThan(y);
  });

  test("more groups than two dimensions hold are refused", () => {
    expect(() => foldGroups(65_535 ** 2 + 1)).toThrow(RangeError);
  });

  test("slices cover all units, none beyond the limit", () => {
    for (const [units, unitBytes, limit] of [
      [10, 100, 250],
      [7, 4, 1000],
      [101, 36, 2 ** 20],
      [5, 8, 8],
    ] as const) {
      const ranges = sliceRanges(units, unitBytes, limit)!;
      expect(ranges[0]!.from).toBe(0);
      expect(ranges.at(-1)!.to).toBe(units);
      expect(ranges.slice(1).map(({ from }) => from)).toEqual(ranges.slice(0, -1).map(({ to }) => to));
      for (const { from, to } of ranges) {
        expect((to - from) * unitBytes).toBeLessThanOrEqual(limit);
        expect(to).toBeGreaterThan(from);
      }
    }
    expect(sliceRanges(3, 300, 250)).toBeUndefined();
  });

  test("software adapters are known by their own word and by name", () => {
    const nvidia = { vendor: "nvidia", architecture: "hopper", device: "nvidia-h200", description: "NVIDIA: 570.1" };
    expect(isSoftware(nvidia)).toBe(false);
    expect(isSoftware({ ...nvidia, isFallbackAdapter: true })).toBe(true);
    expect(isSoftware({ ...nvidia, vendor: "mesa", device: "llvmpipe-llvm-15-0-6-256-bits-" })).toBe(true);
    expect(isSoftware({ ...nvidia, vendor: "google", architecture: "swiftshader" })).toBe(true);
    expect(isSoftware({ ...nvidia, vendor: "microsoft", device: "microsoft-basic-render-driver" })).toBe(true);
  });
});

test("an adapter that does not exist is refused by name, never replaced", async () => {
  await expect(openDevice({ adapter: "no such thing" })).rejects.toMatchObject({
    code: "MFGPU_TIER_UNAVAILABLE",
    path: "adapter",
    value: "no such thing",
  });
});

describe.skipIf(whyNoGpu !== undefined)("on a device", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice(gpuPlace);
  });
  afterAll(() => {
    device.close();
  });

  /** Runs the kernel above over n numbers. */
  async function scaled(n: number, most?: number): Promise<Float32Array> {
    const pipeline = await device.pipeline({ shader: "test", entry: "main", constants: { scale: 3 }, text });
    const [a, b, params] = await Promise.all([
      device.buffer("a", 4 * n),
      device.buffer("b", 4 * n),
      device.buffer("params", 4, 0x40 | 0x8),
    ]);
    await device.staging.upload(
      a,
      0,
      Float32Array.from({ length: n }, (_, i) => i % 1000),
    );
    await device.staging.upload(params, 0, Uint32Array.of(n));
    const group = await device.bind(pipeline, { params, a, b });
    device.submit("test", (encoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline.gpu);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...foldGroups(Math.ceil(n / 64), most));
      pass.end();
    });
    const out = new Float32Array(n);
    await device.staging.read(b, 0, out);
    for (const buffer of [a, b, params]) buffer.destroy();
    return out;
  }

  test.each([
    [1, undefined],
    [1000, undefined],
    [10_007, 13],
    // Beyond 4 MiB the ring of staging buffers carries the data, beyond 32 MiB in chunks.
    [1_100_003, undefined],
    [9_000_001, undefined],
  ])("%i numbers there and back, folded at %s", async (n, most) => {
    const out = await scaled(n, most);
    expect(out.findIndex((x, i) => x !== 3 * (i % 1000))).toBe(-1);
  });

  test("staging memory is kept and not made anew", async () => {
    for (let k = 0; k < 4; k++) await scaled(1_100_003);
    const before = device.staging.bytes;
    for (let k = 0; k < 4; k++) await scaled(1_100_003);
    expect(device.staging.bytes).toBe(before);
  });

  test("timestamps are in order and finer than 65,536 ns", async ({ skip }) => {
    if (!device.timestamps) skip("the device has no timestamps");
    const timer = (await GpuTimer.create(device, 1))!;
    const times: number[] = [];
    for (let k = 0; k < 8; k++) {
      const encoder = device.gpu.createCommandEncoder();
      encoder.beginComputePass(timer.stamp()).end();
      const read = await device.staging.encodeRead(encoder, [timer.resolve(encoder)]);
      device.gpu.queue.submit([encoder.finish()]);
      const stamps = new BigUint64Array(2);
      await read.finish([stamps]);
      times.push(...GpuTimer.times(stamps));
    }
    expect(times.every((ms) => ms >= 0 && ms < 1000)).toBe(true);
    expect(times.every((ms) => (ms * 1e6) % 65_536 === 0)).toBe(false);
    timer.destroy();
  });

  test("a pipeline is made once for each set of constants", async () => {
    const request = { shader: "test", entry: "main", text };
    const one = await device.pipeline({ ...request, constants: { scale: 3 } });
    expect(await device.pipeline({ ...request, constants: { scale: 3 } })).toBe(one);
    expect(await device.pipeline({ ...request, constants: { scale: 4 } })).not.toBe(one);
  });

  test("what the device refuses is raised by name", async () => {
    await expect(device.buffer("too large", 2 ** 45)).rejects.toMatchObject({ code: "MFGPU_DEVICE_MEMORY" });
    const broken = {
      shader: "broken",
      entry: "main",
      text: "@compute @workgroup_size(1) fn main() { let x = nothing; }",
    };
    await expect(device.pipeline(broken)).rejects.toMatchObject({
      code: "MFGPU_DEVICE_SHADER",
      message: expect.stringMatching(/broken\.wgsl, line 1.*nothing/s),
    });
    await expect(device.pipeline({ shader: "test", entry: "absent", text })).rejects.toMatchObject({
      code: "MFGPU_DEVICE_SHADER",
    });
    await expect(device.pipeline({ shader: "no-such-file", entry: "main" })).rejects.toMatchObject({
      code: "MFGPU_DEVICE_SHADER",
    });
    await expect(
      device.create("odd usage", (gpu) => gpu.createBuffer({ size: 16, usage: 0x1 | 0x2 | 0x80 })),
    ).rejects.toMatchObject({ code: "MFGPU_DEVICE_VALIDATION" });
    const pipeline = await device.pipeline({ shader: "test", entry: "main", text });
    await expect(device.bind(pipeline, {})).rejects.toMatchObject({ code: "MFGPU_DEVICE_VALIDATION" });
    device.check();
  });

  test("a lost device says so, and a closed one too", async () => {
    const lost = await openDevice(gpuPlace);
    lost.gpu.destroy();
    await expect(lost.done()).rejects.toMatchObject({ code: "MFGPU_DEVICE_LOST" });
    await expect(lost.buffer("after", 16)).rejects.toMatchObject({ code: "MFGPU_DEVICE_LOST" });
    lost.close();
    await expect(lost.buffer("after", 16)).rejects.toMatchObject({ code: "MFGPU_DEVICE_CLOSED" });
  });

  test("an error that no scope caught is raised at the next check", async () => {
    const careless = await openDevice(gpuPlace);
    careless.gpu.createBuffer({ size: 16, usage: 0x1 | 0x2 | 0x80 });
    await expect(
      (async () => {
        for (let k = 0; k < 50; k++) await careless.done();
      })(),
    ).rejects.toMatchObject({ code: "MFGPU_DEVICE_VALIDATION" });
    careless.close();
  });
});
