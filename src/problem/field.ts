import { MfgError } from "../errors.ts";
import { compileFill, compilePoint, dependence, type FillFunction, type PointFunction } from "./compile.ts";
import { parseFormula, type FormulaPlace } from "./formula.ts";
import { imagesOf, type Image, type ProblemBox } from "./images.ts";
import { notFinite } from "./point.ts";
import type { Field } from "./types.ts";

/** A field that knows its place in the problem and how to fill a grid in one go: what `parseProblem` makes. */
export interface GridField extends Field {
  readonly path: string;
  readonly fill: FillFunction;
}

const noTime = 0;
const origin = Float64Array.of(0);
const timeBit = 8;

/** A field that is `value` everywhere. */
export function constantField(value: number, path: string): GridField {
  return Object.freeze({
    at: () => value,
    fill: (_coordinates: readonly Float64Array[], _t: number, out: Float64Array) => void out.fill(value),
    constant: value,
    dependsOnTime: false,
    text: String(value),
    periodize: false,
    path,
  });
}

/**
 * A field given as a JavaScript function of (x, y, z, t). Where time is allowed it counts as depending on time unless it
 * declares one to three parameters, so that a rest parameter is not frozen in time by mistake.
 */
export function functionField(given: PointFunction, place: FormulaPlace): GridField {
  const dependsOnTime = place.time && !(given.length >= 1 && given.length <= 3);
  const at: PointFunction = (x, y, z, t) => given(x, y, z, dependsOnTime ? t : noTime);
  return Object.freeze({
    at,
    fill: fillPointwise(at),
    constant: undefined,
    dependsOnTime,
    text: "function",
    periodize: false,
    path: place.path,
  });
}

/** Fills a grid by calling a function at every point. */
export function fillPointwise(at: PointFunction): FillFunction {
  return ([xs = origin, ys = origin, zs = origin], t, out) => {
    let p = 0;
    for (const x of xs) for (const y of ys) for (const z of zs) out[p++] = at(x, y, z, t);
  };
}

/**
 * A field given as a formula.
 *
 * @throws MfgError MFGPU_PROBLEM_FORMULA where `parseFormula` does, MFGPU_PROBLEM_NOT_FINITE for a formula without
 * variables that is NaN or infinite.
 */
export function formulaField(text: string, place: FormulaPlace): GridField {
  const formula = parseFormula(text, place);
  const at = compilePoint(formula);
  const bits = dependence(formula);
  const constant = bits === 0 ? at(0, 0, 0, 0) : undefined;
  if (constant !== undefined && !Number.isFinite(constant)) throw notFinite(constant, place.path, "everywhere");
  return Object.freeze({
    at,
    fill: constant === undefined ? compileFill(formula, place.dimension) : constantField(constant, place.path).fill,
    constant,
    dependsOnTime: (bits & timeBit) !== 0,
    text,
    periodize: false,
    path: place.path,
  });
}

/**
 * The sum of a formula over its images under the periods of the box. Which images count is found once, on the box, so
 * that every grid samples the same function.
 *
 * @throws MfgError MFGPU_PROBLEM_PERIODIZE where no axis is periodic, or where the formula does not decay.
 */
export function periodizedField(text: string, place: FormulaPlace, box: ProblemBox): GridField {
  const one = formulaField(text, place);
  if (!box.axes.some((axis) => axis.periodic)) {
    throw new MfgError({
      code: "MFGPU_PROBLEM_PERIODIZE",
      message: `${place.path}: "periodize" sums over periodic images, but no axis of the domain is periodic.`,
      fix: 'Remove "periodize": true, or make an axis "boundary": "periodic".',
      path: `${place.path}.periodize`,
      value: true,
    });
  }
  const images = imagesOf(one, box);
  return Object.freeze({
    at: (x: number, y: number, z: number, t: number) => {
      let sum = 0;
      for (const [dx, dy, dz] of images) sum += one.at(x + dx, y + dy, z + dz, t);
      return sum;
    },
    fill: imageSum(one.fill, images),
    constant: undefined,
    dependsOnTime: one.dependsOnTime,
    text,
    periodize: true,
    path: place.path,
  });
}

function imageSum(fill: FillFunction, images: readonly Image[]): FillFunction {
  return (coordinates, t, out) => {
    out.fill(0);
    const term = new Float64Array(out.length);
    for (const image of images) {
      fill(
        coordinates.map((positions, a) => positions.map((x) => x + (image[a] ?? 0))),
        t,
        term,
      );
      for (let p = 0; p < out.length; p++) out[p] = (out[p] ?? 0) + (term[p] ?? 0);
    }
  };
}
