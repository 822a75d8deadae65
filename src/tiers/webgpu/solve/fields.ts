/**
 * Parts of device buffers: fields (one number or one state per node), faces and histories. A field starts at a multiple of
 * 256 bytes, so that it can be bound alone; a history is a list of buffers, none longer than one binding, and a level never
 * straddles two of them.
 */
import type { Device } from "../device.ts";
import { deviceError } from "../deviceErrors.ts";
import { aligned, sliceRanges } from "../slices.ts";
import { uniformUsage } from "../usage.ts";

/** A part of a buffer, bound by itself. */
export interface Field {
  /** Distinct for every field of the process: bind groups are kept by it. */
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** A field per stored level, and the buffers that they stand in, each as one field: gaps between levels stay zero. */
export interface FieldHistory {
  readonly levels: readonly Field[];
  readonly slices: readonly Field[];
}

/** Bytes of an f32 and of a state in each precision. */
export type ElementBytes = 4 | 8;

let fieldsMade = 0;

/** Names a part of a buffer. */
export function fieldOf(buffer: GPUBuffer, offset: number, bytes: number): Field {
  return { id: fieldsMade++, buffer, offset, bytes };
}

/** A part of a field; the offset is a multiple of 256. */
export function partOf(field: Field, offset: number, bytes: number): Field {
  return fieldOf(field.buffer, field.offset + offset, bytes);
}

/** Elements from one level of a history to the next: the same for states and plain numbers, so that slices match. */
export function levelStride(points: number): number {
  return aligned(points * 4) / 4;
}

/** Bytes that a history takes, gaps between levels included. */
export function historyBytes(levels: number, points: number, elementBytes: ElementBytes): number {
  return levels * levelStride(points) * elementBytes;
}

/** Where fields and histories come from. */
export interface FieldMaker {
  field(label: string, bytes: number): Promise<Field>;
  history(label: string, levels: number, points: number, elementBytes: ElementBytes): Promise<FieldHistory>;
}

/** Makes the buffers of one workspace and adds up what they take. */
export class FieldStore implements FieldMaker {
  readonly #device: Device;
  readonly #buffers: GPUBuffer[] = [];
  #bytes = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  /** Bytes made so far, for the test that holds the stated need to the truth. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A field of `bytes`, zero throughout; raises MFGPU_DEVICE_MEMORY where it is longer than one binding. */
  async field(label: string, bytes: number): Promise<Field> {
    const limit = this.#device.bindingLimit;
    if (bytes > limit) {
      throw deviceError(
        "MFGPU_DEVICE_MEMORY",
        `${label} needs ${bytes} bytes in one binding; ${this.#device.adapter.name} allows ${limit}.`,
      );
    }
    return fieldOf(await this.#buffer(label, aligned(bytes)), 0, bytes);
  }

  /** A field that is far shorter than any binding may be, or bound by parts that are. */
  async fixed(label: string, bytes: number): Promise<Field> {
    return fieldOf(await this.#buffer(label, aligned(bytes)), 0, bytes);
  }

  /** Numbers that the host writes and a kernel binds as a uniform, of a fixed length. */
  async uniform(label: string, bytes: number): Promise<Field> {
    return fieldOf(await this.#buffer(label, aligned(bytes), uniformUsage), 0, bytes);
  }

  /**
   * A history of `levels` fields in as few buffers as the binding limit allows.
   *
   * @param widest bytes of the widest elements that are worked on together with these: slices then hold the same levels
   */
  async history(
    label: string,
    levels: number,
    points: number,
    elementBytes: ElementBytes,
    widest: ElementBytes = elementBytes,
  ): Promise<FieldHistory> {
    const { bindingLimit, adapter } = this.#device;
    const stride = levelStride(points) * elementBytes;
    const ranges = sliceRanges(levels, levelStride(points) * widest, bindingLimit);
    if (!ranges) {
      throw deviceError(
        "MFGPU_DEVICE_MEMORY",
        `One level of ${label} needs ${levelStride(points) * widest} bytes in one binding; ${adapter.name} allows ${bindingLimit}.`,
      );
    }
    const all: Field[] = [];
    const slices: Field[] = [];
    for (const { from, to } of ranges) {
      const bytes = (to - from) * stride;
      const buffer = await this.#buffer(`${label} ${from}..${to - 1}`, bytes);
      slices.push(fieldOf(buffer, 0, bytes));
      for (let k = from; k < to; k++) all.push(fieldOf(buffer, (k - from) * stride, points * elementBytes));
    }
    return { levels: all, slices };
  }

  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.length = 0;
  }

  async #buffer(label: string, bytes: number, flags?: number): Promise<GPUBuffer> {
    const buffer = await this.#device.buffer(label, bytes, flags);
    this.#buffers.push(buffer);
    this.#bytes += bytes;
    return buffer;
  }
}
