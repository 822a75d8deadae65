import { describe, expect, test } from "vitest";
import { factorTridiagonal, solveTridiagonal, tridiagonalScratch } from "../../src/scheme/tridiagonal.ts";
import { randomNumbers, worst } from "./fixtures.ts";

type Columns = ReturnType<typeof tridiagonalScratch>;

function randomColumns(n: number, seed: number, spread: number): Columns {
  const random = randomNumbers(seed);
  const columns = tridiagonalScratch(n);
  for (let j = 0; j < n; j++) {
    columns.below[j] = 10 ** (spread * (random() - 0.5));
    columns.above[j] = 10 ** (spread * (random() - 0.5));
    columns.excess[j] = 0.5 + random();
  }
  return columns;
}

/** A x, with the matrix written out column by column. */
function applied(n: number, { below, above, excess }: Columns, cyclic: boolean, x: Float64Array): Float64Array {
  const b = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const down = cyclic || j < n - 1 ? below[j]! : 0;
    const up = cyclic || j > 0 ? above[j]! : 0;
    b[j] = b[j]! + (excess[j]! + down + up) * x[j]!;
    if (down > 0) b[(j + 1) % n] = b[(j + 1) % n]! - down * x[j]!;
    if (up > 0) b[(j + n - 1) % n] = b[(j + n - 1) % n]! - up * x[j]!;
  }
  return b;
}

describe.each([false, true])("cyclic: %s", (cyclic) => {
  const cleaned = (n: number, columns: Columns): Columns => {
    if (!cyclic) {
      columns.above[0] = 0;
      columns.below[n - 1] = 0;
    }
    return columns;
  };

  test.each([3, 4, 7, 50])("%s unknowns: solves, also for a second right-hand side", (n) => {
    const columns = cleaned(n, randomColumns(n, n, 2));
    factorTridiagonal(n, columns, cyclic, columns);
    const random = randomNumbers(8);
    for (let trial = 0; trial < 2; trial++) {
      const x = Float64Array.from({ length: n }, () => random() - 0.5);
      const b = applied(n, columns, cyclic, x);
      solveTridiagonal(n, columns, cyclic, columns, b);
      expect(worst(b, x)).toBeLessThan(1e-13);
    }
  });

  test("a spike stays positive everywhere, and sums match, with entries from 1e-8 to 1e8", () => {
    const n = 40;
    for (let seed = 1; seed < 30; seed++) {
      const columns = cleaned(n, randomColumns(n, seed, 16));
      columns.excess.fill(1);
      factorTridiagonal(n, columns, cyclic, columns);
      const x = new Float64Array(n);
      x[seed] = 1;
      solveTridiagonal(n, columns, cyclic, columns, x);
      expect(x.every((value) => value > 0)).toBe(true);
      // Columns sum to 1: what goes in comes out, to round-off although the condition number is 1e8.
      expect(Math.abs(x.reduce((a, b) => a + b) - 1)).toBeLessThan(2e-14);
    }
  });
});

test("nothing passes the ends of a line", () => {
  const n = 5;
  const columns = randomColumns(n, 3, 1);
  columns.above[0] = 0;
  columns.below[n - 1] = 0;
  factorTridiagonal(n, columns, false, columns);
  const x = Float64Array.of(1, 0, 0, 0, 0);
  solveTridiagonal(n, columns, false, columns, x);
  expect(worst(applied(n, columns, false, x), [1, 0, 0, 0, 0])).toBeLessThan(1e-15);
});
