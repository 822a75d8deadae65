/**
 * One-sided derivatives of a whole array along one axis. The intervals that touch no ghost read the array itself; the
 * three at each wall read eight copied rows, ghosts among them. A row is one number on the last axis, and otherwise a
 * run of neighbours in memory, short enough for the rows in use to stay in the first cache.
 */
import { cubicGhostWeights, ghostWidth, throughGhostWeights } from "../../scheme/boundary.ts";
import type { GhostRule } from "../../scheme/boundary.ts";
import type { AxisLayout } from "../host/arguments.ts";
import type { Guard } from "./weno5.ts";
import type { IntervalLoop } from "./weno5Intervals.ts";

/** Longest run of neighbouring lines worked on together. */
export const runLength = 512;

/** Rows that the intervals at a wall read: three ghosts and five nodes. */
const wallRows = 8;

/** Entries of the scratch memory that `deriveAxis` needs. */
export const wallScratch: number = wallRows * runLength;

/** What is the same for all lines of a call. */
export interface AxisCall<A extends Float64Array | Float32Array> {
  readonly loop: IntervalLoop<A>;
  readonly guard: Guard;
  readonly inverseSpacing: number;
  readonly lower: GhostRule;
  readonly upper: GhostRule;
  /** `wallScratch` entries. */
  readonly scratch: A;
}

/** Both derivatives at all nodes; wall values are 0. The axis has at least six nodes. */
export function deriveAxis<A extends Float64Array | Float32Array>(
  call: AxisCall<A>,
  field: A,
  { points, n, stride }: AxisLayout,
  pMinus: A,
  pPlus: A,
): void {
  const { loop, inverseSpacing: inverse, scratch } = call;
  const { scale, floor } = call.guard;
  const last = n - 1;
  for (let slab = 0; slab < points; slab += n * stride) {
    for (let inner = 0; inner < stride; inner += runLength) {
      const count = Math.min(runLength, stride - inner);
      const start = slab + inner;
      const end = start + last * stride;

      // Of the intervals beyond the first and the last node one result is wanted; the other is overwritten by the next
      // interval.
      wallNodes(call.lower, field, start, stride, n, count, scratch, 0, count);
      for (let j = -1; j < 2; j++) {
        const plusAt = start + Math.max(j, 0) * stride;
        loop(
          scratch,
          (j + 1) * count,
          count,
          count,
          inverse,
          scale,
          floor,
          pMinus,
          start + (j + 1) * stride,
          pPlus,
          plusAt,
        );
      }
      wallNodes(call.upper, field, end, -stride, n, count, scratch, (wallRows - 1) * count, -count);
      for (let j = last; j > last - ghostWidth; j--) {
        const from = (j - last + 2) * count;
        const minusAt = start + Math.min(j + 1, last) * stride;
        loop(scratch, from, count, count, inverse, scale, floor, pMinus, minusAt, pPlus, start + j * stride);
      }

      if (stride === 1) {
        // In runs as well: V8 never leaves the on-stack replacement of a function whose first loop was very long, and
        // its short calls are then slow for good.
        for (let j = 2; j <= n - 4; j += runLength) {
          const at = start + j;
          const run = Math.min(runLength, n - 3 - j);
          loop(field, at - 2, 1, run, inverse, scale, floor, pMinus, at + 1, pPlus, at);
        }
      } else {
        for (let j = 2; j <= n - 4; j++) {
          const at = start + j * stride;
          loop(field, at - 2 * stride, stride, count, inverse, scale, floor, pMinus, at + stride, pPlus, at);
        }
      }
    }
  }
}

/**
 * Writes three ghosts and the five nodes next to a wall as rows: `edge` is the node next to the wall, `inward` leads
 * away from it; the outermost ghost goes to `at`, the next row to `at + pitch`.
 */
function wallNodes<A extends Float64Array | Float32Array>(
  rule: GhostRule,
  field: A,
  edge: number,
  inward: number,
  n: number,
  count: number,
  rows: A,
  at: number,
  pitch: number,
): void {
  for (let i = 0; i < wallRows - ghostWidth; i++)
    copyRow(field, edge + i * inward, count, rows, at + (i + ghostWidth) * pitch);
  const node0 = edge;
  const node1 = edge + inward;
  const node2 = edge + 2 * inward;
  const node3 = edge + 3 * inward;
  for (let k = 0; k < ghostWidth; k++) {
    const to = at + (ghostWidth - 1 - k) * pitch;
    switch (rule) {
      case "wrap":
        copyRow(field, edge + (n - 1 - k) * inward, count, rows, to);
        break;
      case "even":
        copyRow(field, edge + k * inward, count, rows, to);
        break;
      case "odd":
        for (let b = 0; b < count; b++) rows[to + b] = -field[edge + k * inward + b]!;
        break;
      case "cubic": {
        const w = cubicGhostWeights[k]!;
        for (let b = 0; b < count; b++) {
          const near = w[0] * field[node0 + b]! + w[1] * field[node1 + b]!;
          rows[to + b] = near + w[2] * field[node2 + b]! + w[3] * field[node3 + b]!;
        }
        break;
      }
      case "through": {
        const w = throughGhostWeights[k]!;
        for (let b = 0; b < count; b++) {
          rows[to + b] = w[1] * field[node0 + b]! + w[2] * field[node1 + b]! + w[3] * field[node2 + b]!;
        }
        break;
      }
    }
  }
}

function copyRow<A extends Float64Array | Float32Array>(from: A, at: number, count: number, to: A, toAt: number): void {
  for (let b = 0; b < count; b++) to[toAt + b] = from[at + b]!;
}
