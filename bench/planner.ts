/**
 * How good the planner is: it is calibrated once per kind of problem, then predicts solves of sizes that the calibration
 * did not see, and every eligible candidate is really run. Run: npx tsx bench/planner.ts [--quick] [--json] [--learn] [--only 2-D]
 * [--out CASES.json], and npx tsx bench/planner.ts CASES.json ... for the figures of several runs together.
 *
 * Prints the prediction error, how often the choice is the fastest (ties within 5 % count), the regret against the oracle and
 * against always taking the best single candidate, what planning costs, and how many solves repay it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { planSolve, type Planned } from "../src/decision/planner.ts";
import { median, mean, quantile } from "../src/decision/statistics.ts";
import { machineOf } from "../src/decision/fingerprint.ts";
import { simplestAlike, type PlanCandidate } from "../src/decision/candidates.ts";
import { batchSize, predictParts } from "../src/decision/twoParts.ts";
import { Wisdom } from "../src/decision/wisdom.ts";
import { workOf } from "../src/decision/work.ts";
import { loadCatalogueProblem } from "../src/problem/catalogue.ts";
import { solveOnTier } from "../src/solver/solve.ts";
import type { SolveOptions } from "../src/solver/options.ts";
import type { SolveResult } from "../src/solver/options.ts";

const { values: flags, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    learn: { type: "boolean", default: false },
    only: { type: "string" },
  },
});

interface Kind {
  readonly problem: string;
  readonly label: string;
  readonly steps: number;
  /** The grid that the planner is calibrated for, once. */
  readonly calibrated: number;
  /** Sizes that no calibration ladder holds. */
  readonly heldOut: readonly number[];
  readonly batches: readonly number[];
}

const kinds: readonly Kind[] = [
  {
    problem: "two-crowds-1d",
    label: "1-D",
    steps: 12,
    calibrated: 800,
    heldOut: [41, 90, 260, 530, 1100],
    batches: [1, 64],
  },
  { problem: "lq-2d", label: "2-D", steps: 6, calibrated: 96, heldOut: [18, 39, 70, 128], batches: [1, 64] },
  { problem: "torus-exact-3d", label: "3-D", steps: 4, calibrated: 24, heldOut: [10, 15, 21, 30], batches: [1, 64] },
];
const iterations = 3;
/** A batch of 64 is run on grids of at most this many points, so that the bench ends. */
const batchPoints = flags.quick ? 500 : 3000;
/** So is one whose best candidate is predicted to take no more than so many seconds. */
const longestBatch = 15;
const rounds = flags.quick ? 1 : 3;
/** Solves of fewer seconds are run three times as often, and nine times: a stray millisecond must not decide who is the fastest. */
const shortRun = 0.3;
const veryShortRun = 0.05;
/** A candidate predicted to be this many times slower than the best is not run: it is counted as never the fastest. */
const hopeless = flags.quick ? 4 : 12;
/** After one round longer than this many seconds a candidate is not run again. */
const longRun = 1.5;

interface Run {
  readonly kind: string;
  readonly grid: string;
  readonly batch: number;
  readonly candidate: string;
  /** Itself, or the simpler one that does the same there and was run for both. */
  readonly run: string;
  readonly predicted: number;
  /** What the cost model gives for the sub-steps that the solve really took. */
  readonly withKnownWork: number;
  readonly actual: number;
}
interface Case {
  readonly name: string;
  readonly chosen: string;
  /** Seconds that this plan took, the models being known. */
  readonly planning: number;
  readonly runs: readonly Run[];
  /** Candidates that were predicted to be hopeless, and were not run. */
  readonly slow: readonly string[];
}

const say = (line: string): void => {
  if (!flags.json) console.log(line);
};

