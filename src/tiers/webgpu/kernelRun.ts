/** One stateless call: one upload, one submit, one read-back, on buffers that are kept from call to call. */
import type { Phases } from "../tier.ts";
import type { Device } from "./device.ts";
import type { Groups } from "./dispatch.ts";
import type { Pipeline, PipelineRequest } from "./pipelines.ts";
import { shaderText } from "./shader.ts";
import { bindingAlignment } from "./slices.ts";
import type { HostArray, ReadPart } from "./staging.ts";
import { packStruct, type StructLayout, structOf, type StructValues } from "./struct.ts";
import { GpuTimer } from "./timer.ts";
import { storageUsage, uniformUsage } from "./usage.ts";

/** One dispatch of a call. */
export interface KernelDispatch {
  readonly entry: string;
  readonly constants: NonNullable<PipelineRequest["constants"]>;
  readonly groups: Groups;
  /** Members of the struct Params, which the shader binds as `params`. */
  readonly params: StructValues;
}

export interface KernelCall {
  readonly shader: string;
  /** One after the other in one submit, on the same arrays. */
  readonly dispatches: readonly KernelDispatch[];
  /** By the shader's names. */
  readonly inputs: Readonly<Record<string, HostArray>>;
  readonly outputs: Readonly<Record<string, HostArray>>;
}

interface KeptGroup {
  readonly buffers: readonly GPUBuffer[];
  readonly group: GPUBindGroup;
}

type Read = ReadPart & { readonly into: HostArray };

export class KernelRunner {
  readonly #device: Device;
  readonly #timer: GpuTimer | undefined;
  readonly #buffers = new Map<string, GPUBuffer>();
  readonly #groups = new Map<string, KeptGroup>();
  readonly #layouts = new Map<string, StructLayout>();
  #phases: Phases = { upload: 0, kernel: 0, download: 0 };

  private constructor(device: Device, timer: GpuTimer | undefined) {
    this.#device = device;
    this.#timer = timer;
  }

  static async create(device: Device): Promise<KernelRunner> {
    return new KernelRunner(device, await GpuTimer.create(device, 1));
  }

  /**
   * Times of all calls. `kernel` is by the device's clock where it has one, else the wait for it; uploads go on behind it, so
   * that what they take beyond handing over the data is part of `download`, the rest of the wall time.
   */
  get phases(): Phases {
    return this.#phases;
  }

  async run({ shader, dispatches, inputs, outputs }: KernelCall): Promise<void> {
    const device = this.#device;
    const { staging } = device;
    const dynamic = ["params"];
    const pipelines = await Promise.all(
      dispatches.map(({ entry, constants }) => device.pipeline({ shader, entry, constants, dynamic })),
    );
    const layout = this.#params(shader);
    const block = new Uint8Array(dispatches.length * bindingAlignment);
    for (const [k, { params }] of dispatches.entries()) {
      block.set(new Uint8Array(packStruct(layout, params)), k * bindingAlignment);
    }
    const buffers = await this.#bufferOf({ ...inputs, ...outputs }, block.byteLength);
    const group = await this.#group(shader, pipelines[0]!, buffers, layout.bytes);

    const started = performance.now();
    await staging.upload(buffers["params"]!, 0, block);
    for (const [name, data] of Object.entries(inputs)) await staging.upload(buffers[name]!, 0, data);
    const uploaded = performance.now();

    const encoder = device.gpu.createCommandEncoder({ label: shader });
    const pass = encoder.beginComputePass({ label: shader, ...this.#timer?.stamp() });
    for (const [k, { groups }] of dispatches.entries()) {
      pass.setPipeline(pipelines[k]!.gpu);
      pass.setBindGroup(0, group, [k * bindingAlignment]);
      pass.dispatchWorkgroups(...groups);
    }
    pass.end();
    const results = Object.entries(outputs).map(([name, into]): Read => ({
      source: buffers[name]!,
      offset: 0,
      bytes: into.byteLength,
      into,
    }));
    const stamps = new BigUint64Array(2);
    const clock: readonly Read[] = this.#timer ? [{ ...this.#timer.resolve(encoder), into: stamps }] : [];
    const together = staging.fitsOneRead([...results, ...clock].map(({ bytes }) => bytes));
    const reads = together ? [...results, ...clock] : clock;
    const pending = await staging.encodeRead(encoder, reads);
    device.gpu.queue.submit([encoder.finish()]);
    if (!this.#timer) await device.done();
    const waited = performance.now();
    if (!together) for (const { source, into } of results) await staging.read(source, 0, into);
    await pending.finish(reads.map(({ into }) => into));
    device.check();

    const kernel = this.#timer ? GpuTimer.times(stamps)[0]! : waited - uploaded;
    this.#phases = {
      upload: this.#phases.upload + (uploaded - started),
      kernel: this.#phases.kernel + kernel,
      download: this.#phases.download + Math.max(0, performance.now() - uploaded - kernel),
    };
  }

  destroy(): void {
    this.#timer?.destroy();
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
    this.#groups.clear();
  }

  #params(shader: string): StructLayout {
    let layout = this.#layouts.get(shader);
    if (!layout) {
      layout = structOf(shaderText(shader), "Params");
      this.#layouts.set(shader, layout);
    }
    return layout;
  }

  async #bufferOf(arrays: KernelCall["inputs"], paramBytes: number): Promise<Record<string, GPUBuffer>> {
    const buffers: Record<string, GPUBuffer> = { params: await this.#buffer("params", paramBytes, uniformUsage) };
    for (const [name, { byteLength }] of Object.entries(arrays)) {
      buffers[name] = await this.#buffer(name, byteLength, storageUsage);
    }
    return buffers;
  }

  /** The kept buffer of a name, made anew where it is too short. */
  async #buffer(name: string, bytes: number, flags: number): Promise<GPUBuffer> {
    const known = this.#buffers.get(name);
    if (known && known.size >= bytes) return known;
    known?.destroy();
    this.#buffers.delete(name);
    const grown = Math.min(2 ** Math.ceil(Math.log2(Math.max(bytes, 256))), this.#device.bindingLimit);
    const made = await this.#device.buffer(name, Math.max(grown, bytes), flags);
    this.#buffers.set(name, made);
    return made;
  }

  /** The kept bind group of a shader, made anew where a buffer of it was. */
  async #group(
    shader: string,
    pipeline: Pipeline,
    buffers: Readonly<Record<string, GPUBuffer>>,
    paramBytes: number,
  ): Promise<GPUBindGroup> {
    const used = Object.values(buffers);
    const known = this.#groups.get(shader);
    if (known && known.buffers.every((buffer, k) => buffer === used[k])) return known.group;
    const params = { buffer: buffers["params"]!, size: paramBytes };
    const group = await this.#device.bind(pipeline, { ...buffers, params });
    this.#groups.set(shader, { buffers: used, group });
    return group;
  }
}
