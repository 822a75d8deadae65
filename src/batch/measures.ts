/**
 * Measures: numbers to tabulate of a finished run. A name of the record (`residual`, `timings.total`), `socialCost`,
 * `plannerCost` or `priceOfAnarchy`, or a formula of the fields:
 *
 *     value(0, 0.25)            u at t = 0, x = 0.25, by linear interpolation in time and space
 *     max(density(T))           over a slice; also min, mean, integral (cell volume times sum), total over all times
 *     density(T, 0.5) / density(0, 0.5)
 */
import type jsep from "jsep";
import { parseText, TooDeep, type Node } from "../problem/formulaParser.ts";
import { suggestion } from "../problem/suggest.ts";
import { studyError } from "./studyFile.ts";

/** What measures see of a run. */
export interface MeasuredRun {
  readonly record: Readonly<Record<string, unknown>>;
  readonly value: Float64Array;
  readonly density: Float64Array;
  readonly t: Float64Array;
  readonly coordinates: readonly Float64Array[];
  readonly shape: readonly number[];
  /** Per axis; a periodic one wraps. */
  readonly periodic: readonly boolean[];
  readonly cellVolume: number;
}

/** Costs that need a second solve or a sum over the whole run. */
export interface SocialCosts {
  readonly socialCost: number | null;
  readonly plannerCost: number | null;
}

/** A parsed measure. */
export interface Measure {
  readonly text: string;
  /** True where the planner's optimum must be solved, too. */
  readonly planner: boolean;
  readonly evaluate: (run: MeasuredRun, costs: SocialCosts) => number | null;
}

const fields = ["value", "density"] as const;
type FieldName = (typeof fields)[number];
const folds = ["max", "min", "mean", "integral"] as const;
type FoldName = (typeof folds)[number];
const costNames = ["socialCost", "plannerCost", "priceOfAnarchy"] as const;

type Evaluate = Measure["evaluate"];

/**
 * Reads a measure.
 *
 * @param dimension of the problem: how many coordinates a point has
 * @throws MFGPU_CONFIG_STUDY where it is none
 */
export function parseMeasure(text: string, dimension: number): Measure {
  const refuse = (message: string, fix: string): never => {
    throw studyError("measures", text, `The measure ${JSON.stringify(text)}: ${message}`, fix);
  };
  const example = "Examples: residual, value(0, 0.25), max(density(T)), priceOfAnarchy.";
  let planner = false;

  const parse = (): Node => {
    try {
      const parsed = parseText(text);
      if ("tree" in parsed) return parsed.tree;
      return refuse(`cannot be read: ${parsed.why} at character ${parsed.at}.`, example);
    } catch (error) {
      if (error instanceof TooDeep) return refuse("is nested too deeply.", example);
      throw error;
    }
  };

  const convert = (node: Node): Evaluate => {
    switch (node.type) {
      case "Literal": {
        const { value } = node;
        return typeof value === "number" ? () => value : refuse("holds a text.", example);
      }
      case "Identifier":
        return named(node.name);
      case "MemberExpression":
        return recordEntry(memberPath(node));
      case "UnaryExpression": {
        if (node.operator !== "-") return refuse(`has the operator ${node.operator}.`, example);
        const inner = convert(node.argument as Node);
        return (run, costs) => combine(inner(run, costs), 0, (a) => -a);
      }
      case "BinaryExpression":
        return binary(node);
      case "CallExpression":
        return call(node);
      default:
        return refuse(`cannot hold a ${node.type}.`, example);
    }
  };

  const memberPath = (node: jsep.MemberExpression): string[] => {
    const object = node.object as Node;
    const property = node.property as Node;
    if (node.computed || property.type !== "Identifier") return refuse("has a strange name.", example);
    if (object.type === "Identifier") return [object.name, property.name];
    if (object.type === "MemberExpression") return [...memberPath(object), property.name];
    return refuse("has a strange name.", example);
  };

  const recordEntry =
    (path: readonly string[]): Evaluate =>
    ({ record }) => {
      const found = path.reduce<unknown>(
        (at, key) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined),
        record,
      );
      if (typeof found === "boolean") return Number(found);
      return typeof found === "number" && Number.isFinite(found) ? found : null;
    };

  const named = (name: string): Evaluate => {
    if (name === "pi") return () => Math.PI;
    if (name === "T") return ({ t }) => t[t.length - 1] ?? null;
    if (name === "socialCost") return (_, costs) => costs.socialCost;
    if (name === "plannerCost" || name === "priceOfAnarchy") {
      planner = true;
      return (_, { socialCost, plannerCost }) =>
        name === "plannerCost" ? plannerCost : combine(socialCost, plannerCost, (a, b) => (b > 0 ? a / b : Number.NaN));
    }
    if ((fields as readonly string[]).includes(name)) return refuse(`${name} needs a time.`, `Write ${name}(T, 0.5).`);
    return recordEntry([name]);
  };

  const binary = (node: jsep.BinaryExpression): Evaluate => {
    const left = convert(node.left as Node);
    const right = convert(node.right as Node);
    const operation = operations[node.operator];
    if (operation === undefined) return refuse(`has the operator ${node.operator}.`, "Use + - * / ^.");
    return (run, costs) => combine(left(run, costs), right(run, costs), operation);
  };

  const call = (node: jsep.CallExpression): Evaluate => {
    const callee = node.callee as Node;
    const name = callee.type === "Identifier" ? callee.name : "";
    const args = node.arguments as Node[];
    const field = fields.find((known) => known === name);
    if (field) {
      if (args.length !== dimension + 1) {
        return refuse(
          `${name} takes a time and ${dimension} coordinate${dimension > 1 ? "s" : ""}, not ${args.length} arguments.`,
          `Write ${name}(T, ${Array(dimension).fill("0.5").join(", ")}), or max(${name}(T)).`,
        );
      }
      const parts = args.map(convert);
      return (run, costs) => {
        const numbers = parts.map((part) => part(run, costs));
        return numbers.every((x) => x !== null) ? sample(run, field, numbers[0] ?? 0, numbers.slice(1)) : null;
      };
    }
    const fold = folds.find((known) => known === name);
    if (fold) {
      const [inner] = args as [Node | undefined];
      const slice = inner?.type === "CallExpression" ? (inner.callee as Node) : undefined;
      const of = fields.find((known) => slice?.type === "Identifier" && slice.name === known);
      const times = inner?.type === "CallExpression" ? (inner.arguments as Node[]) : [];
      if (args.length !== 1 || of === undefined || times.length > 1)
        return refuse(`${name} takes one slice.`, `Write ${name}(density(T)), or ${name}(density()) for all times.`);
      const time = times[0] === undefined ? undefined : convert(times[0]);
      return (run, costs) => foldField(run, of, fold, time?.(run, costs));
    }
    return refuse(`calls ${JSON.stringify(name)}.`, suggestion(name, [...fields, ...folds]));
  };

  const evaluate = convert(parse());
  return {
    text,
    planner,
    evaluate: (run, costs) => {
      const found = evaluate(run, costs);
      return found !== null && Number.isFinite(found) ? found : null;
    },
  };
}

