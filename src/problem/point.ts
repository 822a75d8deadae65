import { MfgError } from "../errors.ts";

const axisNames = ["x", "y", "z"];

/**
 * Names the point of a tensor grid that stands at `index` of an array in C order: "x = 0.25, y = 0.5".
 *
 * @param coordinates node positions per axis
 */
export function pointText(coordinates: readonly Float64Array[], index: number): string {
  const names: string[] = [];
  let rest = index;
  for (const [a, positions] of [...coordinates.entries()].toReversed()) {
    names.unshift(`${axisNames[a]} = ${positions[rest % positions.length]}`);
    rest = Math.floor(rest / positions.length);
  }
  return names.join(", ");
}

/** The error for a field that is NaN or infinite; `where` reads "at x = 0.5" or "everywhere". */
export function notFinite(value: number, path: string, where: string): MfgError {
  return new MfgError({
    code: "MFGPU_PROBLEM_NOT_FINITE",
    message: `${path} is ${value} ${where}.`,
    fix: `Change ${path} so that it is finite on the whole box: look for log or sqrt of a number below 0, division by 0, and overflow of exp.`,
    path,
    value,
  });
}
