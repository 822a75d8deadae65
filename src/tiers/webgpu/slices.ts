/**
 * Arrays longer than one binding. A shader never sees more than one slice: which one is chosen on the CPU, and indices
 * inside it fit 32 bits.
 */

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Offsets of a binding within a buffer are multiples of this. */
export const bindingAlignment = 256;

/** Bytes rounded up to a legal binding offset. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / bindingAlignment) * bindingAlignment;
}

/**
 * Splits `units` of `unitBytes` each into the fewest ranges of at most `limit` bytes, of nearly equal length; undefined
 * where one unit alone is too long.
 */
export function sliceRanges(units: number, unitBytes: number, limit: number): readonly Range[] | undefined {
  const most = Math.floor(limit / unitBytes);
  if (most < 1) return undefined;
  const slices = Math.ceil(units / most);
  return Array.from({ length: slices }, (_, k) => ({
    from: Math.floor((k * units) / slices),
    to: Math.floor(((k + 1) * units) / slices),
  }));
}
