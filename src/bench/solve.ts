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
import type { Precision, SweepReport, Workspace } from "../tiers/tier.ts";
import type { Contender } from "./contenders.ts";
import type { SectionResult } from "./kernels.ts";
import { pointsOf } from "./kernelData.ts";
import { race, relativeDifference, type Course, type Racer } from "./race.ts";
import { type BenchRow, type LeftOut, rowKey } from "./report.ts";
import type { Schedule } from "./schedule.ts";
import { stageWork } from "./work.ts";

/**
 * `hjb-stages`: explicit stages, nu = 0, no coupling, whose operations are counted; `hjb-stages-llf`: the same with local in place of
 * global Lax-Friedrichs; `hjb` and `fokkerPlanck`: the sweeps of
 * a solve with the scheme's defaults, on a game with a known solution.
 */
export const solveOperations = ["hjb-stages", "hjb-stages-llf", "hjb", "fokkerPlanck"] as const;
export type SolveOperation = (typeof solveOperations)[number];

/** Sizes of a whole run and of a quick one. */
export function solveShapes(quick: boolean): readonly (readonly number[])[] {
  if (quick) return [[256], [24, 24], [12, 12, 12]];
  return [[512], [16_384], [64, 64], [512, 512], [20, 20, 20], [64, 64, 64]];
}

/** What a sweep may differ from the reference's, relative to the field's largest value. */
export const bounds: Readonly<Record<Precision, number>> = { f64: 1e-9, compensated: 1e-5, f32: 2e-3 };

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

/** u_s + |grad u|^2/2 = 0 on the periodic unit box, from waves along every axis, moved by a phase; s = T - t. */
export function stageProblem(dimension: Dimension, horizon: number, phase: number = 0): Problem {
  const names = ["x", "y", "z"].slice(0, dimension);
  return parseProblem({
    name: `waves-${dimension}d`,
    domain: names.map(() => ({ from: 0, to: 1, boundary: "periodic" })),
    horizon,
    volatility: 0,
    hamiltonian: { kind: "quadratic", control: 1 },
    coupling: { kind: "none" },
    terminalCost: names.map((name) => `cos(2*pi*(${name} - ${phase}))/10`).join(" + "),
    initialDensity: 1,
  });
}

/** The stages' problem on a grid, with a horizon of about `substeps` sub-steps. */
export function stageDiscretisation(
  shape: readonly number[],
  substeps: number,
  hamiltonianFlux?: "glf" | "llf",
  phase?: number,
): Discretisation {
  const dimension = shape.length as Dimension;
  const scheme = stageScheme(hamiltonianFlux);
  // Slopes are at most 2 pi / 10 along each axis.
  const speed = shape.reduce((sum, n) => sum + n, 0) * ((2 * Math.PI) / 10);
  return discretise(stageProblem(dimension, (0.999 * substeps * scheme.cfl) / speed, phase), shape, 1, scheme);
}

const timedSubsteps = 4;

/** One kind of work at one size. */
export interface Game {
  /** Sweeps of one workspace, timed one after the other. */
  readonly operations: readonly SolveOperation[];
  /** Problems at once; with more than one the rows say so. */
  readonly members: number;
  readonly shape: readonly number[];
  /** Sub-steps over those of the others. */
  readonly length: number;
  /** Who takes part; default: all that are fast enough. */
  readonly suits?: (candidate: PlanCandidate) => boolean;
  make(): readonly Discretisation[];
}

function gamesOf(shapes: readonly (readonly number[])[]): Game[] {
  return shapes.flatMap((shape) => [stagesGame(shape, 1), defaultGame(shape)]);
}

/** Both sweeps with the scheme's defaults. */
function defaultGame(shape: readonly number[], members: number = 1): Game {
  const one = (): Discretisation =>
    shortened(loadCatalogueProblem(`torus-exact-${shape.length}d`), shape, 1, schemeDefaults());
  const make = (): Discretisation[] => Array.from({ length: members }, one);
  return { operations: ["hjb", "fokkerPlanck"], members, shape, length: 1, make };
}

/** The stages' problem `length` times as long, of `members` phases. */
export function stagesGame(
  shape: readonly number[],
  length: number,
  flux: "glf" | "llf" = "glf",
  members: number = 1,
): Game {
  const one = (i: number): Discretisation => stageDiscretisation(shape, length * timedSubsteps, flux, i / members);
  const make = (): Discretisation[] => Array.from({ length: members }, (_, i) => one(i));
  return { operations: [flux === "glf" ? "hjb-stages" : "hjb-stages-llf"], members, shape, length, make };
}

