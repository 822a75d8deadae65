/**
 * ns per stencil of the procedure's hot functions, the smoothness indicators and the nonlinear JS weights (epsilon 1e-6) of many
 * independent stencils: every tier, variant and precision at hand, interleaved in one run. Every contestant's results are
 * checked against the formulas of src/scheme before it is timed. The times are by the wall; for tiers that move data, the
 * shares of upload, kernel and download stand beside.
 *
 *   npm run -s bench:weights -- [--json] [--rounds 9] [--quick] [--only rust,batched] [--adapter software]
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { jsWeights, linearWeights, smoothness } from "../src/scheme/weno5.ts";
import type { KernelArray, Phases } from "../src/tiers/tier.ts";
import { closeRunners, openRunners, phasesOf, phasesText, verify } from "./support/runners.ts";
import type { Runner } from "./support/runners.ts";
import { compare, inProcess } from "./support/timing.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "9" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    adapter: { type: "string" },
  },
});
const rounds = Number(flags.rounds);
const only = flags.only?.split(",");
const wants = (name: string): boolean => only === undefined || only.some((part) => name.startsWith(part));
const counts = flags.quick ? [1 << 14] : [1 << 12, 1 << 16, 1 << 20];
const epsilon = 1e-6;

/** Bounds of the check before timing: rounding of another order of operations, in f32 of every operation. */
const bounds = { f64: 1e-12, f32: 1e-5 };

/** Stencils of smooth and of rough data, of size 1. */
function sampleStencils(n: number): Float64Array {
  return Float64Array.from({ length: 5 * n }, (_, k) => {
    const i = Math.floor(k / 5);
    return i % 2 === 0 ? Math.sin(0.001 * i + 0.3 * (k % 5)) : Math.abs(Math.sin(12.9898 * k));
  });
}

const operations = ["smoothness", "weights"] as const;

interface Data {
  readonly stencils: KernelArray;
  readonly beta: KernelArray;
  readonly linear: KernelArray;
}

/** Inputs of both operations as a precision stores them. */
function dataOf(stencils: Float64Array, precision: "f64" | "f32"): Data {
  const round = (values: ArrayLike<number>): KernelArray =>
    precision === "f64" ? Float64Array.from(values) : Float32Array.from(values);
  const stored = round(stencils);
  const beta = new Float64Array((3 * stored.length) / 5);
  for (let i = 0; i < beta.length / 3; i++) {
    beta.set(
      smoothness(...(stored.subarray(5 * i, 5 * i + 5) as unknown as [number, number, number, number, number])),
      3 * i,
    );
  }
  return { stencils: stored, beta: round(beta), linear: round(linearWeights) };
}

/** What the formulas of the scheme give, in f64. */
function wantedOf(operation: (typeof operations)[number], { beta, linear, stencils }: Data): Float64Array {
  const wanted = new Float64Array(beta.length);
  for (let i = 0; i < beta.length / 3; i++) {
    const row =
      operation === "smoothness"
        ? smoothness(...(stencils.subarray(5 * i, 5 * i + 5) as unknown as [number, number, number, number, number]))
        : jsWeights([beta[3 * i]!, beta[3 * i + 1]!, beta[3 * i + 2]!], epsilon, [linear[0]!, linear[1]!, linear[2]!]);
    wanted.set(row, 3 * i);
  }
  return wanted;
}

interface Row {
  readonly contestant: string;
  readonly nsPerStencil: number;
  readonly mad: number;
  readonly phases: Phases | undefined;
}

async function measure(
  operation: (typeof operations)[number],
  n: number,
  runners: readonly Runner[],
): Promise<readonly Row[]> {
  const stencils = sampleStencils(n);
  const data = { f64: dataOf(stencils, "f64"), f32: dataOf(stencils, "f32") };
  const wanted = { f64: wantedOf(operation, data.f64), f32: wantedOf(operation, data.f32) };
  const calls: (() => Promise<void>)[] = [];
  for (const { name, kernels, precision } of runners) {
    const { stencils: v, beta, linear } = data[precision];
    const out = precision === "f64" ? new Float64Array(3 * n) : new Float32Array(3 * n);
    const call = (): Promise<void> =>
      operation === "smoothness" ? kernels.smoothness(v, out) : kernels.weights(beta, linear, epsilon, out);
    await call();
    verify(name, bounds[precision], [out], [wanted[precision]]);
    calls.push(call);
  }
  const contestants = runners.map(({ name }, k) => inProcess(name, calls[k]!));
  const timings = await compare(contestants, rounds, flags.quick ? 0.01 : 0.04);
  const rows: Row[] = [];
  for (const [k, { name, median, mad }] of timings.entries()) {
    const phases = await phasesOf(runners[k]!.kernels, n, 5, calls[k]!);
    rows.push({ contestant: name, nsPerStencil: (median / n) * 1e9, mad: (mad / n) * 1e9, phases });
  }
  return rows;
}

const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? "unknown",
  load: loadavg()[0]!,
  rounds,
  results: [] as object[],
};
if (!flags.json) {
  console.log(`node ${report.node}, ${report.cpu}, load ${report.load.toFixed(1)}, median of ${rounds} rounds +- MAD`);
}
const runners = await openRunners({ wants, adapter: flags.adapter });
for (const n of counts) {
  for (const operation of operations) {
    const rows = await measure(operation, n, runners);
    report.results.push({ operation, stencils: n, rows });
    if (flags.json) continue;
    console.log(`\n${operation} of ${n} stencils, ns per stencil`);
    for (const { contestant, nsPerStencil, mad, phases } of rows) {
      const time = `${nsPerStencil.toFixed(2).padStart(8)} +- ${mad.toFixed(2).padEnd(6)}`;
      const rate = `${(1e3 / nsPerStencil).toFixed(0).padStart(5)} M/s`;
      console.log(`  ${contestant.padEnd(24)} ${time} ${rate}${phasesText(phases)}`);
    }
  }
}
await closeRunners(runners);
if (flags.json) console.log(JSON.stringify(report, undefined, 2));
