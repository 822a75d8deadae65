import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { catalogueNames, loadCatalogueProblem, readProblemFile, resolveProblem } from "../../src/problem/catalogue.ts";
import { sampleField } from "../../src/problem/sample.ts";
import { problemJsonSchema } from "../../src/problem/schema.ts";
import type { Problem } from "../../src/problem/types.ts";
import { refusalOf } from "./refusal.ts";

const examples = new URL("../../examples/", import.meta.url);
let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "mfgpu-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Node positions of the grids of this project: from the lower end on periodic axes, at cell centres else. */
function nodes(problem: Problem, n: number): Float64Array[] {
  return problem.domain.map(({ from, to, lower }) =>
    Float64Array.from({ length: n }, (_, i) => from + ((to - from) * (i + (lower.kind === "periodic" ? 0 : 0.5))) / n),
  );
}

function massOf(problem: Problem, n: number): number {
  const density = sampleField(problem.initialDensity, nodes(problem, n), 0);
  const cell = problem.domain.reduce((volume, { from, to }) => (volume * (to - from)) / n, 1);
  return density.reduce((sum, m) => sum + m, 0) * cell;
}

describe("the catalogue", () => {
  test("holds what the documents promise", () => {
    expect(catalogueNames()).toEqual(
      expect.arrayContaining([
        "beach-1d",
        "crowd-corridor-2d",
        "layers-1d",
        "log-gaussian-1d",
        "lq-1d",
        "lq-2d",
        "r1",
        "r3",
        "torus-exact-1d",
        "torus-exact-2d",
        "torus-exact-3d",
        "two-crowds-1d",
      ]),
    );
    expect(catalogueNames()).toEqual([...catalogueNames()].toSorted());
  });

  const fromFile = z.fromJSONSchema(problemJsonSchema());
  for (const name of catalogueNames()) {
    test(`${name} is right, finite and has a crowd`, () => {
      const problem = loadCatalogueProblem(name);
      expect(problem.name).toBe(name);
      expect(problem.description?.length).toBeGreaterThan(60);
      const given: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, examples), "utf8"));
      expect(given).toMatchObject({ $schema: "../schema/problem.schema.json" });
      expect(problem.source).toEqual(given);
      expect(fromFile.safeParse(given).error).toBeUndefined();

      const axes = nodes(problem, 16);
      const density = sampleField(problem.initialDensity, axes, 0);
      expect(density.every((m) => m >= 0)).toBe(true);
      const mass = massOf(problem, 64);
      expect(mass).toBeGreaterThan(0.1);
      expect(problem.normalizeDensity || name === "torus-exact-1d" ? 1 : mass).toBeCloseTo(1, 12);
      for (const t of [0, problem.horizon / 2, problem.horizon]) {
        sampleField(problem.potential, axes, t);
        if (problem.coupling.kind === "target") sampleField(problem.coupling.target, axes, t);
      }
      sampleField(problem.terminalCost, axes, problem.horizon);
    });
  }
});

