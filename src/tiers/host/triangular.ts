/** The small upper triangular matrix of a QR factorisation; column j is `r[j]`, with j + 1 entries. */

/** R x = y. */
export function solveUpper(r: readonly (readonly number[])[], y: readonly number[]): number[] {
  const x = [...y];
  for (let i = y.length - 1; i >= 0; i--) {
    for (let j = i + 1; j < y.length; j++) x[i] = x[i]! - r[j]![i]! * x[j]!;
    x[i] = x[i]! / r[i]![i]!;
  }
  return x;
}

/** A Givens rotation of the neighbouring columns i and i + 1 of Q. */
export interface Rotation {
  readonly c: number;
  readonly s: number;
}

/** Removes the first column of R, in place. Returns the rotations that columns (0, 1), (1, 2), ... of Q must take in order. */
export function dropFirst(r: number[][]): Rotation[] {
  const count = r.length;
  const rotations: Rotation[] = [];
  for (let i = 0; i + 1 < count; i++) {
    const column = r[i + 1]!;
    const a = column[i]!;
    const b = column[i + 1]!;
    const norm = Math.hypot(a, b);
    const c = a / norm;
    const s = b / norm;
    for (let j = i + 1; j < count; j++) {
      const [x, y] = [r[j]![i]!, r[j]![i + 1] ?? 0];
      r[j]![i] = c * x + s * y;
      r[j]![i + 1] = c * y - s * x;
    }
    rotations.push({ c, s });
  }
  r.splice(0, 1);
  for (let j = 0; j < count - 1; j++) r[j]!.length = j + 1;
  return rotations;
}

/** Frobenius condition number. */
export function conditionOf(r: readonly (readonly number[])[]): number {
  let square = 0;
  let inverseSquare = 0;
  for (let j = 0; j < r.length; j++) {
    for (let i = 0; i <= j; i++) square += r[j]![i]! ** 2;
    // Column j of the inverse, by back substitution.
    const x = new Array<number>(j + 1).fill(0);
    x[j] = 1 / r[j]![j]!;
    for (let i = j - 1; i >= 0; i--) {
      let sum = 0;
      for (let l = i + 1; l <= j; l++) sum += r[l]![i]! * x[l]!;
      x[i] = -sum / r[i]![i]!;
    }
    for (const value of x) inverseSquare += value * value;
  }
  return Math.sqrt(square * inverseSquare);
}
