/**
 * What a user would pick instead, on the same work and interleaved with our tiers: C (-O3 -march=native -ffast-math), NumPy and
 * Numba (parallel) for smoothness, weights and derivatives; hj-reachability on JAX for whole Hamilton-Jacobi stages. Everyone is
 * held to the golden vectors and to the scalar tier before it is timed; a peer that cannot be had is a named skip.
 *
 *   npm run -s bench:peers -- [--json] [--quick] [--only rust,numba,C] [--samples 9]
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openKernels, type KernelContender } from "../src/bench/contenders.ts";
import {
  epsilon,
  kernelData,
  kernelOperations,
  layoutOf,
  pointsOf,
  waves,
  type KernelOperation,
} from "../src/bench/kernelData.ts";
import { fits } from "../src/bench/names.ts";
import { lookAtPlace } from "../src/bench/place.ts";
import { relativeDifference } from "../src/bench/race.ts";
import { stageDiscretisation } from "../src/bench/solve.ts";
import { candidatesFor } from "../src/decision/candidates.ts";
import { workspaceOptions } from "../src/decision/calibrateSize.ts";
import { measure, type Contestant } from "../src/decision/measure.ts";
import { tiers } from "../src/tiers/registry.ts";
import { scalarTier } from "../src/tiers/scalar/tier.ts";
import type { Workspace } from "../src/tiers/tier.ts";
import { compile, findCompiler, Peer } from "./support/peer.ts";
import { hjResult, hjSeconds, pythonResult, pythonSeconds } from "./support/pythonPeer.ts";
import { peersPython } from "./support/venv.ts";
import { peerDerivatives, peerSeconds, type WenoForm } from "./support/wenoPeer.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    samples: { type: "string", default: "9" },
  },
});
const wants = (name: string): boolean => fits(name, flags.only);
const grids = flags.quick ? [[1 << 14], [128, 128], [32, 32, 32]] : [[1 << 20], [1024, 1024], [128, 128, 128]];
const bounds = { f64: 1e-12, f32: 1e-5 } as const;
/** Values at the end time: another length of the sub-steps, in f32 rounding too. */
const stageBounds = { f64: 1e-6, f32: 1e-4 } as const;
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
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Someone who computes the kernels: ours and peers alike. */
interface Kernelist {
  readonly name: string;
  readonly precision: "f64" | "f32";
  readonly software: boolean;
  readonly can: (operation: KernelOperation) => boolean;
  /** Takes the input and returns everyone's results in one order: of derivatives both of every axis. */
  readonly load: (
    operation: KernelOperation,
    shape: readonly number[],
    spacing?: number,
    field?: Float64Array,
  ) => Promise<ArrayLike<number>[]>;
  /** Runs once on what was loaded; milliseconds by its own clock, or undefined where the wall clock counts. */
  readonly run: () => Promise<number | undefined>;
}

function ours(contender: KernelContender): Kernelist {
  const { name, precision, kernels, found } = contender;
  let call = async (): Promise<void> => undefined;
  return {
    name,
    precision,
    software: found.software,
    can: () => true,
    load: async (operation, shape, spacing, field) => {
      const data = kernelData(operation, shape, precision);
      const out = data.make();
      if (field === undefined) call = () => data.call(kernels, out);
      else {
        data.input.set(field);
        call = () => kernels.derivatives(data.input, { ...layoutOf(shape, 0), spacing: spacing! }, out[0]!, out[1]!);
      }
      await call();
      return [...out];
    },
    run: async () => {
      await call();
      return undefined;
    },
  };
}

function cPeer(peer: Peer, form: WenoForm): Kernelist {
  let tasks: Parameters<typeof peerDerivatives>[1][] = [];
  return {
    name: `C ${form}`,
    precision: "f64",
    software: false,
    can: (operation) => operation === "derivatives",
    load: async (_, shape, spacing, field) => {
      tasks = shape.map((n, axis) => ({ form, shape, axis, spacing: spacing ?? 1 / n, epsilon }));
      const results: ArrayLike<number>[] = [];
      for (const task of tasks) {
        const { pMinus, pPlus } = await peerDerivatives(peer, task, field ?? waves(shape));
        results.push(pMinus, pPlus);
      }
      return results;
    },
    run: async () => {
      let seconds = 0;
      for (const task of tasks) seconds += await peerSeconds(peer, task, 1);
      return 1000 * seconds;
    },
  };
}

