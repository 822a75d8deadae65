import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeNpz } from "../../src/io/npz.ts";
import { emptyFolder, mfgpu, problemFile, problemWith } from "./mfgpu.ts";

interface ErrorDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly path: string;
    readonly value: unknown;
    readonly fix: string;
  };
}

async function refusalOf(args: readonly string[]): Promise<ErrorDocument["error"]> {
  const { code, stdout } = await mfgpu([...args, "--json"]);
  const { error } = JSON.parse(stdout) as ErrorDocument;
  expect({ code, error: error.code }).toMatchObject({ code: 2, error: expect.stringMatching(/^MFGPU_/) });
  expect(error.fix).toMatch(/\S/);
  return error;
}

interface Case {
  readonly what: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly grid?: string;
  readonly path: string;
  readonly value: unknown;
  readonly says?: RegExp;
}

const nested = `${"(".repeat(10_000)}x${")".repeat(10_000)}`;

const cases: readonly Case[] = [
  { what: "an unknown key", changes: { volatilty: 1 }, path: "volatilty", value: 1, says: /volatilty/ },
  {
    what: "an unknown key inside",
    changes: { coupling: { kind: "linear", strength: 1, exponent: 2 } },
    path: "coupling.exponent",
    value: 2,
  },
  { what: "a wrong type", changes: { horizon: "one" }, path: "horizon", value: "one" },
  { what: "a negative sigma", changes: { volatility: -1 }, path: "volatility", value: -1 },
  { what: "6 points on an axis", changes: {}, grid: "6", path: "grid[0]", value: 6, says: /7/ },
  {
    what: "a density below 0",
    changes: { initialDensity: "sin(2*pi*x)" },
    path: "initialDensity",
    value: expect.any(Number),
  },
  { what: "a density without mass", changes: { initialDensity: 0 }, path: "initialDensity", value: 0 },
  {
    what: "NaN from a formula, with the point",
    changes: { potential: "sqrt(x - 0.5)" },
    path: "potential",
    value: "NaN",
    says: /x = 0/,
  },
  {
    what: "a formula with an unknown name",
    changes: { terminalCost: "2*speed" },
    path: "terminalCost",
    value: "2*speed",
    says: /speed/,
  },
  {
    what: "a formula with 10,000 nested brackets",
    changes: { potential: nested },
    path: "potential",
    value: expect.stringContaining("(((("),
  },
  { what: "a grid of the wrong dimension", changes: {}, grid: "16x16", path: "grid", value: [16, 16], says: /1/ },
];

describe("bad input: exit 2, path, value, mend, and nothing written", () => {
  test.each(cases)("$what", async ({ changes, grid, path, value, says }) => {
    const folder = emptyFolder();
    const problem = problemFile(folder, changes);
    const outputs = ["--out", join(folder, "run.npz"), "--plot", join(folder, "run.svg")];
    const error = await refusalOf(["solve", problem, "--grid", grid ?? "16", "--steps", "4", ...outputs]);
    expect(error).toMatchObject({ path, value });
    expect(error.message).toMatch(says ?? /\S/);
    expect(readdirSync(folder)).toEqual(["problem.json"]);
  });

  test("a file that is no JSON", async () => {
    const path = join(emptyFolder(), "problem.json");
    writeFileSync(path, JSON.stringify(problemWith({})).slice(0, -10));
    const error = await refusalOf(["solve", path, "--grid", "16", "--steps", "4"]);
    expect(error.path).toContain("problem.json");
  });

  test("an --out folder that does not exist, before the solve and not after it", async () => {
    const folder = emptyFolder();
    const problem = problemFile(folder);
    const endless = ["--relaxation", "0.001", "--tolerance", "1e-14", "--max-iterations", "1000000"];
    for (const flag of ["--out", "--plot"]) {
      const path = join(folder, "nowhere", flag === "--out" ? "run.npz" : "run.svg");
      const error = await refusalOf(["solve", problem, "--grid", "16", "--steps", "4", ...endless, flag, path]);
      expect(error).toMatchObject({ value: path });
    }
    expect(readdirSync(folder)).toEqual(["problem.json"]);
  });
});

describe("plot refuses", () => {
  test("a truncated run", async () => {
    const folder = emptyFolder();
    const run = join(folder, "run.npz");
    const solved = await mfgpu(["solve", problemFile(folder), "--grid", "16", "--steps", "4", "--out", run]);
    expect(solved.code).toBe(0);
    const bytes = readFileSync(run);
    for (const length of [0, 100, bytes.length >> 1, bytes.length - 1]) {
      writeFileSync(run, bytes.subarray(0, length));
      const error = await refusalOf(["plot", run, "--out", join(folder, "run.svg")]);
      expect(error.path).toContain("run.npz");
    }
    expect(readdirSync(folder).toSorted()).toEqual(["problem.json", "run.npz"]);
  });
  test("a foreign .npz and what is no .npz at all", async () => {
    const folder = emptyFolder();
    const foreign = join(folder, "foreign.npz");
    await writeNpz(foreign, { weights: { shape: [3], data: Float64Array.of(1, 2, 3) } });
    const text = join(folder, "text.npz");
    writeFileSync(text, "no archive\n".repeat(100));
    for (const path of [foreign, text]) {
      const error = await refusalOf(["plot", path, "--out", join(folder, "picture.svg")]);
      expect(error).toMatchObject({ path });
    }
    expect(readdirSync(folder).toSorted()).toEqual(["foreign.npz", "text.npz"]);
  });
});
