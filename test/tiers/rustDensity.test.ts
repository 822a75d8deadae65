/** The forward sweep in Rust against the batched tier's: every mode, wall, dimension and Hamiltonian. */
import { describe, expect, test } from "vitest";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import type { SchemeOptions } from "../../src/scheme/options.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import type { DensityReport, Tier, WorkspaceOptions } from "../../src/tiers/tier.ts";
import { cases, type Case, relative } from "../conformance/cases.ts";
import { discretisationOf, randomNumbers } from "../scheme/fixtures.ts";
import { solveTiers } from "../support/solveTiers.ts";

const absent = solveTiers.find(({ tier }) => tier === "rust")!.absent;

const modes: readonly { readonly mode: string; readonly horizon: number; readonly scheme: Partial<SchemeOptions> }[] = [
  { mode: "richardson", horizon: 0.05, scheme: { splitting: "richardson", cfl: 1 } },
  { mode: "strang", horizon: 0.05, scheme: { splitting: "strang", cfl: 0.5 } },
  { mode: "explicit", horizon: 0.01, scheme: { splitting: "explicit", cfl: 0.5 } },
  { mode: "fdm", horizon: 1, scheme: { fokkerPlanck: "fdm", fdmSubsteps: 2 } },
];

interface Given {
  readonly d: Discretisation;
  readonly value: Float64Array;
}

/** Rough values, rough exit values that change in time, a density with holes. */
function given({ plan }: Case, horizon: number, scheme: Partial<SchemeOptions>): Given {
  const draft = discretisationOf({ ...plan, steps: 3, horizon, scheme: { ...plan.scheme, ...scheme } });
  const random = randomNumbers(7);
  const numbers = (length: number, next: () => number): Float64Array => Float64Array.from({ length }, next);
  for (const side of draft.boundaries.flatMap(({ lower, upper }) => [lower, upper]))
    side.exitValue?.set(numbers(side.exitValue.length, () => 0.2 * random()));
  const { points } = draft.grid;
  const value = numbers(4 * points, () => 0.2 * random());
  return { d: { ...draft, initialDensity: numbers(points, () => (random() < 0.3 ? 0 : 0.5 + random())) }, value };
}

type Options = Omit<WorkspaceOptions, "andersonDepth" | "keepTransported">;

async function sweep(
  tier: Tier,
  { d, value }: Given,
  options: Options,
): Promise<{ readonly density: Float64Array; readonly report: DensityReport & { readonly residual: number } }> {
  await using workspace = await tier.workspace([d], { ...options, andersonDepth: 0, keepTransported: true });
  await workspace.load(0, d.initialDensity);
  await workspace.loadValue(0, value);
  const report = await workspace.fokkerPlanck(0);
  return { density: await workspace.read(0, "transported"), report };
}

describe.skipIf(absent !== undefined)("the forward sweep of rust", () => {
  const all = cases.filter(({ plan }) => plan.scheme?.hamiltonianFlux === undefined);
  describe.each(modes)("$mode", ({ horizon, scheme }) => {
    test.each(all)("$name", async (one) => {
      const problem = given(one, horizon, scheme);
      const wanted = await sweep(batchedTier, problem, { precision: "f64" });
      const found = await sweep(rustTier, problem, { precision: "f64" });
      expect(relative(found.density, wanted.density)).toBeLessThan(1e-11);
      const { massDrift, minDensity, outflow, residual, ...counts } = found.report;
      const { massDrift: _drift, minDensity: least, outflow: left, residual: rms, ...wantedCounts } = wanted.report;
      expect(counts).toEqual(wantedCounts);
      expect(massDrift).toBeLessThan(1e-12);
      expect(minDensity).toBeGreaterThanOrEqual(Math.min(0, least));
      expect(Math.abs(outflow - left)).toBeLessThan(1e-12);
      expect(Math.abs(residual - rms)).toBeLessThan(1e-12 * Math.max(1, rms));
      const single = await sweep(rustTier, problem, { precision: "f32" });
      expect(relative(single.density, wanted.density)).toBeLessThan(2e-3);
      expect(single.report.minDensity).toBeGreaterThanOrEqual(0);
    });
  });

  // Large enough that a lane has all threads, and that every axis is cut into several tiles and strips.
  const large: readonly Case[] = [
    { name: "a plane", plan: { axes: [{ n: 136, lower: "exit" }, { n: 128 }], nu: 0.02 } },
    { name: "a box", plan: { axes: [{ n: 20, lower: "exit" }, { n: 72 }, { n: 13, lower: "open" }], nu: 0.02 } },
    { name: "a long box", plan: { axes: [{ n: 70 }, { n: 18, lower: "reflecting" }, { n: 14 }], nu: 0.02 } },
  ];
  describe.each(modes)("$mode: any number of threads gives the same bits", ({ horizon, scheme }) => {
    test.each(large)("$name", async (one) => {
      const problem = given(one, horizon / 100, { ...scheme, fdmSubsteps: 1 });
      const alone = await sweep(rustTier, problem, { precision: "f64", threads: 1 });
      const three = await sweep(rustTier, problem, { precision: "f64", threads: 3 });
      expect(three).toEqual(alone);
      const wanted = await sweep(batchedTier, problem, { precision: "f64" });
      expect(relative(alone.density, wanted.density)).toBeLessThan(1e-11);
      expect(alone.report.limited).toBe(wanted.report.limited);
      // Implicit transport limits nothing.
      expect(wanted.report.limited > 0).toBe(scheme.fokkerPlanck !== "fdm");
    });
  });

  test("values that are too steep to follow end in a failure that says where", async () => {
    const problem = given(cases[0]!, 0.05, {});
    for (const bad of [Number.NaN, 1e308]) {
      const value = problem.value.slice().fill(0);
      value[2 * problem.d.grid.points + 3] = bad;
      for (const scheme of [{}, { fokkerPlanck: "fdm" as const }]) {
        const d = { ...problem.d, scheme: { ...problem.d.scheme, ...scheme } };
        const wanted = await sweep(batchedTier, { d, value }, { precision: "f64" });
        const found = await sweep(rustTier, { d, value }, { precision: "f64" });
        expect(wanted.report.failure?.field).toBe("density");
        expect(found.report.failure?.field).toBe("density");
        expect(found.report.failure?.level).toBe(wanted.report.failure?.level);
      }
    }
  });
});
