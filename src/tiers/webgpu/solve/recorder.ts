/**
 * Solves on the GPU, for whoever writes a sweep or a kernel here.
 *
 * A sweep never waits for the device between dispatches: it *records* them, and reads a few words back once per chunk of
 * stored intervals. What there is:
 *
 * - `Field`, `FieldHistory` (fields.ts): parts of buffers. `state` fields hold what lives on (u, m: f32, or (hi, lo) pairs in
 *   `compensated`), all else is f32. A shader says `array<State>` and includes "state.wgsl": `difference(from, to)`,
 *   `add_increment(state, increment)`, `value_of`, `pair_of`, `state_of`.
 * - `Kernel` (kernels.ts): `shaders/NAME.wgsl`, entry point `main`. Group 0 binds its fields, by name. Group 1 is the same in
 *   every kernel: `grid` (include "solve_grid.wgsl": shape, strides, walls, nu, ...) and `var<uniform> step: Step` at
 *   binding 1, a struct of f32, u32, vec4f and vec4u that the dispatch fills by name. Every kernel declares a Step.
 * - `Recorder.dispatch(kernel, member grid, fields, step, groups)`; `groupsOf(d)` for one invocation per node, whose
 *   coordinates are `coordinates_of(id)`.
 * - `Recorder.words(n)`: n zeroed words of the buffer `words` (`array<atomic<u32>>`, bound like a field: `recorder.wordField`),
 *   where kernels leave maxima, sums and flags; `collect()` submits, waits and gives them all, and `later(reader)` has them
 *   read by whoever recorded them, whoever collects.
 * - `await recorder.breathe()` between pieces: submits when enough is recorded for one submit (well under a second), keeps two
 *   of them in flight and honours the abort.
 *
 * Dispatches run in order and see each other's writes. Within one dispatch a buffer is either written, as one field, or read, as
 * any number of fields; a copy is between two buffers. The levels of a history share buffers: a sweep runs in a field of its own
 * and copies to the level at the end of an interval.
 */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type { Device } from "../device.ts";
import { foldGroups, type Groups } from "../dispatch.ts";
import { uniformUsage, usage } from "../usage.ts";
import { type Field, fieldOf } from "./fields.ts";
import { groupSizeOf, stepBytes, type Kernel, type StepValues } from "./kernels.ts";

/** Dispatches whose numbers fit into one submit. */
const stepCapacity = 4096;
/** Words that kernels may fill before they are collected. */
export const wordCapacity: number = 2 ** 18;
/** How long one submit should take, and the invocations that the first ones hold. */
const targetMs = 120;
const firstCost = 2 ** 18;
const largestCost = 2 ** 36;
/** Share of it after which a device that has nothing to do is given what there is, while the rest is recorded. */
const earlyShare = 1 / 256;

/** Bytes of the recorder's own buffers. */
export const recorderBytes: number = stepCapacity * stepBytes + 4 * wordCapacity;

/** A member's uniform, bound in group 1 together with the numbers of a dispatch. */
export interface MemberGrid {
  readonly buffer: GPUBuffer;
  group: GPUBindGroup | undefined;
}

/** What the kernels left in the words handed out since the last collection. */
export interface Collected {
  word(index: number): number;
  float(index: number): number;
}

/** Workgroups for one invocation per node, or per block of so many nodes along axis 0. */
export function groupsOf(d: Discretisation, block = 1): Groups {
  const [x, y, z] = groupSizeOf(d);
  const [n0, ...rest] = d.grid.shape as [number, ...number[]];
  const [x2, x1 = 1, x0 = 1] = [Math.ceil(n0 / block), ...rest].toReversed() as [number, number?, number?];
  return [Math.ceil(x2 / x), Math.ceil(x1 / y), Math.ceil(x0 / z)];
}

/** What a dispatch costs whose workgroups do no more than one thing per invocation. */
export function costOf(groups: Groups): number {
  return 64 * groups[0] * groups[1] * groups[2];
}

/** Workgroups for `count` independent pieces, folded into rows: a shader reads `id.y * groups.x + id.x`. */
export function groupsFor(count: number): Groups {
  return foldGroups(count);
}

/** A submit under way. */
interface Flight {
  readonly done: Promise<void>;
  readonly cost: number;
  readonly begun: number;
  /** It was too short for anything to be learnt from it. */
  readonly early: boolean;
}

export class Recorder {
  readonly #device: Device;
  readonly #signal: AbortSignal | undefined;
  readonly #stepBuffer: GPUBuffer;
  readonly #wordBuffer: GPUBuffer;
  readonly #steps = new ArrayBuffer(stepCapacity * stepBytes);
  readonly #stepFloats: Float32Array;
  readonly #stepWords: Uint32Array;
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  readonly wordField: Field;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #pipeline: GPUComputePipeline | undefined;
  #stepCount = 0;
  #words = 0;
  #stale = 0;
  #cost = 0;
  #costLimit = firstCost;
  #inFlight: Flight | undefined;
  #lastDone = 0;
  #launches = 0;
  #readers: ((collected: Collected) => void)[] = [];

