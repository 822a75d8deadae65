/** The planner: predicts the whole solve for every candidate and chooses one. */
import { MfgError } from "../errors.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import { discretisationOf, problemOf } from "../solver/configure.ts";
import { planMemory } from "../solver/memory.ts";
import type { MemoryPlan, SolveOptions } from "../solver/options.ts";
import type { Tier, TierName } from "../tiers/tier.ts";
import { candidatesFor, reachable, type PlanCandidate } from "./candidates.ts";
import { choose, type Rival } from "./choose.ts";
import { systemClock, type Clock } from "./clock.ts";
import { crossoversOf } from "./crossovers.ts";
import { machineOf, type Machine } from "./fingerprint.ts";
import type { Excluded } from "./measure.ts";
import { predict, type CandidateModel, type Prediction } from "./model.ts";
import { correction, modelsFor, type Source } from "./models.ts";
import type { Plan, PlannedCandidate, PlanMode } from "./plan.ts";
import { shippedModel } from "./shipped.ts";
import { modeOf, resized, taskOf, workAt } from "./task.ts";
import { Wisdom } from "./wisdom.ts";
import type { IterationWork, Rates } from "./work.ts";
import { referenceOf, workload } from "./workload.ts";

export interface PlanningOptions {
  /** Default `measure`. */
  readonly mode?: PlanMode;
  /** Most milliseconds of measuring. Default 10 s, 60 s where patient. */
  readonly timeLimitMs?: number;
  /** Default: what this process has learned. */
  readonly wisdom?: Wisdom;
  readonly tiers?: readonly Tier[];
  readonly skip?: (name: TierName) => string | undefined;
  readonly clock?: Clock;
  /** Solves a coarse grid to count sub-steps. Default: except in `estimate`. */
  readonly pilot?: boolean;
  /** True where the process has run a candidate before and pays for no more compilation. Default: none has been. */
  readonly warm?: (name: string) => boolean;
  /** Models to use instead of measured ones, such as recorded timings of another machine. */
  readonly models?: ReadonlyMap<string, CandidateModel>;
}

/** A candidate with all that the planner knows of it. */
export interface Ranked {
  readonly candidate: PlanCandidate;
  readonly model: CandidateModel;
  readonly memory: MemoryPlan;
  readonly predicted: Prediction;
}

export interface Planned {
  readonly plan: Plan;
  /** Those that may be chosen, the chosen one first, then by predicted time. */
  readonly ranked: readonly Ranked[];
  readonly excluded: readonly Excluded[];
  /** Where nothing may be chosen because nothing fits into the memory: the refusal with its numbers. */
  readonly refusal: MfgError | undefined;
  readonly rates: Rates;
  readonly work: IterationWork;
  readonly d: Discretisation;
}

/** What this process has learned, where no file is given. */
export const processWisdom: Wisdom = Wisdom.inMemory();

/**
 * Plans a solve of several problems on one grid: nothing is solved but a coarse pilot.
 *
 * @returns the plan and, for who goes on to solve, the candidates in order
 * @throws MFGPU_TIER_NO_CANDIDATE where no candidate may be chosen; MFGPU_CONFIG_* and MFGPU_PROBLEM_* as `solve`
 */