describe("data against the closed forms (docs/numerics.md section 9)", () => {
  const waves = {
    "torus-exact-1d": { k: [1], l: [1] },
    "torus-exact-2d": { k: [1, 1], l: [1, 0] },
    "torus-exact-3d": { k: [1, 1, 0], l: [0, 1, 1] },
  } as const;
  for (const [name, { k, l }] of Object.entries(waves)) {
    test(`${name} is the Cole-Hopf pair`, () => {
      const problem = loadCatalogueProblem(name);
      const nu = problem.volatility ** 2 / 2;
      expect(nu).toBeCloseTo(0.05, 16);
      const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, v, i) => s + v * (b[i] ?? 0), 0);
      const wave = (v: readonly number[], x: readonly number[], age: number, phase: number): number =>
        1 + 0.5 * Math.exp(-nu * 4 * Math.PI ** 2 * dot(v, v) * age) * Math.cos(2 * Math.PI * dot(v, x) + phase);
      const phi = (x: readonly number[], t: number): number => wave(k, x, 0.5 - t, 0);
      const m = (x: readonly number[], t: number): number => phi(x, t) * wave(l, x, t, Math.PI / 3);
      const { coupling } = problem;
      if (coupling.kind !== "target") throw new Error("no target");
      for (let i = 0; i < 20; i++) {
        const x = [0.11 * i, 0.23 * i + 0.4, 0.37 * i + 0.2] as const;
        expect(problem.terminalCost.at(...x, 0)).toBeCloseTo(-2 * nu * Math.log(phi(x, 0.5)), 14);
        expect(problem.initialDensity.at(...x, 0)).toBeCloseTo(m(x, 0), 14);
        for (const t of [0, 0.2, 0.5]) expect(coupling.target.at(...x, t)).toBeCloseTo(m(x, t), 14);
      }
      expect(massOf(problem, 16)).toBeCloseTo(name === "torus-exact-1d" ? 1.0232942399283398 : 1, 13);
    });
  }

  test("log-gaussian-1d is a stationary solution", () => {
    const problem = loadCatalogueProblem("log-gaussian-1d");
    const { coupling, domain } = problem;
    if (coupling.kind !== "log") throw new Error("no log coupling");
    const [nu, a, c] = [0.5, 0.904987562112089027, 0.390265582818614127];
    expect(problem.volatility ** 2 / 2).toBe(nu);
    expect(domain[0]!.to).toBeCloseTo(8.5 * Math.sqrt(nu / a), 12);
    expect(domain[0]!.from).toBe(-domain[0]!.to);
    expect(problem.initialDensity.at(0, 0, 0, 0)).toBeCloseTo(0.536718257462558515, 14);
    for (const x of [-6, -1, 0, 0.3, 5]) {
      const density = problem.initialDensity.at(x, 0, 0, 0);
      // -u_t - nu u_xx + u_x^2/2 = f + V, and the density does not move: nu m_x + m u_x = 0.
      const cost = coupling.strength * Math.log(Math.max(density, coupling.floor)) + problem.potential.at(x, 0, 0, 0);
      expect(c - nu * a + (a * x) ** 2 / 2).toBeCloseTo(cost, 12);
      expect(problem.terminalCost.at(x, 0, 0, 0)).toBeCloseTo((a * x ** 2) / 2, 13);
      expect(density).toBeCloseTo(Math.sqrt(a / Math.PI) * Math.exp(-a * x ** 2), 14);
    }
  });

  test("lq-1d and lq-2d start at mean 1/2 with variance 0.04, and fit their box", () => {
    for (const name of ["lq-1d", "lq-2d"]) {
      const problem = loadCatalogueProblem(name);
      expect(problem.coupling).toEqual({ kind: "mean", strength: 1, attraction: 0.5 });
      const [x] = nodes(problem, 64);
      const rest = problem.dimension === 1 ? [] : [x!];
      const density = sampleField(problem.initialDensity, [x!, ...rest], 0);
      const line = x!.map((_, i) =>
        density.subarray((i * density.length) / 64, ((i + 1) * density.length) / 64).reduce((s, m) => s + m, 0),
      );
      const mass = line.reduce((s, m) => s + m, 0);
      const mean = line.reduce((s, m, i) => s + m * x![i]!, 0) / mass;
      expect(mean).toBeCloseTo(0.5, 12);
      expect(line.reduce((s, m, i) => s + m * (x![i]! - mean) ** 2, 0) / mass).toBeCloseTo(0.04, 12);
      // The last variance is 0.0853: six deviations must fit on both sides.
      for (const { from, to } of problem.domain)
        expect(Math.min(0.5 - from, to - 0.5)).toBeGreaterThan(6 * Math.sqrt(0.0854));
    }
  });

  test("r1, r3 and layers-1d have their viscosity and data", () => {
    const [r1, r3, layers] = ["r1", "r3", "layers-1d"].map(loadCatalogueProblem) as [Problem, Problem, Problem];
    expect([r1, r3, layers].map(({ volatility }) => volatility ** 2 / 2)).toEqual([
      expect.closeTo(0.05, 15),
      expect.closeTo(0.1, 15),
      expect.closeTo(0.2, 15),
    ]);
    expect(r1.terminalCost.at(0.25, 0, 0, 0)).toBeCloseTo(0.1, 15);
    expect(r1.initialDensity.at(0, 0, 0, 0)).toBe(1.5);
    expect(r3.potential.at(0.25, 0, 0, 0)).toBeCloseTo(0.5, 15);
    expect(layers.potential.at(0.25, 0, 0, 0)).toBeCloseTo(8 - 3, 13);
    expect(layers.coupling).toEqual({ kind: "power", strength: 0.5, exponent: 2 });
    expect(layers.normalizeDensity).toBe(true);
  });

  test("two-crowds-1d wraps around", () => {
    const { initialDensity } = loadCatalogueProblem("two-crowds-1d");
    const at = (x: number): number => initialDensity.at(x, 0, 0, 0);
    expect(at(0)).toBeCloseTo(2 * Math.exp(-8) + Math.exp(-8), 16);
    expect(at(0.2)).toBeCloseTo(2, 12);
    expect(at(1)).toBeCloseTo(at(0), 15);
  });

  test("crowd-corridor-2d: nobody at the exit at first, and the terminal cost agrees with it", () => {
    const { domain, initialDensity, terminalCost } = loadCatalogueProblem("crowd-corridor-2d");
    expect(domain.map(({ lower, upper }) => [lower.kind, upper.kind])).toEqual([
      ["reflecting", "exit"],
      ["reflecting", "reflecting"],
    ]);
    expect(initialDensity.at(2, 0.5, 0, 0)).toBeLessThan(1e-30);
    expect(terminalCost.at(2, 0.5, 0, 0)).toBeCloseTo(0, 15);
  });
});

