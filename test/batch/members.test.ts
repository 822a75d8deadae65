import { describe, expect, test } from "vitest";
import { makeBatches, nearestRoots } from "../../src/batch/families.ts";
import { canonicalJson, memberId } from "../../src/batch/identity.ts";
import { makeMembers, type Member } from "../../src/batch/members.ts";
import { parseStudyFile, type StudyInput } from "../../src/batch/studyFile.ts";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";

const source = loadCatalogueProblem("r1").source;
const members = (rest: Partial<StudyInput>): Member[] =>
  makeMembers(parseStudyFile({ name: "s", problem: "r1", vary: {}, solve: { grid: 32, steps: 8 }, ...rest }), source);
const refusal = (rest: Partial<StudyInput>): { message: string; fix: string; code: string } => {
  try {
    members(rest);
  } catch (error) {
    return error as { message: string; fix: string; code: string };
  }
  throw new Error("not refused");
};

describe("members", () => {
  test("set parameters of the problem, of its arrays and of the options, and leave the rest alone", () => {
    const [only] = members({ vary: { "coupling.strength": [3], "domain[0].to": [2], "solve.steps": [9] } });
    expect(only).toMatchObject({
      problem: { coupling: { kind: "linear", strength: 3 }, domain: [{ from: 0, to: 2 }], horizon: 1 },
      options: { grid: 32, steps: 9 },
    });
    expect((source as { coupling: unknown }).coupling).toEqual({ kind: "linear", strength: 1 });
  });
  test("a path that does not exist is named with the nearest one", () => {
    expect(refusal({ vary: { volatilty: [1] } })).toMatchObject({
      code: "MFGPU_CONFIG_STUDY",
      fix: expect.stringContaining('Did you mean "volatility"'),
    });
    expect(refusal({ vary: { "solve.stpes": [1] } }).fix).toContain('"solve.steps"');
  });
  test("a path to an object is no number", () => {
    expect(refusal({ vary: { coupling: [1] } }).fix).toContain("coupling.strength");
  });
  test("an invalid member is named, with its parameters", () => {
    const found = refusal({ vary: { volatility: [0.3, -1] } });
    expect(found).toMatchObject({ code: "MFGPU_PROBLEM_SCHEMA" });
    expect(found.message).toContain("Member 1 (volatility = -1)");
    expect(found.fix).toContain("Nothing was run");
  });
  test("tier and precision are one for a study", () => {
    expect(refusal({ vary: { "solve.tier": ["batched"] } }).message).toContain("solve.tier");
  });
  test("more than a million members must be confirmed", () => {
    const many = { a: { from: 0, to: 1, count: 1001 }, b: { from: 0, to: 1, count: 1000 } };
    expect(refusal({ vary: many })).toMatchObject({ fix: expect.stringContaining("--yes") });
  });
});

describe("identity", () => {
  const where = { tier: "batched", precision: "f64" } as const;
  const id = (member: Member | undefined, ...rest: [boolean?, string?]): string =>
    memberId(member!, where, rest[0] ?? false, rest[1]);
  const [one] = members({ vary: { volatility: [0.5] } });

  test("depends on the problem, the grid, the tier, the precision and the parent, and on no word of it", () => {
    const ids = [
      id(one),
      id(members({ vary: { volatility: [0.6] } })[0]),
      id(members({ vary: { volatility: [0.5] }, solve: { grid: 33, steps: 8 } })[0]),
      id(members({ vary: { volatility: [0.5] }, solve: { grid: 32, steps: 8, weno: "js" } })[0]),
      id(members({ vary: { volatility: [0.5] }, solve: { grid: 32, steps: 8, tolerance: 1e-6 } })[0]),
      id(one, true),
      id(one, false, "parent"),
      memberId(one!, { tier: "rust:native", precision: "f64" }, false, undefined),
      memberId(one!, { tier: "batched", precision: "f32" }, false, undefined),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    const renamed = { ...one!, problem: { ...(one!.problem as object), name: "other", description: "words" } };
    expect(id(renamed)).toBe(id(one));
  });
  test("does not depend on the order of keys, nor on defaults that are written out", () => {
    expect(canonicalJson({ b: 1, a: [{ d: 2, c: null }] })).toBe(canonicalJson({ a: [{ c: null, d: 2 }], b: 1 }));
    const [written] = members({ vary: { volatility: [0.5] }, solve: { grid: 32, steps: 8, weno: "z" } });
    expect(id(written)).toBe(id(one));
  });
});

describe("families", () => {
  const line = members({ vary: { volatility: { from: 0.3, to: 1, count: 60 } } });

  test("everybody belongs to the nearest root", () => {
    const roots = nearestRoots(line);
    const chosen = [...new Set(roots)];
    expect(chosen.length).toBe(3);
    for (const root of chosen) expect(roots[root]).toBe(root);
    roots.forEach((root, i) => {
      const best = Math.min(...chosen.map((other) => Math.abs(other - i)));
      expect(Math.abs(root - i)).toBe(best);
    });
  });
  test.each([true, false])("batches hold every member once, of one shape and parent (warm %s)", (warm) => {
    const mixed = members({ vary: { volatility: { from: 0.3, to: 1, count: 30 }, "solve.grid": [32, 40] } });
    const batches = makeBatches(mixed, 8, warm);
    const all = batches.flatMap((batch) => batch.members);
    expect(all.toSorted((a, b) => a - b)).toEqual(mixed.map(({ index }) => index));
    for (const batch of batches) {
      expect(batch.members.length).toBeLessThanOrEqual(8);
      expect(new Set(batch.members.map((i) => mixed[i]!.options.grid)).size).toBe(1);
    }
    const families = batches.filter((batch) => batch.parent !== null);
    expect(families.length > 0).toBe(warm);
    for (const { index, parent, members: children } of families) {
      const own = batches.findIndex((other) => other.members.includes(parent!));
      expect(own, "roots come first").toBeLessThan(index);
      expect(mixed[parent!]!.options.grid).toBe(mixed[children[0]!]!.options.grid);
    }
  });
});
