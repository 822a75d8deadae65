import type jsep from "jsep";
import { MfgError } from "../errors.ts";
import { formulaDepthCap, parseText, TooDeep, type Node } from "./formulaParser.ts";
import { formulaConstants, formulaFunctions, type ConstantName, type FunctionName } from "./functions.ts";
import { show, suggestion } from "./suggest.ts";
import type { Dimension } from "./types.ts";

export type VariableName = "x" | "y" | "z" | "t";
export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";

/** A parsed formula: all that a formula can be, and all that the compiler, the walker and the printer know. */
export type Formula =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "constant"; readonly name: ConstantName }
  | { readonly kind: "variable"; readonly name: VariableName }
  | { readonly kind: "negate"; readonly of: Formula }
  /** From left to right; one flat list, so that a sum of a thousand terms is no deeper than a sum of two. */
  | { readonly kind: "sum"; readonly first: Formula; readonly rest: readonly Term<"+" | "-">[] }
  | { readonly kind: "product"; readonly first: Formula; readonly rest: readonly Term<"*" | "/">[] }
  | { readonly kind: "power"; readonly base: Formula; readonly exponent: Formula }
  /** 1 where it holds, else 0. */
  | { readonly kind: "compare"; readonly operator: Comparison; readonly left: Formula; readonly right: Formula }
  /** `test ? whenTrue : whenFalse`; any test but 0 holds. */
  | { readonly kind: "choose"; readonly test: Formula; readonly whenTrue: Formula; readonly whenFalse: Formula }
  | { readonly kind: "call"; readonly name: FunctionName; readonly args: readonly Formula[] };

export interface Term<Operator extends string> {
  readonly operator: Operator;
  readonly of: Formula;
}

/** Where a formula stands and what it may depend on. */
export interface FormulaPlace {
  /** JSON path for messages, such as `potential`. */
  readonly path: string;
  readonly dimension: Dimension;
  /** Whether it may depend on t. */
  readonly time: boolean;
}

/** Longest formula, in characters. */
export const formulaLengthCap = 10_000;

export const variableNames: readonly VariableName[] = ["x", "y", "z", "t"];
const comparisons: readonly string[] = ["<", "<=", ">", ">=", "==", "!="] satisfies Comparison[];
const isComparison = (operator: string): operator is Comparison => comparisons.includes(operator);
const isFunction = (name: string): name is FunctionName => Object.hasOwn(formulaFunctions, name);
const formulaParts = "Use + - * / ^, comparisons (< <= > >= == !=) and test ? a : b.";
const strangeCharacter = /[^A-Za-z0-9_.,+\-*/^()<>=!?:\s]/;

/** Converts a part, one level deeper. */
type Convert = (part: jsep.Expression) => Formula;

/**
 * Parses a formula: numbers, x, y, z, t, pi, e, `+ - * / ^ **`, comparisons, `?:` and calls of `formulaFunctions`. A power
 * binds tighter than a sign and groups to the right: -x^2 is -(x^2), 2^3^2 is 2^9.
 *
 * @throws MfgError MFGPU_PROBLEM_FORMULA for anything else, for more than 10,000 characters, for nesting deeper than 200,
 * for a coordinate beyond the dimension and for t where time makes no sense.
 */
