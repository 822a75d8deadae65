/** What a plan says: every candidate with its predicted time, who was chosen and why. Plain JSON. */
import type { MemoryPlan } from "../solver/options.ts";
import type { Precision, Residency, TierName } from "../tiers/tier.ts";
import type { PlanCandidate } from "./candidates.ts";
import type { Prediction } from "./model.ts";

/** How much is measured: nothing, what is not known yet within seconds, or all of it again until the time limit. */
export type PlanMode = "estimate" | "measure" | "patient" | "wisdom-only";

export interface PlannedCandidate {
  readonly name: string;
  /** What `--tier` takes. */
  readonly text: string;
  readonly tier: TierName;
  readonly variant: string | null;
  readonly residency: Residency;
  readonly precision: Precision;
  readonly threads: number | null;
  readonly device: string | null;
  readonly software: boolean;
  /** True where it may be chosen; `reason` says why not. */
  readonly eligible: boolean;
  readonly reason: string | null;
  readonly predicted: Prediction | null;
  /** Where the prediction comes from; `shipped`: measured elsewhere, `derived`: from data sheets, not measured on anything. */
  readonly source: "measured" | "wisdom" | "shipped" | "derived" | null;
  /** Bytes of its workspace. */
  readonly memory: number | null;
}

export interface PlannedWork {
  readonly iterations: number;
  /** The limit that was given, an earlier solve, or what is usual. */
  readonly iterationsFrom: "limit" | "learned" | "typical";
  readonly hjb: number;
  readonly fokkerPlanck: number;
  /** Sub-steps from an earlier solve, from a solve on a coarse grid, or from the data alone. */
  readonly substepsFrom: "learned" | "pilot" | "data";
}

/** A grid at which the fastest candidate changes. */
export interface Crossover {
  /** Points per axis of the first size at which `to` is the faster one, and the range that the uncertainty leaves. */
  readonly grid: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly from: string;
  readonly to: string;
}

export interface Plan {
  readonly problem: string;
  readonly dimension: number;
  readonly grid: readonly number[];
  readonly steps: number;
  readonly members: number;
  readonly mode: PlanMode;
  readonly kind: string;
  readonly work: PlannedWork;
  /** The chosen one first, then by predicted time, then those that may not be chosen. */
  readonly candidates: readonly PlannedCandidate[];
  readonly chosen: string | null;
  readonly why: string;
  /** What would be chosen if moving data between memories took no time. */
  readonly withoutTransfers: string | null;
  readonly crossovers: readonly Crossover[];
  readonly notes: readonly string[];
  /** Seconds that planning took. */
  readonly seconds: number;
}

/** A candidate as a plan shows it; with a reason it may not be chosen. */
export function plannedOf(
  candidate: PlanCandidate,
  reason: string | null,
  predicted: Prediction | null,
  source: PlannedCandidate["source"],
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
