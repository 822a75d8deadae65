/** T27: the probe passes on the test adapter, and fails on kernels that a compiler has "simplified". */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Arithmetic,
  arithmeticOf,
  checkCompensated,
  failedParts,
  probeArithmetic,
} from "../../src/tiers/webgpu/arithmeticProbe.ts";
import { type Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import { shaderText } from "../../src/tiers/webgpu/shader.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";

describe.skipIf(whyNoGpu !== undefined)("the arithmetic probe", () => {
  let device: Device;
  let honest: Arithmetic;
  beforeAll(async () => {
    device = await openDevice(gpuPlace);
    honest = await arithmeticOf(device);
  });
  afterAll(() => {
    device.close();
  });

  test("compensated sums are exact on this adapter", async () => {
    expect(honest.twoSum).toEqual({ checked: 65_536, wrong: 0 });
    expect(failedParts(honest)).toEqual([]);
    expect(honest.neumaier.wrong).toBe(0);
    await checkCompensated(device);
    expect(await arithmeticOf(device)).toBe(honest);
  });

  test("products by splitting are exact on SwiftShader, those by fma are not", async ({ skip }) => {
    if (device.adapter.name !== "SwiftShader") skip(`measured on SwiftShader, this is ${device.adapter.name}`);
    expect(honest.twoProductSplit.wrong).toBe(0);
    expect(honest.powerSplit.wrong).toBe(0);
    expect(honest.twoProductFused.wrong).toBeGreaterThan(65_000);
  });

  /** The text with one line changed as an optimiser that re-associates would. */
  function spoiled(line: string, by: string): string {
    const text = shaderText("arithmetic_probe");
    expect(text.split(line)).toHaveLength(2);
    return text.replace(line, by);
  }

  test.each([
    ["z = (a + b) - a becomes b", "let z = s - a;", "let z = b;"],
    ["a - (s - z) becomes 0", "(a - (s - z)) + (b - z)", "b - z"],
    ["the whole error becomes 0", "(a - (s - z)) + (b - z)", "0.0 * z"],
    ["the error comes with the wrong sign", "(a - (s - z)) + (b - z)", "((s - z) - a) + (z - b)"],
  ])("re-associated: %s", async (_, line, by) => {
    const parts = await probeArithmetic(device, spoiled(line, by));
    expect(failedParts(parts)).not.toEqual([]);
    expect(parts.twoSum.wrong).toBeGreaterThan(1000);
  });

  test("a Neumaier sum that collapses is seen", async () => {
    const parts = await probeArithmetic(device, spoiled("lost += (total - next) + term;", "lost += 0.0;"));
    expect(parts.neumaier.wrong).toBe(parts.neumaier.checked);
  });

  test("an update that loses its low part, though its sum alone is exact, is seen", async () => {
    const parts = await probeArithmetic(
      device,
      spoiled("results[out + 3u] = two_sum(pair.x, ", "results[out + 3u] = vec2f(1.0, 0.0) * two_sum(pair.x, "),
    );
    expect(parts.twoSum.wrong).toBe(0);
    expect(failedParts(parts)).toEqual(["update"]);
  });
});
