/**
 * ns per stencil of the procedure's hot functions, the smoothness indicators and the nonlinear JS weights (epsilon 1e-6) of many
 * independent stencils: every tier, variant and precision at hand, interleaved in one run. Every contestant's results are
 * checked against the formulas of src/scheme before it is timed. The times are by the wall; for tiers that move data, the
 * shares of upload, kernel and download stand beside.
 *
 *   npm run -s bench:weights -- [--json] [--samples 9] [--quick] [--only rust,batched] [--adapter software]
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { openKernels, type KernelContender } from "../src/bench/contenders.ts";
import { epsilon, kernelData } from "../src/bench/kernelData.ts";
import { relativeDifference } from "../src/bench/race.ts";
import { measure, type Contestant } from "../src/decision/measure.ts";
import { jsWeights, linearWeights, smoothness, type Stencil5, type Triple } from "../src/scheme/weno5.ts";
import { tiers } from "../src/tiers/registry.ts";
import type { KernelArray, Phases } from "../src/tiers/tier.ts";
import { phasesOf, phasesText } from "./support/phases.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    samples: { type: "string", default: "9" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    adapter: { type: "string" },
  },
});
const samples = Number(flags.samples);
const counts = flags.quick ? [1 << 14] : [1 << 12, 1 << 16, 1 << 20];

/** Bounds of the check before timing: rounding of another order of operations, in f32 of every operation. */
const bounds = { f64: 1e-12, f32: 1e-5 } as const;

const operations = ["smoothness", "weights"] as const;
type Operation = (typeof operations)[number];

/** What the formulas of the scheme give, in f64, from the numbers that a precision stores. */
function wantedOf(operation: Operation, input: KernelArray, n: number): Float64Array {
  const wanted = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    const row =
      operation === "smoothness"
        ? smoothness(...(input.subarray(5 * i, 5 * i + 5) as unknown as Stencil5))
        : jsWeights(input.subarray(3 * i, 3 * i + 3) as unknown as Triple, epsilon, linearWeights);
    wanted.set(row, 3 * i);
  }
  return wanted;
}

interface Row {
  readonly contestant: string;
  readonly software: boolean;
  readonly nsPerStencil: number;
  readonly mad: number;
  readonly n: number;
  readonly phases: Phases | undefined;
}

async function rowsOf(
  operation: Operation,
  n: number,
  contenders: readonly KernelContender[],
): Promise<readonly Row[]> {
  const data = { f64: kernelData(operation, [n], "f64"), f32: kernelData(operation, [n], "f32") };
  const wanted = { f64: wantedOf(operation, data.f64.input, n), f32: wantedOf(operation, data.f32.input, n) };
  const calls = new Map<string, () => Promise<void>>();
  const contestants = contenders.map(({ name, kernels, precision }): Contestant => {
    const out = data[precision].make();
    const run = (): Promise<void> => data[precision].call(kernels, out);
    calls.set(name, run);
    return {
      name,
      run,
      check: () => {
        const off = relativeDifference(out, [wanted[precision]]);
        return off <= bounds[precision] ? undefined : `it differs from the formulas by ${off.toExponential(1)}`;
      },
    };
  });
  const done = await measure(contestants, { samples, stretchMs: flags.quick ? 10 : 40 });
  for (const { name, reason } of done.excluded) console.error(`${name} is not timed: ${reason}`);
  const rows: Row[] = [];
  for (const { name, median, mad, n: taken } of done.timings) {
    const { kernels, found } = contenders.find((contender) => contender.name === name)!;
    const phases = await phasesOf(kernels, n, 5, calls.get(name)!);
    const ns = (ms: number): number => (ms * 1e6) / n;
    rows.push({ contestant: name, software: found.software, nsPerStencil: ns(median), mad: ns(mad), n: taken, phases });
  }
  return rows;
}

const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? "unknown",
  load: loadavg()[0]!,
  samples,
  results: [] as object[],
};
if (!flags.json)
  console.log(
    `node ${report.node}, ${report.cpu}, load ${report.load.toFixed(1)}, median of ${samples} samples +- MAD`,
  );
await using opened = await openKernels(tiers, flags.adapter, flags.only);
for (const { name, reason } of opened.absent) console.error(`${name} is missing: ${reason}`);
for (const n of counts) {
  for (const operation of operations) {
    const rows = await rowsOf(operation, n, opened.contenders);
    report.results.push({ operation, stencils: n, rows });
    if (flags.json) continue;
    console.log(`\n${operation} of ${n} stencils, ns per stencil`);
    for (const { contestant, software, nsPerStencil, mad, phases } of rows) {
      const time = `${nsPerStencil.toFixed(2).padStart(8)} +- ${mad.toFixed(2).padEnd(6)}`;
      const rate = `${(1e3 / nsPerStencil).toFixed(0).padStart(5)} M/s`;
      console.log(
        `  ${`${contestant}${software ? " (software)" : ""}`.padEnd(28)} ${time} ${rate}${phasesText(phases)}`,
      );
    }
  }
}
if (flags.json) console.log(JSON.stringify(report, undefined, 2));
