/** What a member's result depends on, as one short name. */
import { createHash } from "node:crypto";
import { schemeOf, shapeOf, stepsOf } from "../solver/configure.ts";
import { parseProblem } from "../problem/schema.ts";
import { schemeVersion } from "../scheme/version.ts";
import type { Precision } from "../tiers/tier.ts";
import type { Member } from "./members.ts";

/** Where and how all members of a study are solved, decided once. */
export interface StudyTier {
  /** Candidate in full, such as `rust:native/resident`. */
  readonly tier: string;
  readonly precision: Precision;
}

/** JSON with the keys of every object sorted: equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Parts of a problem file that are for people. */
const words: readonly string[] = ["$schema", "name", "description"];

/**
 * The member's id: 24 hexadecimal digits of SHA-256 over its problem, its grid, its scheme, its stopping rule, its tier and
 * precision, the id of the member it starts from, and the version of the numbers. A second run of it is harmless, two
 * studies share it, and a changed scheme never passes for this one.
 *
 * @param planner whether the planner's optimum is solved with it
 * @param parent id of the warm-start parent
 */
export function memberId(member: Member, where: StudyTier, planner: boolean, parent: string | undefined): string {
  const { options } = member;
  const problem = parseProblem(member.problem);
  const given = Object.fromEntries(
    Object.entries(member.problem as Record<string, unknown>).filter(([key]) => !words.includes(key)),
  );
  const canonical = canonicalJson({
    version: schemeVersion,
    problem: given,
    shape: shapeOf(problem, options),
    steps: stepsOf(options),
    scheme: schemeOf(options),
    tolerance: options.tolerance ?? null,
    maxIterations: options.maxIterations ?? null,
    relaxation: options.relaxation ?? null,
    tier: where.tier,
    precision: where.precision,
    planner,
    parent: parent ?? null,
  });
  return createHash("sha256").update(canonical).digest("hex").slice(0, 24);
}
