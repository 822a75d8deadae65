import { describe, expect, test } from "vitest";
import { MfgError } from "../../src/errors.ts";
import { bytesText, rateText, secondsText, smallText } from "../../src/cli/text.ts";
import { chosenTier } from "../../src/cli/tiers.ts";
import * as read from "../../src/cli/values.ts";

function refusal(call: () => unknown): MfgError {
  try {
    call();
  } catch (error) {
    if (error instanceof MfgError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("option values", () => {
  test("grids", () => {
    expect(read.readGrid("--grid", "512")).toBe(512);
    expect(read.readGrid("--grid", "512x256")).toEqual([512, 256]);
    expect(read.readGrid("--grid", "64X64x32")).toEqual([64, 64, 32]);
  });
  test.each(["", "x", "0", "-5", "12.5", "1e3", "8x", "8x8x8x8", "0x10", "8,8", "99999999999999999999"])(
    "no grid: %j",
    (text) => expect(refusal(() => read.readGrid("--grid", text))).toMatchObject({ path: "--grid", value: text }),
  );
  test("counts", () => {
    expect(read.readCount("--steps", "50", 1)).toBe(50);
    for (const text of ["0", "-1", "1.5", "many", "", " 3"]) refusal(() => read.readCount("--steps", text, 1));
  });
  test("positive numbers", () => {
    expect(read.readPositive("--tolerance", "1e-8")).toBe(1e-8);
    expect(read.readPositive("--cfl", ".5")).toBe(0.5);
    for (const text of ["0", "-1", "NaN", "Infinity", "1e999", "", "0x1", "1,5"]) {
      refusal(() => read.readPositive("--cfl", text));
    }
  });
  test("names: the mend lists what is known", () => {
    expect(read.readName("--weno", "z", ["js", "z", "m"])).toBe("z");
    expect(refusal(() => read.readName("--weno", "Z5", ["js", "z", "m"])).fix).toContain("js, z, m");
  });
  test("time levels and relaxation", () => {
    expect(read.readTimeLevels("--time-levels", "graded")).toBe("graded");
    expect(read.readTimeLevels("--time-levels", "0")).toBe(0);
    expect(read.readRelaxation("--relaxation", "anderson")).toBe("anderson");
    expect(read.readRelaxation("--relaxation", "0.3")).toBe(0.3);
    for (const text of ["1.1", "-0.1", "even", ""]) refusal(() => read.readTimeLevels("--time-levels", text));
    for (const text of ["0", "1.5", "damped", ""]) refusal(() => read.readRelaxation("--relaxation", text));
  });
  test("memory", () => {
    expect(read.readBytes("--memory", "2GB")).toBe(2e9);
    expect(read.readBytes("--memory", "1.5 GiB")).toBe(1.5 * 2 ** 30);
    expect(read.readBytes("--memory", "956301312")).toBe(956301312);
    for (const text of ["", "GB", "0", "-1GB", "2 elephants", "1.2.3MB", "1e30GB"]) {
      refusal(() => read.readBytes("--memory", text));
    }
  });
  test("paths by their ending", () => {
    expect(read.readPath("--plot", "a/b.SVG", [".svg", ".png"])).toBe("a/b.SVG");
    expect(refusal(() => read.readPath("--plot", "b.pdf", [".svg", ".png"])).fix).toContain(".svg or .png");
  });
});

describe("the tier", () => {
  test("is auto unless named", () => {
    expect(chosenTier(undefined, undefined)).toBe("auto");
    expect(chosenTier("scalar", "")).toBe("scalar");
  });
  test("is forced by MFGPU_TIER", () => {
    expect(chosenTier(undefined, "scalar")).toBe("scalar");
    expect(chosenTier("auto", "scalar")).toBe("scalar");
    expect(chosenTier("scalar", "scalar")).toBe("scalar");
  });
  test("is not overruled in silence", () => {
    expect(refusal(() => chosenTier("batched", "scalar")).code).toBe("MFGPU_CONFIG_TIER_CONFLICT");
    expect(refusal(() => chosenTier(undefined, "quantum"))).toMatchObject({
      code: "MFGPU_CONFIG_TIER_NAME",
      path: "MFGPU_TIER",
    });
  });
});

test("numbers for people", () => {
  expect([0, 999, 1e3, 956301312, 5.4e10].map(bytesText)).toEqual(["0 B", "999 B", "1.00 kB", "956 MB", "54.0 GB"]);
  expect([0.01234, 5, 61, 3725].map(secondsText)).toEqual(["0.0123 s", "5.00 s", "1 min 1 s", "1 h 2 min 5 s"]);
  expect([0, null, 1.234e-8].map(smallText)).toEqual(["0", "-", "1.23e-8"]);
  expect([12, 3.4e6].map(rateText)).toEqual(["12.0", "3.40M"]);
});