/**
 * What keeps a GPU busy, where there is a real one: large grids, and a thousand lines at once; for the native tier on all cores, too,
 * and for nobody else: one sweep of another may take longer than all the rest.
 */
export function largeGames(candidates: readonly PlanCandidate[]): readonly Game[] {
  if (!candidates.some(isRealGpu)) return [];
  const threads = Math.max(...candidates.map(({ place }) => place.threads ?? 0));
  const suits = (candidate: PlanCandidate): boolean =>
    candidate.residency === "resident" &&
    (isRealGpu(candidate) || (isNative(candidate) && candidate.place.threads === threads));
  const games = [
    ...(["glf", "llf"] as const).flatMap((flux) => [
      stagesGame([4096, 4096], 4, flux),
      stagesGame([256, 256, 256], 4, flux),
    ]),
    defaultGame([1024, 1024]),
    defaultGame([1000], 1000),
  ];
  return games.map((game) => ({ ...game, suits }));
}

/** Shares of the time that a large game gets, where others get one for each operation: setting it up alone takes seconds. */
const largeParts = 4;

function isNative({ tier, variant }: PlanCandidate): boolean {
  return tier.name === "rust" && variant !== "wasm";
}

/** `hjb-stages`, or `hjb-stages of 1000 problems`. */
function operationText(operation: SolveOperation, members: number): string {
  return members === 1 ? operation : `${operation} of ${members} problems`;
}

/**
 * Runs the section.
 *
 * @param more games after those of the shapes; who would need long for one is left out
 * @param truths what is right of the games of earlier rounds
 */
export async function benchSolve(
  candidates: readonly PlanCandidate[],
  reference: PlanCandidate,
  shapes: readonly (readonly number[])[],
  course: Course,
  schedule: Schedule,
  more: readonly Game[] = [],
  truths: Map<string, Truth> = new Map(),
): Promise<SectionResult> {
  const rows: BenchRow[] = [];
  const leftOut: LeftOut[] = [];
  const notes: string[] = [];
  const wrong = new Set<string>();
  const games = [...gamesOf(shapes), ...more];
  const parts = games.map(({ suits, operations }) => (suits ? largeParts : operations.length));
  const once = games.map(({ suits }) => suits !== undefined);
  for (const { index, budgetMs } of schedule.turns(parts, once)) {
    const game = games[index]!;
    const { operations, shape, members, length } = game;
    // One flux tells how long the other takes.
    const group = operations.join(" and ").replace("-llf", "");
    // What stands for a game's size in predictions.
    const size = members * pointsOf(shape) * shape.length * length;
    const able = candidates.filter((candidate) => !wrong.has(candidate.name) && (game.suits?.(candidate) ?? true));
    const { racing, slow } = schedule.choose(group, size, able, budgetMs / operations.length);
    const texts = new Map(operations.map((operation) => [operation, operationText(operation, members)]));
    for (const { contender, reason } of slow) {
      for (const operation of texts.values())
        leftOut.push({ section: "solve", operation, shape, contestant: contender.name, kind: "slow", reason });
    }
    if (racing.length === 0) continue;
    const done = await benchGame(racing, referenceFor(size, reference, able), game, texts, truths, course, budgetMs);
    rows.push(...done.rows);
    leftOut.push(...done.leftOut);
    notes.push(...done.notes);
    for (const { contestant } of done.leftOut) wrong.add(contestant);
    for (const row of done.rows) {
      // The slower of the two sweeps decides.
      const both = done.rows.filter(({ contestant }) => contestant === row.contestant).map(({ median }) => median);
      schedule.learn(group, row.contestant, size, Math.max(...both));
    }
  }
  return { rows, leftOut, notes };
}

function isRealGpu({ tier, found }: PlanCandidate): boolean {
  return tier.name === "webgpu" && found.state === "available" && !found.software;
}

/** Points times axes (times members and length) from which on `batched` takes too long: there the native tier in f64 serves, which was held to it. */
const longForReference = 4e5;

function referenceFor(size: number, reference: PlanCandidate, able: readonly PlanCandidate[]): PlanCandidate {
  if (size < longForReference) return reference;
  const native = able.filter(
    (candidate) => isNative(candidate) && candidate.precision === "f64" && candidate.residency === "resident",
  );
  return native.at(-1) ?? reference;
}

/** A game's problems, and what is right of those that are looked at. */
export interface Truth {
  readonly ds: readonly Discretisation[];
  /** Members that are looked at: the first and the last. */
  readonly checked: readonly number[];
  readonly wanted: { readonly value: readonly Float64Array[]; readonly transported: readonly Float64Array[] };
  readonly work: ReturnType<typeof workOf>;
}

