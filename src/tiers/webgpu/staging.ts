/**
 * Moving data between JavaScript and the device through buffers that are kept: mapping a new buffer costs more than the
 * copy. Sizes are powers of two up to one chunk; a longer array goes through in chunks, copied while the device works.
 */
import { mapMode, usage } from "./usage.ts";

export type HostArray = Float32Array | Float64Array | Uint32Array | Int32Array | BigUint64Array | Uint8Array;

/** What staging needs of a device. */
export interface StagingHost {
  readonly gpu: GPUDevice;
  buffer(label: string, bytes: number, flags: number): Promise<GPUBuffer>;
  /** Runs a wait on the device and turns its failure into an error of ours. */
  wait<T>(what: string, work: Promise<T>): Promise<T>;
}

/** Longest staging buffer. */
const chunkBytes = 32 * 2 ** 20;
const smallestBytes = 256;
/** Above this Dawn's own `writeBuffer` allocates a staging buffer per call. */
const directBytes = 4 * 2 ** 20;
/** Chunks of one array under way at a time. */
const ringLength = 3;

type Way = "in" | "out";

/** A part of a buffer to be read. */
export interface ReadPart {
  readonly source: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** Copies out that are in a command buffer, to be finished after its submit. */
export interface PendingRead {
  /** Waits, and copies each part into an array of its length. */
  finish(into: readonly HostArray[]): Promise<void>;
}

export class Staging {
  readonly #host: StagingHost;
  readonly #idle = new Map<string, GPUBuffer[]>();
  readonly #all = new Set<GPUBuffer>();

  constructor(host: StagingHost) {
    this.#host = host;
  }

  /** Bytes of all staging buffers. */
  get bytes(): number {
    let sum = 0;
    for (const { size } of this.#all) sum += size;
    return sum;
  }

  /** Puts `data` into `target` at a byte offset, before whatever is submitted next. Lengths are whole multiples of 4 bytes. */
  async upload(target: GPUBuffer, offset: number, data: HostArray): Promise<void> {
    const { gpu } = this.#host;
    if (data.byteLength <= directBytes) {
      gpu.queue.writeBuffer(target, offset, data);
      return;
    }
    const source = bytesOf(data);
    for (let at = 0; at < source.length; at += chunkBytes) {
      const part = source.subarray(at, at + chunkBytes);
      const staging = await this.#acquire("in", part.length);
      await this.#host.wait("upload", staging.mapAsync(mapMode.write, 0, part.length));
      new Uint8Array(staging.getMappedRange(0, part.length)).set(part);
      staging.unmap();
      const encoder = gpu.createCommandEncoder({ label: "upload" });
      encoder.copyBufferToBuffer(staging, 0, target, offset + at, part.length);
      gpu.queue.submit([encoder.finish()]);
      // Mapping it again waits for this copy.
      this.#release("in", staging);
    }
  }

  /** Adds copies of parts of buffers to a command buffer, together at most one chunk; one map brings them all. */
  async encodeRead(encoder: GPUCommandEncoder, parts: readonly ReadPart[]): Promise<PendingRead> {
    const starts: number[] = [];
    let bytes = 0;
    for (const part of parts) {
      starts.push(bytes);
      bytes += partBytes(part.bytes);
    }
    const staging = await this.#acquire("out", bytes);
    for (const [k, { source, offset, bytes: length }] of parts.entries()) {
      encoder.copyBufferToBuffer(source, offset, staging, starts[k]!, length);
    }
    return {
      finish: async (into) => {
        await this.#host.wait("read-back", staging.mapAsync(mapMode.read, 0, bytes));
        const range = staging.getMappedRange(0, bytes);
        for (const [k, array] of into.entries()) {
          const { bytes: length } = parts[k]!;
          bytesOf(array).set(new Uint8Array(range, starts[k], length));
        }
        staging.unmap();
        this.#release("out", staging);
      },
    };
  }

  /** Reads from `source` at a byte offset as much as `into` holds. */
  async read(source: GPUBuffer, offset: number, into: HostArray): Promise<void> {
    const { gpu } = this.#host;
    const target = bytesOf(into);
    const underWay: Promise<void>[] = [];
    for (let at = 0; at < target.length; at += chunkBytes) {
      const part = target.subarray(at, at + chunkBytes);
      const encoder = gpu.createCommandEncoder({ label: "read-back" });
      const pending = await this.encodeRead(encoder, [{ source, offset: offset + at, bytes: part.length }]);
      gpu.queue.submit([encoder.finish()]);
      underWay.push(pending.finish([part]));
      if (underWay.length >= ringLength) await underWay.shift();
    }
    await Promise.all(underWay);
  }

  /** Whether parts of these lengths are read in one piece, so that their copies can stand in the kernel's own submit. */
  fitsOneRead(lengths: readonly number[]): boolean {
    return lengths.reduce((sum, bytes) => sum + partBytes(bytes), 0) <= chunkBytes;
  }

  destroy(): void {
    for (const buffer of this.#all) buffer.destroy();
    this.#all.clear();
    this.#idle.clear();
  }

  async #acquire(way: Way, bytes: number): Promise<GPUBuffer> {
    const size = sizeClass(bytes);
    const idle = this.#idle.get(`${way} ${size}`);
    // The one that has rested longest is the likeliest to be free.
    const known = idle && (way === "in" && idle.length < ringLength ? undefined : idle.shift());
    if (known) return known;
    const flags = way === "in" ? usage.mapWrite | usage.copySource : usage.mapRead | usage.copyTarget;
    const made = await this.#host.buffer(`staging ${way}`, size, flags);
    this.#all.add(made);
    return made;
  }

  #release(way: Way, buffer: GPUBuffer): void {
    const key = `${way} ${buffer.size}`;
    const idle = this.#idle.get(key);
    if (idle) idle.push(buffer);
    else this.#idle.set(key, [buffer]);
  }
}

/** Mapped ranges start at multiples of 8. */
function partBytes(bytes: number): number {
  return 8 * Math.ceil(bytes / 8);
}

function sizeClass(bytes: number): number {
  return Math.max(smallestBytes, 2 ** Math.ceil(Math.log2(bytes)));
}

function bytesOf(array: HostArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
