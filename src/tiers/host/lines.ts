/**
 * Grid lines in and out of padded buffers. A padded line of n nodes has n + 6 entries, node i at index i + 3. Lines along
 * a strided axis are moved in blocks of neighbours, so that a cache line fetched for one of them serves all.
 */
import { ghostWidth } from "../../scheme/boundary.ts";

/** Neighbouring lines moved together: one cache line of f64. */
export const blockWidth = 8;

/** Entries of a padded line of n nodes. */
export function paddedLength(n: number): number {
  return n + 2 * ghostWidth;
}

/** Copies one line of a field into a padded line; the ghosts are left alone. */
export function gatherLine(
  field: Float64Array | Float32Array,
  start: number,
  stride: number,
  n: number,
  padded: Float64Array | Float32Array,
): void {
  for (let i = 0, k = start; i < n; i++, k += stride) padded[i + ghostWidth] = field[k]!;
}

/**
 * Calls `visit` for all lines along an axis, in blocks of neighbours in memory: lines `line .. line + count - 1` start at
 * `start, start + 1, ...`. Along the last axis (stride 1) each block is one line.
 *
 * @param points number of grid points
 * @param n nodes along the axis
 * @param stride distance in memory between neighbours along the axis
 */
export function forEachLineBlock(
  points: number,
  n: number,
  stride: number,
  visit: (start: number, count: number, line: number) => void,
): void {
  const slab = n * stride;
  for (let base = 0, line = 0; base < points; base += slab) {
    for (let inner = 0; inner < stride; inner += blockWidth) {
      const count = Math.min(blockWidth, stride - inner);
      visit(base + inner, count, line);
      line += count;
    }
  }
}

/** Lines of one length, padded or not, each a view of one buffer. */
export interface LineBlock<A extends Float64Array | Float32Array> {
  readonly all: A;
  readonly lines: readonly A[];
  /** Entries per line. */
  readonly pitch: number;
}

/** A block of `width` f64 lines of `pitch` entries each. */
export function lineBlock(pitch: number, width: number): LineBlock<Float64Array> {
  const all = new Float64Array(width * pitch);
  return { all, pitch, lines: Array.from({ length: width }, (_, b) => all.subarray(b * pitch, (b + 1) * pitch)) };
}

/** A block of `width` f32 lines of `pitch` entries each. */
export function lineBlock32(pitch: number, width: number): LineBlock<Float32Array> {
  const all = new Float32Array(width * pitch);
  return { all, pitch, lines: Array.from({ length: width }, (_, b) => all.subarray(b * pitch, (b + 1) * pitch)) };
}

/** Copies `count` neighbouring lines of a field into the padded lines of a block. */
export function gatherBlock(
  field: Float64Array | Float32Array,
  start: number,
  stride: number,
  n: number,
  count: number,
  block: LineBlock<Float64Array | Float32Array>,
): void {
  const { all, pitch } = block;
  for (let i = 0; i < n; i++) {
    const from = start + i * stride;
    for (let b = 0, to = i + ghostWidth; b < count; b++, to += pitch) all[to] = field[from + b]!;
  }
}

/** Copies `count` unpadded lines of a block into neighbouring lines of a field. */
export function scatterBlock(
  block: LineBlock<Float64Array | Float32Array>,
  n: number,
  count: number,
  field: Float64Array | Float32Array,
  start: number,
  stride: number,
): void {
  const { all, pitch } = block;
  for (let i = 0; i < n; i++) {
    const to = start + i * stride;
    for (let b = 0, from = i; b < count; b++, from += pitch) field[to + b] = all[from]!;
  }
}
