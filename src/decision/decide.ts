/** The acceleration decision procedure: profile, baseline, gate, rungs, the comprehensive table and the recommendation. */
import { availableParallelism, cpus, freemem, loadavg, totalmem } from "node:os";
import { MfgError } from "../errors.ts";
import { discretisationOf, problemOf } from "../solver/configure.ts";
import type { SolveOptions } from "../solver/options.ts";
import { tierNames } from "../tiers/candidate.ts";
import { tiers as registered } from "../tiers/registry.ts";
import type { Tier } from "../tiers/tier.ts";
import { measureBaseline, type Baseline, type BaselineOptions } from "./baseline.ts";
import { systemClock, type Clock } from "./clock.ts";
import {
  amdahl,
  divisionNote,
  procedureThresholds,
  type Decision,
  type Recommendation,
  type Rung,
  type SizeCurve,
  type SolveRow,
  type Thresholds,
} from "./decision.ts";
import { packageVersion } from "./fingerprint.ts";
import { callKernel, inRungOrder, raceData, raceKernels, type KernelRace, type KernelRow } from "./kernelRace.ts";
import { planSolve, type Planned } from "./planner.ts";
import { crossoverRange, timeAt } from "./timeCurve.ts";
import { scalesOver } from "./crossovers.ts";
import { profileSolve } from "./profile.ts";
import { measureRoof } from "./roof.ts";
import type { Wisdom } from "./wisdom.ts";

export interface DecideOptions {
  /** Goes on past the rung that is enough. */
  readonly all?: boolean;
  readonly thresholds?: Partial<Thresholds>;
  readonly wisdom?: Wisdom;
  /** Milliseconds of the profile, of the race of kernels and of measuring whole sweeps. Defaults 3, 8 and 10 s. */
  readonly profileMs?: number;
  readonly raceMs?: number;
  readonly planMs?: number;
  readonly baseline?: BaselineOptions;
  readonly tiers?: readonly Tier[];
  readonly clock?: Clock;
  /** Told what comes next. */
  readonly onStage?: (stage: string) => void;
}

/**
 * Answers "is it worth accelerating, and with what?" for a problem on a grid.
 *
 * @param options the solve's; a precision restricts the candidates of the recommendation
 * @throws MFGPU_PROBLEM_*, MFGPU_CONFIG_*; MFGPU_TIER_NO_BASELINE where the scalar tier is not among the tiers
 *
 * @example
 * const { recommendation } = await decide(loadCatalogueProblem("two-crowds-1d"), { grid: 100 }, { all: true });
 */
