/** What a solve may be told, and what it tells. */
import type {
  Epsilon,
  FokkerPlanckMode,
  HamiltonianFlux,
  SchemeOptions,
  Splitting,
  TimeInterpolation,
  WenoVariant,
} from "../scheme/options.ts";
import type { StoredHistory } from "../scheme/resample.ts";
import type { CandidateText } from "../tiers/candidate.ts";
import type { MemoryNeed, Precision, Residency, TierName } from "../tiers/tier.ts";

/** A tier, a candidate's name, or `auto`. */
export type TierChoice = TierName | "auto" | CandidateText;
export type Relaxation = "anderson" | "fictitious" | number;
export type StopReason = "tolerance" | "stagnated" | "diverged" | "limit" | "aborted";

/** A density history to start from. */
export type WarmStart = StoredHistory;

export interface SolveOptions {
  /** Nodes per axis; one number serves every axis. Default 100, 64, 32 in one, two, three dimensions. */
  readonly grid?: number | readonly number[];
  /** Stored time intervals. Default 50. */
  readonly steps?: number;
  /**
   * Default `auto`: what the planner finds fastest for this problem here. A tier's name, or a whole candidate `NAME[:VARIANT][/RESIDENCY]` such
   * as `gpujs:webasm` or `webgpu/offload`.
   */
  readonly tier?: TierChoice;
  /** Default: the first of the tier's `solvePrecisions`. */
  readonly precision?: Precision;
  /** `software`, or part of a graphics adapter's name. Default: the first real GPU. */
  readonly adapter?: string;
  /** Threads of the processor. Default: all cores. */
  readonly threads?: number;
  readonly weno?: WenoVariant;
  readonly epsilon?: Epsilon;
  readonly hamiltonianFlux?: HamiltonianFlux;
  readonly fokkerPlanck?: FokkerPlanckMode;
  readonly splitting?: Splitting;
  /** Grading of the stored levels: `graded` (0.9), `uniform` (0) or a number from 0 to 1. */
  readonly timeLevels?: "graded" | "uniform" | number;
  readonly timeInterpolation?: TimeInterpolation;
  readonly cfl?: number;
  /** Implicit sub-steps per stored interval of the `fdm` mode. Default 1. */
  readonly fdmSubsteps?: number;
  /** Stop at this rms of the undamped residual. Default 1e-8. */
  readonly tolerance?: number;
  /** Default 200. */
  readonly maxIterations?: number;
  /** Default `anderson`; a number is the factor theta of plain relaxation. */
  readonly relaxation?: Relaxation;
  /** Deepest Anderson acceleration, at least 3. Default 20; memory may force less. */
  readonly andersonDepth?: number;
  /** Memory budget in bytes. Default 70 % of what is free. */
  readonly memoryBytes?: number;
  readonly warmStart?: "nested" | WarmStart;
  /** One more HJB sweep per iteration. Default: at the end only. */
  readonly exploitabilityEveryIteration?: boolean;
  readonly signal?: AbortSignal;
  readonly onIteration?: (report: IterationReport, member: number) => void;
  /** Called with what will be allocated, before it is. */
  readonly onPlan?: (plan: MemoryPlan) => void;
}

/** Options of a batch. */
export interface BatchOptions extends SolveOptions {
  /** What each member starts from, before `warmStart`; undefined entries start from their initial density. */
  readonly warmStarts?: readonly (WarmStart | undefined)[];
}

export interface IterationReport {
  readonly iteration: number;
  /** rms of G(M) - M over all levels and points. */
  readonly residual: number;
  /** null where it was not computed. */
  readonly exploitability: number | null;
  readonly massDrift: number;
  readonly minDensity: number;
  readonly seconds: number;
}

/** How the memory is spent: the need, the budget and the method that fits. */
export interface MemoryPlan extends MemoryNeed {
  readonly budget: number;
  readonly method: "anderson" | "fictitious" | "relaxation";
  readonly andersonDepth: number;
  /** True where only two histories fit and the density is relaxed as it is transported. */
  readonly inPlace: boolean;
}

/** How `auto` chose where to solve, and how it went; times in seconds. */
export interface PlanRecord {
  readonly chosen: string;
  readonly why: string;
  readonly mode: string;
  readonly predicted: { readonly seconds: number; readonly low: number; readonly high: number };
  /** Time of the whole solve, all tiers it ran on included, planning not. */
  readonly actual: number;
  /** Time that planning took. */
  readonly planning: number;
  readonly candidates: readonly {
    readonly name: string;
    readonly seconds: number | null;
    /** Why it could not be chosen; null where it could. */
    readonly reason: string | null;
  }[];
  readonly notes: readonly string[];
  /** Candidates that failed while they ran, and from which finished iteration the next one went on. */
  readonly failures: readonly {
    readonly candidate: string;
    readonly code: string;
    readonly message: string;
    /** Iterations finished when it failed, and those that the next candidate could build on. */
    readonly iterations: number;
    readonly resumedAfter: number;
  }[];
}

