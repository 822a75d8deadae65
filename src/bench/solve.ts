/** Section `solve`: sweeps of real workspaces of every candidate, each held to `batched` in f64 before it is timed. */
import { shortened } from "../decision/calibrate.ts";
import { workspaceOptions } from "../decision/sample.ts";
import type { PlanCandidate } from "../decision/candidates.ts";
import { ratesOfData } from "../decision/rates.ts";
import { workOf } from "../decision/work.ts";
import { MfgError } from "../errors.ts";
import { loadCatalogueProblem } from "../problem/catalogue.ts";
import { parseProblem } from "../problem/schema.ts";
import type { Dimension, Problem } from "../problem/types.ts";
import { discretise } from "../scheme/discretise.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import { schemeDefaults, type SchemeOptions } from "../scheme/options.ts";
import type { Precision, Workspace } from "../tiers/tier.ts";
import type { Contender } from "./contenders.ts";
import type { SectionResult } from "./kernels.ts";
import { pointsOf } from "./kernelData.ts";
import { race, relativeDifference, type Course, type Racer } from "./race.ts";
import type { BenchRow, LeftOut } from "./report.ts";
import type { Schedule } from "./schedule.ts";
import { stageWork } from "./work.ts";

/**
 * `hjb-stages`: explicit stages, nu = 0, no coupling, whose operations are counted; `hjb` and `fokkerPlanck`: the sweeps of
 * a solve with the scheme's defaults, on a game with a known solution.
 */
export const solveOperations = ["hjb-stages", "hjb", "fokkerPlanck"] as const;
export type SolveOperation = (typeof solveOperations)[number];

/** Sizes of a whole run and of a quick one. */
export function solveShapes(quick: boolean): readonly (readonly number[])[] {
  if (quick) return [[256], [24, 24], [12, 12, 12]];
  return [[512], [16_384], [64, 64], [512, 512], [20, 20, 20], [64, 64, 64]];
}

/** What a sweep may differ from the reference's, relative to the field's largest value. */
const bounds: Readonly<Record<Precision, number>> = { f64: 1e-9, compensated: 1e-5, f32: 2e-3 };

/** The scheme of the counted stages, and with `glf` of hj-reachability: WENO5-JS, Lax-Friedrichs, three stages a sub-step. */
export function stageScheme(hamiltonianFlux: "glf" | "llf" = "glf"): SchemeOptions {
  return {
    ...schemeDefaults("explicit"),
    weno: "js",
    epsilon: { kind: "absolute", value: 1e-6 },
    hamiltonianFlux,
    grading: 0,
  };
}

/** u_s + |grad u|^2/2 = 0 on the periodic unit box, from waves along every axis; s = T - t. */
export function stageProblem(dimension: Dimension, horizon: number): Problem {
  const names = ["x", "y", "z"].slice(0, dimension);
  return parseProblem({
    name: `waves-${dimension}d`,
    domain: names.map(() => ({ from: 0, to: 1, boundary: "periodic" })),
    horizon,
    volatility: 0,
    hamiltonian: { kind: "quadratic", control: 1 },
    coupling: { kind: "none" },
    terminalCost: names.map((name) => `cos(2*pi*${name})/10`).join(" + "),
    initialDensity: 1,
  });
}

/** The stages' problem on a grid, with a horizon of about `substeps` sub-steps. */
export function stageDiscretisation(
  shape: readonly number[],
  substeps: number,
  hamiltonianFlux?: "glf" | "llf",
): Discretisation {
  const dimension = shape.length as Dimension;
  const scheme = stageScheme(hamiltonianFlux);
  // Slopes are at most 2 pi / 10 along each axis.
  const speed = shape.reduce((sum, n) => sum + n, 0) * ((2 * Math.PI) / 10);
  return discretise(stageProblem(dimension, (0.999 * substeps * scheme.cfl) / speed), shape, 1, scheme);
}

const timedSubsteps = 4;

