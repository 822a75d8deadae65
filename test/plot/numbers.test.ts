import { describe, expect, it } from "vitest";
import { countTicks, extentOf, formatDecade, formatNumber, openRange, tickFormat } from "../../src/plot/numbers.ts";

describe("formatNumber", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [1 / 3, "0.333"],
    [-12.5, "\u221212.5"],
    [12_345, "12300"],
    [123_456, "1.23\u00d710\u2075"],
    [0.001, "0.001"],
    [1e-9, "10\u207b\u2079"],
    [-1e-9, "\u221210\u207b\u2079"],
    [3.14e-12, "3.14\u00d710\u207b\u00b9\u00b2"],
    [0.9999, "1"],
    [Number.NaN, "not a number"],
    [-Infinity, "\u2212\u221e"],
  ])("shows %d as %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe("tickFormat", () => {
  it("tells ticks of a narrow range around a large number apart", () => {
    const format = tickFormat(1000, 1000.001);
    expect([1000, 1000.0005, 1000.001].map(format)).toStrictEqual(["1000", "1000.0005", "1000.001"]);
  });

  it("shows the round-off of a tick at 0 as 0", () => {
    expect(tickFormat(-1, 1)(5e-17)).toBe("0");
  });

  it("needs few digits for simple ticks", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map(tickFormat(0, 1))).toStrictEqual(["0", "0.25", "0.5", "0.75", "1"]);
  });
});

describe("countTicks", () => {
  it("are whole multiples of a round step", () => {
    expect(countTicks(1, 33, 7)).toStrictEqual([5, 10, 15, 20, 25, 30]);
    expect(countTicks(0, 2, 7)).toStrictEqual([0, 1, 2]);
    expect(countTicks(-9, 0, 4, [1, 2, 3, 5, 10])).toStrictEqual([-9, -6, -3, 0]);
    expect(countTicks(1, 99_999, 5)).toHaveLength(4);
  });
});

describe("formatDecade", () => {
  it("writes the exponent high", () => {
    expect([1, 1e-12, 1e300].map(formatDecade)).toStrictEqual([
      "10\u2070",
      "10\u207b\u00b9\u00b2",
      "10\u00b3\u2070\u2070",
    ]);
  });
});

describe("extentOf and openRange", () => {
  it("leave out what is not finite", () => {
    expect(extentOf([3, Number.NaN, -Infinity, -1, Infinity])).toStrictEqual([-1, 3]);
    expect(extentOf([Number.NaN])).toBeUndefined();
  });

  it("widen a single value and round-off, and nothing else", () => {
    expect(openRange([2, 2])).toStrictEqual([1.8, 2.2]);
    expect(openRange([0, 0])).toStrictEqual([-0.5, 0.5]);
    const [low, high] = openRange([1, 1 + 1e-15]);
    expect(high - low).toBeGreaterThan(0.1);
    expect(openRange([1, 1.001])).toStrictEqual([1, 1.001]);
  });
});
