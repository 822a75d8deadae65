/**
 * ns per point of both one-sided WENO5-JS derivatives (epsilon 1e-6 absolute, periodic): every tier and variant at hand,
 * and rust on one core as well as on all, beside a textbook C program; interleaved in one run. Every contestant's results
 * are checked before it is timed. The times are by the wall; for tiers that move data, the shares of upload, kernel and
 * download stand beside.
 *
 *   npm run -s bench:derivatives -- [--json] [--samples 9] [--quick] [--only rust,batched,C] [--adapter software] [--dimensions 1,2]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openKernels, type KernelContender } from "../src/bench/contenders.ts";
import { epsilon, layoutOf, pointsOf, waves } from "../src/bench/kernelData.ts";
import { fits } from "../src/bench/names.ts";
import { relativeDifference } from "../src/bench/race.ts";
import { measure, type Contestant, type Timing } from "../src/decision/measure.ts";
import { mean } from "../src/decision/statistics.ts";
import { ScalarKernels } from "../src/tiers/scalar/kernels.ts";
import { tiers } from "../src/tiers/registry.ts";
import type { KernelArray, Phases } from "../src/tiers/tier.ts";
import { compile, findCompiler, Peer } from "./support/peer.ts";
import { phasesOf, phasesText } from "./support/phases.ts";
import { peerDerivatives, peerSeconds } from "./support/wenoPeer.ts";
import type { WenoForm } from "./support/wenoPeer.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    samples: { type: "string", default: "9" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    adapter: { type: "string" },
    dimensions: { type: "string", default: "1,2,3" },
  },
});
const samples = Number(flags.samples);
const dimensions = flags.dimensions.split(",").map(Number);
const allShapes = flags.quick ? [[1 << 16], [256, 256], [40, 40, 40]] : [[1 << 20], [1024, 1024], [128, 128, 128]];
const shapes = allShapes.filter((shape) => dimensions.includes(shape.length));
const builds = [
  { name: "-O2", flags: ["-O2"] },
  { name: "-O3 fast", flags: ["-O3", "-march=native", "-ffast-math"] },
] as const;
const forms: readonly WenoForm[] = ["textbook", "shared"];

/** Bounds of the check before timing: rounding of another order of operations, in f32 of every operation. */
const bounds = { f64: 1e-12, f32: 1e-5 } as const;

const wants = (name: string): boolean => fits(name, flags.only);

/** Why a result is wrong; undefined where it is right. */
function wrong(bound: number, got: readonly KernelArray[], wanted: readonly KernelArray[]): string | undefined {
  const off = relativeDifference(got, wanted);
  return off <= bound ? undefined : `it differs from the scalar tier by ${off.toExponential(1)}`;
}

/** All contestants for one array and axis. */
async function contestantsFor(
  shape: readonly number[],
  axis: number,
  contenders: readonly KernelContender[],
  peers: ReadonlyMap<string, Peer>,
): Promise<readonly Contestant[]> {
  const field = waves(shape);
  const field32 = Float32Array.from(field);
  const layout = layoutOf(shape, axis);
  const pair = <A>(make: () => A): readonly [A, A] => [make(), make()];
  await using scalar = new ScalarKernels();
  const wanted = pair(() => new Float64Array(field.length));
  await scalar.derivatives(field, layout, ...wanted);
  const wanted32 = pair(() => new Float64Array(field.length));
  await scalar.derivatives(Float64Array.from(field32), layout, ...wanted32);

  const contestants = contenders.map(({ name, precision, kernels }): Contestant => {
    const double = precision === "f64";
    const u = double ? field : field32;
    const out = pair(() => (double ? new Float64Array(u.length) : new Float32Array(u.length)));
    return {
      name,
      run: () => kernels.derivatives(u, layout, ...out),
      check: () => wrong(bounds[precision], out, double ? wanted : wanted32),
    };
  });
  for (const [build, peer] of peers) {
    for (const form of forms) {
      const task = { form, shape, axis, spacing: layout.spacing, epsilon };
      const name = `C ${form} ${build}`;
      if (!wants(name)) continue;
      let seconds = 0;
      contestants.push({
        name,
        // What it was handed over last is what it computes, so every task is handed over before its runs.
        run: async () => (seconds = await peerSeconds(peer, task, 1)),
        // By its own clock: no pipe is in the timing.
        duration: () => 1000 * seconds,
        check: async () => {
          const { pMinus, pPlus } = await peerDerivatives(peer, task, field);
          return wrong(bounds.f64, [pMinus, pPlus], wanted);
        },
      });
      await peerDerivatives(peer, task, field);
    }
  }
  return contestants;
}

