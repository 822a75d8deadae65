import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileFill, compilePoint, dependence } from "../../src/problem/compile.ts";
import { evaluateFormula, formulaText } from "../../src/problem/evaluate.ts";
import { parseFormula, variableNames, type Comparison, type Formula } from "../../src/problem/formula.ts";
import {
  formulaConstants,
  formulaFunctions,
  type ConstantName,
  type FunctionName,
} from "../../src/problem/functions.ts";
import type { Dimension } from "../../src/problem/types.ts";

/** Random trees that use the first `dimension` coordinates and t. */
function formulas(dimension: Dimension): fc.Arbitrary<Formula> {
  const names = [...variableNames.slice(0, dimension), "t" as const];
  const comparisons: Comparison[] = ["<", "<=", ">", ">=", "==", "!="];
  const { tree } = fc.letrec<{ tree: Formula }>((tie) => {
    const part = tie("tree");
    const terms = <Operator extends string>(...operators: Operator[]) =>
      fc.array(fc.record({ operator: fc.constantFrom(...operators), of: part }), { minLength: 1, maxLength: 3 });
    return {
      tree: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        fc.record({ kind: fc.constant("variable" as const), name: fc.constantFrom(...names) }),
        fc.record({
          kind: fc.constant("number" as const),
          value: fc.oneof(fc.nat(5), fc.double({ min: 0, max: 1e30, noNaN: true }).map(Math.abs)),
        }),
        fc.record({
          kind: fc.constant("constant" as const),
          name: fc.constantFrom(...(Object.keys(formulaConstants) as ConstantName[])),
        }),
        fc.record({ kind: fc.constant("negate" as const), of: part }),
        fc.record({ kind: fc.constant("sum" as const), first: part, rest: terms("+", "-") }),
        fc.record({ kind: fc.constant("product" as const), first: part, rest: terms("*", "/") }),
        fc.record({ kind: fc.constant("power" as const), base: part, exponent: part }),
        fc.record({
          kind: fc.constant("compare" as const),
          operator: fc.constantFrom(...comparisons),
          left: part,
          right: part,
        }),
        fc.record({ kind: fc.constant("choose" as const), test: part, whenTrue: part, whenFalse: part }),
        fc
          .constantFrom(...(Object.keys(formulaFunctions) as FunctionName[]))
          .chain((name) =>
            fc
              .array(part, { minLength: formulaFunctions[name].least, maxLength: formulaFunctions[name].most })
              .map((args): Formula => ({ kind: "call", name, args })),
          ),
      ),
    };
  });
  return tree;
}

const coordinate = fc.double({ min: -10, max: 10, noNaN: true });
const same = (a: number, b: number): boolean => Object.is(a, b);

describe("random formulas", () => {
  test("compiled = walked, bit for bit", () => {
    fc.assert(
      fc.property(formulas(3), coordinate, coordinate, coordinate, coordinate, (formula, x, y, z, t) =>
        same(compilePoint(formula)(x, y, z, t), evaluateFormula(formula, { x, y, z, t })),
      ),
      { numRuns: 1500 },
    );
  });

  test("parsed text = tree, in value", () => {
    fc.assert(
      fc.property(formulas(3), coordinate, coordinate, coordinate, coordinate, (formula, x, y, z, t) => {
        const read = parseFormula(formulaText(formula), { path: "potential", dimension: 3, time: true });
        return same(evaluateFormula(read, { x, y, z, t }), evaluateFormula(formula, { x, y, z, t }));
      }),
      { numRuns: 1500 },
    );
  });

  for (const dimension of [1, 2, 3] as const) {
    test(`a filled grid = point by point, ${dimension}-D`, () => {
      const axis = fc.array(coordinate, { minLength: 1, maxLength: 4 }).map((x) => Float64Array.from(x));
      const axes = fc.array(axis, { minLength: dimension, maxLength: dimension });
      fc.assert(
        fc.property(formulas(dimension), axes, coordinate, (formula, coordinates, t) => {
          const [xs, ys = [0], zs = [0]] = coordinates as [Float64Array, Float64Array?, Float64Array?];
          const out = new Float64Array(coordinates.reduce((n, x) => n * x.length, 1));
          compileFill(formula, dimension)(coordinates, t, out);
          let p = 0;
          for (const x of xs) {
            for (const y of ys) {
              for (const z of zs) if (!same(out[p++]!, evaluateFormula(formula, { x, y, z, t }))) return false;
            }
          }
          return p === out.length;
        }),
        { numRuns: 400 },
      );
    });
  }
});

test("what a formula depends on", () => {
  const bits = (text: string): number => dependence(parseFormula(text, { path: "p", dimension: 3, time: true }));
  expect(bits("1 + pi")).toBe(0);
  expect(bits("sin(x)*max(1, y)")).toBe(3);
  expect(bits("x > 0 ? z : t")).toBe(13);
});

test("parts that do not change along the innermost axis leave its loop", () => {
  const source = compileFill(
    parseFormula("exp(sin(x))*cos(y)*exp(x*y) + sqrt(2*t)", { path: "p", dimension: 2, time: true }),
    2,
  ).toString();
  const innermost = source.slice(source.lastIndexOf("for ("));
  expect(innermost).toContain("Math.exp");
  for (const outside of ["Math.sin", "Math.cos", "Math.sqrt"]) {
    expect(source).toContain(outside);
    expect(innermost).not.toContain(outside);
  }
});
