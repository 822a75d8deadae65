/**
 * Whole solves, tier beside tier: a fixed number of iterations of the same method, interleaved in one run, each checked against
 * `batched` first. Times per point and sub-step, the shares of both sweeps, relaxation and certificate, and of moving data.
 * Then how the native tier's time per point grows with the grid.
 *
 *   npx tsx bench/solve.ts [--json] [--samples 3] [--quick] [--dimensions 1,2] [--only batched,rust] [--adapter software]
 *                          [--scaling-only]
 *
 * With --many instead: 1,000 one-dimensional problems of 1,000 points at once on the GPU, beside one plane of as many points; on a
 * software adapter a few small ones.
 *
 *   npx tsx bench/solve.ts --many [--json] [--samples 3] [--adapter software]
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { relativeDifference } from "../src/bench/race.ts";
import { measure, type Contestant as Timed } from "../src/decision/measure.ts";
import { loadCatalogueProblem } from "../src/problem/catalogue.ts";
import type { SolveOptions, SolveResult } from "../src/solver/options.ts";
import { solve } from "../src/solver/solve.ts";
import type { CandidateText } from "../src/tiers/candidate.ts";
import { manyProblems, manyText } from "./support/many.ts";
import { scaling, scalingText } from "./support/scaling.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    samples: { type: "string", default: "3" },
    dimensions: { type: "string", default: "1,2,3" },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "batched,rust" },
    adapter: { type: "string" },
    many: { type: "boolean", default: false },
    "scaling-only": { type: "boolean", default: false },
  },
});
const samples = Number(flags.samples);
const cores = cpus().length;

interface Contestant {
  readonly name: string;
  readonly options: SolveOptions;
}

/** `batched`, the native tier on one core and on all, and what else is asked for. */
const contestants: readonly Contestant[] = flags.only.split(",").flatMap((tier): Contestant[] => {
  const options = { tier: tier as CandidateText, ...(flags.adapter === undefined ? {} : { adapter: flags.adapter }) };
  if (tier !== "rust") return [{ name: tier, options }];
  return [...new Set([1, cores])].map((threads) => ({ name: `rust x${threads}`, options: { ...options, threads } }));
});

interface Case {
  readonly problem: string;
  readonly grid: readonly number[];
  readonly steps: number;
  readonly goal: string;
  /** Shorter than the catalogue's, so that a sub-step or two per stored interval are enough. */
  readonly horizon?: number;
}
const allCases: readonly Case[] = flags.quick
  ? [
      { problem: "two-crowds-1d", grid: [200], steps: 40, goal: "" },
      { problem: "torus-exact-2d", grid: [64, 64], steps: 8, goal: "" },
    ]
  : [
      { problem: "two-crowds-1d", grid: [1000], steps: 200, goal: ">= 3" },
      { problem: "torus-exact-2d", grid: [512, 512], steps: 50, goal: ">= 6", horizon: 0.1 },
      { problem: "torus-exact-3d", grid: [64, 64, 64], steps: 10, goal: "", horizon: 0.1 },
    ];

const dimensions = flags.dimensions.split(",").map(Number);
const cases = flags["scaling-only"] ? [] : allCases.filter(({ grid }) => dimensions.includes(grid.length));

async function run({ options }: Contestant, { problem, grid, steps, horizon }: Case): Promise<SolveResult> {
  const source = loadCatalogueProblem(problem).source as Record<string, unknown>;
  return solve(horizon === undefined ? source : { ...source, horizon }, {
    grid,
    steps,
    maxIterations: 1,
    tolerance: 1e-14,
    relaxation: "fictitious",
    ...options,
  });
}

const bounds = { f64: 1e-10, compensated: 1e-5, f32: 1e-3 } as const;

/** Seconds of the parts of one solve that its tier computes. */
function partsOf({ record }: SolveResult): Readonly<Record<string, number>> {
  const { hjb, fokkerPlanck, relax, certify, transfer } = record.timings;
  return { hjb, fokkerPlanck, relax, certify, transfer };
}