interface Row {
  readonly contestant: string;
  readonly software: boolean;
  /** Mean over the axes of the medians, and of their median absolute deviations. */
  readonly nsPerPoint: number;
  readonly mad: number;
  readonly perAxis: readonly number[];
  /** ns per point in each phase, where the tier moves data. */
  readonly phases: Phases | undefined;
}

/** Phases of a call, in ns per point. */
async function derivativePhases(
  { kernels, precision }: KernelContender,
  shape: readonly number[],
): Promise<Phases | undefined> {
  const field = waves(shape);
  const make = (): KernelArray =>
    precision === "f64" ? new Float64Array(field.length) : new Float32Array(field.length);
  const u = precision === "f64" ? field : Float32Array.from(field);
  return phasesOf(kernels, field.length, 5, () => kernels.derivatives(u, layoutOf(shape, 0), make(), make()));
}

async function rowsOf(
  shape: readonly number[],
  contenders: readonly KernelContender[],
  peers: ReadonlyMap<string, Peer>,
): Promise<readonly Row[]> {
  const points = pointsOf(shape);
  const perAxis: (readonly Timing[])[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const contestants = await contestantsFor(shape, axis, contenders, peers);
    const done = await measure(contestants, { samples, stretchMs: flags.quick ? 10 : 40 });
    for (const { name, reason } of done.excluded) console.error(`${name} is not timed: ${reason}`);
    perAxis.push(done.timings);
  }
  const rows: Row[] = [];
  for (const { name } of perAxis[0]!) {
    const own = perAxis.map((timings) => timings.find((timing) => timing.name === name));
    if (!own.every((timing) => timing !== undefined)) continue;
    const medians = own.map(({ median }) => (median * 1e6) / points);
    const mads = own.map(({ mad }) => (mad * 1e6) / points);
    const contender = contenders.find((one) => one.name === name);
    rows.push({
      contestant: name,
      software: contender?.found.software ?? false,
      nsPerPoint: mean(medians),
      mad: mean(mads),
      perAxis: medians,
      phases: contender && (await derivativePhases(contender, shape)),
    });
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
  const [one, two, single] = ["f64 x1", "f64 x2", "f32 x1"].map((where) => timeOf(`rust:native ${where}`));
  return {
    "scalar / batched": { ratio: ratio(timeOf("scalar f64"), timeOf("batched f64")), goal: ">= 8" },
    "batched / C textbook -O2": { ratio: ratio(timeOf("batched f64"), timeOf("C textbook -O2")), goal: "<= 0.9" },
    "rust x1 / best C": { ratio: ratio(one, bestC), goal: "<= 1.1" },
    "rust x2 / best C": { ratio: cores === 2 ? ratio(two, bestC) : null, goal: "<= 0.6" },
    "rust x1 f32 / rust x1": { ratio: ratio(single, one), goal: "<= 0.6" },
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
    samples,
    results: [] as object[],
  };
  if (!flags.json)
    console.log(
      `node ${report.node}, ${report.cpu}, load ${report.load.toFixed(1)}, median of ${samples} samples +- MAD`,
    );
  await using opened = await openKernels(tiers, flags.adapter, flags.only);
  for (const { name, reason } of opened.absent) console.error(`${name} is missing: ${reason}`);
  for (const shape of shapes) {
    const rows = await rowsOf(shape, opened.contenders, peers);
    const ratios = ratiosOf(rows);
    report.results.push({ shape, rows, ratios });
    if (flags.json) continue;
    console.log(`\n${shape.join(" x ")}, ns per point and axis`);
    for (const row of rows) {
      const time = `${row.nsPerPoint.toFixed(2).padStart(8)} +- ${row.mad.toFixed(2).padEnd(6)}`;
      const rate = `${(1e3 / row.nsPerPoint).toFixed(0).padStart(5)} M/s`;
      const axes = row.perAxis.length > 1 ? `  axes ${row.perAxis.map((x) => x.toFixed(2)).join(", ")}` : "";
      const name = `${row.contestant}${row.software ? " (software)" : ""}`;
      console.log(`  ${name.padEnd(28)} ${time} ${rate}${axes}${phasesText(row.phases)}`);
    }
    for (const [name, { ratio, goal }] of Object.entries(ratios))
      if (ratio !== null) console.log(`  ${name} = ${ratio.toFixed(2)} (goal ${goal})`);
  }
  if (flags.json) console.log(JSON.stringify(report, undefined, 2));
} finally {
  await Promise.all([...peers.values()].map((peer) => peer[Symbol.asyncDispose]()));
  rmSync(folder, { recursive: true, force: true });
}
