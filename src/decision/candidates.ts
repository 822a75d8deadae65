/** Every way to run a solve on this machine, and which of them may be chosen. */
import { candidateText, tierNames } from "../tiers/candidate.ts";
import { tiers as registered } from "../tiers/registry.ts";
import type { Available, Precision, Residency, Tier, TierName, TierPlace, Unavailable } from "../tiers/tier.ts";
import type { CandidateText } from "../tiers/candidate.ts";

/** One way to run a solve, and what the tier found there. */
export interface PlanCandidate {
  /** `rust:native/resident f64 x2`: what `--tier` takes, precision, threads. */
  readonly name: string;
  readonly text: CandidateText;
  readonly tier: Tier;
  readonly variant: string | undefined;
  readonly residency: Residency;
  readonly precision: Precision;
  readonly place: TierPlace;
  readonly found: Available | Unavailable;
  /** Place in the order of simplicity: of two that are equally fast the smaller one is taken. */
  readonly rank: number;
  /** Why it may not be chosen; undefined where it may. */
  readonly barred: string | undefined;
  /** Where its precision takes two parts: the candidates that it runs on, one after the other. */
  readonly parts?: readonly [PlanCandidate, PlanCandidate];
}

/** Points of a grid from which on its workspaces work another way; in offload the sweeps are the host's and have none. */
export function breaksOf({ tier, residency }: PlanCandidate, dimension: number): readonly number[] {
  return residency === "resident" ? (tier.breaks?.(dimension) ?? []) : [];
}

/** What of a batch decides how much of a tier it keeps busy. */
export interface BatchSize {
  readonly dimension: number;
  readonly points: number;
  readonly members: number;
}

function busyThreads({ tier, residency, place: { threads } }: PlanCandidate, size: BatchSize): number | undefined {
  if (threads === undefined || residency !== "resident") return threads;
  return tier.busyThreads?.(size.dimension, size.points, size.members, threads) ?? threads;
}

/** The simplest of the candidates that does there, thread by thread, what this one does: what tells their times apart is noise. */
export function simplestAlike(
  candidate: PlanCandidate,
  among: readonly PlanCandidate[],
  size: BatchSize,
): PlanCandidate {
  const alike = (other: PlanCandidate): boolean =>
    other.text === candidate.text &&
    other.precision === candidate.precision &&
    busyThreads(other, size) === busyThreads(candidate, size);
  return among.filter(alike).reduce((simplest, other) => (other.rank < simplest.rank ? other : simplest), candidate);
}

/** What a caller asks of the candidates. */
export interface Demand {
  /** Exactly this one. Without it, those whose solves meet the tolerance. */
  readonly precision?: Precision;
  /** rms of the undamped residual. Default 1e-8, which only f64 reaches. */
  readonly tolerance?: number;
  readonly adapter?: string;
  readonly threads?: number;
  /** Tiers to look at. Default: all of the registry. */
  readonly tiers?: readonly Tier[];
  /** Leaves tiers unprobed whose names it refuses; they are listed with that reason. */
  readonly skip?: (name: TierName) => string | undefined;
}

/** The residual that a solve in each precision can be held to. */
export const reachable: Readonly<Record<Precision, number>> = { f64: 1e-12, compensated: 1e-6, f32: 1e-4 };
const defaultTolerance = 1e-8;

/** Every candidate of the tiers at hand, simplest first; those that may not be chosen say why. */
export async function candidatesFor(demand: Demand = {}): Promise<PlanCandidate[]> {
  const found: PlanCandidate[] = [];
  for (const tier of demand.tiers ?? registered) {
    for (const variant of tier.variants.length > 0 ? tier.variants : [undefined]) {
      const place: TierPlace = {
        ...(variant === undefined ? {} : { variant }),
        ...(demand.adapter === undefined ? {} : { adapter: demand.adapter }),
        ...(demand.threads === undefined ? {} : { threads: demand.threads }),
      };
      const skipped = demand.skip?.(tier.name);
      const answer = skipped === undefined ? await tier.probe(place) : notLooked(skipped);
      for (const residency of tier.residencies) {
        for (const precision of tier.solvePrecisions(residency)) {
          for (const threads of threadChoices(answer, demand.threads)) {
            const own = threads === undefined ? place : { ...place, threads };
            const there = threads === undefined || skipped !== undefined ? answer : await tier.probe(own);
            found.push(candidate(tier, variant, residency, precision, own, threads, there, demand));
          }
        }
      }
    }
  }
  return found.toSorted((a, b) => a.rank - b.rank);
}

function candidate(
  tier: Tier,
  variant: string | undefined,
  residency: Residency,
  precision: Precision,
  place: TierPlace,
  threads: number | undefined,
  found: Available | Unavailable,
  demand: Demand,
): PlanCandidate {
  const text = candidateText(tier, { variant, residency }) as CandidateText;
  const rank =
    1000 * tierNames.indexOf(tier.name) +
    100 * Math.max(0, tier.variants.indexOf(variant ?? "")) +
    10 * tier.residencies.indexOf(residency) +
    (threads === 1 ? 0 : 1);
  const whole = { text, tier, variant, residency, precision, place, found, rank };
  const name = `${text} ${precision}${threads === undefined ? "" : ` x${threads}`}`;
  return { ...whole, name, barred: barredBy(found, precision, demand) };
}

/** One thread and all of them, for a tier that says how many it has; else what the tier does by itself. */
function threadChoices(found: Available | Unavailable, asked: number | undefined): readonly (number | undefined)[] {
  const facts = found.state === "available" ? found.facts : undefined;
  const most = facts?.["cores"] ?? facts?.["threads"];
  if (typeof most !== "number") return [undefined];
  if (asked !== undefined) return [asked];
  return most > 1 ? [1, most] : [1];
}

/** Why a candidate that was found so may not be chosen; undefined where it may. */
export function barredBy(found: Available | Unavailable, precision: Precision, demand: Demand): string | undefined {
  if (found.state === "unavailable") return found.why;
  if (found.software && demand.adapter === undefined) {
    return `${found.device} is a program on the processor, for correctness only (--adapter software asks for it).`;
  }
  if (demand.precision !== undefined) {
    return precision === demand.precision ? undefined : `${demand.precision} was asked for.`;
  }
  const tolerance = demand.tolerance ?? defaultTolerance;
  // Nothing is more precise than f64: what it does not reach ends as a solve that did not converge, with its reason.
  if (precision === "f64" || reachable[precision] <= tolerance) return undefined;
  return `${precision} reaches ${reachable[precision]}; the tolerance is ${tolerance} (--precision ${precision} asks for it).`;
}

function notLooked(why: string): Unavailable {
  return { state: "unavailable", code: "MFGPU_TIER_NOT_LOOKED", why, fix: "Name the tier to use it." };
}
