import { valueGhostRule } from "../../scheme/boundary.ts";
import { checkDerivatives, checkSmoothness, checkWeights } from "../host/arguments.ts";
import { CallRecord } from "../host/callRecord.ts";
import type { DerivativeLayout, KernelArray, Kernels, Phases, Tally, TierPlace } from "../tier.ts";
import { acquireDevice, releaseDevice, type SharedDevice } from "./device.ts";
import { smallestGuard32 } from "./functions.ts";
import { loadLibrary, type Mode, type Rows } from "./library.ts";
import { longestPiece, paddedLength, padPiece, piecesOf, placePiece } from "./lines.ts";
import { type Plan, Plans } from "./plans.ts";

/** Added to a scaled epsilon in f32, in the units of a squared slope. */
const scaledFloor32 = 1e-30;
/** Indicators of the compiled function over h^2 times Osher & Fedkiw's. */
const indicatorScale = 4;

export interface GpujsOptions extends TierPlace {
  /** Most numbers handed over at a time; tests cut small arrays with it. */
  readonly longest?: number;
}

/** Opens the kernels of one mode. Raises MFGPU_TIER_UNAVAILABLE where its adapter is not there. */
export async function openGpujsKernels(mode: Mode, options: GpujsOptions = {}): Promise<GpujsKernels> {
  const library = await loadLibrary();
  const device = mode === "webgpu" ? await acquireDevice(options) : undefined;
  return new GpujsKernels(new Plans(library, mode, options.threads !== 1), device, options.longest ?? longestPiece);
}

/**
 * The hot functions compiled by gpu.js, f32. Calls take turns; each is one pipeline per piece: one copy in, all steps, one
 * copy out.
 *
 * @example
 * await using kernels = await openGpujsKernels("webasm");
 * const beta = new Float32Array(3);
 * await kernels.smoothness(Float32Array.of(1, 2, 3, 4, 5), beta); // beta = [1, 1, 1]
 */
export class GpujsKernels implements Kernels {
  readonly #plans: Plans;
  readonly #device: SharedDevice | undefined;
  readonly #longest: number;
  readonly #record = new CallRecord();
  readonly #phases = { upload: 0, kernel: 0, download: 0 };
  #scratch = new Float32Array(0);
  #last: Promise<void> = Promise.resolve();

  constructor(plans: Plans, device: SharedDevice | undefined, longest: number) {
    this.#plans = plans;
    this.#device = device;
    this.#longest = longest;
  }

  get tally(): Tally {
    return this.#record.tally;
  }

  /** Copies into gpu.js's memories, computing (with compilation, but for WebGPU), copies out of them. */
  get phases(): Phases {
    return { ...this.#phases };
  }

  /** Raises MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory. */
  async smoothness(stencils: KernelArray, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    const n = checkSmoothness("f32", stencils, out);
    await this.#inTurn(() =>
      this.#rows(stencils as Float32Array, 5, n, out as Float32Array, async (rows, values) => ({
        plan: await this.#plans.smoothness(rows),
        args: [values],
      })),
    );
    this.#record.count([stencils], [out]);
  }

  /**
   * Raises MFGPU_TIER_ARGUMENT for arrays of a wrong length or type, or that share memory, and for weights or epsilon
   * <= 0.
   */
  async weights(beta: KernelArray, linear: KernelArray, epsilon: number, out: KernelArray): Promise<void> {
    this.#record.ensureOpen();
    const n = checkWeights("f32", beta, linear, epsilon, out);
    const guard = Math.max(epsilon, smallestGuard32);
    await this.#inTurn(() =>
      this.#rows(beta as Float32Array, 3, n, out as Float32Array, async (rows, values) => ({
        plan: await this.#plans.weights(rows),
        args: [values, linear[0], linear[1], linear[2], guard],
      })),
    );
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
    const axis = checkDerivatives("f32", field, layout, pMinus, pPlus);
    const { epsilon, spacing, variant } = layout;
    const square = indicatorScale * spacing * spacing;
    const absolute = epsilon.kind === "absolute";
    const scale = absolute ? 0 : indicatorScale * epsilon.value;
    const floor = Math.max(square * (absolute ? epsilon.value : scaledFloor32), smallestGuard32);
    const unit = 1 / (12 * spacing);
    const lower = valueGhostRule[layout.lower];
    const upper = valueGhostRule[layout.upper];
    await this.#inTurn(async () => {
      for (const piece of piecesOf(axis, this.#longest)) {
        const plan = await this.#plans.derivatives(variant, piece.nodes, piece.count, piece.slabs);
        const begun = performance.now();
        const length = paddedLength(piece);
        const lines = this.#lines(length);
        padPiece(field as Float32Array, axis, piece, lower, upper, lines);
        const input = this.#plans.module.input(lines, [length / piece.slabs, piece.slabs]);
        await this.#run(plan, [input, scale, floor, unit, -unit], begun, ({ minus, plus }) => {
          placePiece(minus!, axis, piece, pMinus as Float32Array);
          placePiece(plus!, axis, piece, pPlus as Float32Array);
        });
      }
    });
    this.#record.count([field], [pMinus, pPlus]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#record.closed) return;
    this.#record.close();
    await this.#last;
    await this.#plans.close();
    this.#scratch = new Float32Array(0);
    if (this.#device) await releaseDevice(this.#device);
  }

  /** Runs a plan over rows of `width` numbers, in pieces; its three results are the columns of `out`. */
  async #rows(
    values: Float32Array,
    width: number,
    n: number,
    out: Float32Array,
    prepare: (
      rows: number,
      values: Float32Array,
    ) => Promise<{ readonly plan: Plan; readonly args: readonly unknown[] }>,
  ): Promise<void> {
    const most = Math.max(1, Math.floor(this.#longest / width));
    for (let row = 0; row < n; row += most) {
      const rows = Math.min(most, n - row);
      const { plan, args } = await prepare(rows, values.subarray(row * width, (row + rows) * width));
      await this.#run(plan, args, performance.now(), (results) => {
        for (const [k, column] of Object.values(results).entries()) {
          const numbers = column as Float32Array;
          for (let i = 0, at = 3 * row + k; i < rows; i++, at += 3) out[at] = numbers[i]!;
        }
      });
    }
  }

  /** One call of a plan, with its phases taken. `begun` is when the arguments' copies began. */
  async #run(
    plan: Plan,
    args: readonly unknown[],
    begun: number,
    place: (results: Readonly<Record<string, Rows>>) => void,
  ): Promise<void> {
    const meter = this.#device?.meter;
    this.#device?.check();
    const uploaded = meter?.upload ?? 0;
    const called = performance.now();
    const results = await plan.run(...args);
    const answered = performance.now();
    this.#device?.check();
    place(results);
    const phases = this.#phases;
    phases.upload += called - begun + ((meter?.upload ?? 0) - uploaded);
    phases.kernel += meter ? meter.mapped - meter.submitted : answered - called;
    phases.download += performance.now() - (meter ? meter.mapped : answered);
  }

  #lines(length: number): Float32Array {
    if (this.#scratch.length < length) this.#scratch = new Float32Array(length);
    return this.#scratch.subarray(0, length);
  }

  /** Calls take turns: they share the scratch memory, and gpu.js's plans are closed when newer ones take their place. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(() => {
      this.#record.ensureOpen();
      return work();
    });
    this.#last = mine.catch(() => undefined);
    await mine;
  }
}
