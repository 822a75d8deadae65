import { z } from "zod";
import { problemOf } from "./build.ts";
import type { PointFunction } from "./compile.ts";
import type { FieldInput, GivenProblem, ProblemInput } from "./input.ts";
import { schemaError } from "./schemaError.ts";
import type { Problem } from "./types.ts";

/** An object that takes these keys and no other. The message of an unknown key lists the known ones for `schemaError`. */
function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(" ") : undefined),
  });
}

const positive = (): z.ZodNumber => z.number().positive();

/** The schema around one meaning of "data field": with functions for the API, without for files and their JSON Schema. */
function schemaOf(field: z.ZodType<FieldInput, FieldInput>) {
  const wallKind = z.enum(["periodic", "reflecting", "open", "exit"]);
  const exit = strict({
    kind: z.literal("exit"),
    value: field.default(0).describe("Cost of leaving here, u on the wall; may use t."),
  });
  const wall = z.union([wallKind, exit], {
    error: 'one of "reflecting", "open", "exit", "periodic", or { "kind": "exit", "value": ... }',
  });
  const axis = strict({
    from: z.number().describe("Lower end of the axis."),
    to: z.number().describe("Upper end of the axis, above `from`."),
    boundary: z
      .union([wallKind, exit, strict({ lower: wall, upper: wall })], {
        error: 'one of "periodic", "reflecting", "open", "exit", or { "lower": ..., "upper": ... }',
      })
      .describe(
        "Both sides: periodic, reflecting (no flux), exit (who arrives leaves and pays `value`), open (u extrapolated, no flux); or { lower, upper }.",
      ),
  });
  const strength = z.number().default(1);
  const hamiltonian = z.discriminatedUnion("kind", [
    strict({
      kind: z.literal("quadratic"),
      control: positive().default(1),
      drift: z.array(field).min(1).max(3).optional().describe("Drift field b(x): one entry per axis; H gains b.p."),
    }).describe("H = control/2 |p|^2 + drift.p"),
    strict({ kind: z.literal("power"), control: positive().default(1), exponent: z.number().gt(1) }).describe(
      "H = control/exponent |p|^exponent",
    ),
  ]);
  const coupling = z.discriminatedUnion("kind", [
    strict({ kind: z.literal("none") }),
    strict({ kind: z.literal("linear"), strength }).describe("f = strength m"),
    strict({ kind: z.literal("power"), strength, exponent: positive() }).describe("f = strength m^exponent"),
    strict({
      kind: z.literal("log"),
      strength,
      // Far below the round-off of a density of mass 1, so it changes no answer, but it bounds f by 69 strength where m is 0.
      floor: positive().default(1e-30).describe("Densities below count as this much."),
    }).describe("f = strength log max(m, floor)"),
    strict({ kind: z.literal("nonlocal"), strength, width: positive() }).describe(
      "f = strength (K * m), K the Gaussian of mass 1 and standard deviation `width`",
    ),
    strict({ kind: z.literal("target"), strength, target: field.describe("May use t.") }).describe(
      "f = strength (m - target(t, x)), for verification",
    ),
    strict({ kind: z.literal("mean"), strength, attraction: z.number() }).describe(
      "f = strength |x - attraction xbar(t)|^2 / 2, xbar the mean of the density",
    ),
  ]);
  return strict({
    $schema: z.string().optional().describe("Where editors find this schema."),
    name: z
      .string()
      .regex(/^[!-~\u00a0-\uffff][ -~\u00a0-\uffff]{0,99}$/, {
        error: "a text of 1 to 100 characters on one line, no space first",
      })
      .describe("Name for records and pictures."),
    description: z.string().optional(),
    domain: z.array(axis).min(1).max(3).describe("The box: one axis per dimension, 1 to 3, for x, y, z."),
    horizon: positive().describe("End time T; the game runs from 0 to T."),
    volatility: z.number().min(0).describe("sigma of the players' noise; the equations hold nu = sigma^2/2."),
    hamiltonian: hamiltonian.default({ kind: "quadratic", control: 1 }),
    coupling: coupling.default({ kind: "none" }).describe("Running cost f of the density m; added to `potential`."),
    potential: field.default(0).describe("Running cost V(x, t); may use t."),
    terminalCost: field.default(0).describe("Cost g(x) at the horizon."),
    initialDensity: field.describe("Density m0(x) at t = 0, >= 0."),
    normalizeDensity: z.boolean().default(false).describe("Divide `initialDensity` by its mass on the grid."),
  });
}

const periodized = strict({
  formula: z.string().describe("Formula in x, y, z (and t where the field may use it)."),
  periodize: z.boolean().default(false).describe("Sum over the periodic images of the box."),
});
const fieldWords = "a finite number, a formula as text, or { formula, periodize }";
const fileField = z
  .union([z.number(), z.string(), periodized], { error: fieldWords })
  .meta({ id: "field", description: "A number, a formula, or a formula summed over its periodic images." });
const givenField = z.union([fileField, z.custom<PointFunction>((value) => typeof value === "function")], {
  error: fieldWords,
});

const fileSchema = schemaOf(fileField);
const schema: z.ZodType<GivenProblem, ProblemInput> = schemaOf(givenField);

const known = new WeakSet<object>();

/**
 * Checks a problem and compiles its fields.
 *
 * @param input a problem as a file holds it, with JavaScript functions as fields where the API is used; or a problem that
 * this function returned, which comes back as it is
 * @returns the validated, frozen problem
 * @throws MfgError MFGPU_PROBLEM_SCHEMA, MFGPU_PROBLEM_FORMULA, MFGPU_PROBLEM_PERIODIZE or MFGPU_PROBLEM_NOT_FINITE, with
 * the JSON path, the value and the mend.
 *
 * @example
 * const problem = parseProblem({
 *   name: "drift-apart",
 *   domain: [{ from: 0, to: 1, boundary: "periodic" }],
 *   horizon: 1,
 *   volatility: 0.3,
 *   coupling: { kind: "linear", strength: 1 },
 *   initialDensity: "1 + 0.5*cos(2*pi*x)",
 * });
 */
export function parseProblem(input: unknown): Problem {
  if (typeof input === "object" && input !== null && known.has(input)) return input as Problem;
  const result = schema.safeParse(input);
  if (!result.success) throw schemaError(result.error.issues, input);
  const problem = problemOf(result.data, input);
  known.add(problem);
  return problem;
}

/** The JSON Schema (draft 7) of a problem file, for editors: what schema/problem.schema.json holds. */
export function problemJsonSchema(): Record<string, unknown> {
  return { title: "mfgpu problem", ...z.toJSONSchema(fileSchema, { target: "draft-7", io: "input" }) };
}
