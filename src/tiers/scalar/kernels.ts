import { valueGhostRule } from "../../scheme/boundary.ts";
import { jsWeights, smoothness } from "../../scheme/weno5.ts";
import { checkDerivatives, checkSmoothness, checkWeights } from "../host/arguments.ts";
import { CallRecord } from "../host/callRecord.ts";
import type { DerivativeLayout, KernelArray, Kernels, Tally } from "../tier.ts";
import { derivativesAt } from "./weno5.ts";
import type { Line } from "./weno5.ts";

/**
 * The hot functions one stencil per call, as a straightforward script would write them: the slowest rung, in f64.
 *
 * @example
 * await using kernels = new ScalarKernels();
 * const beta = new Float64Array(3);
 * await kernels.smoothness(Float64Array.of(1, 2, 3, 4, 5), beta); // beta = [1, 1, 1]
 */
export class ScalarKernels implements Kernels {
  readonly #record = new CallRecord();

  get tally(): Tally {
    return this.#record.tally;
  }

  /** Raises MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory. */
  async smoothness(stencils: KernelArray, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    const n = checkSmoothness("f64", stencils, out);
    for (let i = 0; i < n; i++) {
      const k = 5 * i;
      const s = smoothness(stencils[k]!, stencils[k + 1]!, stencils[k + 2]!, stencils[k + 3]!, stencils[k + 4]!);
      out.set(s, 3 * i);
    }
    this.#record.count([stencils], [out]);
  }

  /**
   * Raises MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory, and for weights or epsilon
   * <= 0.
   */
  async weights(beta: KernelArray, linear: KernelArray, epsilon: number, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    const n = checkWeights("f64", beta, linear, epsilon, out);
    for (let i = 0; i < n; i++) {
      const k = 3 * i;
      const w = jsWeights([beta[k]!, beta[k + 1]!, beta[k + 2]!], epsilon, [linear[0]!, linear[1]!, linear[2]!]);
      out.set(w, k);
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
    const { points, n, stride } = checkDerivatives("f64", field, layout, pMinus, pPlus);
    for (let slab = 0; slab < points; slab += n * stride) {
      for (let start = slab; start < slab + stride; start++) {
        const line: Line = {
          field: field as Float64Array,
          start,
          stride,
          n,
          lower: valueGhostRule[layout.lower],
          upper: valueGhostRule[layout.upper],
          lowerWall: 0,
          upperWall: 0,
        };
        for (let i = 0; i < n; i++) {
          const [minus, plus] = derivativesAt(line, i, layout.spacing, layout.variant, layout.epsilon);
          pMinus[start + i * stride] = minus;
          pPlus[start + i * stride] = plus;
        }
      }
    }
    this.#record.count([field], [pMinus, pPlus]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#record.close();
  }
}
