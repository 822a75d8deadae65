/**
 * Sobol points in Gray-code order. Direction numbers: Joe & Kuo 2008 (their set D(6)), of which the first dimensions stand
 * here; the points equal SciPy's unscrambled `qmc.Sobol`.
 */

/** s, a and m_1 .. m_s of the dimensions from the second on. */
const directions: readonly (readonly [number, number, readonly number[]])[] = [
  [1, 0, [1]],
  [2, 1, [1, 3]],
  [3, 1, [1, 3, 1]],
  [3, 2, [1, 1, 1]],
  [4, 1, [1, 1, 3, 3]],
  [4, 4, [1, 3, 5, 13]],
  [5, 2, [1, 1, 5, 5, 17]],
  [5, 4, [1, 1, 5, 5, 5]],
  [5, 7, [1, 1, 7, 11, 19]],
  [5, 11, [1, 1, 5, 1, 1]],
  [5, 13, [1, 1, 1, 3, 11]],
  [5, 14, [1, 3, 5, 5, 31]],
  [6, 1, [1, 3, 3, 9, 7, 49]],
  [6, 13, [1, 1, 1, 15, 21, 21]],
  [6, 16, [1, 3, 1, 13, 27, 49]],
];

/** Most parameters that a Sobol study can vary. */
export const mostSobolDimensions: number = directions.length + 1;

const bits = 30;

/** Direction numbers of one dimension, scaled to `bits` bits. */
function directionNumbers(dimension: number): number[] {
  const entry = directions[dimension - 1];
  if (entry === undefined) return Array.from({ length: bits }, (_, k) => 2 ** (bits - 1 - k));
  const [s, a, m] = entry;
  const v: number[] = m.map((value, k) => value * 2 ** (bits - 1 - k));
  for (let k = s; k < bits; k++) {
    const back = v[k - s] ?? 0;
    let next = back ^ (back >>> s);
    for (let j = 1; j < s; j++) if ((a >> (s - 1 - j)) & 1) next ^= v[k - j] ?? 0;
    v.push(next);
  }
  return v;
}

/**
 * The first `count` points of the sequence in [0, 1)^dimensions, the origin first.
 *
 * @param dimensions 1 to `mostSobolDimensions`
 */
export function sobolPoints(count: number, dimensions: number): number[][] {
  const numbers = Array.from({ length: dimensions }, (_, d) => directionNumbers(d));
  const state = Array<number>(dimensions).fill(0);
  return Array.from({ length: count }, (_, i) => {
    if (i > 0) {
      // Lowest zero bit of i - 1.
      const bit = 31 - Math.clz32(~(i - 1) & i);
      numbers.forEach((v, d) => (state[d] = (state[d] ?? 0) ^ (v[bit] ?? 0)));
    }
    return state.map((x) => x / 2 ** bits);
  });
}
