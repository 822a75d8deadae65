/** What every host tier checks of its kernels' arguments before it computes. */
import { MfgError } from "../../errors.ts";
import type { DerivativeLayout, KernelArray } from "../tier.ts";

/** Fewest nodes along an axis, as for the grid of a problem: one whole stencil. */
export const fewestNodes = 7;

/** An error of code MFGPU_TIER_ARGUMENT that names the argument. */
export function argumentError(path: string, message: string, fix: string, value?: unknown): MfgError {
  return new MfgError({ code: "MFGPU_TIER_ARGUMENT", message: `${path}: ${message}`, fix, path, value });
}

type Named = Readonly<Record<string, KernelArray>>;

/** Raises MFGPU_TIER_ARGUMENT unless all arrays are of the type of the precision. */
export function checkArrays(precision: "f64" | "f32", arrays: Named): void {
  const wanted = precision === "f64" ? Float64Array : Float32Array;
  for (const [name, array] of Object.entries(arrays)) {
    if (!(array instanceof wanted)) {
      const given = Object.prototype.toString.call(array).slice(8, -1);
      throw argumentError(name, `is a ${given}, but these kernels are ${precision}`, `Pass a ${wanted.name}.`, given);
    }
  }
}

/** Raises MFGPU_TIER_ARGUMENT if an output shares memory with another array. */
export function checkApart(outputs: Named, others: Named): void {
  const all = Object.entries({ ...others, ...outputs });
  for (const [name, out] of Object.entries(outputs)) {
    for (const [otherName, other] of all) {
      if (otherName === name || out.buffer !== other.buffer) continue;
      const apart =
        out.byteOffset + out.byteLength <= other.byteOffset || other.byteOffset + other.byteLength <= out.byteOffset;
      if (!apart) throw argumentError(name, `shares memory with ${otherName}`, "Give every output memory of its own.");
    }
  }
}

/** Raises MFGPU_TIER_ARGUMENT unless the array has this many entries. */
export function checkLength(name: string, array: KernelArray, length: number): void {
  if (array.length !== length) {
    throw argumentError(name, `has ${array.length} entries, not ${length}`, `Pass ${length} entries.`, array.length);
  }
}

/** Number of rows of `width` entries; raises MFGPU_TIER_ARGUMENT where they do not fill the array. */
export function rowsOf(name: string, array: KernelArray, width: number): number {
  const rows = array.length / width;
  if (!Number.isInteger(rows)) {
    throw argumentError(
      name,
      `has ${array.length} entries, no multiple of ${width}`,
      `Pass n x ${width} entries.`,
      array.length,
    );
  }
  return rows;
}

/** Raises MFGPU_TIER_ARGUMENT unless the number is finite and positive. */
export function checkPositive(name: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0)) {
    throw argumentError(name, `is ${value}, not a positive number`, "Pass a finite number greater than 0.", value);
  }
}

/** Raises MFGPU_TIER_ARGUMENT unless linear weights are three positive numbers. */
export function checkLinearWeights(linear: KernelArray): void {
  checkLength("linear", linear, 3);
  for (let k = 0; k < 3; k++) checkPositive(`linear[${k}]`, linear[k]!);
}

/** A checked layout: points of the array, nodes and stride of its axis. */
export interface AxisLayout {
  readonly points: number;
  readonly n: number;
  readonly stride: number;
}

const variants = ["js", "z", "m"];
const epsilonKinds = ["absolute", "scaled"];
const boundaries = ["periodic", "reflecting", "exit", "open"];

function checkMember(name: string, value: unknown, members: readonly string[]): void {
  if (!members.includes(value as string)) {
    throw argumentError(name, `is ${String(value)}`, `Use one of ${members.join(", ")}.`, value);
  }
}

/** Checks a layout against the field; raises MFGPU_TIER_ARGUMENT. */
export function checkLayout(layout: DerivativeLayout, field: KernelArray): AxisLayout {
  const { shape, axis } = layout;
  if (shape.length < 1 || shape.length > 3 || !shape.every((n) => Number.isInteger(n) && n > 0)) {
    throw argumentError("layout.shape", `is [${shape.join(", ")}]`, "Give one to three positive whole numbers.", shape);
  }
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    throw argumentError(
      "layout.axis",
      `is ${axis}, but the shape has ${shape.length} axes`,
      "Count axes from 0.",
      axis,
    );
  }
  const n = shape[axis]!;
  if (n < fewestNodes) {
    throw argumentError(`layout.shape[${axis}]`, `is ${n}`, `Give an axis at least ${fewestNodes} nodes.`, n);
  }
  checkPositive("layout.spacing", layout.spacing);
  checkMember("layout.variant", layout.variant, variants);
  checkMember("layout.epsilon.kind", layout.epsilon.kind, epsilonKinds);
  checkPositive("layout.epsilon.value", layout.epsilon.value);
  checkMember("layout.lower", layout.lower, boundaries);
  checkMember("layout.upper", layout.upper, boundaries);
  if ((layout.lower === "periodic") !== (layout.upper === "periodic")) {
    const side = layout.lower === "periodic" ? "upper" : "lower";
    throw argumentError(
      `layout.${side}`,
      "only one side is periodic",
      "Make both sides periodic, or none.",
      layout[side],
    );
  }
  const points = shape.reduce((product, k) => product * k, 1);
  checkLength("field", field, points);
  return { points, n, stride: shape.slice(axis + 1).reduce((product, k) => product * k, 1) };
}

/**
 * Checks the arguments of `Kernels.smoothness`; returns the number of stencils.
 *
 * @throws MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory
 */
export function checkSmoothness(precision: "f64" | "f32", stencils: KernelArray, out: KernelArray): number {
  checkArrays(precision, { stencils, out });
  const n = rowsOf("stencils", stencils, 5);
  checkLength("out", out, 3 * n);
  checkApart({ out }, { stencils });
  return n;
}

/**
 * Checks the arguments of `Kernels.weights`; returns the number of rows.
 *
 * @throws MFGPU_TIER_ARGUMENT as `checkSmoothness`, and for weights or epsilon <= 0
 */
export function checkWeights(
  precision: "f64" | "f32",
  beta: KernelArray,
  linear: KernelArray,
  epsilon: number,
  out: KernelArray,
): number {
  checkArrays(precision, { beta, linear, out });
  const n = rowsOf("beta", beta, 3);
  checkLinearWeights(linear);
  checkPositive("epsilon", epsilon);
  checkLength("out", out, 3 * n);
  checkApart({ out }, { beta, linear });
  return n;
}

/**
 * Checks the arguments of `Kernels.derivatives`; returns where the axis lies in the array.
 *
 * @throws MFGPU_TIER_ARGUMENT as `checkSmoothness`, and for a layout that does not fit
 */
export function checkDerivatives(
  precision: "f64" | "f32",
  field: KernelArray,
  layout: DerivativeLayout,
  pMinus: KernelArray,
  pPlus: KernelArray,
): AxisLayout {
  checkArrays(precision, { field, pMinus, pPlus });
  const axis = checkLayout(layout, field);
  checkLength("pMinus", pMinus, axis.points);
  checkLength("pPlus", pPlus, axis.points);
  checkApart({ pMinus, pPlus }, { field });
  return axis;
}
