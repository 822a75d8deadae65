/** What the kernels are timed on: the same arrays for all, as each precision stores them, and what is right. */
import type { KernelArray, Kernels, DerivativeLayout } from "../tiers/tier.ts";

export const kernelOperations = ["smoothness", "weights", "derivatives"] as const;
export type KernelOperation = (typeof kernelOperations)[number];

const linearWeights = [0.1, 0.6, 0.3];
export const epsilon = 1e-6;

export const pointsOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Smooth waves with a kink, so that neither the data nor the weights are special: a sum over the axes. */
export function waves(shape: readonly number[]): Float64Array {
  const profiles = shape.map((n, a) =>
    Float64Array.from({ length: n }, (_, i) => {
      const x = i / n;
      return Math.sin(2 * Math.PI * x + a) + 0.3 * Math.cos(6 * Math.PI * x) + Math.abs(x - 0.4);
    }),
  );
  const field = new Float64Array(pointsOf(shape));
  for (let k = 0; k < field.length; k++) {
    let rest = k;
    let value = 0;
    for (let a = shape.length - 1; a >= 0; a--) {
      const n = shape[a]!;
      value += profiles[a]![rest % n]!;
      rest = Math.floor(rest / n);
    }
    field[k] = value;
  }
  return field;
}

/** Rows after which data begin again: sines of millions of numbers take seconds that are the benchmark's. */
const period = 1 << 13;

/** `count` rows of so many numbers each. */
function repeated(count: number, width: number, number: (k: number) => number): Float64Array {
  const rows = new Float64Array(width * count);
  for (let k = 0; k < rows.length; k++) rows[k] = k < width * period ? number(k) : rows[k - width * period]!;
  return rows;
}

/** Stencils of smooth and of rough data in turn, of size 1. */
function stencils(count: number): Float64Array {
  return repeated(count, 5, (k) => {
    const i = Math.floor(k / 5);
    return i % 2 === 0 ? Math.sin(0.001 * i + 0.3 * (k % 5)) : Math.abs(Math.sin(12.9898 * k));
  });
}

/** Indicators between 0 and 4, every hundredth of them a corner's. */
function indicators(count: number): Float64Array {
  return repeated(count, 3, (k) => (k % 100 === 0 ? 4 : Math.sin(0.37 * k) ** 8));
}

/** Arrays of one operation, size and precision. */
export interface KernelData {
  readonly input: KernelArray;
  readonly outputs: readonly KernelArray[];
  /** Points times axes. */
  readonly pointStages: number;
  readonly call: (kernels: Kernels, outputs: readonly KernelArray[]) => Promise<void>;
  readonly make: () => readonly KernelArray[];
}

export function layoutOf(shape: readonly number[], axis: number): DerivativeLayout {
  return {
    shape,
    axis,
    spacing: 1 / shape[axis]!,
    lower: "periodic",
    upper: "periodic",
    variant: "js",
    epsilon: { kind: "absolute", value: epsilon },
  };
}

/** What an operation is timed on. */
export function inputOf(operation: KernelOperation, shape: readonly number[]): Float64Array {
  switch (operation) {
    case "smoothness":
      return stencils(pointsOf(shape));
    case "weights":
      return indicators(pointsOf(shape));
    case "derivatives":
      return waves(shape);
  }
}

/**
 * Data of an operation; `shape` is the number of stencils or the grid. Derivatives are taken along every axis in turn.
 *
 * @param numbers the input, where it is not the usual one
 */
export function kernelData(
  operation: KernelOperation,
  shape: readonly number[],
  precision: "f64" | "f32",
  numbers: ArrayLike<number> = inputOf(operation, shape),
): KernelData {
  const Numbers = precision === "f64" ? Float64Array : Float32Array;
  const points = pointsOf(shape);
  const input = new Numbers(numbers);
  if (operation === "derivatives") {
    const layouts = shape.map((_, axis) => layoutOf(shape, axis));
    const make = (): KernelArray[] => Array.from({ length: 2 * shape.length }, () => new Numbers(points));
    return {
      input,
      outputs: make(),
      make,
      pointStages: points * shape.length,
      call: async (kernels, out) => {
        for (const [axis, layout] of layouts.entries())
          await kernels.derivatives(input, layout, out[2 * axis]!, out[2 * axis + 1]!);
      },
    };
  }
  const make = (): KernelArray[] => [new Numbers(3 * points)];
  const linear = new Numbers(linearWeights);
  return {
    input,
    outputs: make(),
    make,
    pointStages: points,
    call: async (kernels, [out]) => {
      if (operation === "smoothness") await kernels.smoothness(input, out!);
      else await kernels.weights(input, linear, epsilon, out!);
    },
  };
}

/** The same numbers as f64 holds them, in f64. */
export function widened(operation: KernelOperation, shape: readonly number[], data: KernelData): KernelData {
  return data.input instanceof Float64Array ? data : kernelData(operation, shape, "f64", data.input);
}

/** The error of a result that is held to nothing but being finite: 0, or NaN. */
export function finiteError(outputs: readonly KernelArray[]): number {
  for (const output of outputs)
    for (let i = 0; i < output.length; i++) if (!Number.isFinite(output[i])) return Number.NaN;
  return 0;
}
