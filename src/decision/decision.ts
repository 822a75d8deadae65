/** What `decide` finds: the whole procedure as data. Plain JSON, but for the raw profile. */
import type { Baseline } from "./baseline.ts";
import type { KernelRow } from "./kernelRace.ts";
import type { Excluded } from "./measure.ts";
import type { Crossover, Plan } from "./plan.ts";
import type { SolveProfile } from "./profile.ts";
import type { Roof } from "./roof.ts";

export interface Thresholds {
  /** Speed-up from which a rung is enough, and from which it is borderline. */
  readonly done: number;
  readonly borderline: number;
  /** Microseconds per call: below the first not worth accelerating, above the second worth it. */
  readonly gate: readonly [number, number];
}

/** The procedure's own numbers. */
export const procedureThresholds: Thresholds = { done: 5, borderline: 3, gate: [10, 100] };

export type Verdict = "baseline" | "done" | "borderline" | "go on" | "unavailable" | "software only" | "not reached";

/** One rung of the ladder: a tier, judged by its fastest right variant. */
export interface Rung {
  readonly tier: string;
  readonly verdict: Verdict;
  readonly best: string | null;
  /** Of the hot function, transfers included. */
  readonly speedup: number | null;
  /** Relative half-width of the speed-up. */
  readonly spread: number | null;
  /** Speed-up of a whole solve whose hot share alone becomes so much faster (Amdahl 1967). */
  readonly amdahl: number | null;
  readonly reason: string | null;
}

/** A candidate's whole solve beside the scalar tier's. */
export interface SolveRow {
  readonly name: string;
  readonly tier: string;
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
  readonly transferShare: number;
  readonly speedup: number;
}

export interface Recommendation {
  /** The simplest whose whole solve meets the target; null where none does. */
  readonly simplest: string | null;
  readonly fastest: string | null;
  readonly target: number;
  readonly why: string;
  readonly crossovers: readonly Crossover[];
}

/** Predicted seconds over grid sizes, for a figure. */
export interface SizeCurve {
  readonly name: string;
  readonly points: readonly { readonly points: number; readonly seconds: number }[];
}

export interface Decision {
  readonly problem: string;
  readonly dimension: number;
  readonly grid: readonly number[];
  readonly steps: number;
  readonly thresholds: Thresholds;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly profile: SolveProfile;
  readonly baseline: Baseline;
  readonly rungs: readonly Rung[];
  /** True where the ladder was left at the first rung that was enough. */
  readonly stopped: boolean;
  readonly rows: readonly KernelRow[];
  readonly excluded: readonly Excluded[];
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  readonly solves: readonly SolveRow[];
  readonly plan: Plan;
  readonly curves: readonly SizeCurve[];
  readonly roof: Roof;
  readonly recommendation: Recommendation;
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** Why our last step divides the other way round. */
export const divisionNote: string =
  "The original procedure's final check divides the new time by the old one and calls more than 5 a success, which a slower " +
  "program meets; speed-ups here are old over new.";

/** Largest speed-up of the whole when a share of it becomes `times` faster. */
export function amdahl(share: number, times: number): number {
  return 1 / (1 - share + share / times);
}
