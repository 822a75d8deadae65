/** One open device: what is made on it is checked when it is made, and what goes wrong later is raised by name. */
import { MfgError } from "../../errors.ts";
import type { TierPlace } from "../tier.ts";
import { type AdapterFacts, findAdapter } from "../dawn/adapter.ts";
import { deviceError, firstLines, fromGpuError, reasonOf } from "./deviceErrors.ts";
import { type Pipeline, PipelineCache, type PipelineRequest } from "./pipelines.ts";
import { Staging, type StagingHost } from "./staging.ts";
import { storageUsage } from "./usage.ts";

/** Limits taken from the adapter; all others stay at WebGPU's defaults. */
const requestedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
] as const;

const requestedFeatures = ["timestamp-query", "subgroups"] as const;

/** NVIDIA's bindings on Vulkan end here (Chromium issue 435684920), whatever larger limit is reported. */
const longestBinding = 2 ** 31 - 4;

/** A wait that failed for another reason than a lost device says so after this many ms. */
const lossTold = 1000;

export interface DeviceOptions extends Pick<TierPlace, "adapter"> {
  /** Longest binding in bytes, where it is to be less than the device's own: tests slice small arrays with it. */
  readonly bindingLimit?: number;
}

/** A buffer, or a part of it that starts at a multiple of 256 bytes. */
export type Bound = GPUBuffer | { readonly buffer: GPUBuffer; readonly offset?: number; readonly size?: number };

