/**
 * ns per point of both one-sided WENO5-JS derivatives (epsilon 1e-6 absolute, periodic): every tier and variant at hand,
 * and rust on one core as well as on all, beside a textbook C program; interleaved in one run. Every contestant's results
 * are checked before it is timed. The times are by the wall; for tiers that move data, the shares of upload, kernel and
 * download stand beside.
 *
 *   npm run -s bench:derivatives -- [--json] [--rounds 9] [--quick] [--only rust,batched,C] [--adapter software] [--dimensions 1,2]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ScalarKernels } from "../src/tiers/scalar/kernels.ts";
import type { DerivativeLayout, KernelArray, Phases } from "../src/tiers/tier.ts";
import { compile, findCompiler, Peer } from "./support/peer.ts";
import { closeRunners, openRunners, phasesOf, phasesText, verify } from "./support/runners.ts";
import type { Runner } from "./support/runners.ts";
import { compare, inProcess } from "./support/timing.ts";
import type { Contestant, Timing } from "./support/timing.ts";
import { peerDerivatives, peerSeconds } from "./support/wenoPeer.ts";
import type { WenoForm } from "./support/wenoPeer.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "9" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    adapter: { type: "string" },
    dimensions: { type: "string", default: "1,2,3" },
  },
});
const rounds = Number(flags.rounds);
const only = flags.only?.split(",");
const dimensions = flags.dimensions.split(",").map(Number);
const allShapes = flags.quick ? [[1 << 16], [256, 256], [40, 40, 40]] : [[1 << 20], [1024, 1024], [128, 128, 128]];
const shapes = allShapes.filter((shape) => dimensions.includes(shape.length));
const builds = [
  { name: "-O2", flags: ["-O2"] },
  { name: "-O3 fast", flags: ["-O3", "-march=native", "-ffast-math"] },
] as const;
const forms: readonly WenoForm[] = ["textbook", "shared"];

/** Smooth waves with a kink, so that neither the data nor the weights are special. */
function sampleField(shape: readonly number[]): Float64Array {
  const points = shape.reduce((product, n) => product * n, 1);
  const field = new Float64Array(points);
  for (let k = 0; k < points; k++) {
    let rest = k;
    let value = 0;
    for (let a = shape.length - 1; a >= 0; a--) {
      const n = shape[a]!;
      const x = (rest % n) / n;
      rest = (rest - (rest % n)) / n;
      value += Math.sin(2 * Math.PI * x + a) + 0.3 * Math.cos(6 * Math.PI * x) + Math.abs(x - 0.4);
    }
    field[k] = value;
  }
  return field;
}

/** Bounds of the check before timing: rounding of another order of operations, in f32 of every operation. */
const bounds = { f64: 1e-12, f32: 1e-5 };

const wants = (name: string): boolean => only === undefined || only.some((part) => name.startsWith(part));

const epsilon = { kind: "absolute", value: 1e-6 } as const;

/** All contestants for one array and axis, verified. */
async function contestantsFor(
  shape: readonly number[],
  axis: number,
  runners: readonly Runner[],
  peers: ReadonlyMap<string, Peer>,
): Promise<readonly Contestant[]> {
  const field = sampleField(shape);
  const field32 = Float32Array.from(field);
  const layout: DerivativeLayout = {
    shape,
    axis,
    spacing: 1 / shape[axis]!,
    lower: "periodic",
    upper: "periodic",
    variant: "js",
    epsilon,
  };
  const pair = <A>(make: () => A): readonly [A, A] => [make(), make()];
  await using scalar = new ScalarKernels();
  const wanted = pair(() => new Float64Array(field.length));
  await scalar.derivatives(field, layout, ...wanted);
  const wanted32 = pair(() => new Float64Array(field.length));
  await scalar.derivatives(Float64Array.from(field32), layout, ...wanted32);

  const contestants: Contestant[] = [];
  for (const { name, precision, kernels } of runners) {
    const double = precision === "f64";
    const u = double ? field : field32;
    const out = pair(() => (double ? new Float64Array(u.length) : new Float32Array(u.length)));
    await kernels.derivatives(u, layout, ...out);
    verify(name, bounds[precision], out, double ? wanted : wanted32);
    contestants.push(inProcess(name, () => kernels.derivatives(u, layout, ...out)));
  }
  for (const [build, peer] of peers) {
    for (const form of forms) {
      const task = { form, shape, axis, spacing: layout.spacing, epsilon: epsilon.value };
      const name = `C ${form} ${build}`;
      if (!wants(name)) continue;
      const { pMinus, pPlus } = await peerDerivatives(peer, task, field);
      verify(name, bounds.f64, [pMinus, pPlus], wanted);
      contestants.push({ name, run: (repeats) => peerSeconds(peer, task, repeats) });
    }
  }
  return contestants;
}

interface Row {
  readonly contestant: string;
  /** Mean over the axes of the medians, and of their median absolute deviations. */
  readonly nsPerPoint: number;
  readonly mad: number;
  readonly perAxis: readonly number[];
  /** ns per point in each phase, where the tier moves data. */
  readonly phases: Phases | undefined;
}