export async function decide(
  problem: unknown,
  options: SolveOptions,
  procedure: DecideOptions = {},
): Promise<Decision> {
  const { clock = systemClock, onStage = () => undefined, all = false } = procedure;
  const begun = clock.now();
  const thresholds = { ...procedureThresholds, ...procedure.thresholds };
  const tiers = inRungOrder(procedure.tiers ?? registered);
  const scalar = tiers.find(({ name }) => name === "scalar");
  if (!scalar) {
    throw new MfgError({
      code: "MFGPU_TIER_NO_BASELINE",
      message: "The procedure measures against the scalar tier, which is not among the tiers.",
      fix: "Leave the tiers out, or name the scalar one among them.",
    });
  }
  const parsed = problemOf(problem);
  const d = discretisationOf(parsed, options);
  const environment = environmentNow();

  onStage("profile of a real solve on the scalar tier");
  const profile = await profileSolve(scalar, parsed, solveAlone(options), procedure.profileMs ?? 3000);

  onStage("baseline of the hot function");
  const baseline = await baselineOf(scalar, d, { ...procedure.baseline, gate: thresholds.gate, clock });

  const races: KernelRace[] = [];
  const rungs: Rung[] = [];
  let stopped = false;
  const perTier = (procedure.raceMs ?? 8000) / tiers.length;
  const others = tiers.filter(({ name }) => name !== "scalar");
  rungs.push({
    ...emptyRung,
    tier: "scalar",
    verdict: "baseline",
    best: "scalar f64",
    speedup: 1,
    spread: 0,
    amdahl: 1,
  });
  if (all) {
    // All at once, so that every row meets the same noise.
    onStage("race of the kernels");
    races.push(await raceKernels(tiers, scalar, d, { clock, budgetMs: procedure.raceMs ?? 8000 }));
  }
  for (const tier of others) {
    if (stopped && !all) {
      rungs.push({ ...emptyRung, tier: tier.name, verdict: "not reached", reason: "An earlier rung is enough." });
      continue;
    }
    if (!all) {
      onStage(`rung ${tier.name}`);
      races.push(await raceKernels([scalar, tier], scalar, d, { clock, budgetMs: 2 * perTier }));
    }
    const race = races.at(-1);
    if (!race) continue;
    const rung = rungOf(tier, race, profile.hotShare, thresholds);
    rungs.push(rung);
    stopped ||= rung.verdict === "done";
  }

  onStage("whole sweeps of every candidate");
  const planned = await planSolve([parsed], options, {
    mode: "measure",
    tiers,
    clock,
    timeLimitMs: procedure.planMs ?? 10_000,
    ...(procedure.wisdom && { wisdom: procedure.wisdom }),
  });
  const solves = solveRows(planned);
  const recommendation = recommend(planned, solves, thresholds);

  const rows = uniqueRows(races.flatMap((race) => race.rows));
  const notes = [
    divisionNote,
    ...closeCalls(rungs, solves, thresholds),
    ...races.flatMap((race) => race.notes),
    ...planned.plan.notes,
  ];
  return {
    problem: parsed.name,
    dimension: d.grid.shape.length,
    grid: d.grid.shape,
    steps: d.steps,
    thresholds,
    environment,
    profile,
    baseline,
    rungs,
    stopped: stopped && !all,
    rows,
    excluded: [...races.flatMap((race) => race.excluded), ...planned.excluded],
    absent: races.flatMap((race) => race.absent.map(({ name, reason }) => ({ name, reason }))),
    solves,
    plan: planned.plan,
    curves: curvesOf(planned),
    roof: measureRoof(clock),
    recommendation,
    notes: [...new Set(notes)],
    seconds: (clock.now() - begun) / 1000,
  };
}

const emptyRung: Omit<Rung, "tier" | "verdict"> = {
  best: null,
  speedup: null,
  spread: null,
  amdahl: null,
  reason: null,
};

/** The options of a solve that is profiled: nobody watches it, and nobody else stops it. */
function solveAlone(options: SolveOptions): SolveOptions {
  const { onIteration: _onIteration, onPlan: _onPlan, signal: _signal, precision: _precision, ...rest } = options;
  return { ...rest, precision: "f64" };
}

async function baselineOf(
  scalar: Tier,
  d: Parameters<typeof raceData>[0],
  options: BaselineOptions,
): Promise<Baseline> {
  await using kernels = await scalar.kernels({ precision: "f64" });
  const data = raceData(d, "f64");
  return await measureBaseline(() => callKernel(kernels, "weights", data), d.grid.points, options);
}

function rungOf(tier: Tier, race: KernelRace, hotShare: number, thresholds: Thresholds): Rung {
  const weights = race.rows.filter(({ operation }) => operation === "weights");
  const yardstick = weights.find((row) => row.tier === "scalar");
  const own = weights.filter((row) => row.tier === tier.name);
  const counted = own.filter(({ software }) => !software).toSorted((a, b) => a.total - b.total);
  const [best] = counted;
  const software = own.toSorted((a, b) => a.total - b.total)[0];
  if (!yardstick || (!best && !software)) {
    const reason =
      race.absent.find((one) => one.tier === tier.name)?.reason ??
      race.excluded.find(({ name }) => name.startsWith(tier.name))?.reason ??
      "It has no kernels.";
    return { ...emptyRung, tier: tier.name, verdict: "unavailable", reason };
  }
  if (!best) {
    const reason = `${software?.device} is a program on the processor: it is checked, and never counts as a GPU.`;
    const speedup = software ? yardstick.total / software.total : null;
    return { ...emptyRung, tier: tier.name, verdict: "software only", best: software?.name ?? null, speedup, reason };
  }
  const speedup = yardstick.total / best.total;
  const { done, borderline } = thresholds;
  return {
    tier: tier.name,
    verdict: speedup >= done ? "done" : speedup >= borderline ? "borderline" : "go on",
    best: best.name,
    speedup,
    spread: Math.hypot(relative(best), relative(yardstick)),
    amdahl: amdahl(hotShare, speedup),
    reason: null,
  };
}

