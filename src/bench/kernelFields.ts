/** What rounds of kernels share: to make data and right results takes longer than to time who computes them. */
import type { KernelArray, Kernels } from "../tiers/tier.ts";
import { inputOf, kernelData, type KernelData, type KernelOperation, widened } from "./kernelData.ts";

/** Numbers of an array that are kept of a right result, about. */
const keptNumbers = 1 << 12;

/** Arrays of a race, and what is right. */
export interface Field {
  readonly data: KernelData;
  /** Every `stride`-th number of each output, from the first on, in f64. */
  readonly wanted: readonly ArrayLike<number>[];
  readonly stride: number;
}

/** Inputs, and right results in parts, of every operation, size and precision so far. */
export class KernelFields {
  readonly #inputs = new Map<string, Float64Array>();
  readonly #parts = new Map<string, Pick<Field, "wanted" | "stride">>();

  /** Arrays of their own for each race: where they happen to lie in memory is part of what a round is to average over. */
  data(operation: KernelOperation, shape: readonly number[], precision: "f64" | "f32"): KernelData {
    const key = `${operation} ${shape.join("x")}`;
    const input = this.#inputs.get(key) ?? inputOf(operation, shape);
    this.#inputs.set(key, input);
    return kernelData(operation, shape, precision, input);
  }

  /**
   * Data and what is right.
   *
   * @param whole whether all numbers are wanted, as where somebody is checked for the first time, or those that were kept will do
   */
  async field(
    operation: KernelOperation,
    shape: readonly number[],
    precision: "f64" | "f32",
    reference: Kernels,
    whole: boolean,
  ): Promise<Field> {
    const data = this.data(operation, shape, precision);
    const key = `${operation} ${shape.join("x")} ${precision}`;
    const kept = this.#parts.get(key);
    if (kept && !whole) return { data, ...kept };
    const exact = widened(operation, shape, data);
    const wanted = exact.make();
    await exact.call(reference, wanted);
    this.#parts.set(key, partOf(wanted));
    return { data, wanted, stride: 1 };
  }
}

/** An odd stride, so that all rows of a grid whose sides are even are looked at. */
function partOf(wanted: readonly KernelArray[]): Pick<Field, "wanted" | "stride"> {
  const stride = Math.floor((wanted[0]?.length ?? 0) / keptNumbers) | 1;
  const part = (all: KernelArray): Float64Array =>
    Float64Array.from({ length: Math.ceil(all.length / stride) }, (_, i) => all[i * stride]!);
  return { wanted: wanted.map(part), stride };
}
