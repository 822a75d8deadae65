import type { z } from "zod";
import { MfgError } from "../errors.ts";
import { show, suggestion } from "./suggest.ts";

type Issue = z.core.$ZodIssue;

/** What a key looks like, for who forgot it or gave something else. */
const examples: Readonly<Record<string, string>> = {
  name: '"name": "my-problem"',
  domain: '"domain": [{ "from": 0, "to": 1, "boundary": "periodic" }]',
  from: '"from": 0',
  to: '"to": 1',
  boundary: '"boundary": "reflecting"',
  horizon: '"horizon": 1',
  volatility: '"volatility": 0.3',
  hamiltonian: '"hamiltonian": { "kind": "quadratic", "control": 1 }',
  control: '"control": 1',
  exponent: '"exponent": 2',
  coupling: '"coupling": { "kind": "linear", "strength": 1 }',
  strength: '"strength": 1',
  floor: '"floor": 1e-30',
  width: '"width": 0.1',
  target: '"target": "1 + 0.5*cos(2*pi*x)"',
  attraction: '"attraction": 0.5',
  drift: '"drift": ["0.1", "0"]',
  potential: '"potential": "cos(2*pi*x)"',
  terminalCost: '"terminalCost": "x^2"',
  initialDensity: '"initialDensity": "1 + 0.5*cos(2*pi*x)"',
  normalizeDensity: '"normalizeDensity": true',
  formula: '"formula": "exp(-50*(x-0.5)^2)"',
  periodize: '"periodize": true',
  lower: '"lower": "reflecting"',
  upper: '"upper": "reflecting"',
  value: '"value": 0',
};

/** The one error of a problem that the schema refuses: unknown keys first, since they explain the missing ones. */
export function schemaError(issues: readonly Issue[], input: unknown): MfgError {
  const plain = issues.flatMap((issue) => settle(issue, []));
  const issue = plain.find(({ code }) => code === "unrecognized_keys") ?? plain[0];
  if (!issue) throw new RangeError("schemaError needs at least one issue");
  const { path, message, fix, value } = explain(issue, input);
  const more = plain.length > 1 ? ` (and ${plain.length - 1} more)` : "";
  return new MfgError({ code: "MFGPU_PROBLEM_SCHEMA", message: message + more, fix, path, value });
}

/** Replaces a failed union by the faults of the one alternative that was meant, where the value tells which. */
function settle(issue: Issue, above: readonly PropertyKey[]): Issue[] {
  const path = [...above, ...issue.path];
  if (issue.code === "invalid_union") {
    const meant = issue.errors
      .map((faults) => faults.flatMap((fault) => settle(fault, path)))
      .filter(
        (faults) => !faults.some((fault) => fault.path.length === path.length && fault.code !== "unrecognized_keys"),
      )
      .toSorted((a, b) => weight(a) - weight(b));
    if (meant[0]) return meant[0];
  }
  return [{ ...issue, path }];
}

function weight(faults: readonly Issue[]): number {
  return faults.reduce((sum, fault) => sum + (fault.code === "unrecognized_keys" ? fault.keys.length : 1), 0);
}

function explain(issue: Issue, input: unknown): { path: string; message: string; fix: string; value: unknown } {
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const keys = [...issue.path, key];
    return {
      path: pathText(keys),
      message: `${pathText(keys)} is not a known key.`,
      fix: suggestion(key, issue.message.split(" ")),
      value: valueAt(input, keys),
    };
  }
  const value = valueAt(input, issue.path);
  const path = pathText(issue.path);
  const missing = value === undefined;
  const name = path === "" ? "The problem" : path;
  const what = expectation(issue);
  const options = choices(issue);
  const example = examples[String(issue.path.at(-1))];
  return {
    path,
    message: missing ? `${name} is missing; it must be ${what}.` : `${name} is ${show(value)}; it must be ${what}.`,
    fix:
      typeof value === "string" && options
        ? suggestion(value, options)
        : example
          ? `Write for example ${example}.`
          : `Give ${what}.`,
    value,
  };
}

function choices(issue: Issue): string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  // Zod names the kinds of a discriminated union beside the issue, outside its published type.
  const { options } = issue as { readonly options?: readonly unknown[] };
  return options?.map(String);
}

function expectation(issue: Issue): string {
  const options = choices(issue);
  if (options) return options.length === 1 ? `"${options[0]}"` : `one of ${options.map((o) => `"${o}"`).join(", ")}`;
  switch (issue.code) {
    case "invalid_type":
      return (
        { number: "a finite number", string: "a text", boolean: "true or false", array: "a list", object: "an object" }[
          issue.expected as string
        ] ?? issue.expected
      );
    case "too_small":
      if (issue.origin === "array") return `a list of at least ${issue.minimum}`;
      return `a number ${issue.inclusive ? "not below" : "above"} ${issue.minimum}`;
    case "too_big":
      if (issue.origin === "array") return `a list of at most ${issue.maximum}`;
      return `a number not above ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    input,
  );
}

/** A JSON path as people write it: domain[0].from. */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const plain = /^[A-Za-z_$][\w$]*$/.test(String(key)) ? String(key) : undefined;
    if (plain === undefined) return `${text}[${show(String(key))}]`;
    return text === "" ? plain : `${text}.${plain}`;
  }, "");
}