function pythonPeer(peer: Peer, name: string): Kernelist {
  let tasks: Parameters<typeof pythonResult>[1][] = [];
  return {
    name,
    precision: "f64",
    software: false,
    can: () => true,
    load: async (operation, shape, spacing, field) => {
      const axes = operation === "derivatives" ? shape.map((_, axis) => axis) : [0];
      tasks = axes.map((axis) => ({ operation, shape, axis, spacing: spacing ?? 1 / shape[axis]!, epsilon }));
      const input = field ?? (kernelData(operation, shape, "f64").input as Float64Array);
      const results: ArrayLike<number>[] = [];
      for (const task of tasks) {
        const result = await pythonResult(peer, task, input);
        if (operation !== "derivatives") results.push(result);
        else results.push(result.subarray(0, result.length / 2), result.subarray(result.length / 2));
      }
      return results;
    },
    run: async () => {
      let seconds = 0;
      for (const task of tasks) seconds += await pythonSeconds(peer, task);
      return 1000 * seconds;
    },
  };
}

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly dx: number;
    readonly values: readonly number[];
    readonly left: readonly number[];
    readonly right: readonly number[];
  }[];
}
const golden = JSON.parse(
  readFileSync(new URL("../test/fixtures/weno5_derivatives.json", import.meta.url), "utf8"),
) as Golden;

/** Why someone's derivatives are not those of the golden vectors; undefined where they are. */
async function failsGolden({ precision, load }: Kernelist): Promise<string | undefined> {
  for (const { name, dx, values, left, right } of golden.cases) {
    const [minus, plus] = await load("derivatives", [values.length], dx, Float64Array.from(values));
    const apart = Math.max(relativeDifference([minus!], [left]), relativeDifference([plus!], [right]));
    if (!(apart <= bounds[precision]))
      return `it differs from the golden vectors (${name}) by ${apart.toExponential(1)}`;
  }
  return undefined;
}

interface Row {
  readonly contestant: string;
  readonly software: boolean;
  readonly nsPerPoint: number;
  readonly mad: number;
  readonly n: number;
  readonly error: number;
}
interface Ratio {
  readonly name: string;
  readonly ratio: number;
  readonly goal: string | null;
}
interface Result {
  readonly operation: string;
  readonly shape: readonly number[];
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
}

/** Times contestants whose checks were done when they loaded. */
async function timed(
  contestants: readonly {
    readonly name: string;
    readonly software: boolean;
    readonly error: number;
    readonly each: number;
    readonly run: () => Promise<number | undefined>;
  }[],
): Promise<Row[]> {
  const racing = contestants.map(({ name, run }): Contestant => {
    let own: number | undefined;
    const work = async (): Promise<void> => {
      const begun = performance.now();
      // By its own clock where it has one: no pipe is in the timing.
      own = (await run()) ?? performance.now() - begun;
    };
    return { name, run: work, duration: () => own! };
  });
  const done = await measure(racing, { samples: Number(flags.samples), sampleMs: flags.quick ? 2 : 20 });
  for (const { name, reason } of done.excluded) skip(name, reason);
  return done.timings.map(({ name, median, mad, n }) => {
    const { each, error, software } = contestants.find((contestant) => contestant.name === name)!;
    return { contestant: name, software, nsPerPoint: (median * 1e6) / each, mad: (mad * 1e6) / each, n, error };
  });
}

/** How many times slower `above` is than `below`; nothing where one is missing. */
function ratio(rows: readonly Row[], above: string, below: string, goal: string | null): Ratio[] {
  const find = (name: string): Row | undefined => rows.find(({ contestant }) => contestant === name);
  const [over, under] = [find(above), find(below)];
  return over && under ? [{ name: `${above} / ${below}`, ratio: over.nsPerPoint / under.nsPerPoint, goal }] : [];
}

/** The native tier on all cores, as this run names it. */
const rustOf = (rows: readonly Row[], precision: string): string =>
  rows
    .filter(
      ({ contestant }) =>
        contestant.startsWith("rust:native") &&
        contestant.includes(` ${precision} `) &&
        !contestant.includes("offload"),
    )
    .at(-1)?.contestant ?? `rust ${precision}`;

