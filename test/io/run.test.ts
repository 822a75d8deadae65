import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readNpz, writeNpz } from "../../src/io/npz.ts";
import type { NpyArray } from "../../src/io/npy.ts";
import { readRun, writeRun } from "../../src/io/run.ts";
import { failure, sampleRun, temporaryFolder } from "./support.ts";

const folder = temporaryFolder();

describe("writeRun and readRun", () => {
  it.each([[[9]], [[8, 7]], [[7, 8, 9]]])("give back a run on a grid of %j", async (shape) => {
    const path = join(folder, "run.npz");
    const run = sampleRun(shape, 4);
    await writeRun(path, run);
    expect(await readRun(path)).toStrictEqual(run);
    const arrays = await readNpz(path);
    expect(Object.keys(arrays)).toStrictEqual(["value", "density", "t", ...shape.map((_, a) => `x${a}`), "record"]);
    expect(arrays["value"]!.shape).toStrictEqual([5, ...shape]);
    expect(arrays["record"]!.shape).toStrictEqual([]);
  });

  it("keep what a diverged run holds", async () => {
    const path = join(folder, "diverged.npz");
    const run = sampleRun([9], 1);
    run.value.fill(Number.NaN);
    await writeRun(path, run);
    expect((await readRun(path)).value).toStrictEqual(run.value);
  });
});

describe("writeRun refuses", () => {
  it("a run whose parts do not fit, and writes nothing", async () => {
    const run = sampleRun([9], 3);
    const path = join(folder, "unfit.npz");
    await failure(() => writeRun(path, { ...run, value: run.value.subarray(1) }), "MFGPU_FILE_RUN");
    await failure(() => writeRun(path, { ...run, coordinates: [] }), "MFGPU_FILE_RUN");
    await failure(() => writeRun(path, { ...run, t: run.t.toReversed() }), "MFGPU_FILE_RUN");
    await failure(() => writeRun(path, { ...run, shape: [3, 3] }), "MFGPU_FILE_RUN");
    expect(readdirSync(folder)).not.toContain("unfit.npz");
  });

  it("a folder that does not exist", async () => {
    await failure(() => writeRun(join(folder, "none", "run.npz"), sampleRun([9], 1)), "MFGPU_FILE_NO_FOLDER");
  });
});

describe("readRun", () => {
  const path = join(folder, "made.npz");
  const good: Record<string, NpyArray> = {
    value: { shape: [2, 7], data: new Float32Array(14).fill(0.5) },
    density: { shape: [2, 7], data: new Float64Array(14).fill(1) },
    t: { shape: [2], data: Float64Array.of(0, 1) },
    x0: { shape: [7], data: Float64Array.of(0, 1, 2, 3, 4, 5, 6) },
    record: { shape: [], data: ["{}"] },
  };

  it("widens 32-bit floats", async () => {
    await writeNpz(path, good);
    expect((await readRun(path)).value).toStrictEqual(new Float64Array(14).fill(0.5));
  });

  it.each<[string, string, NpyArray, string]>([
    ["a density of another shape", "density", { shape: [7, 2], data: new Float64Array(14) }, "shapes"],
    ["too many axes", "value", { shape: [1, 1, 1, 2, 7], data: new Float64Array(14) }, "(steps + 1, ...grid)"],
    ["whole numbers", "value", { shape: [2, 7], data: new Int32Array(14) }, "floating-point"],
    ["too few times", "t", { shape: [1], data: Float64Array.of(0) }, "fewer than two times"],
    ["times of another number", "t", { shape: [3], data: Float64Array.of(0, 1, 2) }, "are needed"],
    ["times that go back", "t", { shape: [2], data: Float64Array.of(1, 0) }, "increasing"],
    ["positions of another number", "x0", { shape: [2], data: Float64Array.of(0, 1) }, "2 positions for 7 points"],
    ["positions that are not finite", "x0", { shape: [7], data: new Float64Array(7).fill(Number.NaN) }, "increasing"],
    ["a record that is not JSON", "record", { shape: [], data: ["{"] }, "not JSON"],
    ["a record that is a number", "record", { shape: [], data: Float64Array.of(1) }, "not text"],
  ])("refuses %s", async (_, name, array, message) => {
    await writeNpz(path, { ...good, [name]: array });
    const error = await failure(() => readRun(path), "MFGPU_FILE_RUN");
    expect(error.message).toContain(message);
    expect(error.path).toBe(path);
  });

  it("refuses a file without the arrays of a run", async () => {
    await writeNpz(path, { value: good["value"]! });
    await failure(() => readRun(path), "MFGPU_FILE_NO_ARRAY");
    const { x0, ...rest } = good;
    expect(x0).toBeDefined();
    await writeNpz(path, rest);
    await failure(() => readRun(path), "MFGPU_FILE_NO_ARRAY");
  });
});
