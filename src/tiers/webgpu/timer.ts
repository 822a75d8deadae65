/** Times of compute passes by the device's own clock. */
import type { Device } from "./device.ts";
import type { PendingRead } from "./staging.ts";
import { usage } from "./usage.ts";

/** Stamps before and after each of up to `passes` passes of one submit. */
export class GpuTimer {
  readonly #device: Device;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  #used = 0;

  private constructor(device: Device, queries: GPUQuerySet, resolved: GPUBuffer) {
    this.#device = device;
    this.#queries = queries;
    this.#resolved = resolved;
  }

  /** Undefined where the device has no timestamps. */
  static async create(device: Device, passes: number): Promise<GpuTimer | undefined> {
    if (!device.timestamps) return undefined;
    const count = 2 * passes;
    const queries = await device.create("timestamps", (gpu) => gpu.createQuerySet({ type: "timestamp", count }));
    const resolved = await device.buffer("timestamps", 8 * count, usage.queryResolve | usage.copySource);
    return new GpuTimer(device, queries, resolved);
  }

  /** Part of the descriptor of the next pass. */
  stamp(): { readonly timestampWrites: GPUComputePassTimestampWrites } {
    const first = this.#used;
    this.#used += 2;
    return {
      timestampWrites: { querySet: this.#queries, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 },
    };
  }

  /** Adds the reading of the stamps to the command buffer. */
  async encodeRead(encoder: GPUCommandEncoder): Promise<PendingRead> {
    const count = this.#used;
    this.#used = 0;
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0);
    return this.#device.staging.encodeRead(encoder, this.#resolved, 0, 8 * count);
  }

  /** Milliseconds of each pass. */
  async times(read: PendingRead): Promise<readonly number[]> {
    const stamps = new BigUint64Array(read.bytes / 8);
    await read.finish(stamps);
    return Array.from({ length: stamps.length / 2 }, (_, k) => Number(stamps[2 * k + 1]! - stamps[2 * k]!) / 1e6);
  }

  destroy(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
  }
}
