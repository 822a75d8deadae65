/** The kernels under test, with the one table of their tolerances. */
import { BatchedKernels } from "../../src/tiers/batched/kernels.ts";
import { ScalarKernels } from "../../src/tiers/scalar/kernels.ts";
import type { KernelArray, Kernels } from "../../src/tiers/tier.ts";

export interface KernelTier {
  readonly name: string;
  readonly precision: "f64" | "f32";
  readonly open: () => Kernels;
  readonly array: (values: ArrayLike<number> | number) => KernelArray;
  /** Added to a scaled epsilon. */
  readonly epsilonFloor: number;
}

const f64 = (values: ArrayLike<number> | number): KernelArray =>
  typeof values === "number" ? new Float64Array(values) : Float64Array.from(values);
const f32 = (values: ArrayLike<number> | number): KernelArray =>
  typeof values === "number" ? new Float32Array(values) : Float32Array.from(values);

export const kernelTiers: readonly KernelTier[] = [
  { name: "scalar", precision: "f64", open: () => new ScalarKernels(), array: f64, epsilonFloor: 1e-40 },
  { name: "batched", precision: "f64", open: () => new BatchedKernels("f64"), array: f64, epsilonFloor: 1e-40 },
  { name: "batched", precision: "f32", open: () => new BatchedKernels("f32"), array: f32, epsilonFloor: 1e-30 },
];

/**
 * Relative tolerances. f64: a few dozen roundings of 1.1e-16, and the same again through weights that turn on a
 * difference of indicators. f32: arithmetic is f64, so one rounding of 6e-8 at the store; `ghosts` adds the rounding of
 * stored ghosts, which the cubic through the wall multiplies by up to 50. `cubic` is against the exact derivative, so
 * the rounding of the data counts, in units of |u|/h.
 */
export const tolerance = {
  golden: { f64: 1e-14, f32: 1e-6 },
  derivatives: { f64: 2e-14, f32: 1e-7 },
  ghosts: { f64: 2e-13, f32: 1e-5 },
  cubic: { f64: 1e-13, f32: 2e-6 },
  smoothness: { f64: 2e-14, f32: 2e-7 },
  weights: { f64: 2e-14, f32: 2e-7 },
} as const;

/** Smallest positive number of a precision: what one rounding costs near zero. */
export const smallest = { f64: Number.MIN_VALUE, f32: 2 ** -149 } as const;
