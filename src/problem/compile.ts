import { smallPower } from "./evaluate.ts";
import type { Formula } from "./formula.ts";
import { formulaConstants, formulaFunctions, formulaLibrary } from "./functions.ts";
import type { Dimension } from "./types.ts";

export type PointFunction = (x: number, y: number, z: number, t: number) => number;

/** Fills `out` with a field on the tensor grid of `coordinates` at time t, in C order (last axis fastest). */
export type FillFunction = (coordinates: readonly Float64Array[], t: number, out: Float64Array) => void;

// One bit per variable, so that "what does this part depend on" is one number.
const bitOf = { x: 1, y: 2, z: 4, t: 8 } as const;
const spaceBits = 7;
const axisNames = ["x", "y", "z"] as const;

/** Which variables a formula depends on: the sum of 1 (x), 2 (y), 4 (z) and 8 (t). */
export function dependence(formula: Formula): number {
  switch (formula.kind) {
    case "number":
    case "constant":
      return 0;
    case "variable":
      return bitOf[formula.name];
    default:
      return parts(formula).reduce((bits, part) => bits | dependence(part), 0);
  }
}

function parts(formula: Formula): readonly Formula[] {
  switch (formula.kind) {
    case "number":
    case "constant":
    case "variable":
      return [];
    case "negate":
      return [formula.of];
    case "sum":
    case "product":
      return [formula.first, ...formula.rest.map((term) => term.of)];
    case "power":
      return [formula.base, formula.exponent];
    case "compare":
      return [formula.left, formula.right];
    case "choose":
      return [formula.test, formula.whenTrue, formula.whenFalse];
    case "call":
      return formula.args;
  }
}

const comparisonOf = { "<": "<", "<=": "<=", ">": ">", ">=": ">=", "==": "===", "!=": "!==" } as const;

/**
 * JavaScript for one node, every part bracketed. All that can come out is spelled in this function and in the table of
 * functions; numbers are printed from the tree, never copied from the text.
 */
function emit(formula: Formula, part: (of: Formula) => string): string {
  switch (formula.kind) {
    case "number":
      return String(formula.value);
    case "constant":
      return String(formulaConstants[formula.name]);
    case "variable":
      return formula.name;
    case "negate":
      return `(-${part(formula.of)})`;
    case "sum":
    case "product": {
      const operations = formula.rest.map((term) => ` ${term.operator} ${part(term.of)}`);
      return `(${part(formula.first)}${operations.join("")})`;
    }
    case "power": {
      const small = smallPower(formula.exponent);
      return small
        ? `library.${small}(${part(formula.base)})`
        : `Math.pow(${part(formula.base)}, ${part(formula.exponent)})`;
    }
    case "compare":
      return `(${part(formula.left)} ${comparisonOf[formula.operator]} ${part(formula.right)} ? 1 : 0)`;
    case "choose":
      return `(${part(formula.test)} !== 0 ? ${part(formula.whenTrue)} : ${part(formula.whenFalse)})`;
    case "call":
      return `${formulaFunctions[formula.name].emitted}(${formula.args.map(part).join(", ")})`;
  }
}

/** The formula as a JavaScript function of a point. Source text comes from the tree alone. */
export function compilePoint(formula: Formula): PointFunction {
  const whole = (of: Formula): string => emit(of, whole);
  return build(`return (x, y, z, t) => ${whole(formula)};`) as PointFunction;
}

/**
 * The formula as a loop over a whole grid. Parts that do not change along the innermost axis are computed outside its
 * loop, parts that depend on the innermost coordinate alone once into a table: exp(-x^2) sin(y) costs one product per
 * point. Every value equals that of `compilePoint` bit for bit, because no operation is reordered.
 */
export function compileFill(formula: Formula, dimension: Dimension): FillFunction {
  const inner = dimension - 1;
  const innerName = axisNames[dimension - 1];
  // Statements before all loops, at the head of each loop, and tables; keyed by their text, so that equal parts are shared.
  const hoisted = [new Map<string, string>(), new Map<string, string>(), new Map<string, string>()] as const;
  const tables = new Map<string, string>();

  const keep = (store: Map<string, string>, text: string, prefix: string): string => {
    const known = store.get(text);
    if (known !== undefined) return known;
    const name = `${prefix}${store.size}`;
    store.set(text, name);
    return name;
  };
  const whole = (of: Formula): string => emit(of, whole);
  const part = (of: Formula): string => {
    const bits = dependence(of) & spaceBits;
    const plain = of.kind === "number" || of.kind === "constant" || of.kind === "variable";
    if (plain) return whole(of);
    if (bits === 1 << inner && dimension > 1) return `${keep(tables, emit(of, tablePart), "table")}[p${inner}]`;
    if ((bits & (1 << inner)) === 0) {
      // Level of the loop that is just outside: 0 is before all loops.
      const level = bits === 0 ? 0 : bits & 2 ? 2 : 1;
      return keep(hoisted[level], whole(of), `level${level}part`);
    }
    return emit(of, part);
  };
  // Inside a table's own loop only what does not depend on its coordinate is worth moving out.
  const tablePart = (of: Formula): string =>
    (dependence(of) & spaceBits) === 0 && of.kind !== "number" && of.kind !== "constant" && of.kind !== "variable"
      ? keep(hoisted[0], whole(of), "level0part")
      : emit(of, tablePart);

  const result = part(formula);
  const statements = (store: ReadonlyMap<string, string> = new Map()): string[] =>
    [...store].map(([text, name]) => `const ${name} = ${text};`);
  const open = (a: number): string =>
    `for (let p${a} = 0; p${a} < n${a}; p${a}++) { const ${axisNames[a]} = coordinates[${a}][p${a}];`;
  const lines = [
    ...axisNames.slice(0, dimension).map((_, a) => `const n${a} = coordinates[${a}].length;`),
    ...statements(hoisted[0]),
    ...[...tables].flatMap(([text, name]) => [
      `const ${name} = new Float64Array(n${inner});`,
      `for (let q = 0; q < n${inner}; q++) { const ${innerName} = coordinates[${inner}][q]; ${name}[q] = ${text}; }`,
    ]),
    "let p = 0;",
    ...Array.from({ length: dimension }, (_, a) => [open(a), ...(a < inner ? statements(hoisted[a + 1]) : [])]).flat(),
    `out[p++] = ${result};`,
    "}".repeat(dimension),
  ];
  return build(`return (coordinates, t, out) => {\n${lines.join("\n")}\n};`) as FillFunction;
}

function build(source: string): unknown {
  // The source is emitted from our own typed tree by `emit`: no character of a formula's text can reach it.
  // oxlint-disable-next-line typescript/no-implied-eval
  return new Function("library", `"use strict";\n${source}`)(formulaLibrary);
}
