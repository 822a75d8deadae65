import { MfgError } from "../../errors.ts";
import { argumentError, checkDerivatives, checkSmoothness, checkWeights } from "../host/arguments.ts";
import { CallRecord } from "../host/callRecord.ts";
import type { DerivativeLayout, KernelArray, Kernels, Phases, Tally } from "../tier.ts";
import type { Addon, CallPlace } from "./addon.ts";

/**
 * Entries of an array from which a call runs off the JavaScript thread: shorter ones are done before a message to another
 * thread and back would be.
 */
const longCall = 1 << 18;

/**
 * The hot functions in Rust: typed arrays are borrowed, not copied; large ones are shared out over threads. While a call
 * is under way its arrays are Rust's: nobody may read the outputs, change anything or transfer a buffer.
 *
 * @example
 * const { tier } = await findTier("rust");
 * await using kernels = await tier.kernels({ precision: "f64" });
 * const beta = new Float64Array(3);
 * await kernels.smoothness(Float64Array.of(1, 2, 3, 4, 5), beta); // beta = [1, 1, 1]
 */
export class RustKernels implements Kernels {
  readonly #addon: Addon;
  readonly #precision: "f64" | "f32";
  readonly #place: CallPlace;
  readonly #record = new CallRecord();

  constructor(addon: Addon, precision: "f64" | "f32", place: CallPlace) {
    this.#addon = addon;
    this.#precision = precision;
    this.#place = place;
  }

  get tally(): Tally {
    return this.#record.tally;
  }

  /** Raises MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory. */
  async smoothness(stencils: KernelArray, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    checkSmoothness(this.#precision, stencils, out);
    checkFixed({ stencils, out });
    await this.#run(stencils.length, [stencils], [out], (later) =>
      this.#addon[later ? "smoothnessLater" : "smoothness"](stencils, out, this.#place),
    );
  }

  /**
   * Raises MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory, and for weights or epsilon
   * <= 0.
   */
  async weights(beta: KernelArray, linear: KernelArray, epsilon: number, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    checkWeights(this.#precision, beta, linear, epsilon, out);
    checkFixed({ beta, linear, out });
    await this.#run(beta.length, [beta, linear], [out], (later) =>
      this.#addon[later ? "weightsLater" : "weights"](beta, [...linear], epsilon, out, this.#place),
    );
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
    checkFixed({ field, pMinus, pPlus });
    const { spacing, lower, upper, variant, epsilon } = layout;
    const resolved = {
      nodes: axis.n,
      stride: axis.stride,
      spacing,
      lower,
      upper,
      variant,
      epsilonKind: epsilon.kind,
      epsilonValue: epsilon.value,
    };
    await this.#run(axis.points, [field], [pMinus, pPlus], (later) =>
      this.#addon[later ? "derivativesLater" : "derivatives"](field, resolved, pMinus, pPlus, this.#place),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#record.close();
  }

  async #run(
    points: number,
    inputs: readonly KernelArray[],
    outputs: readonly KernelArray[],
    call: (later: boolean) => void | Promise<void>,
  ): Promise<void> {
    try {
      await call(points >= longCall);
    } catch (cause) {
      if (cause instanceof MfgError) throw cause;
      throw new MfgError({
        code: "MFGPU_TIER_ARGUMENT",
        message: `The native kernels refuse the call: ${cause instanceof Error ? cause.message : String(cause)}`,
        fix: "Report this with the arguments: they had passed all checks before.",
        cause,
      });
    }
    this.#record.count(inputs, outputs);
  }
}

/** Raises MFGPU_TIER_ARGUMENT for arrays whose memory may move or shrink under a call. */
function checkFixed(arrays: Readonly<Record<string, KernelArray>>): void {
  for (const [name, array] of Object.entries(arrays)) {
    if ((array.buffer as { readonly resizable?: boolean }).resizable === true)
      throw argumentError(name, "lies in a resizable buffer", "Copy it into a buffer of fixed length.");
  }
}

/** The same in WebAssembly, whose memory is its own: arrays are copied in and out, and the time of that is known. */
export class RustWasmKernels extends RustKernels {
  readonly #addon: Addon & { readonly phases: Phases };

  constructor(addon: Addon & { readonly phases: Phases }, precision: "f64" | "f32", place: CallPlace) {
    super(addon, precision, place);
    this.#addon = addon;
  }

  get phases(): Phases {
    return this.#addon.phases;
  }
}
