/** A calibration: at which sizes, for whom, and from which states. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { calibrate, ladder } from "../../src/decision/calibrate.ts";
import { candidatesFor } from "../../src/decision/candidates.ts";
import { runPilot } from "../../src/decision/pilot.ts";
import { referenceOf } from "../../src/decision/workload.ts";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import { discretisationOf } from "../../src/solver/configure.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { sharedFrom } from "../../src/tiers/rust/tier.ts";
import { root } from "../house/imports.ts";
import { faulty } from "./tiers.ts";

describe("the ladder of sizes", () => {
  test("keeps the proportions, ends at the grid itself, and is about evenly spaced", () => {
    const sizes = ladder([64, 32]);
    expect(sizes.at(-1)).toEqual([64, 32]);
    for (const [n, m] of sizes) expect(n! / m!).toBeCloseTo(2, 0);
    const points = sizes.map(([n, m]) => n! * m!);
    for (const [k, p] of points.slice(1).entries()) expect(p / points[k]!).toBeGreaterThan(2);
  });
  test("is the grid alone where that is small", () => expect(ladder([20])).toEqual([[20]]));
});

test("a size just beyond a tier's break is measured as well, for that tier alone", async () => {
  const problem = loadCatalogueProblem("lq-2d");
  const { scheme } = discretisationOf(problem, { grid: 16, steps: 4 });
  const broken = { ...faulty({ name: "rust", device: false }), breaks: () => [400, 1e6] };
  const candidates = await candidatesFor({ tiers: [batchedTier, broken] });
  const { samples, excluded } = await calibrate(candidates, referenceOf(candidates)!, problem, [16, 16], scheme, {
    budgetMs: 20_000,
    warmUpMs: 1,
  });
  expect(excluded).toEqual([]);
  const sizes = (name: string): number[] => samples.get(name)!.map(({ points }) => points);
  expect(sizes("batched f64")).toEqual([196, 256]);
  expect(sizes("rust f64")).toEqual([196, 256, 400]);
});

test("the break of rust is the one in its source", () => {
  const source = readFileSync(join(root, "native/src/workspace.rs"), "utf8");
  expect(source).toContain(`const SMALL: usize = ${sharedFrom.toLocaleString("en").replaceAll(",", "_")};`);
  // What `busyThreads` says of it.
  expect(source).toContain("if one_line || d.points < SMALL { (members.min(options.threads).max(1), 1) }");
});

test("sweeps start from the pilot's states where there is one", async () => {
  const problem = loadCatalogueProblem("two-crowds-1d");
  const options = { grid: 96, steps: 6 };
  const d = discretisationOf(problem, options);
  const candidates = await candidatesFor({ tiers: [batchedTier] });
  const pilot = await runPilot(d, options, candidates, 1);
  const quick = { budgetMs: 10_000, warmUpMs: 1 };
  const run = async (more: object): Promise<number> => {
    const reference = referenceOf(candidates)!;
    const { samples } = await calibrate(candidates, reference, problem, [96], d.scheme, { ...quick, ...more });
    const [first] = samples.get("batched f64")!;
    return first!.work.hjb.diffusion / first!.work.hjb.substeps;
  };
  // Sub-steps of the data alone are shorter, and take fewer stages of the diffusion each.
  expect(await run({ pilot: pilot! })).toBeGreaterThan(1.2 * (await run({})));
});
