/** What a GPU leaves behind: no busy core, no process that does not end, no memory. */
import { describe, expect, test } from "vitest";
import { live } from "../support/live.ts";
import { whyNoGpu } from "../support/webgpu.ts";

describe.skipIf(whyNoGpu !== undefined)("a process that used the GPU", () => {
  test("idles below 5 % of a core, open and closed, and ends by itself", async () => {
    const { code, numbers } = await live("gpuLife.ts", "idle");
    expect(code).toBe(0);
    expect(numbers["open"]).toBeLessThan(0.05);
    expect(numbers["closed"]).toBeLessThan(0.05);
  });

  test("keeps less than 20 MB of 1,000 devices and kernel sets opened and closed", { timeout: 180_000 }, async () => {
    const { code, numbers } = await live("gpuLife.ts", "cycles");
    expect(code).toBe(0);
    expect(numbers["devices"]! + numbers["kernels"]!).toBeLessThan(20);
    expect(numbers["runs"]).toBeLessThan(20);
  });
});
