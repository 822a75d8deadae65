import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pixelWeights, resample, thinLine, upright } from "../../src/plot/sampling.ts";
import type { PixelWeights, PlotAxis } from "../../src/plot/sampling.ts";

/** One row of numbers through the weights of one axis. */
function sampled(weights: PixelWeights, data: readonly number[]): number[] {
  const one = pixelWeights({ nodes: Float64Array.of(0), from: -1, to: 1, periodic: false }, 1);
  return [...resample({ data: Float64Array.from(data), offset: 0, stride0: 0, stride1: 1 }, one, weights)];
}

function cells(n: number, periodic = false): PlotAxis {
  return {
    nodes: Float64Array.from({ length: n }, (_, i) => (i + (periodic ? 0 : 0.5)) / n),
    from: 0,
    to: 1,
    periodic,
  };
}

describe("pixelWeights", () => {
  it("sum to 1 in every pixel, whatever the sizes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        (n, pixels, periodic) => {
          const weights = pixelWeights(cells(n, periodic), pixels);
          expect(weights.start[pixels]).toBe(weights.weight.length);
          for (const sum of sampled(
            weights,
            Array.from({ length: n }, () => 1),
          ))
            expect(sum).toBeCloseTo(1, 12);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("keep the mean of the cells where there are fewer pixels", () => {
    const data = Array.from({ length: 90 }, (_, i) => Math.sin(i) + (i === 40 ? 100 : 0));
    const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
    expect(mean(sampled(pixelWeights(cells(90, true), 7), data))).toBeCloseTo(mean(data), 12);
  });

  it("give a straight line back at the pixel centres between the nodes", () => {
    const axis = { nodes: Float64Array.of(0, 0.1, 0.15, 0.6, 1), from: 0, to: 1, periodic: false };
    const pixels = sampled(pixelWeights(axis, 8), [0, 0.1, 0.15, 0.6, 1]);
    pixels.forEach((value, p) => expect(value).toBeCloseTo((p + 0.5) / 8, 12));
  });

  it("draw non-uniform levels at their true times", () => {
    // A step between t = 0.9 and t = 0.92 of 3 levels must stand at 90 % of the width, not at half of it.
    const axis = { nodes: Float64Array.of(0, 0.9, 0.92, 1), from: 0, to: 1, periodic: false };
    const pixels = sampled(pixelWeights(axis, 50), [0, 0, 1, 1]);
    expect(pixels.slice(0, 45).every((value) => Math.abs(value) < 1e-12)).toBe(true);
    expect(pixels.slice(46).every((value) => Math.abs(value - 1) < 1e-12)).toBe(true);
  });

  it("lead from the last node to the first one on a periodic axis", () => {
    const pixels = sampled(pixelWeights(cells(4, true), 16), [1, 0, 0, 0]);
    const expected = [3.5, 2.5, 1.5, 0.5].map((x) => x / 4);
    expected.forEach((value, p) => {
      expect(pixels[p]).toBeCloseTo(value, 12);
      expect(pixels[15 - p]).toBeCloseTo(value, 12);
    });
  });

  it("hold the outermost value up to the wall", () => {
    const pixels = sampled(pixelWeights(cells(2), 8), [3, 5]);
    expect([pixels[0], pixels[1], pixels[6], pixels[7]]).toStrictEqual([3, 3, 5, 5]);
  });
});

describe("resample", () => {
  it("follows the strides of a plane", () => {
    const data = Float64Array.from({ length: 2 * 3 * 4 }, (_, i) => i);
    // Axes 0 and 2 of a 2 x 3 x 4 array at index 1 of axis 1, one pixel per cell.
    const plane = { data, offset: 4, stride0: 12, stride1: 1 };
    const exact = (n: number): PixelWeights => ({
      pixels: n,
      start: Int32Array.from({ length: n + 1 }, (_, i) => i),
      node: Int32Array.from({ length: n }, (_, i) => i),
      weight: new Float64Array(n).fill(1),
    });
    expect([...resample(plane, exact(2), exact(4))]).toStrictEqual([4, 5, 6, 7, 16, 17, 18, 19]);
  });

  it("spreads what is not a number over its pixels only", () => {
    const pixels = sampled(pixelWeights(cells(4), 4), [1, 1, 1, Number.NaN]);
    expect(pixels.map(Number.isNaN)).toStrictEqual([false, false, true, true]);
  });
});

describe("upright", () => {
  it("puts the end of the vertical axis on top", () => {
    expect(upright(Float64Array.of(1, 2, 3, 4, 5, 6), 2, 3)).toStrictEqual({
      width: 2,
      height: 3,
      values: Float64Array.of(3, 6, 2, 5, 1, 4),
    });
  });
});

describe("thinLine", () => {
  it("keeps every point of a short line and the peaks of a long one", () => {
    const x = Float64Array.from({ length: 100_000 }, (_, i) => i);
    const y = x.map((i) => (i === 33_333 ? 9 : i === 70_001 ? -9 : Math.sin(i)));
    expect(thinLine(x.subarray(0, 30), y, 10)).toHaveLength(30);
    const thin = thinLine(x, y, 100);
    expect(thin.length).toBeLessThanOrEqual(400);
    expect(thin).toContainEqual({ x: 33_333, y: 9 });
    expect(thin).toContainEqual({ x: 70_001, y: -9 });
    expect(thin.every((point, i) => i === 0 || point.x > thin[i - 1]!.x)).toBe(true);
    expect([thin[0]!.x, thin.at(-1)!.x]).toStrictEqual([0, 99_999]);
  });
});
