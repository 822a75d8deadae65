import { describe, expect, test } from "vitest";
import { parseProblem } from "../../src/problem/schema.ts";
import { sampleField } from "../../src/problem/sample.ts";
import type { Field } from "../../src/problem/types.ts";
import { refusalOf } from "./refusal.ts";

const unit = { from: 0, to: 1, boundary: "periodic" };
const wall = { from: 0, to: 1, boundary: "reflecting" };
const base = { name: "test", domain: [unit], horizon: 1, volatility: 0.3, initialDensity: 1 };
const periodic = (n: number, from = 0, to = 1): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => from + ((to - from) * i) / n);

describe("sampleField", () => {
  const problem = parseProblem({
    ...base,
    domain: [unit, wall, { from: -1, to: 1, boundary: "open" }],
    potential: "x + 10*y + 100*z + 1000*t",
    terminalCost: "7/2",
    initialDensity: (x: number, y: number, z: number, t: number) => 1 + x + 10 * y + 100 * z + 1000 * t,
  });
  const axes = [Float64Array.of(0.1, 0.2), Float64Array.of(0.3, 0.4, 0.5), Float64Array.of(0.6, 0.7)];

  test("is in C order, last axis fastest, with time", () => {
    const sampled = sampleField(problem.potential, axes, 2);
    expect(sampled).toHaveLength(12);
    expect(sampled[0]).toBeCloseTo(0.1 + 3 + 60 + 2000, 10);
    expect(sampled[1]).toBeCloseTo(0.1 + 3 + 70 + 2000, 10);
    expect(sampled[2]).toBeCloseTo(0.1 + 4 + 60 + 2000, 10);
    expect(sampled[6]).toBeCloseTo(0.2 + 3 + 60 + 2000, 10);
  });

  test("calls functions, and holds time at 0 where a field has none", () => {
    expect(problem.initialDensity.text).toBe("function");
    expect(problem.initialDensity.dependsOnTime).toBe(false);
    expect(sampleField(problem.initialDensity, axes, 2)[3]).toBeCloseTo(1 + 0.1 + 4 + 70, 10);
  });

  test("writes where it is told, also into a part of an array", () => {
    const out = new Float64Array(24);
    expect(sampleField(problem.terminalCost, axes, 0, out.subarray(12)).buffer).toBe(out.buffer);
    expect([...out]).toEqual([...Array<number>(12).fill(0), ...Array<number>(12).fill(3.5)]);
    expect(refusalOf(() => sampleField(problem.terminalCost, axes, 0, out)).code).toBe("MFGPU_PROBLEM_SAMPLE");
  });

  test("takes a field that is not ours", () => {
    const field: Field = {
      at: (x) => 2 * x,
      constant: undefined,
      dependsOnTime: false,
      text: "mine",
      periodize: false,
    };
    expect([...sampleField(field, [Float64Array.of(1, 2)], 0)]).toEqual([2, 4]);
    expect(
      refusalOf(() => sampleField({ ...field, at: Math.log }, [Float64Array.of(-1)], 0, undefined, "mine")).path,
    ).toBe("mine");
  });

  test("says what is constant and what moves", () => {
    const { potential, terminalCost, initialDensity } = parseProblem({
      ...base,
      potential: "x*t",
      terminalCost: "2*pi",
    });
    expect([potential.dependsOnTime, terminalCost.dependsOnTime, initialDensity.dependsOnTime]).toEqual([
      true,
      false,
      false,
    ]);
    expect([potential.constant, terminalCost.constant, initialDensity.constant]).toEqual([undefined, 2 * Math.PI, 1]);
    const moves = (potential: unknown): boolean => parseProblem({ ...base, potential }).potential.dependsOnTime;
    expect(moves((x: number) => x)).toBe(false);
    expect(moves((x: number, _y: number, _z: number, t: number) => x * t)).toBe(true);
    expect(moves((...all: number[]) => all[3])).toBe(true);
  });
});

describe("NaN and Infinity", () => {
  test("are reported with field, point, time and value", () => {
    const { potential, initialDensity } = parseProblem({
      ...base,
      domain: [unit, unit],
      potential: "log(x - 0.5) + 0*t",
      initialDensity: "1/(y - 0.25)",
    });
    const nan = refusalOf(() => sampleField(potential, [periodic(8), periodic(4)], 0.75));
    expect(nan.code).toBe("MFGPU_PROBLEM_NOT_FINITE");
    expect(nan.message).toBe("potential is NaN at x = 0, y = 0, t = 0.75.");
    expect(nan.path).toBe("potential");
    expect(nan.value).toBeNaN();
    const infinite = refusalOf(() => sampleField(initialDensity, [periodic(8), periodic(4)], 0));
    expect(infinite.message).toBe("initialDensity is Infinity at x = 0, y = 0.25.");
    expect(infinite.value).toBe(Number.POSITIVE_INFINITY);
    expect(infinite.fix).toMatch(/finite/);
  });
  test("of a constant are found without a grid", () => {
    const error = refusalOf(() => parseProblem({ ...base, potential: "log(-1)" }));
    expect([error.code, error.path]).toEqual(["MFGPU_PROBLEM_NOT_FINITE", "potential"]);
    expect(error.message).toMatch(/NaN everywhere/);
  });
  test("of a function, or what is no number, are found", () => {
    const { potential } = parseProblem({ ...base, potential: (x: number) => (x < 0.5 ? x : undefined) as number });
    expect(refusalOf(() => sampleField(potential, [periodic(4)], 0)).message).toMatch(/potential is NaN at x = 0.5/);
  });
});

