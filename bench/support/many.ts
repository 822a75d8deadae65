/**
 * Many one-dimensional problems at once against one two-dimensional problem of as many points: sweeps of real workspaces on the GPU,
 * after one iteration that finds the sub-steps. A stage is one evaluation of the right-hand side at a point, of a Runge-Kutta or of an
 * RKL2 stage (src/decision/work.ts).
 */
import { forAll } from "../../src/bench/solve.ts";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { median } from "../../src/decision/statistics.ts";
import { stagesOf } from "../../src/decision/work.ts";
import { discretisationOf, problemOf } from "../../src/solver/configure.ts";
import { findTier } from "../../src/tiers/registry.ts";
import type { SweepReport, Workspace } from "../../src/tiers/tier.ts";

/** What is run: on a real GPU, and on a software adapter, where only correctness counts. */
const sizes = {
  gpu: { problems: 1000, points: 1000, steps: 100, plane: 1000, planeSteps: 20 },
  software: { problems: 3, points: 32, steps: 4, plane: 16, planeSteps: 2 },
} as const;
/** Largest difference from `batched` in f64, in units of the largest number, of a member that is timed. */
const bound = 1e-5;

export interface ManyRow {
  readonly what: string;
  readonly path: string;
  readonly adapter: string;
  readonly software: boolean;
  readonly seconds: number;
  readonly pointStages: number;
  readonly perSecond: number;
}

/** Both sweeps of all members. */
function sweepAll(workspace: Workspace): Promise<readonly (readonly [SweepReport, SweepReport])[]> {
  return forAll(workspace, async (i) => [await workspace.hjb(i), await workspace.fokkerPlanck(i)] as const);
}

/** Stages of one sweep at all points; sub-steps are taken as evenly spread over the stored intervals. */
function pointStages(d: Discretisation, { substeps }: SweepReport): number {
  const { advection, diffusion } = stagesOf(d, Array<number>(d.steps).fill(substeps / d.steps));
  return d.grid.points * (advection + diffusion);
}

async function measure(
  what: string,
  members: readonly Discretisation[],
  adapter: string | undefined,
  samples: number,
): Promise<ManyRow> {
  const place = adapter === undefined ? {} : { adapter };
  const { tier } = await findTier("webgpu", place);
  const options = { precision: "compensated", andersonDepth: 0, keepTransported: true, ...place } as const;
  await using workspace = await tier.workspace(members, options);
  for (const [i, d] of members.entries()) await workspace.load(i, d.initialDensity);
  await sweepAll(workspace);
  await check(workspace, members);
  let reports = await sweepAll(workspace);
  const times: number[] = [];
  for (let k = 0; k < samples; k++) {
    const begun = performance.now();
    reports = await sweepAll(workspace);
    times.push((performance.now() - begun) / 1000);
  }
  const stages = reports.reduce(
    (sum, [hjb, density], i) => sum + pointStages(members[i]!, hjb) + pointStages(members[i]!, density),
    0,
  );
  const { path = "", device, software } = workspace.place;
  const seconds = median(times);
  return { what, path, adapter: device, software, seconds, pointStages: stages, perSecond: stages / seconds };
}

/** Holds the first and the last member to `batched`; throws where they differ. */
async function check(workspace: Workspace, members: readonly Discretisation[]): Promise<void> {
  const { tier } = await findTier("batched");
  for (const i of new Set([0, members.length - 1])) {
    const d = members[i]!;
    await using exact = await tier.workspace([d], { precision: "f64", andersonDepth: 0, keepTransported: true });
    await exact.load(0, d.initialDensity);
    await exact.hjb(0);
    await exact.fokkerPlanck(0);
    for (const field of ["value", "transported"] as const) {
      const [ours, theirs] = [await workspace.read(i, field), await exact.read(0, field)];
      let worst = 0;
      let size = 0;
      for (const [at, x] of theirs.entries()) {
        worst = Math.max(worst, Math.abs(x - ours[at]!));
        size = Math.max(size, Math.abs(x));
      }
      if (!(worst <= bound * size))
        throw new Error(`member ${i} differs from batched in its ${field} by ${worst / size}`);
    }
  }
}

/** The two rows, many lines and one plane. */
export async function manyProblems(adapter: string | undefined, samples: number): Promise<readonly ManyRow[]> {
  const { tier } = await findTier("webgpu", adapter === undefined ? {} : { adapter });
  const answer = await tier.probe(adapter === undefined ? {} : { adapter });
  const software = answer.state === "available" && answer.software;
  const { problems, points, steps, plane, planeSteps } = sizes[software ? "software" : "gpu"];
  const source = loadCatalogueProblem("r1").source as Record<string, unknown>;
  // Noise and so the stages differ from member to member.
  const lines = Array.from({ length: problems }, (_, i) =>
    discretisationOf(problemOf({ ...source, volatility: 0.3 + (0.2 * i) / problems }), { grid: points, steps }),
  );
  const square = loadCatalogueProblem("torus-exact-2d").source as Record<string, unknown>;
  const whole = discretisationOf(problemOf({ ...square, horizon: 0.1 }), { grid: [plane, plane], steps: planeSteps });
  return [
    await measure(`${problems} problems of ${points} points x ${steps}`, lines, adapter, samples),
    await measure(`one problem of ${plane} x ${plane} points x ${planeSteps}`, [whole], adapter, samples),
  ];
}

/** For a person. */
export function manyText(rows: readonly ManyRow[]): string {
  const [lines, plane] = rows;
  const text = rows.map(
    ({ what, path, seconds, perSecond }) =>
      `  ${what.padEnd(36)} ${path.padEnd(5)} ${seconds.toFixed(3)} s an iteration  ${(perSecond / 1e9).toPrecision(3)} G point-stages/s`,
  );
  const share = (100 * (lines?.perSecond ?? Number.NaN)) / (plane?.perSecond ?? Number.NaN);
  const where = lines?.software === true ? "a software adapter: only correctness counts" : "goal: 50 %";
  return [`${lines?.adapter}`, ...text, `  ${share.toFixed(0)} % of the rate of the plane (${where})`].join("\n");
}
