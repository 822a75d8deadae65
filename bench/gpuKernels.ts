/**
 * Where the time of a sweep on the GPU goes: each workload by the wall clock, then once more with every dispatch in a pass of its
 * own between two of the device's timestamps. Stages are checked against the native tier in f64 first.
 *
 *   npm run bench:gpu -- [--adapter TEXT] WORKLOAD ...
 *
 * A workload is stages:4096x4096:f32 (explicit stages, nu = 0, local Lax-Friedrichs), default:1024x1024:compensated (both
 * sweeps with the scheme's defaults) or lines:1000x1000:compensated (so many one-dimensional problems of so many points at once).
 * The default is all three, small. In default and lines a stage is one of Runge-Kutta or of RKL2.
 */
import { parseArgs } from "node:util";
import { relativeDifference } from "../src/bench/race.ts";
import { bounds, forAll, stageDiscretisation } from "../src/bench/solve.ts";
import { shortened } from "../src/decision/calibrate.ts";
import { ratesOfData } from "../src/decision/rates.ts";
import { median } from "../src/decision/statistics.ts";
import { workOf } from "../src/decision/work.ts";
import { loadCatalogueProblem } from "../src/problem/catalogue.ts";
import type { Discretisation } from "../src/scheme/discretisation.ts";
import { schemeDefaults } from "../src/scheme/options.ts";
import { discretisationOf, problemOf } from "../src/solver/configure.ts";
import { findTier } from "../src/tiers/registry.ts";
import type { Precision, SweepReport, Workspace } from "../src/tiers/tier.ts";
import { openDevice } from "../src/tiers/webgpu/device.ts";
import { measureAdapterRoof } from "../src/tiers/webgpu/roofs.ts";
import { PassClock } from "./support/passClock.ts";

const { values: flags, positionals } = parseArgs({
  options: { adapter: { type: "string", default: process.env["MFGPU_ADAPTER"] ?? "" } },
  allowPositionals: true,
});
const place = flags.adapter === "" ? {} : { adapter: flags.adapter };
const samples = 5;
const substeps = 8;
/** How long a GPU works before it is timed: its clock falls while the processor checks or sets up, and is slow to rise again. */
const warmUpMs = 1000;

type Sweep = "hjb" | "fokkerPlanck";

const device = await openDevice(place);
const clock = new PassClock(device.gpu);
const { bandwidth, arithmetic } = await measureAdapterRoof(device);
console.log(
  `${device.adapter.name}: copy ${(bandwidth / 1e9).toFixed(0)} GB/s, arithmetic ${(arithmetic / 1e12).toFixed(1)} TFLOP/s`,
);

async function open(ds: readonly Discretisation[], precision: Precision): Promise<Workspace> {
  const { tier } = await findTier("webgpu", place);
  const workspace = await tier.workspace(ds, { ...place, precision, andersonDepth: 0, keepTransported: true });
  for (const [i, d] of ds.entries()) await workspace.load(i, d.initialDensity);
  return workspace;
}

function run(workspace: Workspace, sweep: Sweep): Promise<readonly SweepReport[]> {
  return forAll<SweepReport>(workspace, (i) => workspace[sweep](i));
}

/** Times a sweep and prints its rate, then its kernels. */
async function tell(text: string, workspace: Workspace, sweep: Sweep, stagesOf: (i: number, r: SweepReport) => number) {
  const times: number[] = [];
  let reports: readonly SweepReport[] = [];
  for (const begun = performance.now(); !device.adapter.software && performance.now() - begun < warmUpMs;)
    await run(workspace, sweep);
  for (let k = 0; k < samples; k++) {
    const begun = performance.now();
    reports = await run(workspace, sweep);
    times.push(performance.now() - begun);
  }
  const points = workspace.members.reduce((sum, d) => sum + d.grid.points, 0);
  const pointStages = reports.reduce((sum, r, i) => sum + workspace.members[i]!.grid.points * stagesOf(i, r), 0);
  const ms = median(times);
  console.log(`${text} ${sweep}: ${(pointStages / ms / 1e6).toFixed(1)} G point-stages/s, ${ms.toFixed(2)} ms`);
  const kernels = await clock.during(() => run(workspace, sweep));
  const all = kernels.reduce((sum, { ns }) => sum + ns, 0);
  for (const { label, count, ns } of kernels.slice(0, 8)) {
    const share = ((100 * ns) / all).toFixed(0).padStart(3);
    console.log(`  ${share} %  ${label.padEnd(40)} ${count} x ${((1000 * ns) / count / points).toFixed(1)} ps a point`);
  }
  console.log(`         ${(all / 1e6).toFixed(2)} ms on the device`);
}

async function stages(shape: readonly number[], precision: Precision): Promise<void> {
  const d = stageDiscretisation(shape, substeps, "llf");
  await using workspace = await open([d], precision);
  for (let k = 0; k < 2; k++) await workspace.hjb(0);
  const { tier } = await findTier("rust");
  await using exact = await tier.workspace([d], { precision: "f64", andersonDepth: 0, keepTransported: true });
  await exact.load(0, d.initialDensity);
  await exact.hjb(0);
  const error = relativeDifference([await workspace.read(0, "value")], [await exact.read(0, "value")]);
  if (!(error <= bounds[precision])) throw new Error(`it differs from the native tier by ${error}`);
  const text = `stages ${shape.join(" x ")} ${precision} (error ${error.toExponential(1)})`;
  await tell(text, workspace, "hjb", (_, report) => 3 * report.substeps);
}

async function both(text: string, ds: readonly Discretisation[], precision: Precision): Promise<void> {
  await using workspace = await open(ds, precision);
  for (let k = 0; k < 2; k++) for (const sweep of ["hjb", "fokkerPlanck"] as const) await run(workspace, sweep);
  for (const sweep of ["hjb", "fokkerPlanck"] as const)
    await tell(`${text} ${precision}`, workspace, sweep, (i, { substeps: count }) => {
      const d = ds[i]!;
      const work = workOf(d, ratesOfData(d), { hjb: count, fokkerPlanck: count })[sweep];
      return work.advection + work.diffusion;
    });
}

const small = ["stages:48x40:f32", "default:24x20:compensated", "lines:3x32:compensated"];
for (const text of positionals.length > 0 ? positionals : small) {
  const [kind, sizes = "", precision = "compensated"] = text.split(":") as [string, string?, Precision?];
  const shape = sizes.split("x").map(Number);
  if (kind === "stages") await stages(shape, precision);
  else if (kind === "default") {
    const problem = loadCatalogueProblem(`torus-exact-${shape.length}d`);
    await both(`default ${shape.join(" x ")}`, [shortened(problem, shape, 2, schemeDefaults())], precision);
  } else if (kind === "lines") {
    const [count = 1, points = 64] = shape;
    const source = loadCatalogueProblem("r1").source as Record<string, unknown>;
    // Noise, and so the stages, differ from member to member.
    const ds = Array.from({ length: count }, (_, i) =>
      discretisationOf(problemOf({ ...source, volatility: 0.3 + (0.2 * i) / count }), { grid: points, steps: 20 }),
    );
    await both(`lines ${count} of ${points}`, ds, precision);
  } else throw new Error(`${text}: stages, default or lines`);
}
device.close();
