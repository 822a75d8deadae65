import { expect, test } from "vitest";
import { bench } from "../../src/bench/bench.ts";
import type { LeftOut } from "../../src/bench/report.ts";
import { mergeRounds } from "../../src/bench/rounds.ts";
import { scalarTier } from "../../src/tiers/scalar/tier.ts";
import { liar, noEnergy, rowWith } from "./support.ts";

const out = (contestant: string, kind: LeftOut["kind"]): LeftOut => {
  const { section, operation, shape } = rowWith({});
  return { section, operation, shape, contestant, kind, reason: `${contestant} is ${kind}` };
};
const round = (rows: ReturnType<typeof rowWith>[], leftOut: LeftOut[] = [], notes: string[] = []) => {
  return { rows, leftOut, notes };
};

test("a row is that of its quieter round, whose deviation covers half the difference of both", () => {
  const quiet = rowWith({ contestant: "a", median: 2, mad: 0.1, nsPerPoint: 20, nsMad: 1 });
  const loud = rowWith({ contestant: "a", median: 3, mad: 0.2, nsPerPoint: 30, nsMad: 2 });
  for (const rounds of [
    [quiet, loud],
    [loud, quiet],
  ]) {
    const { rows } = mergeRounds(rounds.map((row) => round([row])));
    expect(rows).toEqual([{ ...quiet, mad: 0.5, nsMad: 5 }]);
  }
  // Rounds that agree better than the samples of one say nothing new.
  expect(mergeRounds([round([quiet]), round([{ ...quiet, median: 2.1 }])]).rows).toEqual([quiet]);
  const steady = rowWith({ mad: 0, nsMad: 0 });
  expect(mergeRounds([round([steady]), round([steady])]).rows).toEqual([steady]);
});

test("one round is itself, and notes of all rounds are kept", () => {
  const one = round([rowWith({ contestant: "a" }), rowWith({ contestant: "b" })], [out("c", "slow")], ["loud"]);
  expect(mergeRounds([one])).toEqual(one);
  expect(mergeRounds([one, round([], [], ["louder"])]).notes).toEqual(["loud", "louder"]);
});

test("who had no time in one round has a row by the other; who was wrong in any has none", () => {
  const [a, b] = [rowWith({ contestant: "a" }), rowWith({ contestant: "b" })];
  const merged = mergeRounds([
    round([b], [out("a", "slow"), out("c", "slow")]),
    round([a], [out("b", "wrong"), out("c", "failed")]),
  ]);
  expect(merged.rows).toEqual([a]);
  expect(merged.leftOut.map(({ contestant, kind }) => [contestant, kind])).toEqual([
    ["c", "failed"],
    ["b", "wrong"],
  ]);
});

test("a whole run has three rounds of everything and one row of each", async () => {
  const seen: string[] = [];
  const report = await bench({
    sections: ["kernels"],
    tiers: [scalarTier, liar(1.001)],
    cases: [{ operation: "derivatives", shape: [40] }],
    timeLimit: 20,
    energy: noEnergy,
    onSection: (section) => seen.push(section),
    onRow: ({ contestant }) => seen.push(contestant),
  });
  expect(seen).toEqual(["kernels", "scalar f64", "kernels", "scalar f64", "kernels", "scalar f64"]);
  expect(report.rows.map(({ contestant }) => contestant)).toEqual(["scalar f64"]);
  expect(report.leftOut.map(({ contestant, kind }) => [contestant, kind])).toEqual([
    ["webgpu f64", "wrong"],
    ["webgpu f32", "wrong"],
  ]);
});
