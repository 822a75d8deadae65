import { MfgError } from "../errors.ts";
import { constantField, formulaField, functionField, periodizedField, type GridField } from "./field.ts";
import type { ProblemBox } from "./images.ts";
import type { FieldInput, GivenAxis, GivenCoupling, GivenHamiltonian, GivenProblem, GivenWall } from "./input.ts";
import type { Axis, BoundarySide, Coupling, Dimension, Hamiltonian, Problem } from "./types.ts";

/** Makes a field of what was given at `path`. */
type FieldMaker = (given: FieldInput, path: string, time?: "time") => GridField;

/**
 * Gives meaning to a problem that the schema has passed: compiles the fields, expands the boundaries and checks what
 * concerns several values at once.
 *
 * @param input the problem as it was given, for `source`
 */
export function problemOf(given: GivenProblem, input: unknown): Problem {
  const dimension = given.domain.length as Dimension;
  given.domain.forEach(checkAxis);
  const box: ProblemBox = {
    axes: given.domain.map(({ from, to, boundary }) => ({
      from,
      to,
      periodic: boundary === "periodic" || kindOf(sidesOf(boundary).lower) === "periodic",
    })),
    horizon: given.horizon,
  };
  const field: FieldMaker = (value, path, time) => {
    const place = { path, dimension, time: time !== undefined };
    if (typeof value === "number") return constantField(value, path);
    if (typeof value === "string") return formulaField(value, place);
    if (typeof value === "function") return functionField(value, place);
    return value.periodize === true ? periodizedField(value.formula, place, box) : formulaField(value.formula, place);
  };
  const initialDensity = field(given.initialDensity, "initialDensity");
  checkDensity(initialDensity);
  return Object.freeze({
    name: given.name,
    description: given.description,
    dimension,
    domain: Object.freeze(given.domain.map((axis, a) => axisOf(axis, a, field))),
    horizon: given.horizon,
    volatility: given.volatility,
    hamiltonian: hamiltonianOf(given.hamiltonian, dimension, field),
    coupling: couplingOf(given.coupling, field),
    potential: field(given.potential, "potential", "time"),
    terminalCost: field(given.terminalCost, "terminalCost"),
    initialDensity,
    normalizeDensity: given.normalizeDensity,
    source: asJson(input),
  });
}

function refuse(path: string, message: string, value: unknown, fix: string): never {
  throw new MfgError({ code: "MFGPU_PROBLEM_SCHEMA", message: `${path}${message}`, fix, path, value });
}

function sidesOf(boundary: GivenAxis["boundary"]): { readonly lower: GivenWall; readonly upper: GivenWall } {
  return typeof boundary === "object" && "lower" in boundary ? boundary : { lower: boundary, upper: boundary };
}

function kindOf(wall: GivenWall): BoundarySide["kind"] {
  return typeof wall === "string" ? wall : wall.kind;
}

function checkAxis({ from, to, boundary }: GivenAxis, a: number): void {
  const path = `domain[${a}]`;
  // The length may overflow where the ends do not.
  if (!(to > from) || !Number.isFinite(to - from)) {
    refuse(`${path}.to`, ` is ${to}, which must lie above domain[${a}].from, ${from}.`, to, "Give from < to.");
  }
  const { lower, upper } = sidesOf(boundary);
  if ((kindOf(lower) === "periodic") === (kindOf(upper) === "periodic")) return;
  refuse(
    `${path}.boundary`,
    ` is periodic on one side only.`,
    boundary,
    'Write "boundary": "periodic", or give both sides a kind of wall.',
  );
}

function checkDensity(density: GridField): void {
  if (density.constant === undefined || density.constant > 0) return;
  refuse(
    "initialDensity",
    ` is ${density.constant} everywhere.`,
    density.constant,
    "Give a density that is nowhere negative and positive somewhere.",
  );
}

function axisOf({ from, to, boundary }: GivenAxis, a: number, field: FieldMaker): Axis {
  const { lower, upper } = sidesOf(boundary);
  const split = typeof boundary === "object" && "lower" in boundary;
  const sideOf = (wall: GivenWall, side: "lower" | "upper"): BoundarySide => {
    const path = `domain[${a}].boundary${split ? `.${side}` : ""}.value`;
    if (typeof wall === "object") return Object.freeze({ kind: "exit", value: field(wall.value, path, "time") });
    return Object.freeze(wall === "exit" ? { kind: wall, value: field(0, path) } : { kind: wall });
  };
  return Object.freeze({ from, to, lower: sideOf(lower, "lower"), upper: sideOf(upper, "upper") });
}

function hamiltonianOf(given: GivenHamiltonian, dimension: Dimension, field: FieldMaker): Hamiltonian {
  if (given.kind === "power") return Object.freeze({ ...given });
  const { kind, control, drift } = given;
  if (drift !== undefined && drift.length !== dimension) {
    refuse(
      "hamiltonian.drift",
      ` has ${drift.length} entries, but the domain has ${dimension} axes.`,
      asJson(drift),
      "Give one drift field per axis, 0 where there is none.",
    );
  }
  const fields = drift?.map((part, a) => field(part, `hamiltonian.drift[${a}]`));
  return Object.freeze({ kind, control, drift: fields && Object.freeze(fields) });
}

function couplingOf(given: GivenCoupling, field: FieldMaker): Coupling {
  if (given.kind !== "target") return Object.freeze({ ...given });
  return Object.freeze({ ...given, target: field(given.target, "coupling.target", "time") });
}

/** A copy that JSON can hold, functions as the text "function". */
function asJson(value: unknown): unknown {
  if (typeof value === "function") return "function";
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, of]) => of !== undefined);
  return Object.fromEntries(entries.map(([key, of]) => [key, asJson(of)]));
}