describe("periodize", () => {
  const bump = (x: number, width: number): number => Math.exp(-(((x - 0.9) / width) ** 2));

  test("sums the images of a bump at the edge", () => {
    const { initialDensity } = parseProblem({
      ...base,
      initialDensity: { formula: "exp(-((x-0.9)/0.3)^2)", periodize: true },
    });
    const x = periodic(16);
    const sampled = sampleField(initialDensity, [x], 0);
    x.forEach((at, i) => {
      let sum = 0;
      for (let j = -12; j <= 12; j++) sum += bump(at + j, 0.3);
      expect(Math.abs(sampled[i]! - sum)).toBeLessThan(4e-16 * sum);
      expect(Math.abs(initialDensity.at(at, 0, 0, 0) - sum)).toBeLessThan(4e-16 * sum);
    });
    expect(initialDensity.at(0, 0, 0, 0)).toBeCloseTo(initialDensity.at(1, 0, 0, 0), 14);
    expect(initialDensity.periodize).toBe(true);
  });

  test("leaves a formula alone that does not ask", () => {
    const { initialDensity } = parseProblem({ ...base, initialDensity: { formula: "exp(-((x-0.9)/0.3)^2)" } });
    expect(sampleField(initialDensity, [Float64Array.of(0.1)], 0)[0]).toBe(bump(0.1, 0.3));
    expect(initialDensity.periodize).toBe(false);
  });

  test("finds bumps outside the box, and wide ones", () => {
    const at = (formula: string): number =>
      sampleField(
        parseProblem({ ...base, initialDensity: { formula, periodize: true } }).initialDensity,
        [Float64Array.of(0.25)],
        0,
      )[0]!;
    expect(at("gauss(x, 3.25, 0.01)")).toBeCloseTo(at("gauss(x, 0.25, 0.01)"), 9);
    // A Gaussian as wide as five boxes is uniform once wrapped, by Poisson's formula.
    expect(at("gauss(x, 0.1, 5)")).toBeCloseTo(1, 13);
  });

  test("wraps the periodic axes of a mixed box, and only those", () => {
    const { initialDensity } = parseProblem({
      ...base,
      domain: [{ from: -1, to: 1, boundary: "periodic" }, wall],
      initialDensity: { formula: "exp(-20*((x-0.9)^2 + (y-0.9)^2))", periodize: true },
    });
    const wrapped = sampleField(initialDensity, [Float64Array.of(-0.9), Float64Array.of(0.1)], 0)[0]!;
    expect(wrapped).toBeCloseTo(Math.exp(-20 * (0.2 ** 2 + 0.8 ** 2)), 15);
  });

  test("refuses what cannot be summed", () => {
    const give = (formula: string, domain: unknown = [unit]) =>
      refusalOf(() => parseProblem({ ...base, domain, initialDensity: { formula, periodize: true } }));
    expect(give("1/(1 + x^2)").message).toMatch(/does not decay fast enough/);
    expect(give("2").code).toBe("MFGPU_PROBLEM_PERIODIZE");
    const walls = give("exp(-x^2)", [wall]);
    expect(walls.message).toMatch(/no axis of the domain is periodic/);
    expect(walls.path).toBe("initialDensity.periodize");
    expect(give("sqrt(x)").message).toMatch(/initialDensity is NaN at x = -1, a periodic image/);
  });
});

test("speed of sampling 4096^2 points (printed, not asserted)", () => {
  const axis = periodic(4096);
  const out = new Float64Array(4096 ** 2);
  const lines = [
    "2*exp(-200*((x-0.2)^2 + (y-0.3)^2)) + exp(-200*((x-0.8)^2 + y^2))",
    "cos(2*pi*x) + 0.4*sin(4*pi*y)",
    "2.5",
  ].map((potential) => {
    const problem = parseProblem({ ...base, domain: [unit, unit], potential });
    const start = performance.now();
    sampleField(problem.potential, [axis, axis], 0, out);
    expect(out.at(-1)).toBeCloseTo(problem.potential.at(axis.at(-1)!, axis.at(-1)!, 0, 0), 14);
    return `${((performance.now() - start) / 1e3).toFixed(2)} s  ${potential}`;
  });
  process.stderr.write(`4096 x 4096 points:\n${lines.join("\n")}\n`);
});
