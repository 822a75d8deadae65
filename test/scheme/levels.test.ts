import { describe, expect, test } from "vitest";
import { gradedLevels, interpolationPoints, interpolationWeights, levelIndexAt } from "../../src/scheme/levels.ts";
import { randomNumbers, sum } from "./fixtures.ts";

const gradings = [0, 0.5, 0.9, 1];

describe.each(gradings)("graded levels, g = %s", (g) => {
  test.each([1, 2, 7, 128])("%s intervals: the formula, exact ends, increasing", (steps) => {
    const levels = gradedLevels(2.5, steps, g);
    expect(levels).toHaveLength(steps + 1);
    expect(levels[0]).toBe(0);
    expect(levels[steps]).toBe(2.5);
    for (let k = 0; k <= steps; k++) {
      const formula = 2.5 * (((1 - g) * k) / steps + (g * (1 - Math.cos((Math.PI * k) / steps))) / 2);
      expect(Math.abs(levels[k]! - formula)).toBeLessThan(1e-15 * 2.5);
      expect(levels[k]!).toBeGreaterThan(k > 0 ? levels[k - 1]! : -1);
    }
  });

  test("the level index inverts them to round-off, and is whole at the levels", () => {
    const steps = 64;
    const levels = gradedLevels(3, steps, g);
    levels.forEach((t, k) => expect(levelIndexAt(t, 3, steps, g)).toBe(k));
    const random = randomNumbers(1);
    for (let trial = 0; trial < 200; trial++) {
      const k = steps * random();
      const x = k / steps;
      const t = 3 * ((1 - g) * x + g * Math.sin((Math.PI * x) / 2) ** 2);
      const slope = 1 - g + (g * Math.PI * Math.sin(Math.PI * x)) / 2;
      // A time is known to 1 ulp; where levels crowd, that is more of an index.
      expect(Math.abs(levelIndexAt(t, 3, steps, g) - k)).toBeLessThan(steps * (4e-16 + 4e-16 / slope));
    }
    expect(levelIndexAt(-1, 3, steps, g)).toBe(0);
    expect(levelIndexAt(4, 3, steps, g)).toBe(steps);
  });
});

describe("interpolation between levels", () => {
  const weights = new Float64Array(4);
  test.each([
    [1, "cubic", 2],
    [2, "cubic", 3],
    [3, "cubic", 4],
    [20, "cubic", 4],
    [1, "linear", 2],
    [20, "linear", 2],
  ] as const)("%s intervals, %s: exact on polynomials in the index", (steps, kind, points) => {
    for (let kappa = 0; kappa <= steps; kappa += 0.125) {
      const first = interpolationWeights(kappa, steps, kind, weights);
      const count = interpolationPoints(steps, kind);
      expect(count).toBe(points);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(first + count).toBeLessThanOrEqual(steps + 1);
      expect(first).toBeLessThanOrEqual(kappa);
      for (let power = 0; power < count; power++) {
        const value = sum(weights.map((w, j) => w * ((first + j - kappa) / steps) ** power));
        expect(value).toBeCloseTo(power === 0 ? 1 : 0, 13);
      }
      expect(Number.isInteger(kappa) ? weights[kappa - first] : 1).toBe(1);
    }
  });

  test("the four points stand around the place asked for", () => {
    expect(interpolationWeights(7.3, 20, "cubic", weights)).toBe(6);
    expect(interpolationWeights(0.3, 20, "cubic", weights)).toBe(0);
    expect(interpolationWeights(19.7, 20, "cubic", weights)).toBe(17);
    // Both ends of interval 7 are reached from inside it.
    expect(interpolationWeights(7, 20, "cubic", weights, 7)).toBe(6);
    expect(interpolationWeights(8, 20, "cubic", weights, 7)).toBe(6);
    expect(Array.from(weights, Math.abs)).toEqual([0, 0, 1, 0]);
  });
});
