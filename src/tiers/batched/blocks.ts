/**
 * Lines of a field, a block at a time: neighbours along a strided axis lie side by side in memory, so eight of them are
 * moved together and every cache line is read once.
 */
import { lineStart, type Grid } from "../../scheme/grid.ts";

/** Lines moved together: one cache line of f64. */
export const blockLines = 8;

/** Copies `count` neighbouring lines into padded lines (node i at index i + 3). */
export function gather(
  field: Float64Array,
  start: number,
  stride: number,
  n: number,
  count: number,
  lines: readonly Float64Array[],
  pad = 3,
): void {
  if (count === 1) {
    const line = lines[0]!;
    for (let i = 0, at = start; i < n; i++, at += stride) line[i + pad] = field[at]!;
    return;
  }
  if (count === blockLines) {
    const [l0, l1, l2, l3, l4, l5, l6, l7] = lines as readonly [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    for (let i = 0, at = start; i < n; i++, at += stride) {
      const to = i + pad;
      l0[to] = field[at]!;
      l1[to] = field[at + 1]!;
      l2[to] = field[at + 2]!;
      l3[to] = field[at + 3]!;
      l4[to] = field[at + 4]!;
      l5[to] = field[at + 5]!;
      l6[to] = field[at + 6]!;
      l7[to] = field[at + 7]!;
    }
    return;
  }
  for (let w = 0; w < count; w++) {
    const line = lines[w]!;
    for (let i = 0, at = start + w; i < n; i++, at += stride) line[i + pad] = field[at]!;
  }
}

/** field = or += the lines (unpadded, node i at index i + offset). */
export function scatter(
  lines: readonly Float64Array[],
  offset: number,
  start: number,
  stride: number,
  n: number,
  count: number,
  add: boolean,
  field: Float64Array,
): void {
  if (count === blockLines) {
    const [l0, l1, l2, l3, l4, l5, l6, l7] = lines as readonly [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    if (add) {
      for (let i = 0, at = start; i < n; i++, at += stride) {
        const from = i + offset;
        field[at] = field[at]! + l0[from]!;
        field[at + 1] = field[at + 1]! + l1[from]!;
        field[at + 2] = field[at + 2]! + l2[from]!;
        field[at + 3] = field[at + 3]! + l3[from]!;
        field[at + 4] = field[at + 4]! + l4[from]!;
        field[at + 5] = field[at + 5]! + l5[from]!;
        field[at + 6] = field[at + 6]! + l6[from]!;
        field[at + 7] = field[at + 7]! + l7[from]!;
      }
      return;
    }
    for (let i = 0, at = start; i < n; i++, at += stride) {
      const from = i + offset;
      field[at] = l0[from]!;
      field[at + 1] = l1[from]!;
      field[at + 2] = l2[from]!;
      field[at + 3] = l3[from]!;
      field[at + 4] = l4[from]!;
      field[at + 5] = l5[from]!;
      field[at + 6] = l6[from]!;
      field[at + 7] = l7[from]!;
    }
    return;
  }
  for (let w = 0; w < count; w++) {
    const line = lines[w]!;
    if (add) for (let i = 0, at = start + w; i < n; i++, at += stride) field[at] = field[at]! + line[i + offset]!;
    else for (let i = 0, at = start + w; i < n; i++, at += stride) field[at] = line[i + offset]!;
  }
}

/** Calls `visit(first line, array index of its first node, number of lines)` for every block of lines along an axis. */
export function forEachBlock(
  grid: Grid,
  axis: number,
  visit: (line: number, start: number, count: number) => void,
): void {
  const stride = grid.stride[axis]!;
  const lines = grid.points / grid.shape[axis]!;
  for (let line = 0; line < lines;) {
    const count = stride === 1 ? 1 : Math.min(blockLines, stride - (line % stride));
    visit(line, lineStart(grid, axis, line), count);
    line += count;
  }
}

/** Scratch lines for one block; in one dimension a block is a single line. */
export function scratchLines(length: number, dimension: number): Float64Array[] {
  return Array.from({ length: dimension > 1 ? blockLines : 1 }, () => new Float64Array(length));
}
