/**
 * Every shader compiles, every pipeline builds and every layout fits on Dawn's null backend, which checks everything,
 * computes nothing and needs no adapter at all.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create } from "webgpu";
import type { BoundaryKind } from "../../src/problem/types.ts";
import { findAdapter, isSoftware } from "../../src/tiers/dawn/adapter.ts";
import { probeArithmetic } from "../../src/tiers/webgpu/arithmeticProbe.ts";
import { Device } from "../../src/tiers/webgpu/device.ts";
import { WebgpuKernels } from "../../src/tiers/webgpu/kernels.ts";
import { bindingsOf, shaderText, withIncludes } from "../../src/tiers/webgpu/shader.ts";
import { packStruct, structOf } from "../../src/tiers/webgpu/struct.ts";

const folder = fileURLToPath(new URL("../../shaders", import.meta.url));
const read = (file: string): string => readFileSync(join(folder, file), "utf8");
const names = readdirSync(folder).map((file) => file.replace(/\.wgsl$/, ""));
/** Shaders of this room; those of solves are tested with the members that specialise them. */
const own = ["smoothness", "weights", "derivatives", "arithmetic_probe"];

// An instance of its own: its flags are for life.
const gpu = create(["backend=null"]);

async function openNull(): Promise<Device> {
  const adapter = (await gpu.requestAdapter())!;
  const facts = { name: "null", vendor: "", architecture: "", description: "", software: true };
  return new Device(await adapter.requestDevice(), facts);
}

