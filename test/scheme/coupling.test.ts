import { describe, expect, test } from "vitest";
import { couplingSlice, gaussianWeights, meanPosition } from "../../src/scheme/coupling.ts";
import type { DiscreteCoupling, Discretisation } from "../../src/scheme/discretisation.ts";
import { discretisationOf, indicesOf, randomNumbers, sampled, sum, worst, type AxisPlan } from "./fixtures.ts";

const make = (coupling: DiscreteCoupling, axes: readonly AxisPlan[] = [{ n: 16 }]): Discretisation =>
  discretisationOf({ axes, coupling });

const slice = (d: Discretisation, m: Float64Array, level = 0): Float64Array => {
  const out = new Float64Array(m.length).fill(7);
  couplingSlice(d, level, m, out);
  return out;
};

describe("local couplings", () => {
  const random = randomNumbers(1);
  const m = Float64Array.from({ length: 16 }, () => 3 * random());

  test("none, linear, power", () => {
    expect(worst(slice(make({ kind: "none" }), m), new Float64Array(16))).toBe(0);
    expect(
      worst(
        slice(make({ kind: "linear", strength: 2 }), m),
        m.map((v) => 2 * v),
      ),
    ).toBe(0);
    for (const exponent of [0.5, 1, 2, 3]) {
      const f = slice(make({ kind: "power", strength: 0.3, exponent }), m);
      expect(
        worst(
          f,
          m.map((v) => 0.3 * v ** exponent),
        ),
      ).toBeLessThan(1e-14);
    }
    const negative = m.slice();
    negative[3] = -1e-3;
    expect(slice(make({ kind: "power", strength: 1, exponent: 0.5 }), negative)[3]).toBeNaN();
  });

  test("log counts the cells at its floor", () => {
    const d = make({ kind: "log", strength: 2, floor: 1e-6 });
    const thin = m.slice();
    thin[2] = 0;
    thin[5] = 1e-7;
    const out = new Float64Array(16);
    expect(couplingSlice(d, 0, thin, out)).toBe(2);
    expect(out[2]).toBeCloseTo(2 * Math.log(1e-6), 12);
    expect(out[5]).toBe(out[2]);
    expect(out[7]).toBeCloseTo(2 * Math.log(m[7]!), 12);
    expect(couplingSlice(d, 0, m, out)).toBe(0);
  });

  test("target reads its own level", () => {
    const target = Float64Array.from({ length: 5 * 16 }, (_, i) => i);
    const f = slice(make({ kind: "target", strength: 2, target }), m, 3);
    expect(
      worst(
        f,
        m.map((v, i) => 2 * (v - (48 + i))),
      ),
    ).toBe(0);
  });
});

describe("mean", () => {
  test("attracts to a share of the mean, axis by axis", () => {
    const axes: AxisPlan[] = [
      { n: 7, from: -1, to: 1, lower: "open" },
      { n: 8, from: 0, to: 3, lower: "reflecting" },
    ];
    const d = make({ kind: "mean", strength: 1.5, attraction: 0.25 }, axes);
    const random = randomNumbers(2);
    const m = Float64Array.from({ length: 56 }, () => random());
    let mass = 0;
    const mean = [0, 0];
    m.forEach((value, i) => {
      const [a, b] = indicesOf(d, i) as [number, number];
      mass += value;
      mean[0]! += value * (-1 + (a + 0.5) * (2 / 7));
      mean[1]! += value * (b + 0.5) * (3 / 8);
    });
    const [x, y] = mean.map((v) => v / mass) as [number, number];
    expect(worst(meanPosition(d, m), [x, y])).toBeLessThan(1e-14);
    const expected = sampled(d, ([p, q]) => (1.5 * ((p! - 0.25 * x) ** 2 + (q! - 0.25 * y) ** 2)) / 2);
    expect(worst(slice(d, m), expected)).toBeLessThan(1e-14);
  });
});

describe("nonlocal", () => {
  /** Direct sum over the kernel, the density continued by `value(j)` for any integer j. */
  const direct = (n: number, width: number, h: number, value: (j: number) => number): Float64Array => {
    const reach = Math.floor((8 * width) / h);
    const weight = (k: number): number => Math.exp(-((k * h) ** 2) / (2 * width ** 2));
    let total = 0;
    for (let k = -reach; k <= reach; k++) total += weight(k);
    return Float64Array.from({ length: n }, (_, i) => {
      let result = 0;
      for (let k = -reach; k <= reach; k++) result += weight(k) * value(i + k);
      return result / total;
    });
  };
  const n = 12;
  const random = randomNumbers(3);
  const m = Float64Array.from({ length: n }, () => random());
  const wrap = (j: number): number => m[((j % n) + n) % n]!;
  const even = (j: number): number => {
    const k = ((j % (2 * n)) + 2 * n) % (2 * n);
    return m[k < n ? k : 2 * n - 1 - k]!;
  };
  const inside = (j: number): number => (j >= 0 && j < n ? m[j]! : 0);
  const evenBelow = (j: number): number => inside(j < 0 ? -1 - j : j);

  // Widths from less than a cell to more than the box (1).
  const widths = [0.01, 0.05, 0.2, 1.5];
  test.each(widths)("width %s: each boundary's continuation, by direct sum", (width) => {
    const at = (lower: AxisPlan["lower"], upper: AxisPlan["upper"] = lower): Float64Array =>
      slice(make({ kind: "nonlocal", strength: 2, width }, [{ n, lower, upper } as AxisPlan]), m);
    const twice = (value: (j: number) => number): Float64Array => direct(n, width, 1 / n, value).map((v) => 2 * v);
    expect(worst(at("periodic"), twice(wrap))).toBeLessThan(1e-14);
    expect(worst(at("reflecting"), twice(even))).toBeLessThan(1e-14);
    expect(worst(at("exit"), twice(inside))).toBeLessThan(1e-14);
    expect(worst(at("open"), twice(inside))).toBeLessThan(1e-14);
    expect(worst(at("reflecting", "exit"), twice(evenBelow))).toBeLessThan(1e-14);
  });

  test("weights sum to 1, and keep the mass between reflecting walls", () => {
    const w = gaussianWeights(0.3, 0.05);
    expect(2 * sum(w) - w[0]!).toBeCloseTo(1, 14);
    const f = slice(make({ kind: "nonlocal", strength: 1, width: 0.3 }, [{ n, lower: "reflecting" }]), m);
    expect(sum(f)).toBeCloseTo(sum(m), 13);
  });

  test("in three dimensions it is the product of the axes' kernels", () => {
    const axes: AxisPlan[] = [{ n: 7 }, { n: 8, lower: "reflecting" }, { n: 9, lower: "exit" }];
    const d = make({ kind: "nonlocal", strength: 1, width: 0.1 }, axes);
    const factor = axes.map(({ n: size }, a) => {
      const numbers = randomNumbers(10 + a);
      return Float64Array.from({ length: size }, () => numbers());
    });
    const product = Float64Array.from({ length: d.grid.points }, (_, i) =>
      indicesOf(d, i).reduce((p, k, a) => p * factor[a]![k]!, 1),
    );
    const smoothed = axes.map((axis, a) =>
      slice(make({ kind: "nonlocal", strength: 1, width: 0.1 }, [axis]), factor[a]!),
    );
    const expected = Float64Array.from({ length: d.grid.points }, (_, i) =>
      indicesOf(d, i).reduce((p, k, a) => p * smoothed[a]![k]!, 1),
    );
    expect(worst(slice(d, product), expected)).toBeLessThan(1e-15);
  });
});