async function runCase(kind: Kind, n: number, batch: number, wisdom: Wisdom): Promise<Case | undefined> {
  const problem = loadCatalogueProblem(kind.problem);
  const grid = Array<number>(problem.dimension).fill(n);
  const options: SolveOptions = { grid, steps: kind.steps, maxIterations: iterations, tolerance: 1e-12 };
  const problems = Array.from({ length: batch }, () => problem);
  const planned = await planSolve(problems, options, { mode: "wisdom-only", wisdom, warm: () => true, pilot: true });
  const { ranked } = planned;
  const best = Math.min(...ranked.map(({ predicted }) => predicted.seconds));
  if (batch > 1 && best > longestBatch) {
    say(`  ${kind.label} ${grid.join("x")} batch ${batch}: left out, ${best.toFixed(0)} s at best`);
    return undefined;
  }
  const able = ranked.filter(({ predicted }) => predicted.seconds <= hopeless * best);
  const among = able.map(({ candidate }) => candidate);
  const ranBy = (candidate: PlanCandidate): string => simplestAlike(candidate, among, batchSize(planned.d, batch)).name;
  // Of candidates that do the same there the simplest is run: a second time of the same work says nothing of a choice.
  const racing = able.filter(({ candidate }) => ranBy(candidate) === candidate.name);
  const times = new Map<string, number[]>(racing.map(({ candidate }) => [candidate.name, []]));
  const results = new Map<string, SolveResult>();
  for (let round = 0; round < (best < veryShortRun ? 9 : best < shortRun ? 3 : 1) * rounds; round++) {
    // Back and forth: nobody always comes after the same other one, which may leave the caches cold.
    for (const one of round % 2 === 0 ? racing : racing.toReversed()) {
      const { tier, variant, residency, precision, place, name } = one.candidate;
      if ((times.get(name)!.at(-1) ?? 0) > longRun) continue;
      const begun = performance.now();
      const [result] = await solveOnTier(tier, problems, { ...options, ...place, precision }, { variant, residency });
      times.get(name)!.push((performance.now() - begun) / 1000);
      results.set(name, result!);
    }
  }
  if (!planned.plan.chosen) return undefined;
  const runs = able.map(({ candidate, predicted, parts }): Run => {
    const run = ranBy(candidate);
    const { substeps } = results.get(run)!.record;
    const { d, rates } = planned;
    return {
      kind: kind.label,
      grid: grid.join("x"),
      batch,
      candidate: candidate.name,
      run,
      predicted: predicted.seconds,
      withKnownWork: predictParts(parts, d, batch, workOf(d, rates, substeps), () => false).seconds,
      actual: median(times.get(run)!),
    };
  });
  if (flags.learn) await learn(planned, runs, wisdom);
  const name = `${kind.label} ${grid.join("x")} batch ${batch}`;
  const slow = ranked.filter((one) => !able.includes(one)).map(({ candidate }) => candidate.name);
  return { name, chosen: planned.plan.chosen, planning: planned.plan.seconds, runs, slow };
}

/** What `solve --tier auto` would remember of the chosen candidate. */
async function learn({ ranked, plan, d }: Planned, runs: readonly Run[], wisdom: Wisdom): Promise<void> {
  const [first] = ranked;
  const run = runs.find(({ candidate }) => candidate === first?.candidate.name);
  if (!first || !run) return;
  const ratio = run.actual / run.withKnownWork;
  const machine = machineOf(first.candidate);
  const { name } = first.candidate;
  await wisdom.learn([{ kind: "outcome", candidate: name, mode: plan.kind, machine, points: d.grid.points, ratio }]);
}

const cases: Case[] = [];
let calibrating = 0;
for (const file of files) {
  const earlier = JSON.parse(readFileSync(file, "utf8")) as { calibrating: number; cases: Case[] };
  cases.push(...earlier.cases);
  calibrating += earlier.calibrating;
}
for (const kind of files.length > 0 ? [] : kinds) {
  if (flags.only !== undefined && flags.only !== kind.label) continue;
  const wisdom = Wisdom.inMemory();
  const problem = loadCatalogueProblem(kind.problem);
  const { plan } = await planSolve([problem], { grid: kind.calibrated, steps: kind.steps }, { wisdom });
  calibrating += plan.seconds;
  say(`\n${kind.label}: ${kind.problem}, calibrated for ${kind.calibrated} in ${plan.seconds.toFixed(1)} s`);
  for (const batch of kind.batches) {
    for (const n of flags.quick ? kind.heldOut.slice(0, 3) : kind.heldOut) {
      if (batch > 1 && n ** problem.dimension > batchPoints) continue;
      const done = await runCase(kind, n, batch, wisdom);
      if (!done) continue;
      cases.push(done);
      const fastest = done.runs.toSorted((a, b) => a.actual - b.actual)[0]!;
      say(`  ${done.name}: chose ${done.chosen}, fastest ${fastest.candidate}`);
      for (const { candidate, predicted, actual } of done.runs) {
        const off = `${(100 * (predicted / actual - 1)).toFixed(0).padStart(5)} %`;
        say(
          `    ${candidate.padEnd(30)} predicted ${predicted.toPrecision(3)} s, took ${actual.toPrecision(3)} s ${off}`,
        );
      }
    }
  }
}