/** Phases of a call, in ns per point. */
async function derivativePhases({ kernels, precision }: Runner, shape: readonly number[]): Promise<Phases | undefined> {
  const field = sampleField(shape);
  const make = (): KernelArray =>
    precision === "f64" ? new Float64Array(field.length) : new Float32Array(field.length);
  const u = precision === "f64" ? field : Float32Array.from(field);
  const walls = { lower: "periodic", upper: "periodic" } as const;
  const layout = { shape, axis: 0, spacing: 1 / shape[0]!, ...walls, variant: "js", epsilon } as const;
  return phasesOf(kernels, field.length, 5, () => kernels.derivatives(u, layout, make(), make()));
}

async function measure(
  shape: readonly number[],
  runners: readonly Runner[],
  peers: ReadonlyMap<string, Peer>,
): Promise<readonly Row[]> {
  const points = shape.reduce((product, n) => product * n, 1);
  const perAxis: (readonly Timing[])[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const contestants = await contestantsFor(shape, axis, runners, peers);
    perAxis.push(await compare(contestants, rounds, flags.quick ? 0.01 : 0.04));
  }
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const rows: Row[] = [];
  for (const [c, { name }] of perAxis[0]!.entries()) {
    const medians = perAxis.map((timings) => (timings[c]!.median / points) * 1e9);
    const mads = perAxis.map((timings) => (timings[c]!.mad / points) * 1e9);
    const runner = runners[c];
    const phases = runner === undefined ? undefined : await derivativePhases(runner, shape);
    rows.push({ contestant: name, nsPerPoint: mean(medians), mad: mean(mads), perAxis: medians, phases });
  }
  return rows;
}

/** Ratios that the project has goals for; null where a side is missing. */
function ratiosOf(
  rows: readonly Row[],
): Readonly<Record<string, { readonly ratio: number | null; readonly goal: string }>> {
  const timeOf = (name: string): number | undefined => rows.find((row) => row.contestant === name)?.nsPerPoint;
  const cTimes = rows.filter((row) => row.contestant.startsWith("C ")).map((row) => row.nsPerPoint);
  const bestC = cTimes.length > 0 ? Math.min(...cTimes) : undefined;
  const ratio = (above: number | undefined, below: number | undefined): number | null =>
    above === undefined || below === undefined ? null : above / below;
  const cores = cpus().length;
  return {
    "scalar / batched": { ratio: ratio(timeOf("scalar"), timeOf("batched")), goal: ">= 8" },
    "batched / C textbook -O2": { ratio: ratio(timeOf("batched"), timeOf("C textbook -O2")), goal: "<= 0.9" },
    "rust x1 / best C": { ratio: ratio(timeOf("rust:native x1"), bestC), goal: "<= 1.1" },
    "rust x2 / best C": { ratio: cores === 2 ? ratio(timeOf("rust:native x2"), bestC) : null, goal: "<= 0.6" },
    "rust x1 f32 / rust x1": { ratio: ratio(timeOf("rust:native x1 f32"), timeOf("rust:native x1")), goal: "<= 0.6" },
  };
}

const folder = mkdtempSync(join(tmpdir(), "mfgpu-peers-"));
const peers = new Map<string, Peer>();
try {
  const compiler = findCompiler();
  if (compiler === undefined) console.error("No C compiler found: the C columns are missing.");
  else {
    const source = fileURLToPath(new URL("peers/weno5.c", import.meta.url));
    for (const [k, build] of builds.entries()) {
      peers.set(build.name, new Peer(compile(compiler, build.flags, source, folder, `weno5-${k}`)));
    }
  }
  const report = {
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    load: loadavg()[0]!,
    rounds,
    results: [] as object[],
  };
  if (!flags.json)
    console.log(
      `node ${report.node}, ${report.cpu}, load ${report.load.toFixed(1)}, median of ${rounds} rounds +- MAD`,
    );
  const runners = await openRunners({ wants, adapter: flags.adapter });
  for (const shape of shapes) {
    const rows = await measure(shape, runners, peers);
    const ratios = ratiosOf(rows);
    report.results.push({ shape, rows, ratios });
    if (flags.json) continue;
    console.log(`\n${shape.join(" x ")}, ns per point and axis`);
    for (const row of rows) {
      const time = `${row.nsPerPoint.toFixed(2).padStart(8)} +- ${row.mad.toFixed(2).padEnd(6)}`;
      const rate = `${(1e3 / row.nsPerPoint).toFixed(0).padStart(5)} M/s`;
      const axes = row.perAxis.length > 1 ? `  axes ${row.perAxis.map((x) => x.toFixed(2)).join(", ")}` : "";
      console.log(`  ${row.contestant.padEnd(24)} ${time} ${rate}${axes}${phasesText(row.phases)}`);
    }
    for (const [name, { ratio, goal }] of Object.entries(ratios))
      if (ratio !== null) console.log(`  ${name} = ${ratio.toFixed(2)} (goal ${goal})`);
  }
  await closeRunners(runners);
  if (flags.json) console.log(JSON.stringify(report, undefined, 2));
} finally {
  await Promise.all([...peers.values()].map((peer) => peer[Symbol.asyncDispose]()));
  rmSync(folder, { recursive: true, force: true });
}
