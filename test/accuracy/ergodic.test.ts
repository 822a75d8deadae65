/** T13: the ergodic cost of E5, a Gross-Pitaevskii ground state (docs/numerics.md section 9.8). */
import { describe, expect, test } from "vitest";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { lastOrder } from "../support/exact.ts";
import { onEachTier } from "../support/solveTiers.ts";

const horizon = 0.6;
const problem = {
  name: "gross-pitaevskii",
  domain: [
    { from: 0, to: 1, boundary: "periodic" },
    { from: 0, to: 1, boundary: "periodic" },
  ],
  horizon,
  volatility: Math.SQRT2,
  hamiltonian: { kind: "quadratic", control: 2 },
  coupling: { kind: "power", strength: 1, exponent: 2 },
  potential: "-(sin(2*pi*y) + sin(2*pi*x) + cos(4*pi*x))",
  initialDensity: 1,
} as const;

/** lambda = -du/dt in the middle of a long horizon, where neither end is felt. */
async function ergodicCost(n: number, options: SolveOptions): Promise<number> {
  const { record, t, value } = await solve(problem, { grid: n, tolerance: 1e-9, ...options });
  expect(record.stopReason).toBe("tolerance");
  const first = t.findIndex((time) => time >= 0.4 * horizon);
  const last = t.findIndex((time) => time >= 0.6 * horizon);
  const points = n * n;
  const mean = (k: number): number =>
    value.subarray(k * points, (k + 1) * points).reduce((sum, u) => sum + u, 0) / points;
  return (mean(first) - mean(last)) / (t[last]! - t[first]!);
}

/** Smallest eigenvalue of -Lap phi + (phi^4 - h) phi = lambda phi by Fourier collocation and imaginary time. */
function groundState(n: number): number {
  const second = Float64Array.from({ length: n }, (_, k) =>
    k === 0
      ? -(Math.PI ** 2 * (n * n + 2)) / 3
      : ((k % 2 === 0 ? -2 : 2) * Math.PI ** 2) / Math.sin((Math.PI * k) / n) ** 2,
  );
  const wave = (i: number, k: number): number => (2 * Math.PI * k * i) / n;
  const step = 1 / (2 * (Math.PI * n) ** 2);
  let phi = new Float64Array(n * n).fill(1);
  for (;;) {
    const applied = phi.map((value, node) => {
      const [i, j] = [Math.floor(node / n), node % n];
      let laplacian = 0;
      for (let k = 0; k < n; k++) {
        laplacian += second[Math.abs(i - k)]! * phi[k * n + j]! + second[Math.abs(j - k)]! * phi[i * n + k]!;
      }
      const h = Math.sin(wave(j, 1)) + Math.sin(wave(i, 1)) + Math.cos(wave(i, 2));
      return -laplacian + (value ** 4 - h) * value;
    });
    const lambda = applied.reduce((sum, value, i) => sum + value * phi[i]!, 0) / (n * n);
    const defect = applied.map((value, i) => value - lambda * phi[i]!);
    if (Math.max(...defect.map(Math.abs)) < 1e-11) return lambda;
    const moved = phi.map((value, i) => value - step * defect[i]!);
    const norm = Math.sqrt(moved.reduce((sum, value) => sum + value * value, 0) / (n * n));
    phi = moved.map((value) => value / norm);
  }
}

describe("T13 lambda of E5, nu = 1", () => {
  const exact = groundState(12);

  test("the independent ground state has lambda = 0.9784", () => {
    expect(exact.toFixed(4)).toBe("0.9784");
    expect(groundState(10)).toBeCloseTo(exact, 9);
  });

  onEachTier((tier) => {
    test("long horizons give all four digits, and order 4.5 or more, with the explicit form", async () => {
      const options = { splitting: "explicit", steps: 16, tier } as const;
      const coarse = await ergodicCost(12, options);
      const fine = await ergodicCost(16, options);
      expect(Math.abs(fine - 0.9784)).toBeLessThan(5e-5);
      expect(lastOrder([Math.abs(coarse - exact), Math.abs(fine - exact)], 16 / 12)).toBeGreaterThanOrEqual(4.5);
    });

    test("the default form gives all four digits too", async () => {
      const cost = await ergodicCost(24, { steps: 128, timeLevels: "uniform", tier });
      expect(Math.abs(cost - 0.9784)).toBeLessThan(5e-5);
    });
  });
});
