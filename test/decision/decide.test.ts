/** The procedure: profile, gate, rungs, Amdahl, table, recommendation, and that a wrong or dead tier is left out. */
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import { baselineText, measureBaseline } from "../../src/decision/baseline.ts";
import { decide, type DecideOptions } from "../../src/decision/decide.ts";
import { amdahl, divisionNote, type Decision } from "../../src/decision/decision.ts";
import { readProfile } from "../../src/decision/profile.ts";
import { Wisdom } from "../../src/decision/wisdom.ts";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { scalarTier } from "../../src/tiers/scalar/tier.ts";
import type { Tier } from "../../src/tiers/tier.ts";
import { decisionFigures } from "../../src/plot/decisionFigures.ts";
import { decisionHtml, decisionMarkdown } from "../../src/plot/decisionReport.ts";
import { FakeClock } from "./clock.ts";
import { faulty } from "./tiers.ts";

const crowds = loadCatalogueProblem("two-crowds-1d");
const size = { grid: 40, steps: 8 } as const;
const quick = { profileMs: 300, raceMs: 1500, planMs: 1500, baseline: { repeats: 3, repeatMs: 20 } } as const;
const twoTiers = [scalarTier, batchedTier];

/** A rung whose kernels are the batched tier's, `times` slower, and wrong where asked. */
function rung(name: Tier["name"], more: { readonly wrong?: boolean; readonly software?: boolean } = {}): Tier {
  return {
    ...faulty({ name, software: more.software ?? false }),
    precisions: ["f64"],
    kernels: async (options) => {
      const kernels = await batchedTier.kernels(options);
      return {
        tally: kernels.tally,
        smoothness: (stencils, out) => kernels.smoothness(stencils, out),
        derivatives: (...args) => kernels.derivatives(...args),
        weights: async (beta, linear, epsilon, out) => {
          await kernels.weights(beta, linear, epsilon, out);
          if (more.wrong) out[0] = (out[0] ?? 0) + 1e-3;
        },
        [Symbol.asyncDispose]: () => kernels[Symbol.asyncDispose](),
      };
    },
  };
}

function decided(procedure: DecideOptions = {}): Promise<Decision> {
  return decide(crowds, size, { ...quick, tiers: twoTiers, wisdom: Wisdom.inMemory(), ...procedure });
}

const whole = decided({ all: true });

describe("the procedure on two tiers", () => {
  test("profiles a real solve: functions by their own time, calls, the hot kernel's share", async () => {
    const { profile } = await whole;
    expect(profile.tier).toBe("scalar");
    expect(profile.seconds).toBeGreaterThan(0.05);
    expect(profile.functions.length).toBeGreaterThan(5);
    expect(profile.functions.some(({ hot, calls }) => hot && (calls ?? 0) > 100)).toBe(true);
    const self = profile.functions.map((one) => one.self);
    expect(self).toEqual(self.toSorted((a, b) => b - a));
    for (const one of profile.functions) expect(one.cumulative).toBeGreaterThanOrEqual(one.self);
    expect(profile.hotShare).toBeGreaterThan(0.01);
    expect(profile.hotShare).toBeLessThan(1);
    expect(profile.raw.nodes.length).toBeGreaterThan(10);
    expect(profile.raw.samples!.length).toBe(profile.raw.timeDeltas!.length);
  });
  test("every rung and operation stands in the table, with its error", async () => {
    const { rows, rungs } = await whole;
    expect(rungs.map(({ tier }) => tier)).toEqual(["scalar", "batched"]);
    expect(new Set(rows.map(({ name, operation }) => `${name} ${operation}`)).size).toBe(rows.length);
    expect(rows.filter(({ tier }) => tier === "batched")).toHaveLength(4);
    expect(rows.find(({ tier }) => tier === "scalar")!.error).toBe(0);
    expect(rows.find(({ precision }) => precision === "f32")!.error).toBeGreaterThan(1e-12);
    for (const row of rows) expect(row.total).toBeGreaterThan(0);
  });
  test("Amdahl's bound stands beside each speed-up", async () => {
    const { rungs, profile } = await whole;
    const batched = rungs.find(({ tier }) => tier === "batched")!;
    expect(batched.amdahl).toBeCloseTo(amdahl(profile.hotShare, batched.speedup!), 12);
    expect(amdahl(0.5, Infinity)).toBe(2);
    expect(amdahl(1, 7)).toBe(7);
    expect(amdahl(0, 7)).toBe(1);
  });
  test("recommends by whole solves, and says that the original divides the wrong way round", async () => {
    const { recommendation, solves, notes } = await whole;
    expect(recommendation).toMatchObject({ simplest: "batched f64", fastest: "batched f64", target: 5 });
    expect(solves[0]!.name).toBe("batched f64");
    expect(solves.find(({ tier }) => tier === "scalar")!.speedup).toBe(1);
    expect(notes).toContain(divisionNote);
  });
  test("is plain JSON but for the raw profile", async () => {
    const { profile: _, ...rest } = await whole;
    expect(JSON.parse(JSON.stringify(rest))).toEqual(rest);
  });
});