const relative = ({ mad, total, n }: KernelRow): number => (1.86 * mad) / (total * Math.sqrt(n));

/** Scalar rows that several races measured are shown once. */
function uniqueRows(rows: readonly KernelRow[]): KernelRow[] {
  const seen = new Set<string>();
  return rows.filter(({ name, operation }) => {
    const key = `${name} ${operation}`;
    return !seen.has(key) && seen.add(key);
  });
}

function solveRows({ ranked }: Planned): SolveRow[] {
  const scalar = ranked.find(({ candidate }) => candidate.tier.name === "scalar");
  return ranked
    .map(({ candidate, predicted }) => ({
      name: candidate.name,
      tier: candidate.tier.name,
      seconds: predicted.seconds,
      low: predicted.low,
      high: predicted.high,
      transferShare: predicted.moving / predicted.seconds,
      speedup: (scalar?.predicted.seconds ?? Number.NaN) / predicted.seconds,
    }))
    .toSorted((a, b) => a.seconds - b.seconds);
}

/** The simplest candidate that meets the target, and what the planner would take. */
function recommend({ plan, ranked }: Planned, solves: readonly SolveRow[], { done }: Thresholds): Recommendation {
  const meets = new Set(solves.filter(({ speedup }) => speedup >= done).map(({ name }) => name));
  const [simplest] = ranked
    .filter(({ candidate }) => meets.has(candidate.name))
    .toSorted(
      (a, b) =>
        tierNames.indexOf(a.candidate.tier.name) - tierNames.indexOf(b.candidate.tier.name) ||
        a.candidate.rank - b.candidate.rank,
    );
  const name = simplest?.candidate.name ?? null;
  const why =
    name === null
      ? `No candidate makes the whole solve ${done} times faster than the scalar tier.`
      : `${name} is the simplest that makes the whole solve at least ${done} times faster. ${plan.why}`;
  return { simplest: name, fastest: plan.chosen, target: done, why, crossovers: plan.crossovers };
}

/** A speed-up this close to a threshold might as well have fallen on the other side. */
const closeTo = 0.15;

function closeCalls(rungs: readonly Rung[], solves: readonly SolveRow[], thresholds: Thresholds): string[] {
  const { done, borderline } = thresholds;
  const notes: string[] = [];
  for (const { tier, speedup, spread } of rungs) {
    if (speedup === null || tier === "scalar") continue;
    for (const limit of [done, borderline]) {
      if (Math.abs(speedup / limit - 1) < Math.max(closeTo, 2 * (spread ?? 0)))
        notes.push(
          `The verdict on ${tier} is a close call: ${speedup.toPrecision(2)} times beside the threshold ${limit}.`,
        );
    }
  }
  for (const { name, speedup } of solves) {
    if (Math.abs(speedup / done - 1) < closeTo)
      notes.push(`${name} makes the solve ${speedup.toPrecision(2)} times faster: close to the target ${done}.`);
  }
  return notes;
}

/** Predicted times over grid sizes. */
function curvesOf({ ranked, rates, d, plan }: Planned): SizeCurve[] {
  const scales = scalesOver(crossoverRange(d), 2);
  return ranked.map(({ candidate, parts }) => {
    const seconds = timeAt(d, rates, plan.members, parts);
    const points = scales.map((scale) => ({
      points: d.grid.shape.reduce((product, n) => product * Math.max(7, Math.round(n * scale)), 1),
      seconds: seconds(scale),
    }));
    return { name: candidate.name, points };
  });
}

function environmentNow(): Record<string, string | number> {
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    free: freemem(),
    load: Math.round(100 * (loadavg()[0] ?? 0)) / 100,
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
    mfgpu: packageVersion(),
  };
}
