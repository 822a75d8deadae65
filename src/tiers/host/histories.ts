/** A history is a list of slices, one per stored level: no array grows beyond what the platform can index. */
export type History = readonly Float64Array[];

/** Largest block that one allocation of a history takes; one block can be handed over whole. */
const blockBytes = 2 ** 32;

export function allocateHistory(levels: number, points: number): History {
  const perBlock = Math.max(1, Math.floor(blockBytes / (8 * points)));
  const slices: Float64Array[] = [];
  for (let first = 0; first < levels; first += perBlock) {
    const count = Math.min(perBlock, levels - first);
    const block = new Float64Array(count * points);
    for (let k = 0; k < count; k++) slices.push(block.subarray(k * points, (k + 1) * points));
  }
  return slices;
}

/** Levels [from, to) of a history as one array. */
export function joinHistory(history: History, from: number, to: number): Float64Array {
  const points = history[0]!.length;
  const out = new Float64Array((to - from) * points);
  for (let k = from; k < to; k++) out.set(history[k]!, (k - from) * points);
  return out;
}

/** A whole history as one array: the block that its slices lie in, or a copy where there are several blocks. */
export function wholeHistory(history: History): Float64Array {
  const first = history[0]!;
  const length = history.length * first.length;
  const oneBlock = history.every((slice) => slice.buffer === first.buffer);
  return oneBlock ? new Float64Array(first.buffer, first.byteOffset, length) : joinHistory(history, 0, history.length);
}

/** Index of the first number that is not finite, or -1. */
export function firstNonFinite(field: Float64Array): number {
  for (let i = 0; i < field.length; i++) {
    const value = field[i]!;
    if (value - value !== 0) return i;
  }
  return -1;
}
