import { describe, expect, test } from "vitest";
import type { MfgError } from "../../src/errors.ts";
import { compilePoint } from "../../src/problem/compile.ts";
import { evaluateFormula, formulaText } from "../../src/problem/evaluate.ts";
import { formulaLengthCap, parseFormula, type FormulaPlace } from "../../src/problem/formula.ts";
import { formulaFunctions } from "../../src/problem/functions.ts";
import { refusalOf } from "./refusal.ts";

const anywhere: FormulaPlace = { path: "potential", dimension: 3, time: true };
const [x, y, z, t] = [0.7, -1.3, 2.1, 0.4];
const value = (text: string): number => compilePoint(parseFormula(text, anywhere))(x, y, z, t);

const refusal = (text: string, place: FormulaPlace = anywhere): MfgError => refusalOf(() => parseFormula(text, place));

describe("what a formula means", () => {
  const table: [string, number][] = [
    ["1 + 2*3", 7],
    ["2 - 3 - 4", -5],
    ["2/4/2", 0.25],
    ["2 - 3 + 4", 3],
    ["12/3*2", 8],
    ["-x^2", -(x * x)],
    ["(-x)^2", x * x],
    ["-x**2", -(x * x)],
    ["+x^2", x * x],
    ["- -x^2", x * x],
    ["2^3^2", 512],
    ["(2^3)^2", 64],
    ["2^-x", 2 ** -x],
    ["-2^-x^2", -(2 ** -(x * x))],
    ["3*-x^2", 3 * -(x * x)],
    ["x^2*3", x * x * 3],
    ["x^-2", x ** -2],
    ["2^0.5", Math.SQRT2],
    ["x^3", x * x * x],
    ["-x*y", -x * y],
    [".5 + 5. + 1e-3 + 2E+2", 0.5 + 5 + 0.001 + 200],
    ["pi", Math.PI],
    ["e", Math.E],
    ["x < y", 0],
    ["x > y", 1],
    ["(x >= x) + (x <= y)", 1],
    ["x == x", 1],
    ["x != x", 0],
    ["x > 0 ? 10 : 20", 10],
    ["x < 0 ? 10 : y < 0 ? 20 : 30", 20],
    ["x > 0 ? y > 0 ? 1 : 2 : 3", 2],
    ["1 + (x > 0 ? 1 : 2)*10", 11],
    ["(0.2 < x)*(x < 0.8)", 1],
    ["\tx\n+\r y ", x + y],
    ["z*t", z * t],
    ["max(1, 2, 3) + min(4, 5)", 7],
    ["pow(2, 10)", 1024],
    ["hypot(3, 4)", 5],
    ["atan2(1, 1)", Math.PI / 4],
    ["step(0) + step(-1)", 1],
    ["gauss(1, 1, 0.5)", 2 / Math.sqrt(2 * Math.PI)],
    ["smoothstep(0, 2, -1) + 10*smoothstep(0, 2, 1) + 100*smoothstep(0, 2, 3)", 105],
    ["sign(-3) + round(2.5) + floor(-0.5) + ceil(0.5) + cbrt(8)", -1 + 3 - 1 + 1 + 2],
    ["log(e) + log10(100) + log2(8) + sqrt(16) + abs(-1)", 1 + 2 + 3 + 4 + 1],
  ];
  for (const [text, expected] of table) {
    test(`"${text}"`, () => expect(value(text)).toBeCloseTo(expected, 13));
  }

  test("every function of the table is called by its own name with the right meaning", () => {
    for (const [name, { least, most, apply }] of Object.entries(formulaFunctions)) {
      for (let n = least; n <= most; n++) {
        const args = [0.3, 0.6, 0.8, 0.1, 0.2, 0.9, 0.7, 0.4].slice(0, n);
        const call = `${name}(${args.join(", ")})`;
        expect([call, value(call)]).toEqual([call, apply(...args)]);
      }
      expect(refusal(`${name}(${Array.from({ length: most + 1 }, () => "x").join(",")})`).message).toContain(
        "argument",
      );
    }
  });

  test("reads its own text back", () => {
    for (const [text] of table) {
      const formula = parseFormula(text, anywhere);
      expect(parseFormula(formulaText(formula), anywhere)).toEqual(formula);
    }
    expect(formulaText(parseFormula("((2*exp(-200*((x-0.2)^2)))+(-x)^2)", anywhere))).toBe(
      "2*exp(-200*(x - 0.2)^2) + (-x)^2",
    );
  });
});