describe("finding a problem", () => {
  test("by name, by path, and by name first", () => {
    const { source } = loadCatalogueProblem("r1");
    expect(resolveProblem("r1").source).toEqual(source);
    expect(resolveProblem(file("own.json", JSON.stringify(source))).name).toBe("r1");
    expect(resolveProblem(file("no-suffix", `\uFEFF${JSON.stringify(source)}`)).name).toBe("r1");
  });
  test("an unknown name lists the names and suggests the nearest", () => {
    const error = refusalOf(() => resolveProblem("two-crowd-1d"));
    expect(error.code).toBe("MFGPU_PROBLEM_UNKNOWN");
    expect(error.fix).toMatch(/Did you mean "two-crowds-1d"\?.*beach-1d.*torus-exact-3d/);
    for (const name of ["", "../package", "../package.json", "nowhere/r1", "__proto__"])
      refusalOf(() => resolveProblem(name));
    expect(refusalOf(() => loadCatalogueProblem("../package")).code).toBe("MFGPU_PROBLEM_UNKNOWN");
  });
  test("a missing file and a folder say so", () => {
    const missing = refusalOf(() => resolveProblem(join(folder, "missing.json")));
    expect([missing.code, missing.path]).toEqual(["MFGPU_FILE_READ", join(folder, "missing.json")]);
    expect(missing.message).toMatch(/no such file/);
    expect(refusalOf(() => readProblemFile(folder)).message).toMatch(/is a folder/);
  });
  test("broken JSON is found by line and column", () => {
    const broken = refusalOf(() => readProblemFile(file("broken.json", '{\n  "name": "x",\n  "horizon": 1,,\n}')));
    expect(broken.code).toBe("MFGPU_FILE_JSON");
    expect(broken.message).toMatch(/broken\.json is not JSON at line 3, column 16/);
    expect(broken.value).toContain('"horizon": 1,,');
    expect(refusalOf(() => readProblemFile(file("cut.json", '{\n  "name": "x",\n  "hor'))).message).toMatch(
      /line 3, column 7/,
    );
    expect(refusalOf(() => readProblemFile(file("empty.json", ""))).message).toMatch(/line 1, column 1/);
  });
  test("a wrong value in a file names the file, the path and the value", () => {
    const source = loadCatalogueProblem("r1").source as object;
    const path = file("wrong.json", JSON.stringify({ ...source, volatility: -1 }));
    const error = refusalOf(() => readProblemFile(path));
    expect(error.message).toContain(`${path}: volatility is -1`);
    expect([error.code, error.path, error.value]).toEqual(["MFGPU_PROBLEM_SCHEMA", "volatility", -1]);
  });
});
