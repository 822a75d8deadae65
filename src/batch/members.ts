/** The members of a study: every problem and every set of options, validated before the first one runs. */
import { MfgError } from "../errors.ts";
import { parseProblem } from "../problem/schema.ts";
import type { Problem } from "../problem/types.ts";
import { checkIterationOptions, discretisationOf, shapeOf, stepsOf } from "../solver/configure.ts";
import type { SolveOptions } from "../solver/options.ts";
import { solveOptionNames, withValue } from "./paths.ts";
import { type StudyFile, studyError } from "./studyFile.ts";
import { type Assignment, assignments, confirmAbove, memberCount, type ParameterValue } from "./vary.ts";

/** One problem of the family, as plain JSON. */
export interface Member {
  readonly index: number;
  readonly parameters: Assignment;
  /** The problem as a problem file holds it. */
  readonly problem: unknown;
  /** Options of its solve. */
  readonly options: SolveOptions;
}

/** What the plan of a study decides for all members. */
const oncePerStudy = ["tier", "precision", "adapter", "threads", "memoryBytes"].map((name) => `solve.${name}`);
const solvePrefix = "solve.";
const problemPrefix = "problem.";

/** A problem file with the defaults that a study may want to vary written out. */
function filled(source: unknown): Record<string, unknown> {
  const given = source as Record<string, unknown>;
  const coupling = (given["coupling"] ?? { kind: "none" }) as Record<string, unknown>;
  return {
    ...given,
    hamiltonian: { control: 1, ...(given["hamiltonian"] ?? { kind: "quadratic" }) },
    coupling: coupling["kind"] === "none" ? coupling : { strength: 1, ...coupling },
  };
}

/**
 * Makes and validates every member.
 *
 * @param source the problem as a problem file holds it
 * @param confirmed true where more than a million members are meant
 * @throws MFGPU_CONFIG_STUDY for a path that is wrong or a count that was not confirmed; for an invalid member the
 *   problem's or option's own code, with the member named. Nothing runs.
 */
export function makeMembers(file: StudyFile, source: unknown, confirmed = false): Member[] {
  const count = memberCount(file);
  if (count > confirmAbove && !confirmed) {
    throw studyError(
      "vary",
      count,
      `The study has ${count} members, more than ${confirmAbove}.`,
      "Confirm it with --yes, or vary less.",
    );
  }
  const unknown = Object.keys(file.solve).find((name) => !(solveOptionNames as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw studyError(
      `solve.${unknown}`,
      unknown,
      `solve.${unknown} is no option.`,
      `Use ${solveOptionNames.join(", ")}.`,
    );
  }
  const base = filled(source);
  const planned = Object.keys(file.vary).find((path) => oncePerStudy.includes(path));
  if (planned !== undefined) {
    throw studyError(
      `vary.${planned}`,
      planned,
      `${planned} is decided once for a study and cannot vary.`,
      "Make one study per tier or precision; they share nothing but the problem.",
    );
  }
  return assignments(file).map((parameters, index) => {
    let problem: unknown = base;
    let options: unknown = file.solve;
    for (const [path, value] of Object.entries(parameters)) {
      if (path.startsWith(solvePrefix)) {
        options = withValue(options, path.slice(solvePrefix.length), value, solveOptionNames, solvePrefix);
      } else problem = withValue(problem, path.replace(problemPrefix, ""), value, []);
    }
    return checked({ index, parameters, problem, options: options as SolveOptions });
  });
}

/** The member, if its problem, its discretisation and its options are valid. */
function checked(member: Member): Member {
  const { index, parameters, problem, options } = member;
  try {
    const parsed: Problem = parseProblem(problem);
    checkIterationOptions(options);
    discretisationOf(parsed, options, shapeOf(parsed, options), stepsOf(options));
    return member;
  } catch (cause) {
    if (!(cause instanceof MfgError)) throw cause;
    throw new MfgError({
      code: cause.code,
      message: `Member ${index} (${parametersText(parameters)}) is invalid: ${cause.message}`,
      fix: `${cause.fix ?? "Change what varies."} Nothing was run.`,
      path: cause.path ?? `members[${index}]`,
      value: cause.value,
      cause,
    });
  }
}

/** `volatility = 0.3, coupling.strength = 2`. */
export function parametersText(parameters: Assignment): string {
  return Object.entries(parameters)
    .map(([path, value]: [string, ParameterValue]) => `${path} = ${value}`)
    .join(", ");
}