describe("the ladder", () => {
  const verdictsAt = async (done: number, borderline: number, all = false): Promise<string[]> => {
    const tiers = [scalarTier, batchedTier, rung("rust")];
    const { rungs } = await decided({ tiers, thresholds: { done, borderline }, all });
    return rungs.map(({ verdict }) => verdict);
  };
  test("stops at the first rung that is enough, goes on past one that is not", async () => {
    expect(await verdictsAt(0.01, 0.005)).toEqual(["baseline", "done", "not reached"]);
    expect(await verdictsAt(1e9, 0.01)).toEqual(["baseline", "borderline", "borderline"]);
    expect(await verdictsAt(1e9, 1e8)).toEqual(["baseline", "go on", "go on"]);
    expect(await verdictsAt(0.01, 0.005, true)).toEqual(["baseline", "done", "done"]);
  });
  test("a wrong rung is excluded before it is timed; an absent one says why; software never counts", async () => {
    const absent = faulty({
      name: "gpujs",
      found: { state: "unavailable", code: "MFGPU_TIER_UNAVAILABLE", why: "gpu.js is not here.", fix: "-" },
    });
    const tiers = [scalarTier, absent, rung("rust", { wrong: true }), rung("webgpu", { software: true })];
    const { rungs, excluded, rows } = await decided({ tiers, all: true });
    expect(Object.fromEntries(rungs.map(({ tier, verdict }) => [tier, verdict]))).toEqual({
      scalar: "baseline",
      gpujs: "unavailable",
      rust: "unavailable",
      webgpu: "software only",
    });
    expect(excluded[0]).toMatchObject({ name: "rust f64", kind: "wrong" });
    expect(rows.filter(({ tier, operation }) => tier === "rust" && operation === "weights")).toEqual([]);
    expect(rungs.find(({ tier }) => tier === "gpujs")!.reason).toBe("gpu.js is not here.");
  });
  test("without the scalar tier there is nothing to compare with", async () => {
    await expect(decided({ tiers: [batchedTier] })).rejects.toMatchObject({ code: "MFGPU_TIER_NO_BASELINE" });
  });
});

describe("the baseline and its gate", () => {
  const at = (microseconds: number, options = {}): ReturnType<typeof measureBaseline> => {
    const clock = new FakeClock();
    return measureBaseline(async () => clock.pass(microseconds / 1000), 100, { clock, ...options });
  };
  test.each([
    [5, "not worth it"],
    [50, "borderline"],
    [500, "worth it"],
  ])("%i us per call: %s", async (microseconds, gate) => {
    const baseline = await at(microseconds);
    expect(baseline.gate).toBe(gate);
    expect(baseline.median).toBeCloseTo(microseconds, 0);
    expect(baseline.perStencil).toBeCloseTo(microseconds / 100, 2);
    expect(baseline.samples).toHaveLength(10);
  });
  test("10,000 calls or two seconds, and never fewer than five calls", async () => {
    expect((await at(5)).calls).toEqual(Array(10).fill(10_000));
    expect((await at(2000)).calls[0]).toBe(1000);
    expect((await at(3_000_000)).calls[0]).toBe(5);
  });
  test("thresholds are options, and the text says all of it", async () => {
    const baseline = await at(50, { gate: [60, 70] });
    expect(baseline.gate).toBe("not worth it");
    expect(baselineText(baseline)).toMatch(
      /median: .* us per call[^]*per stencil: .* us[^]*gate: not worth it \(below 60 us/,
    );
  });
});

test("a profile is added up by function; recursion counts once, idle time not at all", () => {
  const frame = (functionName: string, url = "file:///p/dist/a.js") => ({
    functionName,
    scriptId: "1",
    url,
    lineNumber: 0,
    columnNumber: 0,
  });
  const hot = "file:///p/dist/scheme/weno5.js";
  const nodes = [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 6] },
    { id: 2, callFrame: frame("f"), children: [3] },
    { id: 3, callFrame: frame("f"), children: [4] },
    { id: 4, callFrame: frame("weights", hot), children: [5] },
    { id: 5, callFrame: frame("square") },
    { id: 6, callFrame: frame("(idle)", "") },
  ];
  const samples = [2, 3, 4, 5, 6, 2];
  const timeDeltas = [0, 1e6, 1e6, 2e6, 1e6, 5e6];
  const { functions, seconds, hotShare } = readProfile({ nodes, samples, timeDeltas, startTime: 0, endTime: 1 });
  expect(seconds).toBe(5);
  expect(hotShare).toBeCloseTo(3 / 5, 12);
  const of = (name: string): unknown => functions.find((one) => one.name === name);
  expect(of("f")).toMatchObject({ self: 2, cumulative: 5, place: "a.js:1", calls: null });
  expect(of("weights")).toMatchObject({ self: 2, cumulative: 3, hot: true });
  expect(of("square")).toMatchObject({ self: 1, cumulative: 1, hot: false });
  expect(of("(idle)")).toBeUndefined();
});