  /** Raises MFGPU_DEVICE_MEMORY where its own buffers do not fit. */
  static async make(device: Device, signal: AbortSignal | undefined): Promise<Recorder> {
    const steps = await device.buffer("steps", stepCapacity * stepBytes, uniformUsage);
    const flags = usage.storage | usage.copySource | usage.copyTarget;
    try {
      return new Recorder(device, signal, steps, await device.buffer("words", 4 * wordCapacity, flags));
    } catch (error) {
      steps.destroy();
      throw error;
    }
  }

  private constructor(device: Device, signal: AbortSignal | undefined, steps: GPUBuffer, words: GPUBuffer) {
    this.#device = device;
    this.#signal = signal;
    this.#stepBuffer = steps;
    this.#wordBuffer = words;
    this.#stepFloats = new Float32Array(this.#steps);
    this.#stepWords = new Uint32Array(this.#steps);
    this.wordField = fieldOf(words, 0, 4 * wordCapacity);
  }

  /** Dispatches so far. */
  get launches(): number {
    return this.#launches;
  }

  /** Words that can still be handed out before a collection. */
  get wordsLeft(): number {
    return wordCapacity - this.#words;
  }

  /** First index of `count` words that are zero when the next dispatch runs. */
  words(count: number): number {
    if (count > this.wordsLeft) throw new RangeError(`${count} words are asked for; ${this.wordsLeft} are left`);
    const first = this.#words;
    this.#words += count;
    return first;
  }

  /** Calls `reader` with what is collected next: for words that belong to someone else than who collects. */
  later(reader: (collected: Collected) => void): void {
    this.#readers.push(reader);
  }