export async function planSolve(
  problems: readonly unknown[],
  options: SolveOptions,
  planning: PlanningOptions = {},
): Promise<Planned> {
  const { mode = "measure", clock = systemClock, wisdom = processWisdom, warm = () => false } = planning;
  const begun = clock.now();
  const notes: string[] = [];
  const members = problems.map((problem) => discretisationOf(problemOf(problem), options));
  const [d] = members;
  if (!d) throw new MfgError({ code: "MFGPU_CONFIG_BATCH", message: "The batch is empty.", fix: "Give a problem." });
  const kind = modeOf(d);
  const candidates = await candidatesFor({
    ...pick(options),
    ...(planning.tiers && { tiers: planning.tiers }),
    ...(planning.skip && { skip: planning.skip }),
  });
  const barred = new Map(
    candidates.flatMap(({ name, barred: why }) => (why === undefined ? [] : [[name, why] as const])),
  );
  const memories = new Map<string, MemoryPlan>();
  let refusal: MfgError | undefined;
  for (const candidate of candidates) {
    if (barred.has(candidate.name)) continue;
    try {
      memories.set(candidate.name, await memoryOf(candidate, members, options));
    } catch (error) {
      if (!(error instanceof MfgError)) throw error;
      refusal ??= error;
      barred.set(candidate.name, error.message);
    }
  }

  const open = candidates.filter(({ name }) => !barred.has(name));
  const pilot = planning.pilot ?? mode !== "estimate";
  const { rates, work, iterations, planned } = await workload(d, options, wisdom, pilot ? candidates : []);
  const machines = new Map<string, Machine>(open.map((candidate) => [candidate.name, machineOf(candidate)]));
  const { models, excluded } = await modelsFor(
    open,
    referenceOf(candidates),
    machines,
    d,
    kind,
    { ...planning, mode, clock, wisdom },
    notes,
    options,
  );
  for (const { name, reason } of excluded) barred.set(name, reason);

  const ranked: (Ranked & { readonly source: Source; readonly rival: Rival })[] = [];
  for (const candidate of open) {
    const { name } = candidate;
    const known = models.get(name);
    const memory = memories.get(name);
    if (barred.has(name) || !memory) continue;
    if (!known) {
      barred.set(name, "Nothing is known of it, and nothing was to be measured.");
      continue;
    }
    const { model, source } = known;
    const bare = predict(model, taskOf(d, members.length, work, iterations, memory, !warm(name)));
    const predicted = scaled(bare, correction(wisdom, candidate, kind, machines.get(name) ?? {}, d.grid.points));
    const rival = { name, rank: candidate.rank, predicted, noise: model.noise };
    ranked.push({ candidate, model, memory, predicted, source, rival });
  }
  const task = taskName(kind, d, members.length, options);
  const machine = machines.get(ranked[0]?.candidate.name ?? "") ?? {};
  const hostMachine = choiceMachine(machine);
  const choice = choose(
    ranked.map(({ rival }) => rival),
    wisdom.choice(task, hostMachine),
  );
  if (choice) {
    notes.push(...choice.notes);
    if (wisdom.choice(task, hostMachine) !== choice.name && mode !== "estimate")
      await wisdom.learn([{ kind: "choice", task, candidate: choice.name, machine: hostMachine }]);
  }
  ranked.sort(
    (a, b) =>
      Number(b.candidate.name === choice?.name) - Number(a.candidate.name === choice?.name) ||
      a.predicted.seconds - b.predicted.seconds,
  );
  notes.push(...wisdom.notes, ...fasterElsewhere(ranked[0], candidates, barred, d, work, iterations, options));

  const plan: Plan = {
    problem: d.problem.name,
    dimension: d.grid.shape.length,
    grid: d.grid.shape,
    steps: d.steps,
    members: members.length,
    mode,
    kind,
    work: planned,
    candidates: [
      ...ranked.map((one) => plannedOf(one.candidate, null, one.predicted, one.source, one.memory)),
      ...candidates
        .filter(({ name }) => barred.has(name))
        .map((candidate) =>
          plannedOf(candidate, barred.get(candidate.name) ?? null, null, null, memories.get(candidate.name)),
        ),
    ],
    chosen: choice?.name ?? null,
    why: choice?.why ?? "No candidate may be chosen.",
    crossovers: crossoversOf(
      ranked.map(({ candidate, model, memory, predicted }) => ({
        name: candidate.name,
        uncertainty: predicted.uncertainty,
        seconds: timeAt(d, rates, members.length, iterations, model, memory),
      })),
      d.grid.shape,
      crossoverRange(d),
    ),
    notes: [...new Set(notes)],
    seconds: (clock.now() - begun) / 1000,
  };
  return { plan, ranked, excluded, refusal: choice ? undefined : refusal, rates, work, d };
}

