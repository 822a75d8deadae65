import { describe, expect, test } from "vitest";
import { cubicGhostWeights, fillGhosts, ghostValue, throughGhostWeights } from "../../src/scheme/boundary.ts";
import type { GhostRule } from "../../src/scheme/boundary.ts";

const rules: readonly GhostRule[] = ["wrap", "even", "odd", "cubic", "through"];

function padded(n: number, at: (x: number) => number): Float64Array {
  const line = new Float64Array(n + 6).fill(Number.NaN);
  for (let i = 0; i < n; i++) line[i + 3] = at(i);
  return line;
}

describe("ghosts", () => {
  test.each(["cubic", "through"] as const)("%s continues a cubic on both sides", (rule) => {
    const cubic = (x: number): number => ((0.2 * x - 1) * x + 0.7) * x + 3;
    const n = 9;
    const line = padded(n, cubic);
    fillGhosts(line, n, rule, rule, cubic(-0.5), cubic(n - 0.5));
    for (let i = -3; i < n + 3; i++) expect(line[i + 3]!, `node ${i}`).toBeCloseTo(cubic(i), 10);
  });

  test("wrap, even and odd copy the right nodes", () => {
    const at = (x: number): number => 10 + x;
    const expected = {
      wrap: [15, 16, 17, 10, 11, 12, 13, 14, 15, 16, 17, 10, 11, 12],
      even: [12, 11, 10, 10, 11, 12, 13, 14, 15, 16, 17, 17, 16, 15],
      odd: [-12, -11, -10, 10, 11, 12, 13, 14, 15, 16, 17, -17, -16, -15],
    };
    for (const rule of ["wrap", "even", "odd"] as const) {
      const line = padded(8, at);
      fillGhosts(line, 8, rule, rule);
      expect([...line]).toEqual(expected[rule]);
    }
  });

  test("a mixed line, filled and node by node, in both precisions", () => {
    const n = 7;
    for (const lower of rules) {
      for (const upper of rules) {
        const nodes = [0.3, -1.2, 2.5, 0.7, 1.9, -0.4, 1.1];
        const line = padded(n, (i) => nodes[i]!);
        const line32 = Float32Array.from(line);
        fillGhosts(line, n, lower, upper, 0.9, -0.6);
        fillGhosts(line32, n, lower, upper, 0.9, -0.6);
        for (let k = 0; k < 3; k++) {
          expect(line[2 - k]).toBe(ghostValue(lower, k, (i) => nodes[i]!, n, 0.9));
          expect(line[n + 3 + k]).toBe(ghostValue(upper, k, (i) => nodes[n - 1 - i]!, n, -0.6));
          expect(Math.abs(line32[2 - k]! - line[2 - k]!)).toBeLessThan(2e-5);
        }
      }
    }
  });

  test("weights sum to 1, so constants stay constant", () => {
    for (const row of [...cubicGhostWeights, ...throughGhostWeights]) {
      expect(row.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
    }
  });
});
