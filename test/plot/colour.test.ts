import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { openStudio } from "../../src/plot/charts.ts";
import {
  colourIndex,
  commonDensityScale,
  densityScale,
  rampUri,
  rasterUri,
  valueScale,
} from "../../src/plot/colour.ts";

/** Relative luminance of an sRGB colour (IEC 61966-2-1). */
function luminance([red, green, blue]: readonly number[]): number {
  const linear = (c: number): number => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red!) + 0.7152 * linear(green!) + 0.0722 * linear(blue!);
}

function decoded(uri: string): ReturnType<typeof decode> {
  return decode(Buffer.from(uri.replace("data:image/png;base64,", ""), "base64"), { checkCrc: true });
}

describe("the colour maps", () => {
  it.each(["viridis", "magma"] as const)(
    "%s grows lighter from end to end, so that a grey print can be read",
    async (map) => {
      const { palette } = decoded(await rampUri((await openStudio()).plot, map));
      // Rounding to 8 bits makes neighbours step back now and then; every fifth colour is lighter than the last.
      const lightness = palette!
        .slice(0, 255)
        .filter((_, i) => i % 5 === 0)
        .map(luminance);
      expect(lightness).toHaveLength(51);
      expect(lightness.every((x, i) => i === 0 || x > lightness[i - 1]!)).toBe(true);
      expect(lightness.at(-1)! - lightness[0]!).toBeGreaterThan(0.6);
    },
  );

  it("the ramp has its largest colour on top", async () => {
    const { data, width, height } = decoded(await rampUri((await openStudio()).plot, "viridis"));
    expect([data[0], data[width * (height - 1)]]).toStrictEqual([254, 0]);
  });
});

describe("rasterUri", () => {
  it("holds the colours of the values, and grey where they are not finite", async () => {
    const scale = { map: "viridis", transform: "linear", domain: [0, 4] } as const;
    const values = Float64Array.of(0, 1, 2, 4, Number.NaN, 9);
    const png = decoded(await rasterUri((await openStudio()).plot, { width: 3, height: 2, values }, scale));
    expect([png.width, png.height]).toStrictEqual([3, 2]);
    expect([...png.data]).toStrictEqual([0, 63, 127, 254, 255, 254]);
    expect(png.palette![0]).toStrictEqual([68, 1, 84]);
    expect(png.palette![255]).toStrictEqual([200, 200, 200]);
  });
});

describe("scales", () => {
  it("of a density begin at 0, or at its negative values", () => {
    expect(densityScale([1, 3], "linear").domain).toStrictEqual([0, 3]);
    expect(densityScale([-0.5, 3], "linear").domain).toStrictEqual([-0.5, 3]);
    expect(densityScale([0, 0], "linear").domain).toStrictEqual([0, 1]);
    expect(densityScale([Number.NaN], "linear").domain).toStrictEqual([0, 1]);
  });

  it("of a value are open where it is constant", () => {
    expect(valueScale([5, 5]).domain).toStrictEqual([4.5, 5.5]);
  });

  it("of snapshots take the square root where their peaks differ much, unless asked otherwise", () => {
    expect(
      commonDensityScale(
        [
          [0, 1],
          [0, 3],
        ],
        undefined,
      ).transform,
    ).toBe("linear");
    expect(
      commonDensityScale(
        [
          [0, 1],
          [0, 9],
        ],
        undefined,
      ),
    ).toStrictEqual({
      map: "viridis",
      transform: "sqrt",
      domain: [0, 9],
    });
    expect(
      commonDensityScale(
        [
          [0, 1],
          [0, 9],
        ],
        "linear",
      ).transform,
    ).toBe("linear");
    expect(
      commonDensityScale(
        [
          [0, 1],
          [0, 3],
        ],
        "sqrt",
      ).transform,
    ).toBe("sqrt");
  });

  it("stretch the small values of a square-root scale", () => {
    const domain = [0, 1] as const;
    expect(colourIndex({ map: "viridis", transform: "linear", domain }, 0.25)).toBe(63);
    expect(colourIndex({ map: "viridis", transform: "sqrt", domain }, 0.25)).toBe(127);
    expect(colourIndex({ map: "viridis", transform: "sqrt", domain: [-1, 1] }, 0)).toBe(127);
  });
});
