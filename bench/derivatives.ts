/**
 * ns per point of both one-sided WENO5-JS derivatives (epsilon 1e-6 absolute, periodic, one core): our tiers beside a
 * textbook C program, interleaved in one run. Every contestant's results are checked before it is timed.
 *
 *   npx tsx bench/derivatives.ts [--json] [--rounds 9] [--quick]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BatchedKernels } from "../src/tiers/batched/kernels.ts";
import { ScalarKernels } from "../src/tiers/scalar/kernels.ts";
import type { DerivativeLayout, KernelArray, Kernels } from "../src/tiers/tier.ts";
import { compile, findCompiler, Peer } from "./support/peer.ts";
import { compare, inProcess } from "./support/timing.ts";
import type { Contestant, Timing } from "./support/timing.ts";
import { peerDerivatives, peerSeconds } from "./support/wenoPeer.ts";
import type { WenoForm } from "./support/wenoPeer.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "9" },
    quick: { type: "boolean", default: false },
  },
});
const rounds = Number(flags.rounds);
const shapes = flags.quick ? [[1 << 16], [256, 256], [40, 40, 40]] : [[1 << 20], [1024, 1024], [128, 128, 128]];
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

function relativeDifference(got: KernelArray, wanted: KernelArray): number {
  let worst = 0;
  let scale = 0;
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs(got[i]! - wanted[i]!);
    if (!(difference <= worst)) worst = difference;
    scale = Math.max(scale, Math.abs(wanted[i]!));
  }
  return worst / scale;
}

/** Bounds of the check before timing: rounding of another order of operations, in f32 of what is stored. */
const bounds = { f64: 1e-12, f32: 1e-6 };

function verify(name: string, bound: number, got: readonly KernelArray[], wanted: readonly KernelArray[]): void {
  for (const [side, expected] of wanted.entries()) {
    const difference = relativeDifference(got[side]!, expected);
    if (!(difference <= bound)) throw new Error(`${name} differs from the reference by ${difference}; not timed`);
  }
}

const epsilon = { kind: "absolute", value: 1e-6 } as const;

/** All contestants for one array and axis, verified. */
async function contestantsFor(
  shape: readonly number[],
  axis: number,
  peers: ReadonlyMap<string, Peer>,
): Promise<readonly Contestant[]> {
  const field = sampleField(shape);
  const layout: DerivativeLayout = {
    shape,
    axis,
    spacing: 1 / shape[axis]!,
    lower: "periodic",
    upper: "periodic",
    variant: "js",
    epsilon,
  };
  const scalar = new ScalarKernels();
  const wanted = [new Float64Array(field.length), new Float64Array(field.length)] as const;
  await scalar.derivatives(field, layout, ...wanted);

  const contestants: Contestant[] = [];
  const add = (name: string, kernels: Kernels, u: KernelArray, out: readonly [KernelArray, KernelArray]): void => {
    contestants.push(inProcess(name, () => kernels.derivatives(u, layout, out[0], out[1])));
  };
  const out = [new Float64Array(field.length), new Float64Array(field.length)] as const;
  add("scalar", scalar, field, out);

  const batched = new BatchedKernels("f64");
  await batched.derivatives(field, layout, ...out);
  verify("batched", bounds.f64, out, wanted);
  add("batched", batched, field, out);

  const field32 = Float32Array.from(field);
  const wanted32 = [new Float64Array(field.length), new Float64Array(field.length)] as const;
  await scalar.derivatives(Float64Array.from(field32), layout, ...wanted32);
  const out32 = [new Float32Array(field.length), new Float32Array(field.length)] as const;
  const batched32 = new BatchedKernels("f32");
  await batched32.derivatives(field32, layout, ...out32);
  verify("batched f32", bounds.f32, out32, wanted32);
  add("batched f32", batched32, field32, out32);

  for (const [build, peer] of peers) {
    for (const form of forms) {
      const task = { form, shape, axis, spacing: layout.spacing, epsilon: epsilon.value };
      const name = `C ${form} ${build}`;
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
}

async function measure(shape: readonly number[], peers: ReadonlyMap<string, Peer>): Promise<readonly Row[]> {
  const points = shape.reduce((product, n) => product * n, 1);
  const perAxis: (readonly Timing[])[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    perAxis.push(await compare(await contestantsFor(shape, axis, peers), rounds, flags.quick ? 0.01 : 0.04));
  }
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  return perAxis[0]!.map(({ name }, c) => {
    const medians = perAxis.map((timings) => (timings[c]!.median / points) * 1e9);
    const mads = perAxis.map((timings) => (timings[c]!.mad / points) * 1e9);
    return { contestant: name, nsPerPoint: mean(medians), mad: mean(mads), perAxis: medians };
  });
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
  for (const shape of shapes) {
    const rows = await measure(shape, peers);
    const timeOf = (name: string): number | undefined => rows.find((row) => row.contestant === name)?.nsPerPoint;
    const ours = timeOf("batched")!;
    const yardstick = timeOf("C textbook -O2");
    const ratios = {
      scalarOverBatched: timeOf("scalar")! / ours,
      batchedOverC: yardstick === undefined ? null : ours / yardstick,
    };
    report.results.push({ shape, rows, ratios });
    if (flags.json) continue;
    console.log(`\n${shape.join(" x ")}, ns per point and axis`);
    for (const row of rows) {
      const axes = row.perAxis.length > 1 ? `  axes ${row.perAxis.map((x) => x.toFixed(1)).join(", ")}` : "";
      const time = `${row.nsPerPoint.toFixed(2).padStart(8)} +- ${row.mad.toFixed(2).padEnd(6)}`;
      console.log(`  ${row.contestant.padEnd(20)} ${time} ${(row.nsPerPoint / ours).toFixed(2)} x batched${axes}`);
    }
    const c =
      ratios.batchedOverC === null ? "" : `; batched/C textbook -O2 = ${ratios.batchedOverC.toFixed(2)} (goal <= 0.9)`;
    console.log(`  scalar/batched = ${ratios.scalarOverBatched.toFixed(1)} (goal >= 8)${c}`);
  }
  if (flags.json) console.log(JSON.stringify(report, undefined, 2));
} finally {
  await Promise.all([...peers.values()].map((peer) => peer[Symbol.asyncDispose]()));
  rmSync(folder, { recursive: true, force: true });
}
