/** What gpu.js leaves behind: no busy core, no process that does not end, no memory. */
import { describe, expect, test } from "vitest";
import { live } from "../support/live.ts";
import { whyNoGpu } from "../support/webgpu.ts";

const modes = whyNoGpu === undefined ? ["cpu", "webasm", "webgpu"] : ["cpu", "webasm"];

describe.each(modes)("a process that used gpu.js in mode %s", (mode) => {
  test("idles below 5 % of a core, open and closed, and ends by itself", { timeout: 180_000 }, async () => {
    const { code, numbers } = await live("gpujsLife.ts", mode, "idle");
    expect(code).toBe(0);
    expect(numbers["open"]).toBeLessThan(0.05);
    expect(numbers["closed"]).toBeLessThan(0.05);
  });

  test("keeps less than 20 MB of 200 kernel sets opened and closed, used or not", { timeout: 180_000 }, async () => {
    const { code, numbers } = await live("gpujsLife.ts", mode, "cycles");
    expect(code).toBe(0);
    expect(numbers["opened"]).toBeLessThan(20);
    expect(numbers["used"]).toBeLessThan(20);
  });
});
