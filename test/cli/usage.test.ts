import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../house/imports.ts";
import { mfgpu } from "./mfgpu.ts";

interface ErrorDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly path: string | null;
    readonly fix: string;
  };
}

describe("usage", () => {
  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(await mfgpu(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
  test("--help lists every flag of solve, on stdout", async () => {
    const { code, stdout, stderr } = await mfgpu(["solve", "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const flags =
      "grid steps tier precision adapter weno fokker-planck hamiltonian-flux splitting time-levels cfl tolerance " +
      "max-iterations relaxation warm-start memory exploitability out plot json quiet";
    for (const flag of flags.split(" ")) expect(stdout).toContain(`--${flag}`);
  });
  test("no command at all: help on stderr, exit 2", async () => {
    const { code, stdout, stderr } = await mfgpu([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("solve");
  });
  test.each([
    [["teleport"], "teleport"],
    [["solve"], "problem"],
    [["solve", "r1", "--grid"], "--grid"],
    [["solve", "r1", "--grid", "16", "--steps", "0"], "--steps"],
    [["solve", "r1", "--grid", "16", "--steps", "8", "--colour", "red"], "--colour"],
    [["solve", "r1", "r3", "--grid", "16", "--steps", "8"], "argument"],
    [["solve", "r1", "--grid", "16", "--steps", "none"], "--steps"],
    [["solve", "r1", "--grid", "16", "--steps", "8", "--weno", "eno"], "--weno"],
    [["solve", "r1", "--grid", "16", "--steps", "8", "--out", "run.csv"], "--out"],
    [["solve", "no-such-problem", "--grid", "16", "--steps", "8"], "no-such-problem"],
    [["plot", "run.npz"], "--out"],
    [["plot", "run.npz", "--out", "picture.pdf"], "--out"],
    [["plot", "no-such-run.npz", "--out", "picture.svg"], "no-such-run.npz"],
    [["examples", "no-such-example"], "no-such-example"],
  ])("%j is exit 2 and says what is wrong", async (args, word) => {
    const text = await mfgpu(args);
    expect({ code: text.code, stdout: text.stdout }).toEqual({ code: 2, stdout: "" });
    expect(text.stderr).toContain(word);
    expect(text.stderr).toContain("mend:");

    const json = await mfgpu([...args, "--json"]);
    expect(json.code).toBe(2);
    const { error } = JSON.parse(json.stdout) as ErrorDocument;
    expect(error.code).toMatch(/^MFGPU_[A-Z_]+$/);
    expect(`${error.message} ${error.path}`).toContain(word);
    expect(error.fix).toMatch(/\S/);
  });
  test("NO_COLOR and pipes: no escape sequence", async () => {
    for (const env of [{}, { NO_COLOR: "1" }]) {
      const { stderr } = await mfgpu(["teleport"], env);
      expect(stderr).not.toContain("\u001B");
    }
  });
});