describe("what a formula cannot be", () => {
  const table: [string, RegExp][] = [
    ["", /found the end/],
    ["   ", /found the end/],
    ["2e", /exponent/],
    ["2x", /cannot start with a number/],
    ["x y", /Unexpected "y" at character 2/],
    ["x + ", /character/],
    ["x + * y", /character/],
    ["(x", /Unclosed \(/],
    ["x)", /Unexpected "\)" at character 1/],
    ["()", /Unexpected "\)"/],
    ["x, y", /Unexpected ","/],
    ["(x, y)", /Unclosed/],
    [",x", /Unexpected ","/],
    ["x;", /";" at character 1/],
    ["sin(x y)", /found "y" at character 6/],
    ["sin(x", /found the end/],
    ["max(x,)", /Unexpected "\)"/],
    ["max(,x)", /Unexpected ","/],
    ["max()", /1 to 8 arguments, not 0/],
    ["sin", /unknown name "sin"/],
    ["foo", /unknown name "foo"/],
    ["foo(x)", /unknown function "foo"/],
    ["x(y)", /unknown function "x"/],
    ["(x)(y)", /unknown function "x"/],
    ["sin(x)(y)", /only functions can be called/],
    ["(x + y)(z)", /only functions can be called/],
    ["x.y", /MemberExpression/],
    ["x.constructor(y)", /only functions can be called/],
    ["constructor", /unknown name/],
    ["toString(x)", /unknown function/],
    ["__proto__", /unknown name/],
    ["this", /unknown name "this"/],
    ["true", /unknown name "true"/],
    ["globalThis", /unknown name/],
    ["x ? 1", /Expected :/],
    ["x ?. y", /character|MemberExpression/],
    ["1 < x < 2", /chained/],
    ["x === y", /operator ===/],
    ["!x", /operator !/],
    ["x << 2", /operator <</],
    ["x = 2", /Unexpected "="/],
    ["x % 2", /"%" at character 2/],
    ["x & y", /"&"/],
    ["x || y", /"\|"/],
    ["[x]", /"\["/],
    ["'x'", /"'"/],
    ["`x`", /"`"/],
    ["\\u0078", /character 0/],
    ["x + \u03c0", /character 4/],
    ["1e999", /too large/],
    ["0x10", /cannot start with a number/],
  ];
  for (const [text, message] of table) {
    test(`"${text}"`, () => {
      const error = refusal(text);
      expect(error.code).toBe("MFGPU_PROBLEM_FORMULA");
      expect(error.message).toMatch(message);
      expect(error.message).toMatch(/^potential: /);
      expect(error.fix).toBeTruthy();
      expect(error.path).toBe("potential");
      expect(error.value).toBe(text);
    });
  }

  test("the nearest known name is suggested", () => {
    expect(refusal("tann(x)").fix).toMatch(/Did you mean "tan"\?/);
    expect(refusal("sqr(x)").fix).toMatch(/Did you mean "sqrt"\?/);
    expect(refusal("sin").fix).toMatch(/write sin\(\.\.\.\)/);
    expect(refusal("constructor").fix).not.toMatch(/Did you mean/);
  });

  test("coordinates beyond the dimension and unwanted time are refused", () => {
    const flat: FormulaPlace = { path: "terminalCost", dimension: 1, time: false };
    expect(refusal("x + y", flat).message).toMatch(/uses y, which is no coordinate of a problem of dimension 1/);
    expect(refusal("z", { ...flat, dimension: 2 }).message).toMatch(/uses z/);
    expect(refusal("x*t", flat).message).toMatch(/depends on t/);
    expect(parseFormula("x*t", { ...flat, time: true })).toBeDefined();
  });
});

describe("caps", () => {
  const deep: Record<string, string> = {
    "10,000 opening brackets": "(".repeat(10_000),
    "nested brackets": `${"(".repeat(4_000)}x${")".repeat(4_000)}`,
    "201 brackets": `${"(".repeat(201)}x${")".repeat(201)}`,
    "nested calls": `${"sin(".repeat(1_900)}x${")".repeat(1_900)}`,
    "a tower of signs": `${"-".repeat(9_000)}x`,
    "a tower of powers": `x${"^x".repeat(4_000)}`,
    "choices in choices, from the left": `${"x?".repeat(2_000)}x${":x".repeat(2_000)}`,
    "choices in choices, to the right": `x${"?x:x".repeat(2_000)}`,
  };
  for (const [name, text] of Object.entries(deep)) {
    test(`${name} end as an error, not as a stack overflow`, () => {
      expect(text.length).toBeLessThanOrEqual(formulaLengthCap);
      expect(refusal(text).message).toMatch(/nested deeper than 200/);
    });
  }
  test("length", () => {
    expect(refusal(`${" ".repeat(formulaLengthCap)}x`).message).toMatch(/10001 characters/);
    expect(parseFormula(`${" ".repeat(formulaLengthCap - 1)}x`, anywhere)).toEqual({ kind: "variable", name: "x" });
    // A cap that is checked after the parsing would take minutes here.
    expect(refusal("(".repeat(20_000_000)).message).toMatch(/20000000 characters/);
  });
  test("a hundred brackets and a sum of thousands of terms are fine", () => {
    expect(value(`${"(".repeat(100)}x${")".repeat(100)}`)).toBe(x);
    const sum = parseFormula(`0${"+1-2".repeat(2_000)}`, anywhere);
    expect(compilePoint(sum)(0, 0, 0, 0)).toBe(-2_000);
    expect(evaluateFormula(sum, { x, y, z, t })).toBe(-2_000);
    expect(value(`1${"*2/2".repeat(2_000)}`)).toBe(1);
  });
});