describe("the null backend", () => {
  let device: Device;
  beforeAll(async () => {
    device = await openNull();
  });
  afterAll(() => {
    device.close();
  });

  test("is told by name, since it does not call itself software", async () => {
    const { info } = (await gpu.requestAdapter())!;
    expect(info.device).toBe("null-backend");
    expect(isSoftware(info)).toBe(false);
    expect(await findAdapter({ adapter: "null-backend" })).toMatchObject({ state: "unavailable" });
  });

  test("finds what is wrong in a shader", async () => {
    const text = shaderText("smoothness").replace("v2 - v1", "v2 - v0");
    await expect(device.pipeline({ shader: "smoothness", entry: "main", text })).rejects.toMatchObject({
      code: "MFGPU_DEVICE_SHADER",
      message: expect.stringContaining("v0"),
    });
  });

  test("every file is one of ours in ASCII, and every include is there", () => {
    expect(own.filter((name) => !names.includes(name))).toEqual([]);
    for (const name of own) {
      const text = shaderText(name);
      expect(text).not.toMatch(/#include/);
      expect(text).toMatch(/@compute/);
    }
  });

  /** Texts of every file that has an entry point, in each precision that its state may have. */
  const entries = names.flatMap((name) => {
    const raw = read(`${name}.wgsl`);
    if (!raw.includes("@compute")) return [];
    const states = raw.includes('"state.wgsl"') ? ["state_f32.wgsl", "state_compensated.wgsl"] : ["state.wgsl"];
    return states.map((state) => {
      const text = withIncludes(raw, new Set([`${name}.wgsl`]), (file) => read(file === "state.wgsl" ? state : file));
      return { name: states.length > 1 ? `${name} with ${state}` : name, text };
    });
  });

  test.each(entries)("$name compiles", async ({ text }) => {
    const module = await device.create("shader", (on) => on.createShaderModule({ code: text }));
    const { messages } = await module.getCompilationInfo();
    expect(messages.map(({ message }) => message)).toEqual([]);
  });

  test("no file is without use", () => {
    const included = names.flatMap((name) =>
      [...read(`${name}.wgsl`).matchAll(/#include "([\w-]+)\.wgsl"/g)].map((m) => m[1]),
    );
    const idle = names.filter((name) => {
      const asked = included.includes(name) || (name.startsWith("state_") && included.includes("state"));
      return !asked && !read(`${name}.wgsl`).includes("@compute");
    });
    expect(idle).toEqual([]);
  });

  test("smoothness and weights", async () => {
    await using kernels = await WebgpuKernels.on(await openNull());
    await kernels.smoothness(new Float32Array(5 * 100), new Float32Array(3 * 100));
    await kernels.weights(new Float32Array(300), Float32Array.of(0.1, 0.6, 0.3), 1e-6, new Float32Array(300));
    kernels.device.check();
    expect(kernels.tally.launches).toBe(2);
  });

  const walls: readonly BoundaryKind[] = ["reflecting", "exit", "open"];
  test.each(["js", "z", "m"] as const)("derivatives, %s: every pair of walls, every workgroup", async (variant) => {
    await using kernels = await WebgpuKernels.on(await openNull());
    const pairs = walls.flatMap((lower) => walls.map((upper) => [lower, upper] as const));
    for (const [lower, upper] of [["periodic", "periodic"] as const, ...pairs]) {
      for (const [shape, axis] of [
        [[200], 0],
        [[9, 8], 0],
        [[9, 8], 1],
        [[7, 8, 9], 1],
        [[7, 8, 100], 1],
      ] as const) {
        const points = shape.reduce((a, b) => a * b, 1);
        const [field, minus, plus] = [1, 2, 3].map(() => new Float32Array(points)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        const epsilon = { kind: "scaled", value: 1e-6 } as const;
        await kernels.derivatives(field, { shape, axis, spacing: 1, lower, upper, variant, epsilon }, minus, plus);
      }
    }
    kernels.device.check();
  });

  test("the arithmetic probe, which computes nothing here and must say so", async () => {
    const parts = await probeArithmetic(device);
    device.check();
    for (const { checked, wrong } of Object.values(parts)) expect(wrong).toBeGreaterThan(0.9 * checked);
  });

  test("a buffer that does not fit a binding's struct is refused", async () => {
    const pipeline = await device.pipeline({ shader: "weights", entry: "main" });
    const [params, beta, weights] = await Promise.all([
      device.buffer("params", 16, 0x40 | 0x8),
      device.buffer("beta", 12),
      device.buffer("weights", 12),
    ]);
    const group = await device.bind(pipeline, { params, beta, weights });
    device.submit("too small", (encoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline.gpu);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(1);
      pass.end();
    });
    await expect(device.done()).rejects.toMatchObject({ code: "MFGPU_DEVICE_VALIDATION" });
  });
});

describe("names on both sides", () => {
  test.each([
    ["smoothness", ["params", "stencils", "beta"], { rows: 0 }, 4],
    ["weights", ["params", "beta", "weights"], { linear: 0, rows: 3, epsilon: 4, lifted_epsilon: 5 }, 32],
    [
      "derivatives",
      ["params", "field", "p_minus", "p_plus"],
      { origin: 0, n: 3, stride: 4, outer: 5, margin: 6, count: 7, first: 8, inverse_spacing: 9, scale: 10, floor: 11 },
      48,
    ],
  ])("%s: bindings and members of Params are pinned", (shader, bindings, members, bytes) => {
    const text = shaderText(shader);
    expect(bindingsOf(text).map(({ name }) => name)).toEqual(bindings);
    const layout = structOf(text, "Params");
    expect(Object.fromEntries(layout.members.map(({ name, at }) => [name, at]))).toEqual(members);
    expect(layout.bytes).toBe(bytes);
  });

  test("a struct is filled by name, and nothing is left out or made up", () => {
    const layout = structOf("struct P {\n  a: vec3f, // three\n  n: i32,\n  b: vec2u,\n  c: f32,\n}", "P");
    const bytes = packStruct(layout, { a: [1, 2, 3], n: -4, b: [5, 6], c: 7 });
    expect(bytes.byteLength).toBe(32);
    expect([...new Float32Array(bytes, 0, 3)]).toEqual([1, 2, 3]);
    expect(new Int32Array(bytes)[3]).toBe(-4);
    expect([...new Uint32Array(bytes, 16, 2)]).toEqual([5, 6]);
    expect(new Float32Array(bytes)[6]).toBe(7);
    expect(() => packStruct(layout, { a: [1, 2, 3], n: 1, b: [1, 2] })).toThrow(/c takes 1/);
    expect(() => packStruct(layout, { a: [1, 2], n: 1, b: [1, 2], c: 1 })).toThrow(/a takes 3/);
    expect(() => packStruct(layout, { a: [1, 2, 3], n: 1, b: [1, 2], c: 1, d: 1 })).toThrow(/no member d/);
    expect(() => structOf("struct P { a: array<f32, 4> }", "P")).toThrow(TypeError);
    expect(() => structOf("struct P { a: f32 }", "Q")).toThrow(TypeError);
  });
});
