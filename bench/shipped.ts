/**
 * The constants of src/decision/shipped.ts from a calibration on this machine. Run: npx tsx bench/shipped.ts [--json]
 *
 * The batched tier is fitted first: latency, and nanoseconds per point of a stage, over 1-D, 2-D and 3-D at once. All others are
 * a latency and so many times the batched tier's stages.
 */
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { calibrate } from "../src/decision/calibrate.ts";
import { candidatesFor } from "../src/decision/candidates.ts";
import { fitNonNegative, relativeErrors } from "../src/decision/fit.ts";
import type { Sample } from "../src/decision/fitModel.ts";
import { runPilot } from "../src/decision/pilot.ts";
import { median, quantile } from "../src/decision/statistics.ts";
import { referenceOf } from "../src/decision/workload.ts";
import { loadCatalogueProblem } from "../src/problem/catalogue.ts";
import { discretisationOf } from "../src/solver/configure.ts";
import type { SweepWork } from "../src/decision/work.ts";

const { values: flags } = parseArgs({ options: { json: { type: "boolean", default: false } } });

const games = [
  { problem: "two-crowds-1d", grid: 800, steps: 12 },
  { problem: "lq-2d", grid: 96, steps: 6 },
  { problem: "torus-exact-3d", grid: 24, steps: 4 },
] as const;
const stagesPerLevel = 2;

interface Measured {
  readonly dimension: number;
  readonly sample: Sample;
}
type Part = "hjb" | "fokkerPlanck";

const found = new Map<string, Measured[]>();
for (const precision of ["f64", "f32"] as const) {
  for (const { problem: name, grid, steps } of games) {
    const problem = loadCatalogueProblem(name);
    const options = { grid, steps };
    const d = discretisationOf(problem, options);
    const all = await candidatesFor();
    const open = all.filter(
      (one) => one.found.state === "available" && !one.found.software && one.precision === precision,
    );
    const pilot = await runPilot(d, options, all, 6);
    const { samples, excluded } = await calibrate(open, referenceOf(all)!, problem, d.grid.shape, d.scheme, {
      budgetMs: 15_000,
      ...(pilot && { pilot }),
    });
    for (const { name: who, reason } of excluded) console.error(`${who}: ${reason}`);
    for (const [who, some] of samples) {
      const measured = some.map((sample) => ({ dimension: problem.dimension, sample }));
      found.set(who, [...(found.get(who) ?? []), ...measured]);
    }
  }
}

const stagesOf = ({ advection, diffusion, levels }: SweepWork): number => advection + diffusion + levels;
/** Nanoseconds in milliseconds: points times advective stages and axes, points times diffusive stages. */
const pointStages = ({ sample, dimension }: Measured, part: Part): [number, number] => {
  const { advection, diffusion, levels } = sample.work[part];
  return [(advection + stagesPerLevel * levels) * dimension * sample.points * 1e-6, diffusion * sample.points * 1e-6];
};

const batched = found.get("batched f64") ?? [];
const yardstick = Object.fromEntries(
  (["hjb", "fokkerPlanck"] as const).map((part) => {
    const rows = batched.map((one) => [stagesOf(one.sample.work[part]), ...pointStages(one, part)]);
    const [latency = 0, advection = 0, diffusion = 0] = fitNonNegative(
      rows,
      batched.map(({ sample }) => sample[part]),
    );
    return [part, { latency, advection, diffusion }];
  }),
) as Record<Part, { latency: number; advection: number; diffusion: number }>;

interface Constants {
  readonly dimension: number;
  /** Microseconds per stage. */
  readonly latency: number;
  /** Times of the batched tier. */
  readonly times: number;
  readonly p90: number;
}

/** One line per dimension, with the 90 % quantile of the relative errors. */
function constantsOf(all: readonly Measured[], part: Part, dimension: number): Constants | undefined {
  const measured = all.filter((one) => one.dimension === dimension);
  if (measured.length === 0) return undefined;
  const { advection, diffusion } = yardstick[part];
  const rows = measured.map((one) => {
    const [a, b] = pointStages(one, part);
    return [stagesOf(one.sample.work[part]), a * advection + b * diffusion];
  });
  const targets = measured.map(({ sample }) => sample[part]);
  const x = fitNonNegative(rows, targets);
  const [latency = 0, times = 0] = x;
  return {
    dimension,
    latency: 1000 * latency,
    times,
    p90: quantile(relativeErrors(rows, targets, x).map(Math.abs), 0.9),
  };
}

const table = [...found].map(([name, measured]) => ({
  name,
  hjb: [1, 2, 3].flatMap((dimension) => constantsOf(measured, "hjb", dimension) ?? []),
  fokkerPlanck: [1, 2, 3].flatMap((dimension) => constantsOf(measured, "fokkerPlanck", dimension) ?? []),
  cold: Math.max(...measured.map(({ sample }) => sample.firstExcess)),
  setup: median(measured.map(({ sample }) => sample.setup)),
  moved: median(measured.map(({ sample }) => sample.moving.hjb)),
}));
if (flags.json) console.log(JSON.stringify({ processor: cpus()[0]?.model, load: loadavg()[0], yardstick, table }));
else {
  const { hjb, fokkerPlanck } = yardstick;
  const ns = ({ advection, diffusion }: { advection: number; diffusion: number }): string =>
    `${advection.toPrecision(3)} ns per axis, ${diffusion.toPrecision(3)} ns for diffusion`;
  console.log(`${cpus()[0]?.model}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`);
  console.log(`batched, per point and stage: hjb ${ns(hjb)}; fokkerPlanck ${ns(fokkerPlanck)}`);
  for (const { name, hjb: h, fokkerPlanck: f, cold, setup, moved } of table) {
    console.log(
      `${name}: cold ${cold.toFixed(0)} ms, set-up ${setup.toFixed(2)} ms, moved ${(100 * moved).toFixed(0)} %`,
    );
    for (const [part, constants] of Object.entries({ hjb: h, fokkerPlanck: f })) {
      for (const { dimension, latency, times, p90 } of constants) {
        const line = `${latency.toPrecision(2)} us + ${times.toPrecision(2)} x (p90 ${(100 * p90).toFixed(0)} %)`;
        console.log(`  ${part.padEnd(12)} ${dimension}-D ${line}`);
      }
    }
  }
}