async function kernelResult(
  people: readonly Kernelist[],
  operation: KernelOperation,
  shape: readonly number[],
): Promise<Result> {
  const count = operation === "derivatives" ? shape : [pointsOf(shape)];
  const each = pointsOf(count) * (operation === "derivatives" ? shape.length : 1);
  await using scalar = await scalarTier.kernels({ precision: "f64" });
  const wantedOf = async (precision: "f64" | "f32"): Promise<readonly ArrayLike<number>[]> => {
    const stored = kernelData(operation, count, precision);
    const wide = kernelData(operation, count, "f64");
    wide.input.set(stored.input);
    const out = wide.make();
    await wide.call(scalar, out);
    return out;
  };
  const wanted = { f64: await wantedOf("f64"), f32: await wantedOf("f32") };
  const racing: Parameters<typeof timed>[0][number][] = [];
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
  const rows = await timed(racing);
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

/** Runge-Kutta steps of one timed run, of hj-reachability and about as many of ours. */
const rungeKuttaSteps = 4;
const stagesPerStep = 3;

async function stageResult(python: string, shape: readonly number[]): Promise<Result> {
  const d = stageDiscretisation(shape, rungeKuttaSteps);
  const { points } = d.grid;
  const script = fileURLToPath(new URL("peers/hj_stage.py", import.meta.url));
  const racing: Parameters<typeof timed>[0][number][] = [];
  const opened: AsyncDisposable[] = [];
  try {
    const candidates = (await candidatesFor()).filter(
      ({ found, tier, residency, name }) =>
        found.state === "available" && residency === "resident" && tier.name !== "scalar" && wants(name),
    );
    const truthful = (await candidatesFor()).find(
      ({ tier, precision }) => tier.name === "batched" && precision === "f64",
    )!;
    const truth = await truthful.tier.workspace([d], workspaceOptions(truthful));
    opened.push(truth);
    await truth.load(0, d.initialDensity);
    await truth.hjb(0);
    const wanted = (await truth.read(0, "value")).subarray(0, points);
    for (const candidate of candidates) {
      try {
        const workspace: Workspace = await candidate.tier.workspace([d], workspaceOptions(candidate));
        opened.push(workspace);
        await workspace.load(0, d.initialDensity);
        const { substeps } = await workspace.hjb(0);
        const got = (await workspace.read(0, "value")).subarray(0, points);
        const error = relativeDifference([got], [wanted]);
        const bound = candidate.precision === "f64" ? stageBounds.f64 : stageBounds.f32;
        if (!(error <= bound))
          skip(candidate.name, `its stages differ from batched by ${error.toExponential(1)}; not timed`);
        else
          racing.push({
            name: candidate.name,
            software: candidate.found.state === "available" && candidate.found.software,
            error,
            each: points * substeps * stagesPerStep,
            run: async () => {
              await workspace.hjb(0);
              return undefined;
            },
          });
      } catch (error) {
        skip(candidate.name, reasonOf(error));
      }
    }
    for (const precision of ["f32", "f64"] as const) {
      const label = `hj-reachability ${precision}`;
      if (!wants(label)) continue;
      try {
        const peer = new Peer(python, [script, precision]);
        opened.push(peer);
        const device = await peer.firstLine();
        const name = device.startsWith("cpu") ? label : `${label} (${device})`;
        const got = await hjResult(peer, shape, d.terminalCost, d.problem.horizon);
        const error = relativeDifference([got], [wanted]);
        if (!(error <= stageBounds[precision]))
          skip(name, `it differs from batched at the end time by ${error.toExponential(1)}; not timed`);
        else
          racing.push({
            name,
            software: false,
            error,
            each: points * rungeKuttaSteps * stagesPerStep,
            run: async () => 1000 * (await hjSeconds(peer, shape, rungeKuttaSteps)),
          });
      } catch (error) {
        skip(label, reasonOf(error));
      }
    }
    const rows = await timed(racing);
    const goal = shape.length === 2 || shape.length === 3 ? ">= 10" : null;
    const ratios = rows
      .filter(({ contestant }) => contestant.startsWith("hj-reachability"))
      .flatMap(({ contestant }) => [
        ...ratio(rows, contestant, rustOf(rows, "f32"), goal),
        ...ratio(rows, contestant, rustOf(rows, "f64"), null),
      ]);
    return { operation: "hjb-stages", shape, rows, ratios };
  } finally {
    for (const one of opened) await one[Symbol.asyncDispose]();
  }
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
    for (const shape of operation === "derivatives" ? grids : grids.slice(0, 1))
      add(await kernelResult(people, operation, shape));
  if (!("why" in environment)) for (const shape of grids.slice(1)) add(await stageResult(environment.python, shape));
  const place = await lookAtPlace(tiers, undefined);
  if (flags.json)
    console.log(JSON.stringify({ format: 1, kind: "peers", place, quick: flags.quick, results, skips }, undefined, 2));
} finally {
  await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
  rmSync(folder, { recursive: true, force: true });
}
