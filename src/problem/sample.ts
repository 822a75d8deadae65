import { MfgError } from "../errors.ts";
import { fillPointwise, type GridField } from "./field.ts";
import { notFinite, pointText } from "./point.ts";
import type { Field } from "./types.ts";

/**
 * Samples a field on a tensor grid.
 *
 * @param field of a problem, or any object of that shape
 * @param coordinates node positions per axis, in the units of the domain; one array per dimension
 * @param t time, in the units of the horizon
 * @param out where to put the values: product of the axis lengths, C order (last axis fastest); allocated where absent
 * @param path JSON path of the field for messages; known already where the field comes from `parseProblem`
 * @returns `out`
 * @throws MfgError MFGPU_PROBLEM_NOT_FINITE naming the field, the point and the value where one is NaN or infinite,
 * MFGPU_PROBLEM_SAMPLE where `out` does not fit the grid.
 *
 * @example
 * const x = Float64Array.of(0, 0.25, 0.5, 0.75);
 * sampleField(parseProblem(input).potential, [x], 0);
 */
export function sampleField(
  field: Field,
  coordinates: readonly Float64Array[],
  t: number,
  out?: Float64Array,
  path?: string,
): Float64Array {
  const points = coordinates.reduce((product, positions) => product * positions.length, 1);
  const values = out ?? new Float64Array(points);
  if (values.length !== points) {
    throw new MfgError({
      code: "MFGPU_PROBLEM_SAMPLE",
      message: `The array for the samples has ${values.length} entries, the grid ${points} points.`,
      fix: "Give an array with one entry per grid point.",
      value: values.length,
    });
  }
  const { fill, path: own } = field as Partial<GridField>;
  (fill ?? fillPointwise(field.at))(coordinates, t, values);
  // A plain loop: findIndex takes three times as long on millions of points.
  for (let p = 0; p < points; p++) {
    const value = values[p] ?? Number.NaN;
    if (Number.isFinite(value)) continue;
    const time = field.dependsOnTime ? `, t = ${t}` : "";
    throw notFinite(value, path ?? own ?? field.text, `at ${pointText(coordinates, p)}${time}`);
  }
  return values;
}
