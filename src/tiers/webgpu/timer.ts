/** Times of compute passes by the device's own clock. */
import type { Device } from "./device.ts";
import type { ReadPart } from "./staging.ts";
import { usage } from "./usage.ts";

/** Stamps before and after each of up to `passes` passes of one submit. */
export class GpuTimer {
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  #used = 0;

  private constructor(queries: GPUQuerySet, resolved: GPUBuffer) {
    this.#queries = queries;
    this.#resolved = resolved;
  }

  /** Undefined where the device has no timestamps. */
  static async create(device: Device, passes: number): Promise<GpuTimer | undefined> {
    if (!device.timestamps) return undefined;
    const count = 2 * passes;
    const queries = await device.create("timestamps", (gpu) => gpu.createQuerySet({ type: "timestamp", count }));
    const resolved = await device.buffer("timestamps", 8 * count, usage.queryResolve | usage.copySource);
    return new GpuTimer(queries, resolved);
  }

  /** Part of the descriptor of the next pass. */
  stamp(): { readonly timestampWrites: GPUComputePassTimestampWrites } {
    const first = this.#used;
    this.#used += 2;
    return {
      timestampWrites: { querySet: this.#queries, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 },
    };
  }

  /** Ends the stamping: adds what makes the stamps readable to the command buffer, and names the part to read. */
  resolve(encoder: GPUCommandEncoder): ReadPart {
    const count = this.#used;
    this.#used = 0;
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0);
    return { source: this.#resolved, offset: 0, bytes: 8 * count };
  }

  /** Milliseconds of each pass, from the part read. */
  static times(stamps: BigUint64Array): readonly number[] {
    return Array.from({ length: stamps.length / 2 }, (_, k) => Number(stamps[2 * k + 1]! - stamps[2 * k]!) / 1e6);
  }

  destroy(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
  }
}