if (flags.out !== undefined) writeFileSync(flags.out, JSON.stringify({ calibrating, cases }));
const planning = calibrating + cases.reduce((sum, one) => sum + one.planning, 0);
const timeOf = ({ runs }: Case, name: string): number =>
  runs.find(({ candidate }) => candidate === name)?.actual ?? Infinity;
const oracle = ({ runs }: Case): number => Math.min(...runs.map(({ actual }) => actual));
const own = ({ runs }: Case): Run[] => runs.filter(({ candidate, run }) => candidate === run);
const errors = cases.flatMap((one) => own(one).map(({ predicted, actual }) => Math.abs(predicted / actual - 1)));
const costErrors = cases.flatMap((one) => own(one).map((run) => Math.abs(run.withKnownWork / run.actual - 1)));
const regrets = cases.map((one) => timeOf(one, one.chosen) / oracle(one) - 1);
const names = [...new Set(cases.flatMap(({ runs }) => runs.map(({ candidate }) => candidate)))];
const totals = names.map((name) => ({ name, slowdown: mean(cases.map((one) => timeOf(one, name) / oracle(one))) }));
const single = totals.toSorted((a, b) => a.slowdown - b.slowdown)[0];
const againstSingle = cases.map((one) => timeOf(one, one.chosen) / timeOf(one, single?.name ?? "") - 1);
const gains = cases.map((one) => timeOf(one, single?.name ?? "") / timeOf(one, one.chosen) - 1);
const savings = mean(cases.map((one) => Math.max(...one.runs.map(({ actual }) => actual)) - timeOf(one, one.chosen)));
const singleSavings = mean(cases.map((one) => timeOf(one, single?.name ?? "") - timeOf(one, one.chosen)));
const batchedSavings = mean(
  cases.map((one) => Math.min(timeOf(one, "batched f64"), hopeless * oracle(one)) - timeOf(one, one.chosen)),
);
const report = {
  node: process.version,
  processor: cpus()[0]?.model ?? "unknown",
  load: loadavg()[0]!,
  cases: cases.length,
  runs: errors.length,
  predictionError: { median: median(errors), p90: quantile(errors, 0.9) },
  costModelError: { median: median(costErrors), p90: quantile(costErrors, 0.9) },
  selectionAccuracy: mean(regrets.map((regret) => Number(regret <= 0.05))),
  regret: { mean: mean(regrets), p95: quantile(regrets, 0.95), max: Math.max(...regrets) },
  bestSingle: single?.name ?? null,
  againstBestSingle: {
    mean: mean(againstSingle),
    p95: quantile(againstSingle, 0.95),
    max: Math.max(...againstSingle),
  },
  regretOfBestSingle: (single?.slowdown ?? Number.NaN) - 1,
  gainOverBestSingle: mean(gains),
  planningSeconds: planning,
  calibratingSeconds: calibrating,
  planningShare: mean(cases.map((one) => one.planning / timeOf(one, one.chosen))),
  solvesToBreakEven: {
    againstBestSingle: singleSavings > 0 ? planning / singleSavings : null,
    againstBatched: planning / batchedSavings,
    againstTheWorst: planning / savings,
  },
  results: cases,
};
if (flags.json) console.log(JSON.stringify(report, undefined, 2));
else {
  const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
  say(`
${report.processor}, Node ${report.node}, load ${report.load.toFixed(1)}
${report.cases} cases, ${report.runs} candidates run
prediction error     median ${percent(report.predictionError.median)} (target 15 %), p90 ${percent(report.predictionError.p90)} (target 40 %)
  of the cost model  median ${percent(report.costModelError.median)}, p90 ${percent(report.costModelError.p90)} (sub-steps known)
selection accuracy   ${percent(report.selectionAccuracy)} (target 94 %; ties within 5 % count)
regret               mean ${percent(report.regret.mean)} (target 2 %), p95 ${percent(report.regret.p95)} (target 10 %), max ${percent(report.regret.max)}
  against the best single: mean ${percent(report.againstBestSingle.mean)}, p95 ${percent(report.againstBestSingle.p95)}, max ${percent(report.againstBestSingle.max)}
best single          ${report.bestSingle}: regret ${percent(report.regretOfBestSingle)}; it takes ${percent(report.gainOverBestSingle)} longer than the planner's choices
planning             ${planning.toFixed(1)} s, ${calibrating.toFixed(1)} s of it calibration; repaid after ${report.solvesToBreakEven.againstBatched.toFixed(0)} solves against batched, ${report.solvesToBreakEven.againstBestSingle?.toFixed(0) ?? "never"} against the best single, ${report.solvesToBreakEven.againstTheWorst.toFixed(0)} against the slowest that was run`);
}