interface Row {
  readonly contestant: string;
  readonly seconds: number;
  readonly spread: number;
  readonly nsPerPointSubstep: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly overBatched: number | null;
}

async function rowsOf(problem: Case): Promise<readonly Row[]> {
  const reference = await run({ name: "batched", options: { tier: "batched" } }, problem);
  const last = new Map<string, SolveResult>();
  const racing = contestants.map((contestant): Timed => {
    const { name } = contestant;
    return {
      name,
      run: async () => last.set(name, await run(contestant, problem)),
      // What the tier computes, without what the solver does around it.
      duration: () => 1000 * Object.values(partsOf(last.get(name)!)).reduce((sum, part) => sum + part, 0),
      check: () => {
        const result = last.get(name)!;
        for (const field of ["value", "density"] as const) {
          const off = relativeDifference([result[field]], [reference[field]]);
          if (!(off <= bounds[result.record.precision]))
            return `it differs from batched in its ${field} by ${off.toExponential(1)}`;
        }
        return undefined;
      },
    };
  });
  const done = await measure(racing, { samples });
  for (const { name, reason } of done.excluded) console.error(`${name} is not timed: ${reason}`);
  const points = problem.grid.reduce((product, n) => product * n, 1);
  const slowest = done.timings.find(({ name }) => name === "batched")?.median;
  return done.timings.map(({ name, median: ms, mad }) => {
    const result = last.get(name)!;
    const { hjb, fokkerPlanck } = result.record.substeps;
    // The certificate is one more backward sweep.
    const substeps = 2 * hjb + fokkerPlanck;
    return {
      contestant: name,
      seconds: ms / 1000,
      spread: mad / 1000,
      nsPerPointSubstep: (1e6 * ms) / (points * substeps),
      parts: partsOf(result),
      overBatched: slowest === undefined ? null : slowest / ms,
    };
  });
}

async function tierBesideTier(): Promise<void> {
  const report = {
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    cores,
    load: loadavg()[0] ?? 0,
    samples,
    cases: [] as object[],
    scaling: [] as object[],
  };
  if (!flags.json) console.log(`node ${report.node}, ${report.cpu}, ${cores} cores, load ${report.load.toFixed(1)}`);
  for (const problem of cases) {
    const rows = await rowsOf(problem);
    report.cases.push({ ...problem, rows });
    if (flags.json) continue;
    console.log(`\n${problem.problem}, ${problem.grid.join(" x ")} x ${problem.steps}: one iteration and certificate`);
    for (const { contestant, seconds, spread, nsPerPointSubstep, parts, overBatched } of rows) {
      const shares = Object.entries(parts).map(([name, part]) => `${name} ${((100 * part) / seconds).toFixed(0)} %`);
      const ratio = overBatched === null ? "" : `  ${overBatched.toFixed(2)} x batched`;
      console.log(
        `  ${contestant.padEnd(18)} ${seconds.toFixed(3)} +- ${spread.toFixed(3)} s  ${nsPerPointSubstep.toFixed(0)} ns per point and sub-step${ratio}  (${shares.join(", ")})`,
      );
    }
    if (problem.goal !== "") console.log(`  goal: rust on two cores ${problem.goal} x batched`);
  }
  if (contestants.some(({ name }) => name.startsWith("rust"))) {
    const rows = await scaling(flags.quick ? [64, 128] : [256, 512, 1024, 2048], Math.max(5, samples));
    report.scaling.push(...rows);
    if (!flags.json) console.log(scalingText(rows));
  }
  if (flags.json) console.log(JSON.stringify(report, undefined, 2));
}

if (flags.many) {
  const rows = await manyProblems(flags.adapter, samples);
  console.log(flags.json ? JSON.stringify(rows, undefined, 2) : manyText(rows));
} else {
  await tierBesideTier();
}