/** Names that measures may use beside the record's own. */
export const measureNames: readonly string[] = costNames;

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "**": (a, b) => a ** b,
};

function combine(a: number | null, b: number | null, operation: (a: number, b: number) => number): number | null {
  return a === null || b === null ? null : operation(a, b);
}

/** Index below a time and the share of the way to the next; times outside are held at the ends. */
function bracket(t: Float64Array, time: number): { readonly at: number; readonly share: number } {
  const last = t.length - 1;
  let at = 0;
  while (at < last - 1 && (t[at + 1] ?? 0) <= time) at++;
  const [from, to] = [t[at] ?? 0, t[at + 1] ?? 0];
  return { at, share: last === 0 ? 0 : Math.min(1, Math.max(0, (time - from) / (to - from))) };
}

function foldField(run: MeasuredRun, field: FieldName, fold: FoldName, time: number | null | undefined): number | null {
  if (time === null) return null;
  const points = run.shape.reduce((product, n) => product * n, 1);
  const data = run[field];
  const { at, share } = time === undefined ? { at: 0, share: 0 } : bracket(run.t, time);
  const count = time === undefined ? data.length : points;
  let most = -Infinity;
  let least = Infinity;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const low = data[at * points + i] ?? Number.NaN;
    const x = share === 0 ? low : (1 - share) * low + share * (data[(at + 1) * points + i] ?? Number.NaN);
    most = Math.max(most, x);
    least = Math.min(least, x);
    sum += x;
  }
  if (fold === "max") return most;
  if (fold === "min") return least;
  return fold === "mean" ? sum / count : sum * run.cellVolume;
}

/** Linear interpolation in time and along every axis. */
function sample(run: MeasuredRun, field: FieldName, time: number, point: readonly number[]): number {
  const { at, share } = bracket(run.t, time);
  const points = run.shape.reduce((product, n) => product * n, 1);
  const slice = (level: number): number => interpolate(run, run[field], level * points, point, 0);
  return share === 0 ? slice(at) : (1 - share) * slice(at) + share * slice(at + 1);
}

function interpolate(
  run: MeasuredRun,
  data: Float64Array,
  offset: number,
  point: readonly number[],
  axis: number,
): number {
  const x = run.coordinates[axis];
  const n = run.shape[axis];
  const wanted = point[axis];
  if (x === undefined || n === undefined || wanted === undefined) return data[offset] ?? Number.NaN;
  const stride = run.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const h = n > 1 ? ((x[n - 1] ?? 0) - (x[0] ?? 0)) / (n - 1) : 1;
  const position = (wanted - (x[0] ?? 0)) / h;
  const wraps = run.periodic[axis] === true;
  const clamped = wraps ? position - Math.floor(position / n) * n : Math.min(n - 1, Math.max(0, position));
  const below = Math.min(Math.floor(clamped), n - 1);
  const share = clamped - below;
  const next = wraps ? (below + 1) % n : Math.min(n - 1, below + 1);
  const low = interpolate(run, data, offset + below * stride, point, axis + 1);
  return share === 0
    ? low
    : (1 - share) * low + share * interpolate(run, data, offset + next * stride, point, axis + 1);
}
