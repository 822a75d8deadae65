/** The procedure's hot functions in WGSL, f32: one upload, one submit, one read-back per call. */
import type { TierPlace } from "../tier.ts";
import { checkDerivatives, checkSmoothness, checkWeights } from "../host/arguments.ts";
import { CallRecord } from "../host/callRecord.ts";
import type { DerivativeLayout, KernelArray, Kernels, Phases, Tally } from "../tier.ts";
import { runDerivatives } from "./derivatives.ts";
import { type Device, type DeviceOptions, openDevice } from "./device.ts";
import { deviceError } from "./deviceErrors.ts";
import { foldGroups, type Groups } from "./dispatch.ts";
import { type KernelCall, KernelRunner } from "./kernelRun.ts";
import { sliceRanges } from "./slices.ts";

/** Invocations of a workgroup of the kernels that take rows. */
const groupSize = 64;
const constants = { group_size: groupSize };

/** Exponent of `lift` in shaders/weights.wgsl, and the least epsilon that it takes. */
const lift = 2 ** 64;
const leastGuard = 1e-37;

/**
 * Kernels on a device of their own.
 *
 * @example
 * await using kernels = await WebgpuKernels.open({});
 * const beta = new Float32Array(3);
 * await kernels.smoothness(Float32Array.of(1, 2, 3, 4, 5), beta); // beta = [1, 1, 1]
 */
export class WebgpuKernels implements Kernels {
  readonly #device: Device;
  readonly #runner: KernelRunner;
  readonly #record = new CallRecord();
  /** Calls use the same buffers, one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(device: Device, runner: KernelRunner) {
    this.#device = device;
    this.#runner = runner;
  }

  /** Raises MFGPU_TIER_UNAVAILABLE, or MFGPU_DEVICE_... where the device does not open. */
  static async open(options: TierPlace & DeviceOptions): Promise<WebgpuKernels> {
    return WebgpuKernels.on(await openDevice(options));
  }

  /** Kernels on an open device, which is theirs from now on. */
  static async on(device: Device): Promise<WebgpuKernels> {
    return new WebgpuKernels(device, await KernelRunner.create(device));
  }

  get tally(): Tally {
    return this.#record.tally;
  }

  get phases(): Phases {
    return this.#runner.phases;
  }

  /** The device that computes. */
  get device(): Device {
    return this.#device;
  }

  /**
   * Raises MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory, and MFGPU_DEVICE_... for what goes
   * wrong on the device.
   */
  async smoothness(stencils: KernelArray, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    const n = checkSmoothness("f32", stencils, out);
    await this.#inTurn(() =>
      this.#rows(n, 5, (from, to, groups) => ({
        shader: "smoothness",
        dispatches: [{ entry: "main", constants, groups, params: { rows: to - from } }],
        inputs: { stencils: f32(stencils, 5 * from, 5 * to) },
        outputs: { beta: f32(out, 3 * from, 3 * to) },
      })),
    );
    this.#record.count([stencils], [out]);
  }

  /** As `smoothness`; raises MFGPU_TIER_ARGUMENT for weights or epsilon <= 0 too. */
  async weights(beta: KernelArray, linear: KernelArray, epsilon: number, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    const n = checkWeights("f32", beta, linear, epsilon, out);
    const guard = { epsilon: Math.max(epsilon, leastGuard), lifted_epsilon: Math.max(epsilon * lift, leastGuard) };
    await this.#inTurn(() =>
      this.#rows(n, 3, (from, to, groups) => ({
        shader: "weights",
        dispatches: [{ entry: "main", constants, groups, params: { linear, rows: to - from, ...guard } }],
        inputs: { beta: f32(beta, 3 * from, 3 * to) },
        outputs: { weights: f32(out, 3 * from, 3 * to) },
      })),
    );
    this.#record.count([beta, linear], [out]);
  }

  /** As `smoothness`; raises MFGPU_TIER_ARGUMENT for a layout that does not fit, too. */
  async derivatives(
    field: KernelArray,
    layout: DerivativeLayout,
    pMinus: KernelArray,
    pPlus: KernelArray,
  ): Promise<void> {
    this.#record.ensureOpen();
    const axis = checkDerivatives("f32", field, layout, pMinus, pPlus);
    const [u, minus, plus] = [field, pMinus, pPlus] as [Float32Array, Float32Array, Float32Array];
    await this.#inTurn(() => runDerivatives(this.#runner, this.#device.bindingLimit, layout, axis, u, minus, plus));
    this.#record.count([field], [pMinus, pPlus]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#record.close();
    await this.#last.catch(() => undefined);
    this.#runner.destroy();
    this.#device.close();
  }

  #inTurn(call: () => Promise<void>): Promise<void> {
    const mine = this.#last.catch(() => undefined).then(call);
    this.#last = mine;
    return mine;
  }

  /** Runs a kernel over rows, at most `width` numbers each, in as many calls as bindings need. */
  async #rows(n: number, width: number, call: (from: number, to: number, groups: Groups) => KernelCall): Promise<void> {
    if (n === 0) return;
    const ranges = sliceRanges(n, 4 * width, this.#device.bindingLimit);
    if (!ranges) throw deviceError("MFGPU_DEVICE_MEMORY", "The device binds less than one row.");
    for (const { from, to } of ranges) {
      await this.#runner.run(call(from, to, foldGroups(Math.ceil((to - from) / groupSize))));
    }
  }
}

function f32(array: KernelArray, from: number, to: number): Float32Array {
  return (array as Float32Array).subarray(from, to);
}
