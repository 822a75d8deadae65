/** The study file: one zod schema is types, validation and JSON Schema. */
import { z } from "zod";
import { MfgError } from "../errors.ts";
import { show, suggestion } from "../problem/suggest.ts";

/** Values of one parameter, as given. */
export interface RangeInput {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly scale: "linear" | "log";
}

/** How values meet: every combination, side by side, or points drawn from the box. */
export type Combine =
  | "product"
  | "zip"
  | { readonly kind: "random" | "sobol"; readonly count: number; readonly seed: number };

/** A study as a file holds it: everything but name, problem and what varies has a default. */
export type StudyInput = Pick<StudyFile, "name" | "problem"> &
  Partial<Omit<StudyFile, "name" | "problem" | "vary" | "combine">> & {
    readonly vary: Readonly<Record<string, readonly (number | string | boolean)[] | RangeGiven>>;
    readonly combine?:
      | "product"
      | "zip"
      | { readonly kind: "random" | "sobol"; readonly count: number; readonly seed?: number };
  };

/** An interval as a file holds it. */
export type RangeGiven = Pick<RangeInput, "from" | "to"> & Partial<RangeInput>;

/** A study after the schema, its defaults filled in. */
export interface StudyFile {
  readonly $schema?: string | undefined;
  readonly name: string;
  readonly description?: string | undefined;
  readonly problem: string | Readonly<Record<string, unknown>>;
  readonly vary: Readonly<Record<string, readonly (number | string | boolean)[] | RangeInput>>;
  readonly combine: Combine;
  readonly solve: Readonly<Record<string, unknown>>;
  readonly warmStart: "auto" | "off" | "on";
  readonly measures: readonly string[];
}

const range = z
  .strictObject({
    from: z.number(),
    to: z.number(),
    count: z.int().min(1).max(1e6).default(2),
    scale: z.enum(["linear", "log"]).default("linear"),
  })
  .describe("Equally spaced values, both ends included; log: equal ratios. For random and sobol: the interval.");
const values = z
  .array(z.union([z.number(), z.string(), z.boolean()]))
  .min(1)
  .describe("The values themselves.");
const draw = {
  count: z.int().min(1).max(1e7).describe("Members."),
  seed: z.int().min(0).default(1).describe("The same seed gives the same members."),
};

const studyShape = {
  $schema: z.string().optional().describe("Where editors find this schema."),
  name: z.string().regex(/^[!-~\u00a0-\uffff][ -~\u00a0-\uffff]{0,99}$/),
  description: z.string().optional(),
  problem: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .describe("Catalogue name, path of a problem file (from the study file's folder), or a problem."),
  vary: z
    .record(z.string(), z.union([values, range]))
    .describe("Dotted path in the problem (coupling.strength), or in the options (solve.grid), to its values."),
  combine: z
    .union([z.enum(["product", "zip"]), z.strictObject({ kind: z.enum(["random", "sobol"]), ...draw })])
    .default("product")
    .describe("How values meet: every combination, side by side, or points drawn from the box."),
  solve: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("Options of the solves: grid, steps, tier, precision, tolerance and so on, as in the API."),
  warmStart: z
    .enum(["auto", "off", "on"])
    .default("auto")
    .describe("Start members from the equilibrium of a neighbour: auto where a trial shows that it saves iterations."),
  measures: z
    .array(z.string())
    .default(["residual", "exploitability", "cost"])
    .describe("Numbers to tabulate: names of the record or formulas such as value(0, 0.25), max(density(T))."),
};
const studySchema = z.strictObject(studyShape);

/**
 * Checks the form of a study.
 *
 * @throws MFGPU_CONFIG_STUDY with the path, the value and the mend
 */
export function parseStudyFile(input: unknown): StudyFile {
  const result = studySchema.safeParse(input);
  if (result.success) {
    if (Object.keys(result.data.vary).length === 0)
      throw studyError(
        "vary",
        {},
        "vary is empty: the study has one member.",
        'Name a path, such as "volatility": [0.3, 0.5].',
      );
    return result.data;
  }
  const [issue] = result.error.issues;
  if (!issue) throw new RangeError("a refusal without an issue");
  const path = [...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])].join(".");
  const known = Object.keys(studyShape);
  const fix =
    issue.code === "unrecognized_keys" && issue.path.length === 0
      ? suggestion(issue.keys[0] ?? "", known)
      : "See the study files in examples/studies and schema/study.schema.json.";
  throw studyError(path, valueAt(input, issue.path), `${path === "" ? "The study" : path}: ${issue.message}.`, fix);
}

/** An error of a study file. */
export function studyError(path: string, value: unknown, message: string, fix: string): MfgError {
  return new MfgError({ code: "MFGPU_CONFIG_STUDY", message, fix, path, value });
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    input,
  );
}

/** The JSON Schema (draft 7) of a study file: what schema/study.schema.json holds. */
export function studyJsonSchema(): Record<string, unknown> {
  return { title: "mfgpu study", ...z.toJSONSchema(studySchema, { target: "draft-7", io: "input" }) };
}

/** A value in a message. */
export const shown: (value: unknown) => string = show;