  /**
   * Records one dispatch.
   *
   * @param fields what each name of group 0 is bound to
   * @param step numbers of the shader's struct Step; all of them
   * @param cost work in invocations of an ordinary kernel, where a workgroup does more than one each
   */
  dispatch(
    kernel: Kernel,
    grid: MemberGrid,
    fields: Readonly<Record<string, Field>>,
    step: StepValues,
    groups: Groups,
    cost: number = costOf(groups),
  ): void {
    if (this.#stepCount === stepCapacity) this.submit();
    const pass = this.#openPass();
    if (this.#pipeline !== kernel.pipeline.gpu) {
      this.#pipeline = kernel.pipeline.gpu;
      pass.setPipeline(this.#pipeline);
    }
    pass.setBindGroup(0, this.#bound(kernel, fields));
    grid.group ??= this.#gridGroup(kernel, grid);
    this.#write(kernel, step, this.#stepCount * (stepBytes / 4));
    pass.setBindGroup(1, grid.group, [this.#stepCount * stepBytes]);
    pass.dispatchWorkgroups(...groups);
    this.#stepCount++;
    this.#launches++;
    this.#cost += cost;
  }

  /** Records a copy of a whole field. */
  copy(from: Field, to: Field): void {
    const encoder = this.#openEncoder();
    encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, Math.min(from.bytes, to.bytes));
  }

  /** Records that a field becomes zero. */
  clear(field: Field): void {
    this.#openEncoder().clearBuffer(field.buffer, field.offset, field.bytes);
  }

  /** Submits what is recorded. */
  submit(): void {
    const encoder = this.#encoder;
    if (!encoder) return;
    this.#pass?.end();
    this.#pass = undefined;
    this.#pipeline = undefined;
    this.#encoder = undefined;
    const { queue } = this.#device.gpu;
    if (this.#stepCount > 0) queue.writeBuffer(this.#stepBuffer, 0, this.#steps, 0, this.#stepCount * stepBytes);
    this.#stepCount = 0;
    queue.submit([encoder.finish()]);
  }

  /** Call between pieces of work. Throws the signal's reason once it is aborted, and what went wrong on the device. */
  async breathe(): Promise<void> {
    const early = this.#cost < this.#costLimit;
    if (early && (this.#inFlight !== undefined || this.#cost < earlyShare * this.#costLimit)) return;
    const cost = this.#cost;
    this.#cost = 0;
    this.submit();
    const { queue } = this.#device.gpu;
    const before = this.#inFlight;
    this.#inFlight = { done: queue.onSubmittedWorkDone(), cost, begun: performance.now(), early };
    if (before) await this.#settle(before);
    if (this.#signal?.aborted) {
      await this.#drain();
      this.#signal.throwIfAborted();
    }
  }

  /** Submits, waits, and reads the words handed out since the last collection; the next ones start at 0 again. */
  async collect(): Promise<Collected> {
    const bytes = 4 * Math.max(1, this.#words);
    const encoder = this.#openEncoder();
    const pending = await this.#device.staging.encodeRead(encoder, [{ source: this.#wordBuffer, offset: 0, bytes }]);
    this.#stale = this.#words;
    this.#words = 0;
    this.#cost = 0;
    this.submit();
    const floats = new Float32Array(bytes / 4);
    await this.#drain();
    await pending.finish([floats]);
    const words = new Uint32Array(floats.buffer);
    this.#signal?.throwIfAborted();
    const collected: Collected = { word: (index) => words[index]!, float: (index) => floats[index]! };
    const readers = this.#readers;
    this.#readers = [];
    for (const reader of readers) reader(collected);
    return collected;
  }

  /** Forgets what is recorded and not submitted, after an abort or a failure. */
  async abandon(): Promise<void> {
    this.#pass?.end();
    this.#pass = undefined;
    this.#pipeline = undefined;
    this.#encoder = undefined;
    this.#stepCount = 0;
    this.#stale = Math.max(this.#stale, this.#words, 1);
    this.#words = 0;
    this.#cost = 0;
    this.#readers = [];
    await this.#drain();
  }

  destroy(): void {
    this.#bindGroups.clear();
    this.#stepBuffer.destroy();
    this.#wordBuffer.destroy();
  }

  async #drain(): Promise<void> {
    const last = this.#inFlight;
    this.#inFlight = undefined;
    if (last) await this.#settle(last);
  }

  /** Waits for a submit and learns from it how much one may hold. */
  async #settle(flight: Flight): Promise<void> {
    await this.#device.wait("solve", flight.done);
    const now = performance.now();
    const took = Math.max(0.1, now - Math.max(flight.begun, this.#lastDone));
    this.#lastDone = now;
    if (flight.early) return;
    const wanted = flight.cost * (targetMs / took);
    this.#costLimit = Math.min(largestCost, Math.max(firstCost / 16, Math.min(wanted, 4 * this.#costLimit)));
  }

  #openEncoder(): GPUCommandEncoder {
    this.#pass?.end();
    this.#pass = undefined;
    this.#pipeline = undefined;
    if (!this.#encoder) {
      this.#device.check();
      this.#encoder = this.#device.gpu.createCommandEncoder({ label: "solve" });
    }
    if (this.#stale > 0) {
      this.#encoder.clearBuffer(this.#wordBuffer, 0, 4 * this.#stale);
      this.#stale = 0;
    }
    return this.#encoder;
  }

  #openPass(): GPUComputePassEncoder {
    if (!this.#pass) {
      const encoder = this.#openEncoder();
      this.#pass = encoder.beginComputePass({ label: "solve" });
    }
    return this.#pass;
  }

  #bound(kernel: Kernel, fields: Readonly<Record<string, Field>>): GPUBindGroup {
    let key = kernel.label;
    for (const name of kernel.fields) key += ` ${fields[name]?.id}`;
    let group = this.#bindGroups.get(key);
    if (!group) {
      const bindings = kernel.pipeline.bindings.filter((binding) => binding.group === 0);
      const entries = bindings.map(({ name, binding }): GPUBindGroupEntry => {
        const field = fields[name];
        if (!field) throw new TypeError(`${kernel.label}: ${name} is not bound`);
        return {
          binding,
          resource: { buffer: field.buffer, offset: field.offset, size: 4 * Math.ceil(field.bytes / 4) },
        };
      });
      const layout = kernel.pipeline.layouts[0]!;
      group = this.#device.gpu.createBindGroup({ label: kernel.label, layout, entries });
      this.#bindGroups.set(key, group);
    }
    return group;
  }

  #gridGroup(kernel: Kernel, grid: MemberGrid): GPUBindGroup {
    return this.#device.gpu.createBindGroup({
      label: "grid and step",
      layout: kernel.pipeline.layouts[1]!,
      entries: [
        { binding: 0, resource: { buffer: grid.buffer } },
        { binding: 1, resource: { buffer: this.#stepBuffer, size: stepBytes } },
      ],
    });
  }

  #write(kernel: Kernel, step: StepValues, at: number): void {
    for (const { name, scalar, width, at: offset } of kernel.step.members) {
      const value = step[name];
      if (value === undefined) throw new TypeError(`${kernel.label}: ${name} is not given`);
      const target = scalar === "u32" ? this.#stepWords : this.#stepFloats;
      if (typeof value === "number") target[at + offset] = value;
      else for (let i = 0; i < width; i++) target[at + offset + i] = i < value.length ? value[i]! : 0;
    }
  }
}