export function parseFormula(text: string, place: FormulaPlace): Formula {
  const refuse = (message: string, fix: string): never => {
    throw new MfgError({
      code: "MFGPU_PROBLEM_FORMULA",
      message: `${place.path}: ${message}`,
      fix,
      path: place.path,
      value: text,
    });
  };
  if (text.length > formulaLengthCap) {
    refuse(
      `the formula has ${text.length} characters, more than ${formulaLengthCap}.`,
      "Shorten it, or give a JavaScript function through the API.",
    );
  }
  const strange = strangeCharacter.exec(text);
  if (strange) {
    refuse(
      `the formula has ${show(strange[0])} at character ${strange.index}, which no formula can hold.`,
      "Use numbers, x, y, z, t, pi, e, + - * / ^, comparisons, ?: and functions; `and` is a product of comparisons.",
    );
  }
  const tooDeep = (): never =>
    refuse(
      `the formula is nested deeper than ${formulaDepthCap} levels.`,
      "Write it with fewer brackets inside each other.",
    );

  const parse = (): Node => {
    try {
      const parsed = parseText(text);
      if ("tree" in parsed) return parsed.tree;
      return refuse(
        `the formula cannot be read: ${parsed.why} at character ${parsed.at}.`,
        "Mend the formula there; an example is 2*exp(-200*(x-0.2)^2) + 0.5*cos(2*pi*x).",
      );
    } catch (error) {
      if (error instanceof TooDeep) return tooDeep();
      throw error;
    }
  };

  const convert = (node: Node, depth: number): Formula => {
    if (depth > formulaDepthCap) tooDeep();
    const inner: Convert = (part) => convert(part as Node, depth + 1);
    switch (node.type) {
      case "Literal":
        if (typeof node.value !== "number") return unknownName(node.raw);
        if (!Number.isFinite(node.value)) refuse(`the number ${node.raw} is too large.`, "Numbers go up to 1.8e308.");
        return { kind: "number", value: node.value };
      case "Identifier":
        return named(node.name);
      case "ThisExpression":
        return unknownName("this");
      case "UnaryExpression":
        if (node.operator === "+") return inner(node.argument);
        if (node.operator === "-") return { kind: "negate", of: inner(node.argument) };
        return foreign(node.operator);
      case "BinaryExpression":
        return binary(node, inner);
      case "ConditionalExpression":
        return {
          kind: "choose",
          test: inner(node.test),
          whenTrue: inner(node.consequent),
          whenFalse: inner(node.alternate),
        };
      case "CallExpression":
        return call(node, inner);
      default:
        return refuse(`a formula cannot hold a ${node.type}.`, formulaParts);
    }
  };

  const foreign = (operator: string): never =>
    refuse(`the operator ${operator} is not part of formulas.`, formulaParts);

  const binary = (node: jsep.BinaryExpression, inner: Convert): Formula => {
    const { operator } = node;
    if (operator === "+" || operator === "-") return { kind: "sum", ...chain(node, ["+", "-"], inner) };
    if (operator === "*" || operator === "/") return { kind: "product", ...chain(node, ["*", "/"], inner) };
    if (operator === "**") return power(node, inner);
    if (!isComparison(operator)) return foreign(operator);
    for (const side of [node.left as Node, node.right as Node]) {
      if (side.type === "BinaryExpression" && isComparison(side.operator) && !side.grouped) {
        refuse("comparisons cannot be chained.", "Write (a < b) * (b < c) for a < b < c.");
      }
    }
    return { kind: "compare", operator, left: inner(node.left), right: inner(node.right) };
  };

  const named = (name: string): Formula => {
    if (Object.hasOwn(formulaConstants, name)) return { kind: "constant", name: name as ConstantName };
    const axis = variableNames.indexOf(name as VariableName);
    if (axis < 0) return unknownName(name);
    if (name === "t" && !place.time) {
      refuse(
        "the formula depends on t, but this field does not change with time.",
        "Only potential, the target of a coupling and the value of an exit may use t.",
      );
    }
    if (name !== "t" && axis >= place.dimension) {
      refuse(
        `the formula uses ${name}, which is no coordinate of a problem of dimension ${place.dimension}.`,
        `Use ${variableNames.slice(0, place.dimension).join(", ")}, or add an axis to domain.`,
      );
    }
    return { kind: "variable", name: name as VariableName };
  };

  const unknownName = (name: string): never => {
    const usable = [
      ...variableNames.slice(0, place.dimension),
      ...(place.time ? ["t"] : []),
      ...Object.keys(formulaConstants),
    ];
    return refuse(
      `the formula uses the unknown name ${show(name)}.`,
      Object.hasOwn(formulaFunctions, name)
        ? `${name} is a function: write ${name}(...).`
        : suggestion(name, [...usable, ...Object.keys(formulaFunctions)]),
    );
  };

  const call = (node: jsep.CallExpression, inner: Convert): Formula => {
    const callee = node.callee as Node;
    if (callee.type !== "Identifier") {
      return refuse("only functions can be called.", "Write * between a bracket and what it multiplies.");
    }
    const { name } = callee;
    if (!isFunction(name)) {
      return refuse(
        `the formula calls the unknown function ${show(name)}.`,
        suggestion(name, Object.keys(formulaFunctions)),
      );
    }
    const { least, most } = formulaFunctions[name];
    const given = node.arguments.length;
    if (given < least || given > most) {
      const takes = least === most ? String(least) : `${least} to ${most}`;
      refuse(
        `${name} takes ${takes} ${most === 1 ? "argument" : "arguments"}, not ${given}.`,
        `Give ${name} ${takes}.`,
      );
    }
    return { kind: "call", name, args: node.arguments.map(inner) };
  };

  return convert(parse(), 1);
}

/** base ^ exponent; signs that jsep has put inside the base move outside. */
function power(node: jsep.BinaryExpression, inner: Convert): Formula {
  let base = node.left as Node;
  let negative = false;
  while (base.type === "UnaryExpression" && !base.grouped && (base.operator === "-" || base.operator === "+")) {
    negative = negative !== (base.operator === "-");
    base = base.argument as Node;
  }
  const raised: Formula = { kind: "power", base: inner(base), exponent: inner(node.right) };
  return negative ? { kind: "negate", of: raised } : raised;
}

/** Unrolls a left-deep chain of operators of one precedence into a list, without recursion. */
function chain<Operator extends string>(
  node: jsep.BinaryExpression,
  operators: readonly Operator[],
  inner: Convert,
): { first: Formula; rest: Term<Operator>[] } {
  const rest: Term<Operator>[] = [];
  let left: Node = node;
  while (left.type === "BinaryExpression") {
    const operator = operators.find((known) => known === left["operator"]);
    if (operator === undefined) break;
    rest.push({ operator, of: inner(left.right) });
    left = left.left as Node;
  }
  return { first: inner(left), rest: rest.toReversed() };
}