/** Runs the section. */
export async function benchSolve(
  candidates: readonly PlanCandidate[],
  reference: PlanCandidate,
  shapes: readonly (readonly number[])[],
  course: Course,
  schedule: Schedule,
): Promise<SectionResult> {
  const rows: BenchRow[] = [];
  const leftOut: LeftOut[] = [];
  const notes: string[] = [];
  const wrong = new Set<string>();
  const games = shapes.flatMap((shape) => [
    { operations: ["hjb-stages"] as const, shape, make: () => stageDiscretisation(shape, timedSubsteps) },
    {
      operations: ["hjb", "fokkerPlanck"] as const,
      shape,
      make: () => shortened(loadCatalogueProblem(`torus-exact-${shape.length}d`), shape, 1, schemeDefaults()),
    },
  ]);
  for (const [k, { operations, shape, make }] of games.entries()) {
    const budget = schedule.share(games.length - k);
    const d = make();
    const group = operations.join(" and ");
    // What stands for a game's size in predictions: points times axes; sub-steps are alike at all sizes.
    const size = pointsOf(shape) * shape.length;
    const able = candidates.filter(({ name }) => !wrong.has(name));
    const { racing, slow } = schedule.choose(group, size, able, budget / operations.length);
    for (const { contender, reason } of slow) {
      for (const operation of operations)
        leftOut.push({ section: "solve", operation, shape, contestant: contender.name, kind: "slow", reason });
    }
    const done = await benchGame(racing, reference, d, operations, course, budget);
    rows.push(...done.rows);
    leftOut.push(...done.leftOut);
    notes.push(...done.notes);
    for (const { contestant } of done.leftOut) wrong.add(contestant);
    for (const row of done.rows) {
      // The slower of the two sweeps decides.
      schedule.learn(`${group} ${row.operation}`, row.contestant, (row.median * 1e6) / size);
      const both = done.rows.filter(({ contestant }) => contestant === row.contestant).map(({ median }) => median);
      schedule.learn(group, row.contestant, (Math.max(...both) * 1e6) / size);
    }
  }
  return { rows, leftOut, notes };
}

interface Entrant {
  readonly contender: Contender;
  readonly workspace: Workspace;
}

async function benchGame(
  candidates: readonly PlanCandidate[],
  reference: PlanCandidate,
  d: Discretisation,
  operations: readonly SolveOperation[],
  course: Course,
  budgetMs: number,
): Promise<SectionResult> {
  const { shape } = d.grid;
  const rows: BenchRow[] = [];
  const leftOut: LeftOut[] = [];
  const notes: string[] = [];
  const opened: Workspace[] = [];
  try {
    const truth = await reference.tier.workspace([d], workspaceOptions(reference));
    opened.push(truth);
    await truth.load(0, d.initialDensity);
    const substeps = { hjb: (await truth.hjb(0)).substeps, fokkerPlanck: (await truth.fokkerPlanck(0)).substeps };
    const wanted = { value: await truth.read(0, "value"), transported: await truth.read(0, "transported") };
    const work = workOf(d, ratesOfData(d), substeps);
    const entrants: Entrant[] = [];
    for (const candidate of candidates) {
      const contender = contenderOf(candidate);
      try {
        const workspace = await candidate.tier.workspace([d], workspaceOptions(candidate));
        opened.push(workspace);
        await workspace.load(0, d.initialDensity);
        await workspace.hjb(0);
        entrants.push({ contender, workspace });
      } catch (error) {
        course.signal?.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        // A tier of kernels alone is no failure.
        const kind = error instanceof MfgError && error.code === "MFGPU_TIER_UNAVAILABLE" ? "absent" : "failed";
        for (const operation of operations)
          leftOut.push({ section: "solve", operation, shape, contestant: contender.name, kind, reason });
      }
    }
    for (const operation of operations) {
      const stages = operation === "fokkerPlanck" ? work.fokkerPlanck.advection : work.hjb.advection;
      const field = operation === "fokkerPlanck" ? "transported" : "value";
      const out = new Set(leftOut.map(({ contestant }) => contestant));
      const racers = entrants
        .filter(({ contender }) => !out.has(contender.name))
        .map(({ contender, workspace }): Racer => ({
          contender,
          run: async () => {
            const { failure } = operation === "fokkerPlanck" ? await workspace.fokkerPlanck(0) : await workspace.hjb(0);
            if (failure !== undefined) throw new Error("the sweep met a number that is not finite");
          },
          error: async () => relativeDifference([await workspace.read(0, field)], [wanted[field]]),
          bound: bounds[contender.precision],
          work:
            operation === "hjb-stages"
              ? stageWork(shape.length, contender.precision === "f64" ? "f64" : "f32")
              : undefined,
          pointStages: d.grid.points * stages,
          ...(workspace.phases && { phases: () => workspace.phases }),
        }));
      const done = await race("solve", operation, shape, racers, course, budgetMs / operations.length);
      rows.push(...done.rows);
      leftOut.push(...done.leftOut);
      notes.push(...done.notes);
    }
    return { rows, leftOut, notes };
  } finally {
    for (const workspace of opened) await workspace[Symbol.asyncDispose]();
  }
}

/** A candidate of the planner as a contender. */
function contenderOf({ name, tier, variant, precision, place, found }: PlanCandidate): Contender {
  if (found.state === "unavailable") throw new TypeError(`${name} is not here`);
  return { name, tier: tier.name, variant, precision, threads: place.threads, found };
}
