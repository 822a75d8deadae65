/**
 * Parts of an array, each of which fits one binding, on which the derivatives along an axis can be taken apart: whole blocks
 * where a block fits, else bundles of columns, else pieces of columns with their neighbours as ghosts.
 */
import { fillGhosts, ghostWidth, type GhostRule } from "../../scheme/boundary.ts";
import type { AxisLayout } from "../host/arguments.ts";
import { type Range, sliceRanges } from "./slices.ts";

/** A part: blocks x nodes x columns of the whole array's. */
export interface AxisSlice {
  readonly blocks: Range;
  readonly nodes: Range;
  readonly columns: Range;
  /** Rows of ghosts before and after the nodes, part of what is uploaded: 0 or 3. */
  readonly margin: 0 | typeof ghostWidth;
}

/** Columns of a piece where even one column is too long; a run in memory. */
const pieceColumns = 32;

const length = ({ from, to }: Range): number => to - from;

/** Parts of at most `limit` numbers each; undefined where the limit is below the width of a stencil. */
export function axisSlices({ points, n, stride }: AxisLayout, limit: number): readonly AxisSlice[] | undefined {
  const outer = points / (n * stride);
  const nodes = { from: 0, to: n };
  const columns = { from: 0, to: stride };
  const blocks = sliceRanges(outer, n * stride, limit);
  if (blocks) return blocks.map((range) => ({ blocks: range, nodes, columns, margin: 0 }));
  const single = Array.from({ length: outer }, (_, block) => ({ from: block, to: block + 1 }));
  const bundles = sliceRanges(stride, n, limit);
  if (bundles) {
    return single.flatMap((block) => bundles.map((range) => ({ blocks: block, nodes, columns: range, margin: 0 })));
  }
  const width = Math.min(stride, pieceColumns, Math.floor(limit / (2 * ghostWidth + 1)));
  const pieces = width > 0 ? sliceRanges(n, width, limit - 2 * ghostWidth * width) : undefined;
  return (
    pieces &&
    single.flatMap((block) =>
      sliceRanges(stride, 1, width)!.flatMap((range) =>
        pieces.map((piece) => ({ blocks: block, nodes: piece, columns: range, margin: ghostWidth })),
      ),
    )
  );
}

/** Numbers of a slice: those of its nodes. */
export function sliceSize({ blocks, nodes, columns }: AxisSlice): number {
  return length(blocks) * length(nodes) * length(columns);
}

/** True where a slice's nodes stand together in memory, so that nothing needs to be copied. */
function isRun({ nodes, columns, margin }: AxisSlice, { n, stride }: AxisLayout): boolean {
  return margin === 0 && length(nodes) === n && length(columns) === stride;
}

/** What is uploaded for a slice. */
export function gather(
  field: Float32Array,
  layout: AxisLayout,
  slice: AxisSlice,
  rules: { readonly lower: GhostRule; readonly upper: GhostRule },
): Float32Array {
  const { n, stride } = layout;
  const { blocks, nodes, columns, margin } = slice;
  if (isRun(slice, layout)) return field.subarray(blocks.from * n * stride, blocks.to * n * stride);
  const width = length(columns);
  const base = blocks.from * n * stride;
  const rows = length(nodes) + 2 * margin;
  const part = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const node = nodes.from - margin + row;
    if (node < 0 || node >= n) continue;
    const at = base + node * stride;
    part.set(field.subarray(at + columns.from, at + columns.to), row * width);
  }
  if (margin > 0) {
    for (let column = 0; column < width; column++) {
      const line = endGhosts(field, base + columns.from + column, n, stride, rules);
      for (let k = 0; k < ghostWidth; k++) {
        if (nodes.from < ghostWidth) {
          // Ghost k of the lower wall, where it is within the margin.
          const row = k - nodes.from;
          if (row >= 0) part[row * width + column] = line.lower[k]!;
        }
        const row = n + k - nodes.from + margin;
        if (row < rows) part[row * width + column] = line.upper[k]!;
      }
    }
  }
  return part;
}

/** The three ghosts at each end of a column, in the order of the axis. */
function endGhosts(
  field: Float32Array,
  start: number,
  n: number,
  stride: number,
  { lower, upper }: { readonly lower: GhostRule; readonly upper: GhostRule },
): { readonly lower: Float32Array; readonly upper: Float32Array } {
  // The rules read four nodes at their own end, and three of the other where the axis wraps.
  const near = 4;
  const line = new Float32Array(2 * (near + ghostWidth));
  for (let i = 0; i < near; i++) {
    line[ghostWidth + i] = field[start + i * stride]!;
    line[ghostWidth + near + i] = field[start + (n - near + i) * stride]!;
  }
  fillGhosts(line, 2 * near, lower, upper);
  return { lower: line.subarray(0, ghostWidth), upper: line.subarray(ghostWidth + 2 * near) };
}

/** Puts a slice's results where they belong. */
export function scatter(part: Float32Array, layout: AxisLayout, slice: AxisSlice, out: Float32Array): void {
  const { n, stride } = layout;
  const { blocks, nodes, columns } = slice;
  const width = length(columns);
  const base = blocks.from * n * stride;
  for (let row = 0; row < length(nodes); row++) {
    out.set(part.subarray(row * width, (row + 1) * width), base + (nodes.from + row) * stride + columns.from);
  }
}

/** Where a slice's results go directly; undefined where they have to be scattered. */
export function target(out: Float32Array, layout: AxisLayout, slice: AxisSlice): Float32Array | undefined {
  const { n, stride } = layout;
  if (!isRun(slice, layout)) return undefined;
  return out.subarray(slice.blocks.from * n * stride, slice.blocks.to * n * stride);
}
