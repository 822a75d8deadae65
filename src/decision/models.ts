/** The cost model of every candidate: from wisdom, measured now, or shipped. */
import type { Discretisation } from "../scheme/discretisation.ts";
import type { SolveOptions } from "../solver/options.ts";
import { calibrate } from "./calibrate.ts";
import { breaksOf, type PlanCandidate } from "./candidates.ts";
import type { Clock } from "./clock.ts";
import type { Machine } from "./fingerprint.ts";
import type { Excluded } from "./measure.ts";
import { fitModel } from "./fitModel.ts";
import type { CandidateModel } from "./model.ts";
import type { Pilot } from "./pilot.ts";
import type { PlannedCandidate, PlanMode } from "./plan.ts";
import { shippedModel, shippedSource } from "./shipped.ts";
import type { Wisdom } from "./wisdom.ts";
import type { WisdomEntry } from "./wisdomEntries.ts";

export type Source = NonNullable<PlannedCandidate["source"]>;

/** How models are come by. */
export interface ModelOptions {
  readonly mode: PlanMode;
  readonly clock: Clock;
  /** When planning began: the time limit is for all of it. */
  readonly begun: number;
  readonly wisdom: Wisdom;
  readonly timeLimitMs?: number;
  readonly models?: ReadonlyMap<string, CandidateModel>;
}

const defaultLimitMs: Readonly<Record<PlanMode, number>> = {
  estimate: 0,
  measure: 8000,
  patient: 60_000,
  "wisdom-only": 0,
};
/** A model that was measured up to a size is trusted this many times beyond it before it is measured again. */
const trustedBeyond = 16;

/**
 * The model of every open candidate, measured where it is not known and the mode allows.
 *
 * @param reference what candidates are held to before they are timed
 * @param pilot what the sweeps that are timed start from; without, the problem's own data
 */
export async function modelsFor(
  open: readonly PlanCandidate[],
  reference: PlanCandidate | undefined,
  machines: ReadonlyMap<string, Machine>,
  d: Discretisation,
  kind: string,
  planning: ModelOptions,
  notes: string[],
  options: SolveOptions,
  pilot?: Pilot,
): Promise<{ models: Map<string, { model: CandidateModel; source: Source }>; excluded: readonly Excluded[] }> {
  const { mode, wisdom, clock } = planning;
  const models = new Map<string, { model: CandidateModel; source: Source }>();
  const known = new Map<string, CandidateModel>();
  for (const { name } of open) {
    const model =
      planning.models?.get(name) ??
      (mode === "patient" ? undefined : wisdom.model(name, kind, machines.get(name) ?? {}));
    if (model) known.set(name, model);
  }
  // What lost clearly at small sizes was not asked to run large ones: how far is known goes by who was.
  const reach = trustedBeyond * Math.max(0, ...[...known.values()].map(({ most }) => most));
  for (const [name, model] of known) {
    if (mode === "measure" && !planning.models && d.grid.points > reach) continue;
    models.set(name, { model, source: planning.models?.has(name) ? "measured" : "wisdom" });
  }
  const unknown = open.filter(({ name }) => !models.has(name));
  let excluded: readonly Excluded[] = [];
  if ((mode === "measure" || mode === "patient") && unknown.length > 0 && reference && !planning.models) {
    // Measured beside each other or not at all: a time taken in a quiet hour does not race with one taken in a busy one.
    const done = await calibrate(open, reference, d.problem, d.grid.shape, d.scheme, {
      budgetMs: Math.max(0, (planning.timeLimitMs ?? defaultLimitMs[mode]) - (clock.now() - planning.begun)),
      clock,
      ...(pilot && { pilot }),
      wanted: new Set(unknown.map(({ name }) => name)),
      ...(mode === "patient" ? { samples: 15, factor: 2 } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    ({ excluded } = done);
    notes.push(...done.notes);
    const learned: WisdomEntry[] = [];
    for (const candidate of open) {
      const samples = done.samples.get(candidate.name);
      // A calibration that ended early because nobody new was left says less than what is known.
      if (!samples || (samples.length < 2 && models.has(candidate.name))) continue;
      const dimension = d.grid.shape.length;
      const model = fitModel(samples, shippedModel(candidate, dimension), breaksOf(candidate, dimension));
      models.set(candidate.name, { model, source: "measured" });
      const software = candidate.found.state === "available" && candidate.found.software;
      const machine = machines.get(candidate.name);
      if (!software && machine) learned.push({ kind: "model", candidate: candidate.name, mode: kind, machine, model });
    }
    await wisdom.learn(learned);
  }
  if (mode !== "wisdom-only") {
    for (const candidate of open) {
      if (models.has(candidate.name) || excluded.some(({ name }) => name === candidate.name)) continue;
      models.set(candidate.name, {
        model: shippedModel(candidate, d.grid.shape.length),
        source: shippedSource(candidate),
      });
    }
  }
  return { models, excluded };
}

/** Sizes this many e-folds apart say little of each other. */
const bandwidth = Math.log(4);
/** Weight of the belief that the model is right, in solves. */
const belief = 0.5;

/** What earlier solves of nearby sizes took over what the model gave for them. */
export function correction(
  wisdom: Wisdom,
  candidate: PlanCandidate,
  kind: string,
  machine: Machine,
  points: number,
): number {
  let sum = 0;
  let weights = belief;
  for (const { points: size, ratio } of wisdom.outcomes(candidate.name, kind, machine).slice(-12)) {
    const weight = Math.exp(-0.5 * (Math.log(size / points) / bandwidth) ** 2);
    sum += weight * Math.log(ratio);
    weights += weight;
  }
  return Math.min(3, Math.max(1 / 3, Math.exp(sum / weights)));
}
