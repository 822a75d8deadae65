/** The planner: predicts the whole solve for every candidate and chooses one. */
import { MfgError } from "../errors.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import { discretisationOf, problemOf } from "../solver/configure.ts";
import { planMemory } from "../solver/memory.ts";
import type { MemoryPlan, SolveOptions } from "../solver/options.ts";
import type { Tier, TierName } from "../tiers/tier.ts";
import { candidatesFor, simplestAlike, type PlanCandidate } from "./candidates.ts";
import { choose, type Rival } from "./choose.ts";
import { systemClock, type Clock } from "./clock.ts";
import { crossoversOf } from "./crossovers.ts";
import { machineOf, type Machine } from "./fingerprint.ts";
import type { Excluded } from "./measure.ts";
import { withoutTransfers, type CandidateModel, type Prediction } from "./model.ts";
import { correction, modelsFor, type Source } from "./models.ts";
import { plannedOf, type Plan, type PlanMode } from "./plan.ts";
import { fasterElsewhere, movesData } from "./remarks.ts";
import { modeOf } from "./task.ts";
import { crossoverRange, timeAt } from "./timeCurve.ts";
import {
  batchSize,
  doingItsWork,
  iterationsOf,
  partsOf,
  predictParts,
  withTwoParts,
  type Modelled,
  type PlannedPart,
  type Ranked,
} from "./twoParts.ts";
import { Wisdom } from "./wisdom.ts";
import type { Rates } from "./rates.ts";
import type { IterationWork } from "./work.ts";
import { referenceOf, workload } from "./workload.ts";

export interface PlanningOptions {
  /** Default `measure`. */
  readonly mode?: PlanMode;
  /** Most milliseconds, about: best so far at their end. Default 8 s, 60 s where patient. */
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

/** Of a candidate in two parts, the less certain of their sources is told. */
const weakest: readonly Source[] = ["derived", "shipped", "wisdom", "measured"];

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
  const demand = {
    ...pick(options),
    ...(planning.tiers && { tiers: planning.tiers }),
    ...(planning.skip && { skip: planning.skip }),
  };
  const candidates = withTwoParts(await candidatesFor(demand), demand);
  const barred = new Map(
    candidates.flatMap(({ name, barred: why }) => (why === undefined ? [] : [[name, why] as const])),
  );
  const memories = new Map<string, readonly MemoryPlan[]>();
  let refusal: MfgError | undefined;
  for (const candidate of candidates) {
    if (barred.has(candidate.name)) continue;
    try {
      const plans: MemoryPlan[] = [];
      for (const part of partsOf(candidate)) plans.push(await memoryOf(part, members, options));
      memories.set(candidate.name, plans);
    } catch (error) {
      if (!(error instanceof MfgError)) throw error;
      refusal ??= error;
      barred.set(candidate.name, error.message);
    }
  }

  const open = candidates.filter(({ name }) => !barred.has(name));
  const pilot = planning.pilot ?? mode !== "estimate";
  const {
    rates,
    work,
    iterations,
    planned,
    pilot: state,
  } = await workload(d, options, wisdom, pilot ? candidates : []);
  const running = [...new Map(open.flatMap(partsOf).map((part) => [part.name, part])).values()];
  const machines = new Map<string, Machine>(
    [...open, ...running].map((candidate) => [candidate.name, machineOf(candidate)]),
  );
  const { models, excluded } = await modelsFor(
    running,
    referenceOf(candidates),
    machines,
    d,
    kind,
    { ...planning, mode, clock, wisdom, begun },
    notes,
    options,
    state,
  );
  for (const { name, reason } of excluded) barred.set(name, reason);
  const barredPart = (name: string): string | undefined => excluded.find((one) => one.name === name)?.reason;

  const cold = (part: string): boolean => !warm(part);
  const size = batchSize(d, members.length);
  const modelled = running.flatMap((candidate): Modelled[] => {
    const known = barred.has(candidate.name) ? undefined : models.get(candidate.name);
    return known ? [{ candidate, model: known.model }] : [];
  });
  const ranked: (Ranked & { readonly source: Source; readonly factor: number; readonly rival: Rival })[] = [];
  for (const candidate of open) {
    const { name } = candidate;
    const known = partsOf(candidate).map((part) => models.get(part.name));
    const out = partsOf(candidate).find((part) => barredPart(part.name));
    if (out && !barred.has(name)) barred.set(name, `Its part on ${out.name}: ${barredPart(out.name)}`);
    if (barred.has(name)) continue;
    const [first] = known;
    if (!first || known.includes(undefined)) {
      barred.set(name, "Nothing is known of it, and nothing was to be measured.");
      continue;
    }
    const counts = iterationsOf(candidate, options, iterations);
    const parts = partsOf(candidate).flatMap((part, i): PlannedPart[] => {
      const model = known[i]?.model;
      const memory = memories.get(name)?.[i];
      const count = counts[i];
      const others = modelled.filter((one) => one.candidate !== part && one.candidate.text === part.text);
      return model && memory && count !== undefined
        ? [{ candidate: part, model, others, memory, iterations: count }]
        : [];
    });
    const bare = predictParts(parts, d, members.length, work, cold);
    const alike = simplestAlike(candidate, open, size);
    const factor = correction(wisdom, alike, kind, machines.get(alike.name) ?? {}, d.grid.points);
    const predicted = scaled(bare, factor);
    const noise = Math.max(...parts.map((part) => doingItsWork(part, size).model.noise));
    const source = weakest.find((one) => known.some((part) => part?.source === one)) ?? first.source;
    ranked.push({
      candidate,
      parts,
      predicted,
      source,
      factor,
      rival: { name, rank: candidate.rank, predicted, noise },
    });
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
  const unmoved = choose(
    ranked.map(({ rival, parts, factor }) => {
      const still = parts.map((part) => ({ ...part, ...free(part), others: part.others.map(free) }));
      return { ...rival, predicted: scaled(predictParts(still, d, members.length, work, cold), factor) };
    }),
  );
  const freed = unmoved && movesData(ranked, unmoved.name) ? unmoved.name : (choice?.name ?? null);
  if (choice && freed !== choice.name) notes.push(`If moving data took no time, ${freed} would be chosen.`);
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
      ...ranked.map(({ candidate, predicted, source, parts }) =>
        plannedOf(candidate, null, predicted, source, parts[0]?.memory),
      ),
      ...candidates
        .filter(({ name }) => barred.has(name))
        .map((candidate) =>
          plannedOf(candidate, barred.get(candidate.name) ?? null, null, null, memories.get(candidate.name)?.[0]),
        ),
    ],
    chosen: choice?.name ?? null,
    why: choice?.why ?? "No candidate may be chosen.",
    withoutTransfers: freed,
    crossovers: crossoversOf(
      ranked.map(({ candidate, parts, predicted }) => ({
        name: candidate.name,
        uncertainty: predicted.uncertainty,
        seconds: timeAt(d, rates, members.length, parts),
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

const free = ({ candidate, model }: Modelled): Modelled => ({ candidate, model: withoutTransfers(model) });

function memoryOf(
  candidate: PlanCandidate,
  members: readonly Discretisation[],
  options: SolveOptions,
): Promise<MemoryPlan> {
  const { tier, precision, variant, residency, place } = candidate;
  return planMemory(tier, members, precision, { ...options, ...place }, { variant, residency });
}

function scaled(prediction: Prediction, factor: number): Prediction {
  const { seconds, low, high, moving } = prediction;
  return {
    ...prediction,
    seconds: seconds * factor,
    low: low * factor,
    high: high * factor,
    moving: moving * factor,
  };
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
