/** Least squares with coefficients that cannot be negative, for a handful of features. */

/** What each further feature must leave of the squared errors at most. */
const worthFeature = 0.7;

/**
 * The coefficients x >= 0 that minimise sum over the rows of ((row . x - target)/target)^2: relative errors, so that small
 * sizes count as much as large ones. Every subset of features is tried; there are few.
 *
 * @param rows one row of features per measurement
 * @param targets what was measured, > 0
 */
export function fitNonNegative(rows: readonly (readonly number[])[], targets: readonly number[]): number[] {
  const features = rows[0]?.length ?? 0;
  // Features differ by ten orders of magnitude: each is scaled to a largest relative entry of 1.
  const relative = rows.map((row, i) => row.map((x) => x / (targets[i] ?? 1)));
  const scales = Array.from(
    { length: features },
    (_, j) => Math.max(...relative.map((row) => Math.abs(row[j] ?? 0))) || 1,
  );
  const scaled = relative.map((row) => row.map((x, j) => x / (scales[j] ?? 1)));
  let best: number[] = Array<number>(features).fill(0);
  let least = Infinity;
  let count = 0;
  const subsets = Array.from({ length: (1 << features) - 1 }, (_, k) =>
    scales.flatMap((_unused, j) => ((k + 1) & (1 << j) ? [j] : [])),
  ).toSorted((a, b) => a.length - b.length);
  for (const used of subsets) {
    if (used.length > rows.length) break;
    const solution = solveNormal(scaled.map((row) => used.map((j) => row[j] ?? 0)));
    if (!solution?.every((x) => x >= 0)) continue;
    const x = Array<number>(features).fill(0);
    used.forEach((j, k) => (x[j] = solution[k] ?? 0));
    const error = scaled.reduce((sum, row) => sum + (dot(row, x) - 1) ** 2, 0);
    // A further feature must earn its place, or it follows the noise.
    if (error < least * worthFeature ** Math.max(0, used.length - count)) {
      least = error;
      best = x;
      count = used.length;
    }
  }
  return best.map((x, j) => x / (scales[j] ?? 1));
}

/** Relative errors of a fit, one per row. */
export function relativeErrors(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  x: readonly number[],
): number[] {
  return rows.map((row, i) => dot(row, x) / (targets[i] ?? 1) - 1);
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
}

/** Solves (A^T A) x = A^T 1 by Gaussian elimination with pivoting; undefined where it is singular. */
function solveNormal(a: readonly (readonly number[])[]): number[] | undefined {
  const n = a[0]?.length ?? 0;
  const m = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_, j) => a.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0)),
    a.reduce((sum, row) => sum + (row[i] ?? 0), 0),
  ]);
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(m[r]?.[c] ?? 0) > Math.abs(m[pivot]?.[c] ?? 0)) pivot = r;
    const upper = m[pivot];
    const here = m[c];
    if (!upper || !here) return undefined;
    m[pivot] = here;
    m[c] = upper;
    const lead = upper[c] ?? 0;
    if (Math.abs(lead) < 1e-12) return undefined;
    for (const [r, row] of m.entries()) {
      if (r === c) continue;
      const factor = (row[c] ?? 0) / lead;
      for (let j = c; j <= n; j++) row[j] = (row[j] ?? 0) - factor * (upper[j] ?? 0);
    }
  }
  return m.map((row, i) => (row[n] ?? 0) / (row[i] ?? 1));
}
