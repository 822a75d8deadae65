import { expect, test } from "vitest";
import { computingTime } from "../../src/bench/computing.ts";
import { kernelData } from "../../src/bench/kernelData.ts";
import { webgpuTier } from "../../src/tiers/webgpu/tier.ts";
import { gpuPlace } from "../support/webgpu.ts";

test("the computing alone is what the contestant's own clock says, not the wall's", async () => {
  const durations = [9, 2, 4, 3, 8];
  let runs = 0;
  let kernel = 100;
  const run = async (): Promise<void> => {
    kernel += durations[runs++]!;
  };
  const phases = (): { upload: number; kernel: number; download: number } => ({ upload: 1e6, kernel, download: 1e6 });
  expect(await computingTime(run, phases, durations.length)).toEqual({ median: 4, mad: 2, n: 5 });
  expect(runs).toBe(5);
});

test("of someone who moves nothing it is not told, and what a run throws is thrown", async () => {
  let runs = 0;
  expect(
    await computingTime(
      () => runs++,
      () => undefined,
      3,
    ),
  ).toBeUndefined();
  expect(runs).toBe(0);
  const failing = async (): Promise<void> => {
    throw new Error("device lost");
  };
  const phases = (): { upload: number; kernel: number; download: number } => ({ upload: 0, kernel: 0, download: 0 });
  await expect(computingTime(failing, phases, 3)).rejects.toThrow("device lost");
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(computingTime(async () => undefined, phases, 3, signal)).rejects.toThrow("enough");
});

const here = (await webgpuTier.probe(gpuPlace)).state === "available";
test.skipIf(!here)("an adapter tells its computing by its own clock", async () => {
  await using kernels = await webgpuTier.kernels({ ...gpuPlace, precision: "f32" });
  const data = kernelData("derivatives", [64, 64], "f32");
  let runs = 0;
  const run = async (): Promise<void> => {
    runs++;
    await data.call(kernels, data.outputs);
  };
  const time = await computingTime(run, () => kernels.phases, 4);
  expect({ n: time?.n, runs }).toEqual({ n: 4, runs: 4 });
  expect(time!.median).toBeGreaterThan(0);
});
