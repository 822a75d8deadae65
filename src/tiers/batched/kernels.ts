import { valueGhostRule } from "../../scheme/boundary.ts";
import { checkDerivatives, checkSmoothness, checkWeights } from "../host/arguments.ts";
import { CallRecord } from "../host/callRecord.ts";
import type { DerivativeLayout, KernelArray, Kernels, Tally } from "../tier.ts";
import { deriveAxis, wallScratch } from "./axisDerivatives.ts";
import { jsWeightRows, jsWeightRows32, smoothnessRows, weightScratch } from "./stencils.ts";
import { guardOf, scaledFloor } from "./weno5.ts";
import { intervalLoop32, scaledFloor32 } from "./weno5Float32.ts";
import { intervalLoop } from "./weno5Intervals.ts";

/**
 * The hot functions over whole typed arrays: interval-shared arithmetic, no allocation in loops. In f32 what is stored
 * is f32 and the arithmetic f64.
 *
 * @example
 * await using kernels = new BatchedKernels("f64");
 * const beta = new Float64Array(3);
 * await kernels.smoothness(Float64Array.of(1, 2, 3, 4, 5), beta); // beta = [1, 1, 1]
 */
export class BatchedKernels implements Kernels {
  readonly #precision: "f64" | "f32";
  readonly #record = new CallRecord();
  #scratch: Float64Array | undefined;
  #scratch32: Float32Array | undefined;
  #wide: Float64Array | undefined;

  constructor(precision: "f64" | "f32") {
    this.#precision = precision;
  }

  get tally(): Tally {
    return this.#record.tally;
  }

  /** Raises MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory. */
  async smoothness(stencils: KernelArray, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    const n = checkSmoothness(this.#precision, stencils, out);
    smoothnessRows(stencils, n, out);
    this.#record.count([stencils], [out]);
  }

  /**
   * Raises MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory, and for weights or epsilon
   * <= 0.
   */
  async weights(beta: KernelArray, linear: KernelArray, epsilon: number, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    const n = checkWeights(this.#precision, beta, linear, epsilon, out);
    if (this.#precision === "f64") {
      jsWeightRows(beta as Float64Array, linear as Float64Array, epsilon, n, out as Float64Array);
    } else {
      const scratch = (this.#wide ??= new Float64Array(weightScratch));
      jsWeightRows32(beta as Float32Array, linear as Float32Array, epsilon, n, out as Float32Array, scratch);
    }
    this.#record.count([beta, linear], [out]);
  }

  /**
   * Raises MFGPU_TIER_ARGUMENT for a layout that does not fit, and for arrays of a wrong length or type, or that share
   * memory.
   */
  async derivatives(
    field: KernelArray,
    layout: DerivativeLayout,
    pMinus: KernelArray,
    pPlus: KernelArray,
  ): Promise<void> {
    this.#record.ensureOpen();
    const axis = checkDerivatives(this.#precision, field, layout, pMinus, pPlus);
    const inverseSpacing = 1 / layout.spacing;
    const lower = valueGhostRule[layout.lower];
    const upper = valueGhostRule[layout.upper];
    if (this.#precision === "f64") {
      const loop = intervalLoop(layout.variant);
      const guard = guardOf(layout.epsilon, inverseSpacing, scaledFloor);
      const scratch = (this.#scratch ??= new Float64Array(wallScratch));
      const call = { loop, guard, inverseSpacing, lower, upper, scratch };
      deriveAxis(call, field as Float64Array, axis, pMinus as Float64Array, pPlus as Float64Array);
    } else {
      const loop = intervalLoop32(layout.variant);
      const guard = guardOf(layout.epsilon, inverseSpacing, scaledFloor32);
      const scratch = (this.#scratch32 ??= new Float32Array(wallScratch));
      const call = { loop, guard, inverseSpacing, lower, upper, scratch };
      deriveAxis(call, field as Float32Array, axis, pMinus as Float32Array, pPlus as Float32Array);
    }
    this.#record.count([field], [pMinus, pPlus]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#record.close();
    this.#scratch = undefined;
    this.#scratch32 = undefined;
    this.#wide = undefined;
  }
}
