/**
 * Whole solves, tier beside tier: a fixed number of iterations of the same method, interleaved in one run, each checked against
 * `batched` first. Times per point and sub-step, the shares of both sweeps, relaxation and certificate, and of moving data.
 * Then how the native tier's time per point grows with the grid.
 *
 *   npx tsx bench/solve.ts [--json] [--rounds 3] [--quick] [--dimensions 1,2] [--only batched,rust] [--adapter software]
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { loadCatalogueProblem } from "../src/problem/catalogue.ts";
import type { SolveOptions, SolveResult } from "../src/solver/options.ts";
import { solve } from "../src/solver/solve.ts";
import type { CandidateText } from "../src/tiers/candidate.ts";
import { median } from "./support/timing.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    dimensions: { type: "string", default: "1,2,3" },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "batched,rust" },
    adapter: { type: "string" },
  },
});
const rounds = Number(flags.rounds);
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
const cases = allCases.filter(({ grid }) => dimensions.includes(grid.length));

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

/** Largest difference in units of the largest value. */
function difference(a: Float64Array, b: Float64Array): number {
  let worst = 0;
  let scale = 0;
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? 0)));
    scale = Math.max(scale, Math.abs(b[i] ?? 0));
  }
  return worst / scale;
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

async function measure(problem: Case): Promise<readonly Row[]> {
  const reference = await run({ name: "batched", options: { tier: "batched" } }, problem);
  const samples = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  const last = new Map<string, SolveResult>();
  for (const contestant of contestants) {
    if (contestant.options.tier === "batched") continue;
    const result = await run(contestant, problem);
    const bound = bounds[result.record.precision];
    for (const field of ["value", "density"] as const) {
      const off = difference(result[field], reference[field]);
      if (!(off <= bound))
        throw new Error(`${contestant.name} differs from batched in its ${field} by ${off}; not timed`);
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < contestants.length; k++) {
      const contestant = contestants[(k + round) % contestants.length];
      if (contestant === undefined) continue;
      const result = await run(contestant, problem);
      last.set(contestant.name, result);
      samples.get(contestant.name)?.push(Object.values(partsOf(result)).reduce((sum, part) => sum + part, 0));
    }
  }
  const points = problem.grid.reduce((product, n) => product * n, 1);
  const slowest = median(samples.get("batched") ?? [Number.NaN]);
  return contestants.map(({ name }) => {
    const own = samples.get(name) ?? [];
    const seconds = median(own);
    const result = last.get(name);
    const { hjb, fokkerPlanck } = result?.record.substeps ?? { hjb: 1, fokkerPlanck: 1 };
    // The certificate is one more backward sweep.
    const substeps = 2 * hjb + fokkerPlanck;
    return {
      contestant: name,
      seconds,
      spread: median(own.map((s) => Math.abs(s - seconds))),
      nsPerPointSubstep: (1e9 * seconds) / (points * substeps),
      parts: result ? partsOf(result) : {},
      overBatched: Number.isFinite(slowest) ? slowest / seconds : null,
    };
  });
}

/** ns per point and sub-step of both sweeps on growing grids, without noise so that the work per sub-step is the same. */
async function scaling(): Promise<readonly { grid: number; hjb: number; fokkerPlanck: number }[]> {
  const source = loadCatalogueProblem("torus-exact-2d").source as Record<string, unknown>;
  const rows = [];
  for (const n of flags.quick ? [64, 128] : [256, 512, 1024, 2048]) {
    const options = { grid: [n, n], steps: 1, timeLevels: "uniform", maxIterations: 1, tier: "rust" } as const;
    // As many sub-steps on every grid, and enough of them that touching new memory does not count.
    const problem = { ...source, volatility: 0, horizon: 80 / n };
    const one = { hjb: [] as number[], fokkerPlanck: [] as number[] };
    for (let k = 0; k < rounds; k++) {
      const { record } = await solve(problem, { ...options, tolerance: 1e-14, relaxation: "fictitious" });
      one.hjb.push((1e9 * record.timings.hjb) / (n * n * record.substeps.hjb));
      one.fokkerPlanck.push((1e9 * record.timings.fokkerPlanck) / (n * n * record.substeps.fokkerPlanck));
    }
    rows.push({ grid: n, hjb: median(one.hjb), fokkerPlanck: median(one.fokkerPlanck) });
  }
  return rows;
}

const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? "unknown",
  cores,
  load: loadavg()[0] ?? 0,
  rounds,
  cases: [] as object[],
  scaling: [] as object[],
};
if (!flags.json) console.log(`node ${report.node}, ${report.cpu}, ${cores} cores, load ${report.load.toFixed(1)}`);
for (const problem of cases) {
  const rows = await measure(problem);
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
  const rows = await scaling();
  report.scaling.push(...rows);
  if (!flags.json) {
    console.log("\nrust, ns per point and sub-step without noise (goal: within 1.3 x)");
    for (const { grid, hjb, fokkerPlanck } of rows)
      console.log(`  ${grid} x ${grid}: hjb ${hjb.toFixed(1)}, fokker-planck ${fokkerPlanck.toFixed(1)}`);
  }
}
if (flags.json) console.log(JSON.stringify(report, undefined, 2));
