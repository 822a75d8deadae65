/**
 * What a user would pick instead, on the same work and interleaved with our tiers: C (-O3 -march=native -ffast-math), NumPy and
 * Numba (parallel) for smoothness, weights and derivatives; hj-reachability on JAX for whole Hamilton-Jacobi stages. Everyone is
 * held to the golden vectors and to the scalar tier before it is timed; a peer that cannot be had is a named skip.
 *
 *   npm run -s bench:peers -- [--json] [--quick] [--only rust,numba,C] [--samples 9]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openKernels } from "../src/bench/contenders.ts";
import { kernelData, kernelOperations, pointsOf, widened, type KernelOperation } from "../src/bench/kernelData.ts";
import { fits } from "../src/bench/names.ts";
import { lookAtPlace } from "../src/bench/place.ts";
import { relativeDifference } from "../src/bench/race.ts";
import { tiers } from "../src/tiers/registry.ts";
import { scalarTier } from "../src/tiers/scalar/tier.ts";
import { bounds, cPeer, failsGolden, ours, pythonPeer, type Kernelist } from "./support/kernelists.ts";
import { compile, findCompiler, Peer } from "./support/peer.ts";
import { ratio, reasonOf, rustOf, timed, type PeersRun, type Racer, type Result } from "./support/peerRows.ts";
import { stageResult } from "./support/stagePeers.ts";
import { peersPython } from "./support/venv.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    samples: { type: "string", default: "9" },
  },
});
const wants = (name: string): boolean => fits(name, flags.only);
/** Stencils: what a first cache nearly holds, and what none does. */
const counts = flags.quick ? [[1 << 14]] : [[1 << 14], [1 << 20]];
const grids = flags.quick ? [[1 << 14], [128, 128], [32, 32, 32]] : [[1 << 20], [1024, 1024], [128, 128, 128]];
const skips: { readonly name: string; readonly reason: string }[] = [];
const say = (line: string): void => {
  if (!flags.json) console.log(line);
};
const skip = (name: string, reason: string): void => {
  skips.push({ name, reason });
  say(`skip      ${name}: ${reason}`);
};
/**
 * Numba in its three ways: its default threads (OpenMP) spin at every barrier and cost milliseconds a call where other processes
 * want a core. Ratios are to the fastest of them.
 */
const pythonPeers = [
  ["numpy", "numpy", {}],
  ["numba", "numba", {}],
  ["numba workqueue", "numba", { NUMBA_THREADING_LAYER: "workqueue" }],
  ["numba x1", "numba", { NUMBA_NUM_THREADS: "1" }],
] as const;
const session: PeersRun = {
  wants,
  skip,
  samples: Number(flags.samples),
  stretchMs: flags.quick ? 2 : 20,
  budgetMs: 60_000,
};

async function kernelResult(
  people: readonly Kernelist[],
  operation: KernelOperation,
  shape: readonly number[],
): Promise<Result> {
  const count = operation === "derivatives" ? shape : [pointsOf(shape)];
  const each = pointsOf(count) * (operation === "derivatives" ? shape.length : 1);
  await using scalar = await scalarTier.kernels({ precision: "f64" });
  const wantedOf = async (precision: "f64" | "f32"): Promise<readonly ArrayLike<number>[]> => {
    const wide = widened(operation, count, kernelData(operation, count, precision));
    const out = wide.make();
    await wide.call(scalar, out);
    return out;
  };
  const wanted = { f64: await wantedOf("f64"), f32: await wantedOf("f32") };
  const racing: Racer[] = [];
  for (const { name, precision, software, can, load, run } of people) {
    if (!can(operation)) continue;
    try {
      const error = relativeDifference(await load(operation, count), wanted[precision]);
      if (error <= bounds[precision]) racing.push({ name, software, error, each, run });
      else skip(name, `its ${operation} differ from the scalar tier's by ${error.toExponential(1)}; not timed`);
    } catch (error) {
      skip(name, reasonOf(error));
    }
  }
  const rows = await timed(racing, session);
  const [f64, f32] = [rustOf(rows, "f64"), rustOf(rows, "f32")];
  const numba =
    rows.filter(({ contestant }) => contestant.startsWith("numba")).toSorted((a, b) => a.nsPerPoint - b.nsPerPoint)[0]
      ?.contestant ?? "numba";
  const ratios = [
    ...ratio(rows, numba, f64, operation === "derivatives" ? ">= 2" : null),
    ...ratio(rows, numba, f32, null),
    ...ratio(rows, "numpy", "batched f64", "> 1"),
    ...ratio(rows, "C shared", "rust:native f64 x1", null),
    ...ratio(rows, "C textbook", "rust:native f64 x1", null),
  ];
  return { operation, shape: count, rows, ratios };
}

