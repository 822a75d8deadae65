/** The command that starts itself anew for the software adapter is one command to whoever started it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { root } from "../house/imports.ts";

/** A long solve on the processor that was asked for the software adapter all the same. */
async function startLongSolve(): Promise<ChildProcess> {
  const { VK_DRIVER_FILES: _, VK_ICD_FILENAMES: __, LD_LIBRARY_PATH: ___, MFGPU_TIER: ____, ...env } = process.env;
  const flags = ["--grid", "400", "--steps", "200", "--tier", "batched", "--tolerance", "1e-300"];
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), "solve", "two-crowds-1d", ...flags], {
    env: { ...env, MFGPU_ADAPTER: "software" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stderr = "";
  for await (const text of child.stderr.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    stderr += text as string;
    if (stderr.includes("iteration")) break;
  }
  child.stderr.resume();
  return child;
}

describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("started anew", () => {
  test("one SIGINT stops at the last finished sweep, exit 130", async () => {
    const child = await startLongSolve();
    child.kill("SIGINT");
    expect(await once(child, "close")).toEqual([130, null]);
  });

  test("killed, it leaves no process behind: the pipe that all of them hold is closed", async () => {
    const child = await startLongSolve();
    child.kill("SIGKILL");
    expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
  });
});
