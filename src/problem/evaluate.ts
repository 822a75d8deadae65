import type { Formula, Term, VariableName } from "./formula.ts";
import { formulaConstants, formulaFunctions, formulaLibrary } from "./functions.ts";

/** Values of the variables of a formula; those that it does not use may be anything. */
export type Point = Readonly<Record<VariableName, number>>;

/** The cheap integer powers; anything else goes through Math.pow. Exact for squares, one rounding more for the others. */
export function smallPower(exponent: Formula): "square" | "cube" | "fourth" | undefined {
  if (exponent.kind !== "number") return undefined;
  return ({ 2: "square", 3: "cube", 4: "fourth" } as const)[exponent.value];
}

/** The value of a formula at a point, by walking its tree: what the compiled forms must equal bit for bit. */
export function evaluateFormula(formula: Formula, point: Point): number {
  const value = (part: Formula): number => evaluateFormula(part, point);
  switch (formula.kind) {
    case "number":
      return formula.value;
    case "constant":
      return formulaConstants[formula.name];
    case "variable":
      return point[formula.name];
    case "negate":
      return -value(formula.of);
    case "sum":
      return formula.rest.reduce(
        (a, b) => (b.operator === "+" ? a + value(b.of) : a - value(b.of)),
        value(formula.first),
      );
    case "product":
      return formula.rest.reduce(
        (a, b) => (b.operator === "*" ? a * value(b.of) : a / value(b.of)),
        value(formula.first),
      );
    case "power": {
      const small = smallPower(formula.exponent);
      const base = value(formula.base);
      return small ? formulaLibrary[small](base) : Math.pow(base, value(formula.exponent));
    }
    case "compare":
      return compare(formula.operator, value(formula.left), value(formula.right)) ? 1 : 0;
    case "choose":
      return value(formula.test) !== 0 ? value(formula.whenTrue) : value(formula.whenFalse);
    case "call":
      return formulaFunctions[formula.name].apply(...formula.args.map(value));
  }
}

function compare(operator: (Formula & { kind: "compare" })["operator"], a: number, b: number): boolean {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "==":
      return a === b;
    case "!=":
      return a !== b;
  }
}

// How tightly each kind binds: a part is bracketed where it binds less tightly than its place asks.
const binding: Readonly<Record<Formula["kind"], number>> = {
  choose: 0,
  compare: 1,
  sum: 2,
  product: 3,
  negate: 4,
  power: 5,
  number: 6,
  constant: 6,
  variable: 6,
  call: 6,
};

/** A formula as text again, with as few brackets as reading it back needs. */
export function formulaText(formula: Formula): string {
  const part = (of: Formula, least: number): string =>
    binding[of.kind] < least ? `(${formulaText(of)})` : formulaText(of);
  const list = (first: Formula, rest: readonly Term<string>[], own: number, space: string): string =>
    part(first, own + 1) + rest.map((term) => `${space}${term.operator}${space}${part(term.of, own + 1)}`).join("");
  switch (formula.kind) {
    case "number":
      return String(formula.value);
    case "constant":
    case "variable":
      return formula.name;
    case "negate":
      return `-${part(formula.of, 5)}`;
    case "sum":
      return list(formula.first, formula.rest, 2, " ");
    case "product":
      return list(formula.first, formula.rest, 3, "");
    case "power":
      return `${part(formula.base, 6)}^${part(formula.exponent, 5)}`;
    case "compare":
      return `${part(formula.left, 2)} ${formula.operator} ${part(formula.right, 2)}`;
    case "choose":
      return `${part(formula.test, 1)} ? ${part(formula.whenTrue, 1)} : ${part(formula.whenFalse, 0)}`;
    case "call":
      return `${formula.name}(${formula.args.map(formulaText).join(", ")})`;
  }
}