/**
 * Opens the adapter of a place.
 *
 * @throws MFGPU_TIER_UNAVAILABLE with the mend where there is no such adapter, MFGPU_DEVICE_... where it does not open
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  // What earlier devices left is freed in a turn of the event loop of its own, which a program that only awaits never takes.
  await new Promise((resolve) => setImmediate(resolve));
  const found = await findAdapter(options);
  if ("state" in found)
    throw new MfgError({
      code: found.code,
      message: found.why,
      fix: found.fix,
      path: "adapter",
      value: options.adapter,
    });
  const { adapter, facts } = found;
  const requiredLimits: Record<string, number> = {};
  for (const name of requestedLimits) requiredLimits[name] = adapter.limits[name];
  const requiredFeatures = requestedFeatures.filter((name) => adapter.features.has(name));
  try {
    return new Device(await adapter.requestDevice({ requiredLimits, requiredFeatures }), facts, options.bindingLimit);
  } catch (error) {
    throw deviceError("MFGPU_DEVICE_INTERNAL", `${facts.name} does not open: ${reasonOf(error)}`, error);
  }
}

export class Device implements StagingHost, AsyncDisposable {
  readonly gpu: GPUDevice;
  readonly adapter: AdapterFacts;
  /** Longest binding and buffer in bytes; longer arrays are sliced. */
  readonly bindingLimit: number;
  readonly timestamps: boolean;
  readonly subgroups: boolean;
  readonly staging: Staging;
  readonly #pipelines: PipelineCache;
  #failure: MfgError | undefined;
  #closed = false;
  #onError: ((event: GPUUncapturedErrorEvent) => void) | undefined;

  constructor(gpu: GPUDevice, adapter: AdapterFacts, bindingLimit: number = longestBinding) {
    this.gpu = gpu;
    this.adapter = adapter;
    const own = Math.min(
      gpu.limits.maxStorageBufferBindingSize,
      gpu.limits.maxBufferSize,
      longestBinding,
      bindingLimit,
    );
    this.bindingLimit = own - (own % 4);
    this.timestamps = gpu.features.has("timestamp-query");
    this.subgroups = gpu.features.has("subgroups");
    this.staging = new Staging(this);
    this.#pipelines = new PipelineCache(gpu);
    this.#onError = (event) => {
      // Dawn would print it.
      event.preventDefault();
      this.#failure ??= fromGpuError(event.error, adapter.name);
    };
    gpu.addEventListener("uncapturederror", this.#onError);
    void gpu.lost.then(({ reason, message }) => {
      if (this.#closed) return;
      const why = firstLines(message) || reason;
      // Being lost explains whatever was reported before it.
      this.#failure = deviceError("MFGPU_DEVICE_LOST", `${adapter.name} was lost: ${why}`);
    });
  }

  /** Raises what went wrong on the device so far: MFGPU_DEVICE_LOST, ..._CLOSED, ..._VALIDATION, ..._MEMORY or ..._INTERNAL. */
  check(): void {
    if (this.#closed) throw deviceError("MFGPU_DEVICE_CLOSED", "The device is closed.");
    if (this.#failure) throw this.#failure;
  }

  /** Makes something on the device and raises what the device says against it. */
  async create<T>(label: string, make: (gpu: GPUDevice) => T): Promise<T> {
    this.check();
    const { gpu } = this;
    for (const filter of ["validation", "internal", "out-of-memory"] as const) gpu.pushErrorScope(filter);
    let made: T;
    let errors: readonly (GPUError | null)[];
    try {
      made = make(gpu);
    } catch (error) {
      throw deviceError("MFGPU_DEVICE_VALIDATION", `${label}: ${reasonOf(error)}`, error);
    } finally {
      errors = await Promise.all([gpu.popErrorScope(), gpu.popErrorScope(), gpu.popErrorScope()]).catch(() => []);
    }
    const first = errors.find((error) => error !== null);
    if (first) throw fromGpuError(first, label);
    this.check();
    return made;
  }

  /**
   * A buffer, zero throughout.
   *
   * @param bytes rounded up to a multiple of 4
   * @throws MFGPU_DEVICE_MEMORY where it is longer than the device allows or does not fit
   */
  async buffer(label: string, bytes: number, flags: number = storageUsage): Promise<GPUBuffer> {
    const size = Math.max(4, 4 * Math.ceil(bytes / 4));
    const most = this.gpu.limits.maxBufferSize;
    if (size > most) {
      throw deviceError(
        "MFGPU_DEVICE_MEMORY",
        `${label}: ${size} bytes are asked for in one buffer; ${this.adapter.name} allows ${most}.`,
      );
    }
    return this.create(label, (gpu) => gpu.createBuffer({ label, size, usage: flags }));
  }

  /** A pipeline, made once per device for each set of constants. Raises MFGPU_DEVICE_SHADER. */
  async pipeline(request: PipelineRequest): Promise<Pipeline> {
    this.check();
    return this.#pipelines.get(request);
  }

  /** Binds buffers by the names that the shader's text gives them. Raises MFGPU_DEVICE_VALIDATION where one lacks or does not fit. */
  async bind(pipeline: Pipeline, buffers: Readonly<Record<string, Bound>>, group = 0): Promise<GPUBindGroup> {
    const bindings = pipeline.bindings.filter((binding) => binding.group === group);
    const spare = Object.keys(buffers).find((name) => !bindings.some((binding) => binding.name === name));
    if (spare !== undefined) throw deviceError("MFGPU_DEVICE_VALIDATION", `${pipeline.label} binds no ${spare}.`);
    const entries = bindings.map(({ name, binding }) => {
      const bound = buffers[name];
      if (!bound) throw deviceError("MFGPU_DEVICE_VALIDATION", `${pipeline.label}: ${name} is not bound.`);
      return { binding, resource: "buffer" in bound ? bound : { buffer: bound } };
    });
    return this.create(pipeline.label, (gpu) =>
      gpu.createBindGroup({ label: pipeline.label, layout: pipeline.layouts[group]!, entries }),
    );
  }

  /** Encodes and submits. What is wrong with it shows at the next `check` after a wait. */
  submit(label: string, encode: (encoder: GPUCommandEncoder) => void): void {
    this.check();
    const encoder = this.gpu.createCommandEncoder({ label });
    encode(encoder);
    this.gpu.queue.submit([encoder.finish()]);
  }

  /** Until everything submitted is done. A wait occupies one core. */
  async done(): Promise<void> {
    await this.wait("work", this.gpu.queue.onSubmittedWorkDone());
    this.check();
  }

  async wait<T>(what: string, work: Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work;
    } catch (error) {
      // The loss is told a little later than the wait fails, on a busy machine much later.
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([this.gpu.lost, new Promise((resolve) => (timer = setTimeout(resolve, lossTold)))]);
      clearTimeout(timer);
      this.check();
      throw deviceError("MFGPU_DEVICE_INTERNAL", `${what}: ${reasonOf(error)}`, error);
    }
    this.check();
    return result;
  }

  /** Frees everything made on the device; twice is once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#onError) this.gpu.removeEventListener("uncapturederror", this.#onError);
    this.#onError = undefined;
    this.#pipelines.clear();
    this.staging.destroy();
    this.gpu.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