function pick({ precision, tolerance, adapter, threads }: SolveOptions): Pick<SolveOptions, "precision" | "tolerance"> {
  return {
    ...(precision === undefined ? {} : { precision }),
    ...(tolerance === undefined ? {} : { tolerance }),
    ...(adapter === undefined ? {} : { adapter }),
    ...(threads === undefined ? {} : { threads }),
  };
}

function memoryOf(
  candidate: PlanCandidate,
  members: readonly Discretisation[],
  options: SolveOptions,
): Promise<MemoryPlan> {
  const { tier, precision, variant, residency, place } = candidate;
  return planMemory(tier, members, precision, { ...options, ...place }, { variant, residency });
}

function scaled(prediction: Prediction, factor: number): Prediction {
  const { seconds, low, high } = prediction;
  return { ...prediction, seconds: seconds * factor, low: low * factor, high: high * factor };
}

/** A choice is between devices: only the parts that all candidates share tell machines apart. */
function choiceMachine(machine: Machine): Machine {
  const { cpu = "", cores = "", system = "", node = "", mfgpu = "" } = machine;
  return { cpu, cores, system, node, mfgpu };
}

function taskName(kind: string, d: Discretisation, members: number, options: SolveOptions): string {
  const { precision = "any", tolerance = 1e-8, adapter = "", threads = 0 } = options;
  return [kind, d.grid.shape.join("x"), d.steps, members, precision, tolerance, adapter, threads].join("|");
}

/** A note where a precision that was not asked for would be much faster: the user may want to ask for it. */
function fasterElsewhere(
  best: Ranked | undefined,
  candidates: readonly PlanCandidate[],
  barred: ReadonlyMap<string, string>,
  d: Discretisation,
  work: IterationWork,
  iterations: number,
  options: SolveOptions,
): string[] {
  if (!best || options.precision !== undefined) return [];
  const { memory, predicted } = best;
  for (const candidate of candidates) {
    const { found, precision } = candidate;
    if (
      !barred.has(candidate.name) ||
      found.state === "unavailable" ||
      found.software ||
      candidate.barred === undefined
    )
      continue;
    const guess = predict(shippedModel(candidate, d.grid.shape.length), taskOf(d, 1, work, iterations, memory, true));
    if (guess.seconds < predicted.seconds / 3) {
      return [
        `${candidate.name} may be much faster; it reaches a residual of ${reachable[precision]} ` +
          `(--precision ${precision}, or --tolerance ${reachable[precision]}).`,
      ];
    }
  }
  return [];
}

function plannedOf(
  candidate: PlanCandidate,
  reason: string | null,
  predicted: Prediction | null,
  source: Source | null,
  memory: MemoryPlan | undefined,
): PlannedCandidate {
  const { name, text, tier, variant, residency, precision, place, found } = candidate;
  return {
    name,
    text,
    tier: tier.name,
    variant: variant ?? null,
    residency,
    precision,
    threads: place.threads ?? null,
    device: found.state === "available" ? found.device : null,
    software: found.state === "available" && found.software,
    eligible: reason === null,
    reason,
    predicted,
    source,
    memory: memory?.bytes ?? null,
  };
}

/** A candidate's seconds as a function of how much finer the grid is. */
export function timeAt(
  d: Discretisation,
  rates: Rates,
  members: number,
  iterations: number,
  model: CandidateModel,
  memory: MemoryPlan,
): (scale: number) => number {
  return (scale) => {
    const shape = d.grid.shape.map((n) => Math.max(7, Math.round(n * scale)));
    const finer = resized(d, d.problem, shape, d.steps);
    const bytes = (memory.bytes * finer.grid.points) / d.grid.points;
    const task = taskOf(finer, members, workAt(d, rates, shape), iterations, { ...memory, bytes }, true);
    return predict(model, task).seconds;
  };
}

/** From eight points per axis to sixteen times the grid at hand, and no further than any machine goes. */
export function crossoverRange(d: Discretisation): [number, number] {
  const smallest = 8 / Math.min(...d.grid.shape);
  const largest = Math.min(16, (1e9 / d.grid.points) ** (1 / d.grid.shape.length));
  return [Math.min(1, smallest), Math.max(1, largest)];
}
