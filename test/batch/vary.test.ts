import { describe, expect, test } from "vitest";
import { sobolPoints } from "../../src/batch/sobol.ts";
import { parseStudyFile, type StudyInput } from "../../src/batch/studyFile.ts";
import { assignments, memberCount } from "../../src/batch/vary.ts";

const study = (rest: Partial<StudyInput>): ReturnType<typeof parseStudyFile> =>
  parseStudyFile({ name: "s", problem: "r1", vary: { volatility: [0.3] }, ...rest });

describe("combinations", () => {
  const vary = { a: [1, 2], b: { from: 1, to: 100, count: 3, scale: "log" } } as const;

  test("a product: the last parameter runs fastest, log ranges have equal ratios and exact ends", () => {
    const members = assignments(study({ vary }));
    expect(members.map(({ a }) => a)).toEqual([1, 1, 1, 2, 2, 2]);
    const b = members.map((member) => member["b"] as number);
    expect([b[0], b[2]]).toEqual([1, 100]);
    expect(b[1]).toBeCloseTo(10, 12);
    expect(memberCount(study({ vary }))).toBe(6);
  });
  test("zip pairs, and refuses lists of different lengths by name", () => {
    const pairs = assignments(study({ vary: { a: [1, 2], b: ["x", "y"] }, combine: "zip" }));
    expect(pairs).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: "y" },
    ]);
    expect(() => assignments(study({ vary: { a: [1, 2], b: [1, 2, 3] }, combine: "zip" }))).toThrow(/b has 3/);
  });
  test.each(["random", "sobol"] as const)("%s: in the box, repeatable, changed by the seed", (kind) => {
    const draw = (seed: number): readonly unknown[] =>
      assignments(study({ vary: { a: { from: 2, to: 3 }, b: ["p", "q"] }, combine: { kind, count: 50, seed } }));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    for (const { a, b } of draw(7) as { a: number; b: string }[]) {
      expect(a).toBeGreaterThanOrEqual(2);
      expect(a).toBeLessThanOrEqual(3);
      expect(["p", "q"]).toContain(b);
    }
    expect(new Set((draw(7) as { b: string }[]).map(({ b }) => b)).size).toBe(2);
  });
  test("log ranges must be positive", () => {
    expect(() => assignments(study({ vary: { a: { from: 0, to: 1, count: 3, scale: "log" } } }))).toThrow(
      /log range from 0/,
    );
  });
});

describe("Sobol points", () => {
  // First points of SciPy 1.16's qmc.Sobol(d=4, scramble=False): Joe & Kuo's directions in Gray-code order.
  test("are those of Joe & Kuo", () => {
    expect(sobolPoints(6, 4)).toEqual([
      [0, 0, 0, 0],
      [0.5, 0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25, 0.25],
      [0.25, 0.75, 0.75, 0.75],
      [0.375, 0.375, 0.625, 0.875],
      [0.875, 0.875, 0.125, 0.375],
    ]);
  });
  test("every block of 2^k points has one in each of 2^k intervals, in all 16 dimensions", () => {
    const points = sobolPoints(64, 16);
    for (let d = 0; d < 16; d++) {
      const cells = new Set(points.map((point) => Math.floor(64 * point[d]!)));
      expect(cells.size).toBe(64);
    }
  });
});

describe("the study file", () => {
  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ["an unknown key", { name: "s", problem: "r1", varry: {}, vary: { a: [1] } }, /Did you mean "vary"/],
    ["nothing to vary", { name: "s", problem: "r1", vary: {} }, /volatility/],
    ["an empty list", { name: "s", problem: "r1", vary: { a: [] } }, /schema/],
    ["no problem", { name: "s", vary: { a: [1] } }, /schema/],
    ["a fraction of a member", { name: "s", problem: "r1", vary: { a: { from: 0, to: 1, count: 2.5 } } }, /schema/],
  ];
  test.each(bad)("%s is refused with a mend", (_, input, mend) => {
    const refused = (): unknown => {
      try {
        return parseStudyFile(input);
      } catch (error) {
        return error;
      }
    };
    expect(refused()).toMatchObject({ code: "MFGPU_CONFIG_STUDY", fix: expect.stringMatching(mend) });
  });
});
