/** What gpu.js leaves behind: no busy core, no process that does not end, no memory. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { whyNoGpu } from "../support/webgpu.ts";

const script = fileURLToPath(new URL("../support/gpujsLife.ts", import.meta.url));

/** Runs the script to its own end. */
async function live(...what: readonly string[]): Promise<{ code: number | null; numbers: Record<string, number> }> {
  const child = spawn(process.execPath, ["--expose-gc", "--import", "tsx", script, ...what], {
    stdio: ["ignore", "pipe", "inherit"],
    // The allocator's arenas, one per thread that ever was, are no leak.
    env: { ...process.env, MALLOC_ARENA_MAX: "1" },
    timeout: 170_000,
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, numbers: JSON.parse(stdout) as Record<string, number> };
}

const modes = whyNoGpu === undefined ? ["cpu", "webasm", "webgpu"] : ["cpu", "webasm"];

describe.each(modes)("a process that used gpu.js in mode %s", (mode) => {
  test("idles below 5 % of a core, open and closed, and ends by itself", { timeout: 180_000 }, async () => {
    const { code, numbers } = await live(mode, "idle");
    expect(code).toBe(0);
    expect(numbers["open"]).toBeLessThan(0.05);
    expect(numbers["closed"]).toBeLessThan(0.05);
  });

  test("keeps less than 20 MB of 200 kernel sets opened and closed, used or not", { timeout: 180_000 }, async () => {
    const { code, numbers } = await live(mode, "cycles");
    expect(code).toBe(0);
    expect(numbers["opened"]).toBeLessThan(20);
    expect(numbers["used"]).toBeLessThan(20);
  });
});