/** Solves the members that are looked at, in this workspace of the reference. */
async function truthOf(
  workspace: Workspace,
  ds: readonly Discretisation[],
  checked: readonly number[],
  operations: readonly SolveOperation[],
): Promise<Truth> {
  const substeps = { hjb: 0, fokkerPlanck: 0 };
  const wanted = { value: [] as Float64Array[], transported: [] as Float64Array[] };
  for (const i of checked.keys()) {
    substeps.hjb = (await workspace.hjb(i)).substeps;
    wanted.value.push(await workspace.read(i, "value"));
    if (!operations.includes("fokkerPlanck")) continue;
    substeps.fokkerPlanck = (await workspace.fokkerPlanck(i)).substeps;
    wanted.transported.push(await workspace.read(i, "transported"));
  }
  return { ds, checked, wanted, work: workOf(ds[0]!, ratesOfData(ds[0]!), substeps) };
}

interface Entrant {
  readonly contender: Contender;
  readonly workspace: Workspace;
}

/** Runs `sweep` for all members, at once where the workspace can, else in turn. */
export async function forAll<T>(workspace: Workspace, sweep: (member: number) => Promise<T>): Promise<readonly T[]> {
  const members = [...workspace.members.keys()];
  if (workspace.concurrent === true) return Promise.all(members.map(sweep));
  const all: T[] = [];
  for (const member of members) all.push(await sweep(member));
  return all;
}

async function benchGame(
  candidates: readonly PlanCandidate[],
  reference: PlanCandidate,
  game: Game,
  texts: ReadonlyMap<SolveOperation, string>,
  truths: Map<string, Truth>,
  course: Course,
  budgetMs: number,
): Promise<SectionResult> {
  const { shape, operations } = game;
  const rows: BenchRow[] = [];
  const leftOut: LeftOut[] = [];
  const notes: string[] = [];
  const opened: Workspace[] = [];
  const open = async (candidate: PlanCandidate, members: readonly Discretisation[]): Promise<Workspace> => {
    const workspace = await candidate.tier.workspace(members, workspaceOptions(candidate));
    opened.push(workspace);
    for (const [i, d] of members.entries()) await workspace.load(i, d.initialDensity);
    return workspace;
  };
  try {
    const key = [...texts.values(), ...shape].join(" ");
    let truth = truths.get(key);
    let solved: Workspace | undefined;
    if (!truth) {
      const made = game.make();
      const looked = [...new Set([0, made.length - 1])];
      solved = await open(
        reference,
        looked.map((i) => made[i]!),
      );
      truth = await truthOf(solved, made, looked, operations);
      // A large game has one round.
      if (!game.suits) truths.set(key, truth);
    }
    const { ds, checked, wanted, work } = truth;
    const isKnown = (contestant: string): boolean =>
      operations.every((operation) =>
        course.known.has(rowKey({ section: "solve", operation: texts.get(operation)!, shape, contestant })),
      );
    const entrants: Entrant[] = [];
    for (const candidate of candidates) {
      const contender = contenderOf(candidate);
      try {
        // Memory for a large game takes long to be had a second time.
        const whole = candidate === reference && checked.length === ds.length ? solved : undefined;
        const workspace = whole ?? (await open(candidate, ds));
        if (!isKnown(contender.name)) await forAll(workspace, (i) => workspace.hjb(i));
        entrants.push({ contender, workspace });
      } catch (error) {
        course.signal?.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        // A tier of kernels alone is no failure.
        const kind = error instanceof MfgError && error.code === "MFGPU_TIER_UNAVAILABLE" ? "absent" : "failed";
        for (const operation of texts.values())
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
            const reports = await forAll<SweepReport>(workspace, (i) =>
              operation === "fokkerPlanck" ? workspace.fokkerPlanck(i) : workspace.hjb(i),
            );
            if (reports.some(({ failure }) => failure !== undefined))
              throw new Error("the sweep met a number that is not finite");
          },
          error: async () => {
            const got: Float64Array[] = [];
            for (const i of checked) got.push(await workspace.read(i, field));
            return relativeDifference(got, wanted[field]);
          },
          bound: bounds[contender.precision],
          work: operation.startsWith("hjb-stages")
            ? stageWork(shape.length, contender.precision === "f64" ? "f64" : "f32")
            : undefined,
          pointStages: ds.length * ds[0]!.grid.points * stages,
          ...(workspace.phases && { phases: () => workspace.phases }),
        }));
      const done = await race("solve", texts.get(operation)!, shape, racers, course, budgetMs / operations.length);
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
