/** What the kernels are timed on: the same arrays for all, as each precision stores them, and what is right. */
import type { KernelArray, Kernels, DerivativeLayout } from "../tiers/tier.ts";

export const kernelOperations = ["smoothness", "weights", "derivatives"] as const;
export type KernelOperation = (typeof kernelOperations)[number];

const linearWeights = [0.1, 0.6, 0.3];
export const epsilon = 1e-6;

export const pointsOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Smooth waves with a kink, so that neither the data nor the weights are special. */
export function waves(shape: readonly number[]): Float64Array {
  const field = new Float64Array(pointsOf(shape));
  for (let k = 0; k < field.length; k++) {
    let rest = k;
    let value = 0;
    for (let a = shape.length - 1; a >= 0; a--) {
      const n = shape[a]!;
      const x = (rest % n) / n;
      rest = (rest - (rest % n)) / n;
      value += Math.sin(2 * Math.PI * x + a) + 0.3 * Math.cos(6 * Math.PI * x) + Math.abs(x - 0.4);
    }
    field[k] = value;
  }
  return field;
}

/** Stencils of smooth and of rough data in turn, of size 1. */
export function stencils(n: number): Float64Array {
  return Float64Array.from({ length: 5 * n }, (_, k) => {
    const i = Math.floor(k / 5);
    return i % 2 === 0 ? Math.sin(0.001 * i + 0.3 * (k % 5)) : Math.abs(Math.sin(12.9898 * k));
  });
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

/** Data of an operation; `shape` is the number of stencils or the grid. Derivatives are taken along every axis in turn. */
export function kernelData(operation: KernelOperation, shape: readonly number[], precision: "f64" | "f32"): KernelData {
  const stored = (numbers: ArrayLike<number>): KernelArray =>
    precision === "f64" ? Float64Array.from(numbers) : Float32Array.from(numbers);
  const points = pointsOf(shape);
  if (operation === "derivatives") {
    const input = stored(waves(shape));
    const layouts = shape.map((_, axis) => layoutOf(shape, axis));
    const make = (): KernelArray[] => Array.from({ length: 2 * shape.length }, () => stored(new Float64Array(points)));
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
  const make = (): KernelArray[] => [stored(new Float64Array(3 * points))];
  const outputs = make();
  if (operation === "smoothness") {
    const input = stored(stencils(points));
    return { input, outputs, make, pointStages: points, call: (kernels, [out]) => kernels.smoothness(input, out!) };
  }
  // Indicators between 0 and 4, every hundredth of them a corner's.
  const input = stored(
    Float64Array.from({ length: 3 * points }, (_, k) => (k % 100 === 0 ? 4 : Math.sin(0.37 * k) ** 8)),
  );
  const linear = stored(linearWeights);
  return {
    input,
    outputs,
    make,
    pointStages: points,
    call: (kernels, [out]) => kernels.weights(input, linear, epsilon, out!),
  };
}
