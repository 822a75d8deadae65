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

  const error = "as_rounded(first - as_rounded(s - z)) + as_rounded(second - z)";
  test.each([
    ["z = (a + b) - a becomes b", "let z = as_rounded(s - first);", "let z = second;"],
    ["a - (s - z) becomes 0", error, "as_rounded(second - z)"],
    ["the whole error becomes 0", error, "0.0 * z"],
    ["the error comes with the wrong sign", error, "((s - z) - first) + (z - second)"],
  ])("re-associated: %s", async (_, line, by) => {
    const parts = await probeArithmetic(device, spoiled(line, by));
    expect(failedParts(parts)).not.toEqual([]);
    expect(parts.twoSum.wrong).toBeGreaterThan(1000);
  });

  test("a Neumaier sum that collapses is seen", async ({ skip }) => {
    // Compilers that reorder sums may give the right one all the same.
    if (!device.adapter.software) skip(`${device.adapter.name} may cancel the large terms first`);
    const parts = await probeArithmetic(device, spoiled("lost += (total - next) + term;", "lost += 0.0;"));
    expect(parts.neumaier.wrong).toBe(parts.neumaier.checked);
  });

  test("an update that loses its low part, though its sum alone is exact, is seen", async () => {
    const parts = await probeArithmetic(
      device,
      spoiled("results[out + 3u] = add_increment(", "results[out + 3u] = vec2f(1.0, 0.0) * add_increment("),
    );
    expect(parts.twoSum.wrong).toBe(0);
    expect(failedParts(parts)).toEqual(["update"]);
  });

  test("a difference of whole values in place of parts is seen", async () => {
    const parts = await probeArithmetic(
      device,
      spoiled("difference(from_state, to_state), 0.0", "value_of(to_state) - value_of(from_state), 0.0"),
    );
    expect(failedParts(parts)).toEqual(["difference"]);
  });
});
