/** A candidate with a wrong result: excluded, reported and, with --strict, exit 5. In this process, with a tier that is wrong. */
import { join } from "node:path";
import type { Command } from "commander";
import { afterEach, describe, expect, test, vi } from "vitest";
import { benchCommand } from "../../src/cli/bench.ts";
import { decideCommand } from "../../src/cli/decide.ts";
import { exitCodes } from "../../src/cli/exit.ts";
import { planCommand } from "../../src/cli/plan.ts";
import type * as Registry from "../../src/tiers/registry.ts";
import { emptyFolder } from "./mfgpu.ts";

vi.mock("../../src/tiers/registry.ts", async (original) => {
  const real = await original<typeof Registry>();
  const { faulty } = await import("../decision/tiers.ts");
  const host = real.tiers.filter(({ name }) => name === "scalar" || name === "batched");
  return { ...real, tiers: [...host, faulty({ name: "rust", device: false, wrongBy: 1.01 })] };
});

/** What a command prints and the exit code that it leaves. */
async function run(command: Command, args: readonly string[]): Promise<{ code: number; stdout: string }> {
  let stdout = "";
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const before = process.exitCode;
  try {
    await command.parseAsync([...args], { from: "user" });
    return { code: Number(process.exitCode ?? 0), stdout };
  } finally {
    out.mockRestore();
    process.exitCode = before;
  }
}

afterEach(() => void vi.unstubAllEnvs());

describe("a wrong candidate", () => {
  const small = ["r1", "--grid", "24", "--steps", "4"];
  const commands: readonly (readonly [string, () => Command, () => readonly string[]])[] = [
    ["plan", planCommand, () => [...small, "--time-limit", "1"]],
    ["decide", decideCommand, () => [...small, "--all", "--quiet", "--out", join(emptyFolder(), "out")]],
    ["bench", benchCommand, () => ["solve", "--quick", "--quiet", "--time-limit", "2"]],
  ];
  test.each(commands)("%s --strict reports it, goes on and ends with exit 5", async (_, command, given) => {
    vi.stubEnv("MFGPU_WISDOM", "off");
    const { code, stdout } = await run(command(), [...given(), "--strict"]);
    expect(code).toBe(exitCodes.tiersDisagree);
    expect(stdout).toMatch(/rust f64.*differ/);
  });
  test("without --strict it is reported all the same, and nothing more", async () => {
    vi.stubEnv("MFGPU_WISDOM", "off");
    const { code, stdout } = await run(planCommand(), [...small, "--time-limit", "1"]);
    expect(code).toBe(exitCodes.done);
    expect(stdout).toMatch(/rust f64.*differ/);
    expect(stdout).toMatch(/choice +batched f64/);
  });
});