export interface SolveTimings {
  readonly setup: number;
  readonly hjb: number;
  readonly fokkerPlanck: number;
  readonly relax: number;
  readonly certify: number;
  /** Reading the result. */
  readonly transfer: number;
  /**
   * Where data move between memories: what that took within the parts above, in the whole batch. Moving data to the tier,
   * computing there, moving data back.
   */
  readonly upload?: number;
  readonly kernel?: number;
  readonly download?: number;
  readonly total: number;
}

/** One part of a solve that two tiers shared. */
export interface SolvePart {
  readonly tier: TierName;
  readonly adapter: string;
  readonly precision: Precision;
  readonly iterations: number;
  readonly residual: number | null;
  readonly stopReason: StopReason;
  readonly timings: SolveTimings;
}

/** Everything worth knowing of a solve but its arrays; plain JSON. Times in seconds. */
export interface SolveRecord {
  readonly problem: string;
  readonly dimension: number;
  readonly grid: readonly number[];
  readonly steps: number;
  readonly tier: TierName;
  /** The tier's variant; null where it has only one. */
  readonly variant: string | null;
  readonly residency: Residency;
  /** Which of its ways to work the tier took, where it has several: `line` or `grid` on the GPU. */
  readonly path: string | null;
  /** What computed: processor and instruction set, or the graphics adapter. */
  readonly adapter: string;
  /** True where the adapter is a program on the processor. */
  readonly software: boolean;
  readonly precision: Precision;
  readonly weno: WenoVariant;
  readonly scheme: SchemeOptions;
  readonly converged: boolean;
  readonly stopReason: StopReason;
  /** What happened, for a person. */
  readonly stopDetail: string;
  readonly iterations: number;
  readonly residual: number | null;
  readonly tolerance: number;
  readonly exploitability: number | null;
  /** Exploitability over |J|, J the expected cost. */
  readonly relativeExploitability: number | null;
  readonly cost: number | null;
  readonly dualityDefect: number | null;
  /** Of the last iteration, as is the smallest density; `history` has them all. */
  readonly massDrift: number | null;
  readonly minDensity: number | null;
  readonly mass: number;
  readonly outflow: number | null;
  /** Cells and levels of the last iteration in which a log coupling used its floor. */
  readonly flooredCells: number;
  /** Cells and stages of the last iteration in which flux blending limited a flux. */
  readonly limitedCells: number;
  readonly substeps: { readonly hjb: number; readonly fokkerPlanck: number };
  /** The history that an abort in mid-sweep left half old, half new; null where both are whole. */
  readonly partial: "value" | "density" | null;
  /** `transported`: the density is G(M), carried by the value function; `relaxed`: it is M. */
  readonly densityKind: "transported" | "relaxed";
  readonly relaxation: {
    readonly method: MemoryPlan["method"];
    readonly theta: number | null;
    readonly depth: number;
    readonly beta: number | null;
    readonly inPlace: boolean;
    /** Anderson steps that would have made a density negative: one of fictitious play was taken in place of each. */
    readonly replaced: number;
  };
  readonly memory: MemoryPlan;
  readonly history: readonly IterationReport[];
  readonly timings: SolveTimings;
  /** Domain and Hamiltonian as in the problem file; pictures need them. */
  readonly domain: unknown;
  readonly hamiltonian: unknown;
  /** The whole problem file; functions of the API appear as the text "function". */
  readonly source: unknown;
  readonly versions: { readonly mfgpu: string; readonly node: string };
  /** Where a precision was reached in two parts: each of them, while `tier` and `adapter` name the first; else null. */
  readonly parts: readonly SolvePart[] | null;
  /** null where the caller named the tier. */
  readonly plan: PlanRecord | null;
  readonly output: string | null;
}

export interface SolveResult {
  readonly record: SolveRecord;
  /** (steps + 1) x grid, C order. */
  readonly value: Float64Array;
  readonly density: Float64Array;
  /** The stored levels. */
  readonly t: Float64Array;
  /** Node coordinates per axis. */
  readonly coordinates: readonly Float64Array[];
  readonly shape: readonly number[];
}