describe("the report", () => {
  test("is one page that needs nothing else, and the same as Markdown", async () => {
    const decision = await whole;
    const figures = await decisionFigures(decision);
    const html = decisionHtml(decision, figures);
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).not.toMatch(/<script|<link|src=|href="http|url\(/);
    for (const title of [
      "Recommendation",
      "The ladder",
      "Every rung",
      "Whole solves",
      "Transfers",
      "Roofline",
      "Environment",
    ])
      expect(html).toContain(title);
    expect(html.match(/<svg/g)).toHaveLength(4);
    expect(html).not.toMatch(/NaN|undefined/);
    const markdown = decisionMarkdown(decision, figures);
    expect(markdown).toContain("## The ladder");
    expect(markdown).toContain("batched f64");
    expect(markdown).not.toMatch(/NaN|undefined/);
  });
  test("the share of transfers is a dark part of a bar, as long as it is large", async () => {
    const decision = await whole;
    const solves = decision.solves.map((row, k) => ({ ...row, transferShare: k === 0 ? 0.25 : 0 }));
    const { transfers } = await decisionFigures({ ...decision, solves });
    const widths = (fill: string): number[] =>
      [...transfers.matchAll(new RegExp(`width="([0-9.]+)" height="[0-9.]+" fill="${fill}"`, "g"))].map((m) =>
        Number(m[1]),
      );
    const bars = widths("white").slice(-solves.length);
    const dark = widths("#444444");
    expect(dark).toHaveLength(solves.length);
    expect(dark[0]! / bars[0]!).toBeCloseTo(0.25, 9);
    expect(dark.slice(1).every((width) => width === 0)).toBe(true);
    expect(transfers).toContain("25 %");
  });
  test("lines differ without colour: every stroke is a shade of grey", async () => {
    const figures = await decisionFigures(await whole);
    for (const figure of Object.values(figures)) {
      for (const [, colour] of figure.matchAll(/(?:stroke|fill)="(#[0-9a-f]{6})"/g))
        expect(new Set([colour!.slice(1, 3), colour!.slice(3, 5), colour!.slice(5, 7)]).size).toBe(1);
    }
  });
});

describe("the answer is the same tomorrow", () => {
  test("three times in a row", async () => {
    const wisdom = Wisdom.inMemory();
    const answers = [];
    for (let k = 0; k < 3; k++) answers.push((await decided({ wisdom })).recommendation);
    expect(new Set(answers.map(({ simplest, fastest }) => `${simplest} ${fastest}`)).size).toBe(1);
  });
  test("and while the other core is busy: if it changed, a note would say so", async () => {
    const quiet = await whole;
    const busy = new Worker("for (;;) Math.sqrt(Math.random())", { eval: true });
    onTestFinished(async () => void (await busy.terminate()));
    await pause(50);
    const loud = await decided();
    const same = loud.recommendation.fastest === quiet.recommendation.fastest;
    expect(same || loud.notes.some((line) => /changed|noisy|busy|close/.test(line))).toBe(true);
    expect(loud.recommendation.fastest).toBe("batched f64");
  });
});