function show({ operation, shape, rows, ratios }: Result): void {
  say(`\n${operation} ${shape.join(" x ")}, ns per point and ${operation === "hjb-stages" ? "stage" : "axis"}`);
  for (const { contestant, software, nsPerPoint, mad, n, error } of rows) {
    const name = software ? `${contestant} (software)` : contestant;
    say(
      `  ${name.padEnd(34)} ${nsPerPoint.toFixed(2).padStart(9)} +- ${mad.toFixed(2).padEnd(7)} n ${String(n).padEnd(3)} error ${error.toExponential(1)}`,
    );
  }
  for (const { name, ratio: times, goal } of ratios)
    say(`  ${name} = ${times.toFixed(2)}${goal === null ? "" : ` (goal ${goal})`}`);
}

const folder = mkdtempSync(join(tmpdir(), "mfgpu-peers-"));
const peers: Peer[] = [];
try {
  const everyone: Kernelist[] = [];
  await using opened = await openKernels(tiers, undefined, flags.only);
  for (const { name, reason } of opened.absent) skip(name, reason);
  for (const contender of opened.contenders)
    if (contender.tier !== "scalar" && !contender.found.software) everyone.push(ours(contender));
  const compiler = findCompiler();
  if (compiler === undefined) skip("C", "no C compiler is here (CC, cc, gcc, clang)");
  else {
    try {
      const source = fileURLToPath(new URL("peers/weno5.c", import.meta.url));
      const program = compile(compiler, ["-O3", "-march=native", "-ffast-math"], source, folder, "weno5");
      for (const form of ["textbook", "shared"] as const) {
        const peer = new Peer(program);
        peers.push(peer);
        everyone.push(cPeer(peer, form));
      }
    } catch (error) {
      skip("C", reasonOf(error));
    }
  }
  const environment = peersPython();
  if ("why" in environment) for (const name of ["numpy", "numba", "hj-reachability"]) skip(name, environment.why);
  else {
    const script = fileURLToPath(new URL("peers/weno5.py", import.meta.url));
    for (const [name, kernels, env] of pythonPeers) {
      const peer = new Peer(environment.python, [script, kernels], env);
      peers.push(peer);
      everyone.push(pythonPeer(peer, name));
    }
  }
  const people: Kernelist[] = [];
  for (const one of everyone.filter(({ name }) => wants(name))) {
    try {
      const reason = await failsGolden(one);
      if (reason === undefined) people.push(one);
      else skip(one.name, `${reason}; not timed`);
    } catch (error) {
      skip(one.name, reasonOf(error));
    }
  }
  const results: Result[] = [];
  const add = (result: Result): void => {
    results.push(result);
    show(result);
  };
  for (const operation of kernelOperations)
    for (const shape of operation === "derivatives" ? grids : counts) add(await kernelResult(people, operation, shape));
  if (!("why" in environment))
    for (const shape of grids.slice(1)) add(await stageResult(environment.python, shape, session));
  const place = await lookAtPlace(tiers, undefined);
  if (flags.json)
    console.log(JSON.stringify({ format: 1, kind: "peers", place, quick: flags.quick, results, skips }, undefined, 2));
} finally {
  await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
  rmSync(folder, { recursive: true, force: true });
}
