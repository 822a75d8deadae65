/**
 * Tridiagonal and cyclic systems of conservative positive operators, solved with additions, products and quotients of
 * non-negative numbers only, so that the solution of a non-negative right-hand side is non-negative and exact in every
 * entry (the elimination of Grassmann, Taksar & Heyman 1985; docs/numerics.md section 5.1).
 *
 * The matrix is given by its columns: column j passes `below[j]` >= 0 on to row j + 1 and `above[j]` >= 0 to row j - 1 (off
 * the diagonal they stand with a minus sign), and its entries sum to `excess[j]` > 0; the diagonal is the sum of the three.
 * On a line below[n-1] = above[0] = 0 is not read; on a cycle row n is row 0. n >= 3.
 */
export interface TridiagonalColumns {
  readonly below: Float64Array;
  readonly above: Float64Array;
  readonly excess: Float64Array;
}

/** What elimination leaves behind: pivots and, on a cycle, the answer of the first n - 1 unknowns to the last. */
export interface TridiagonalFactors {
  readonly pivot: Float64Array;
  readonly response: Float64Array;
}

/** Work memory for one line of up to n unknowns. */
export function tridiagonalScratch(n: number): TridiagonalColumns & TridiagonalFactors {
  const line = (): Float64Array => new Float64Array(n);
  return { below: line(), above: line(), excess: line(), pivot: line(), response: line() };
}

/**
 * Eliminates; the factors then serve any number of right-hand sides. The excess of the remaining matrix is carried along,
 * which turns the subtraction of Thomas's algorithm into a sum.
 */
export function factorTridiagonal(
  n: number,
  columns: TridiagonalColumns,
  cyclic: boolean,
  factors: TridiagonalFactors,
): void {
  const { below, above, excess } = columns;
  const { pivot, response } = factors;
  const rows = cyclic ? n - 1 : n;
  // On a cycle the first and last rows of the line also pass mass on to the condensed unknown.
  let carried = cyclic ? excess[0]! + above[0]! : excess[0]!;
  for (let j = 0; j < rows; j++) {
    if (j > 0) carried = excess[j]! + (above[j]! * carried) / pivot[j - 1]!;
    const last = j === rows - 1;
    if (last && cyclic) carried += below[j]!;
    pivot[j] = last ? carried : carried + below[j]!;
  }
  if (!cyclic) return;
  response.fill(0, 0, rows);
  response[0] = below[n - 1]!;
  response[rows - 1] = response[rows - 1]! + above[n - 1]!;
  substitute(rows, below, above, pivot, response);
  let sum = excess[n - 1]!;
  for (let j = 0; j < rows; j++) sum += excess[j]! * response[j]!;
  pivot[n - 1] = sum;
}

/** Solves in place for one right-hand side. */
export function solveTridiagonal(
  n: number,
  columns: TridiagonalColumns,
  cyclic: boolean,
  factors: TridiagonalFactors,
  x: Float64Array,
): void {
  const { below, above } = columns;
  const { pivot, response } = factors;
  if (!cyclic) return substitute(n, below, above, pivot, x);
  const rows = n - 1;
  substitute(rows, below, above, pivot, x);
  const last = (x[rows]! + above[0]! * x[0]! + below[rows - 1]! * x[rows - 1]!) / pivot[rows]!;
  for (let j = 0; j < rows; j++) x[j] = x[j]! + response[j]! * last;
  x[rows] = last;
}

function substitute(n: number, below: Float64Array, above: Float64Array, pivot: Float64Array, x: Float64Array): void {
  for (let j = 1; j < n; j++) x[j] = x[j]! + (below[j - 1]! * x[j - 1]!) / pivot[j - 1]!;
  x[n - 1] = x[n - 1]! / pivot[n - 1]!;
  for (let j = n - 2; j >= 0; j--) x[j] = (x[j]! + above[j + 1]! * x[j + 1]!) / pivot[j]!;
}
