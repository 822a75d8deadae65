/** Anderson steps that end at densities lost in rounding: on every tier, in every precision, on both paths of the GPU. */
import { describe, expect, test } from "vitest";
import { summaryLines } from "../../src/cli/summary.ts";
import { parseProblem } from "../../src/problem/schema.ts";
import { discretise } from "../../src/scheme/discretise.ts";
import { schemeDefaults, type SchemeOptions } from "../../src/scheme/options.ts";
import { solveOnTier } from "../../src/solver/solve.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import type { Precision, RelaxReport, Tier, TierPlace, Workspace } from "../../src/tiers/tier.ts";
import { webgpuTier } from "../../src/tiers/webgpu/tier.ts";
import { solveTiers } from "../support/solveTiers.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { r1 } from "./support.ts";

/** A hill with nothing around it, which nothing moves. */
const hill = parseProblem({
  name: "hill",
  domain: [{ from: 0, to: 1, boundary: "periodic" }],
  horizon: 0.1,
  volatility: 0,
  hamiltonian: { kind: "quadratic", control: 1 },
  coupling: { kind: "none" },
  terminalCost: "0",
  initialDensity: "max(0, 1 - 20*abs(x - 0.5))",
});
const whyNoRust = solveTiers.find(({ tier }) => tier === "rust")?.absent;
const points = 64;
const steps = 2;

interface Case {
  readonly name: string;
  readonly tier: Tier;
  readonly precision: Precision;
  readonly place?: TierPlace;
  readonly scheme?: Partial<SchemeOptions>;
  /** A normal number whose rounding is lost. */
  readonly small: number;
  readonly absent?: string | undefined;
}

const onGpu = (precision: Precision): Case[] =>
  (["line", "grid"] as const).map((path) => ({
    name: `webgpu ${precision}, path ${path}`,
    tier: webgpuTier,
    precision,
    place: gpuPlace,
    // Global Lax-Friedrichs needs all workgroups on one field.
    scheme: path === "grid" ? { hamiltonianFlux: "glf" } : {},
    small: 1e-28,
    absent: whyNoGpu,
  }));
const cases: readonly Case[] = [
  { name: "batched f64", tier: batchedTier, precision: "f64", small: 1e-290 },
  { name: "rust f64", tier: rustTier, precision: "f64", small: 1e-290, absent: whyNoRust },
  { name: "rust f32", tier: rustTier, precision: "f32", small: 1e-25, absent: whyNoRust },
  ...onGpu("f32"),
  ...onGpu("compensated"),
];

/** Three Anderson steps from a guess of about `small` where the density ends at 0: the reports, and the densities. */
async function stepsFrom(small: number, { tier, precision, place, scheme }: Case) {
  const d = discretise(hill, [points], steps, { ...schemeDefaults(), ...scheme });
  const options = { ...place, precision, andersonDepth: 4, keepTransported: true };
  await using workspace = await tier.workspace([d], options);
  const guess = Float64Array.from({ length: (steps + 1) * points }, (_, i) => small * (1.5 + Math.sin(7 * i)));
  await workspace.load(0, guess);
  await workspace.loadValue(0, new Float64Array(guess.length));
  await workspace.fokkerPlanck(0);
  const transported = await workspace.read(0, "transported");
  const empty = [...transported.keys()].filter((i) => i >= points && transported[i] === 0);
  expect(empty.length).toBeGreaterThan(steps * (points / 2));
  const reports: RelaxReport[] = [];
  for (let k = 0; k < 3; k++)
    reports.push(await workspace.relax(0, { kind: "anderson", beta: 0.1 }, { kind: "blend", theta: 0.5 }));
  const density = await workspace.read(0, "density");
  return { kinds: reports.map(({ step }) => step.kind), left: empty.map((i) => density[i]!) };
}

describe.each(cases)("$name", (one) => {
  test.skipIf(one.absent !== undefined)("a step that ends below 0 by what is lost in rounding is taken", async () => {
    const { kinds, left } = await stepsFrom(one.small, one);
    expect(kinds).toEqual(["anderson", "anderson", "anderson"]);
    expect(Math.min(...left)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...left)).toBeLessThan(1e-5 * one.small);
  });
  test.skipIf(one.absent !== undefined)("one that ends below 0 by more is not", async () => {
    const { kinds, left } = await stepsFrom(1, one);
    expect(kinds).toContain("blend");
    expect(Math.min(...left)).toBeGreaterThanOrEqual(0);
  });
});

test("a record tells how many Anderson steps were replaced, and the summary says it", async () => {
  let asked = 0;
  // Every third of them would make a density negative.
  const relax =
    (inner: Workspace): Workspace["relax"] =>
    (member, step, fallback) =>
      inner.relax(member, step.kind === "anderson" && asked++ % 3 === 0 ? fallback : step, fallback);
  const tier: Tier = {
    ...batchedTier,
    workspace: async (...given) => {
      const inner = await batchedTier.workspace(...given);
      const replaced = relax(inner);
      return new Proxy(inner, {
        get: (whole, name) => {
          if (name === "relax") return replaced;
          const part: unknown = Reflect.get(whole, name, whole);
          return typeof part === "function" ? (part as () => unknown).bind(whole) : part;
        },
      });
    },
  };
  const [first] = await solveOnTier(tier, [r1], { grid: 16, steps: 8, maxIterations: 20, tolerance: 1e-15 });
  const { record } = first!;
  expect(asked).toBe(4);
  expect(record.relaxation).toMatchObject({ method: "anderson", replaced: 2 });
  expect(summaryLines(record, undefined).join("\n")).toMatch(/\n +2 Anderson steps would have made a density negative/);
  const [second] = await solveOnTier(batchedTier, [r1], { grid: 16, steps: 8, maxIterations: 20, tolerance: 1e-15 });
  expect(second!.record.relaxation.replaced).toBe(0);
  expect(summaryLines(second!.record, undefined).join("\n")).not.toContain("Anderson");
});
