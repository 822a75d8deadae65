/**
 * What is handed to gpu.js: grid lines with three ghosts at each end, in pieces. Index arithmetic there is in f32, so that a
 * piece must be shorter than 2^24 numbers; half of it stays within every device's binding.
 */
import { cubicGhostWeights, type GhostRule, ghostWidth, throughGhostWeights } from "../../scheme/boundary.ts";
import type { AxisLayout } from "../host/arguments.ts";

/** Most numbers of one piece, ghosts included. */
export const longestPiece: number = 2 ** 23;

/** Slabs of more numbers than this are handed over one at a time: two-dimensional outputs end at 65,535 groups of 8. */
const widestRow = 2 ** 18;

/** A block of a field around an axis: slabs (what lies before the axis), nodes of the axis, and numbers between nodes. */
export interface Piece {
  readonly slab: number;
  readonly slabs: number;
  readonly node: number;
  readonly nodes: number;
  readonly inner: number;
  readonly count: number;
}

/** Cuts a field into pieces whose padded copies have at most `longest` numbers. */
export function piecesOf({ points, n, stride }: AxisLayout, longest: number): Piece[] {
  const slabs = points / (n * stride);
  const padding = 2 * ghostWidth;
  const counts = Math.min(stride, Math.max(1, Math.floor(longest / 64)));
  const nodes = Math.min(n, Math.floor(longest / counts) - padding);
  const whole = nodes === n && counts === stride && n * stride <= widestRow;
  const together = whole ? Math.min(widestRow, Math.max(1, Math.floor(longest / ((n + padding) * stride)))) : 1;
  const pieces: Piece[] = [];
  for (let slab = 0; slab < slabs; slab += together) {
    for (let node = 0; node < n; node += nodes) {
      for (let inner = 0; inner < stride; inner += counts) {
        pieces.push({
          slab,
          slabs: Math.min(together, slabs - slab),
          node,
          nodes: Math.min(nodes, n - node),
          inner,
          count: Math.min(counts, stride - inner),
        });
      }
    }
  }
  return pieces;
}

/** Numbers of a piece with its ghosts. */
export function paddedLength({ slabs, nodes, count }: Piece): number {
  return slabs * (nodes + 2 * ghostWidth) * count;
}

/** Copies a piece with three more nodes on each side: neighbours in the field, ghosts beyond its walls. */
export function padPiece(
  field: Float32Array,
  { n, stride }: AxisLayout,
  piece: Piece,
  lower: GhostRule,
  upper: GhostRule,
  out: Float32Array,
): void {
  const { slab, slabs, node, nodes, inner, count } = piece;
  const first = node - ghostWidth;
  const last = node + nodes + ghostWidth;
  let at = 0;
  for (let s = slab; s < slab + slabs; s++) {
    const start = s * n * stride + inner;
    const end = start + (n - 1) * stride;
    for (let j = first; j < 0; j++) {
      ghostRow(lower, -1 - j, field, start, stride, n, count, out, at + (j - first) * count);
    }
    const from = Math.max(first, 0);
    const to = Math.min(last, n);
    if (count === stride) {
      out.set(field.subarray(start + from * stride, start + to * stride), at + (from - first) * count);
    } else {
      for (let j = from; j < to; j++) {
        const row = start + j * stride;
        out.set(field.subarray(row, row + count), at + (j - first) * count);
      }
    }
    for (let j = n; j < last; j++) {
      ghostRow(upper, j - n, field, end, -stride, n, count, out, at + (j - first) * count);
    }
    at += (last - first) * count;
  }
}

/** Copies the rows of a result to where the piece stands in the field. */
export function placePiece(
  rows: Float32Array | readonly Float32Array[],
  { n, stride }: AxisLayout,
  piece: Piece,
  out: Float32Array,
): void {
  const { slab, slabs, node, nodes, inner, count } = piece;
  for (let s = 0; s < slabs; s++) {
    const row = rows instanceof Float32Array ? rows : rows[s]!;
    const start = ((slab + s) * n + node) * stride + inner;
    if (count === stride) out.set(row, start);
    else for (let j = 0; j < nodes; j++) out.set(row.subarray(j * count, (j + 1) * count), start + j * stride);
  }
}

/** Ghost -1 - k of `count` neighbouring lines; `edge` is the node next to the wall, `inward` leads away from it. */
function ghostRow(
  rule: GhostRule,
  k: number,
  field: Float32Array,
  edge: number,
  inward: number,
  n: number,
  count: number,
  out: Float32Array,
  at: number,
): void {
  switch (rule) {
    case "wrap":
    case "even": {
      const from = edge + (rule === "wrap" ? n - 1 - k : k) * inward;
      for (let b = 0; b < count; b++) out[at + b] = field[from + b]!;
      return;
    }
    case "odd":
      for (let b = 0; b < count; b++) out[at + b] = -field[edge + k * inward + b]!;
      return;
    case "cubic": {
      const [w0, w1, w2, w3] = cubicGhostWeights[k]!;
      for (let b = 0, i = edge; b < count; b++, i++) {
        const near = w0 * field[i]! + w1 * field[i + inward]!;
        out[at + b] = near + w2 * field[i + 2 * inward]! + w3 * field[i + 3 * inward]!;
      }
      return;
    }
    case "through": {
      const [, w0, w1, w2] = throughGhostWeights[k]!;
      for (let b = 0, i = edge; b < count; b++, i++)
        out[at + b] = w0 * field[i]! + w1 * field[i + inward]! + w2 * field[i + 2 * inward]!;
      return;
    }
  }
}
