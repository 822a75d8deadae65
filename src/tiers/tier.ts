import type { ErrorCode } from "../errors.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import type { Epsilon, WenoVariant } from "../scheme/options.ts";
import type { BoundaryKind } from "../problem/types.ts";

export type TierName = "scalar" | "batched" | "gpujs" | "rust" | "webgpu";
export type Precision = "f64" | "f32" | "compensated";

/** Where the state of a solve lives: on the tier, or in JavaScript memory with the derivatives taken by the tier. */
export type Residency = "resident" | "offload";

/** Where on a tier. What is left open is the tier's default; a name that the tier does not know is refused, never replaced. */
export interface TierPlace {
  /** One of `Tier.variants`; the first where none is named. */
  readonly variant?: string;
  /** `software`, or part of an adapter's name; the first real GPU where none is named. */
  readonly adapter?: string;
  /** Threads of the processor; all cores where none are named. */
  readonly threads?: number;
}

/** What a tier finds when it looks around: an answer, never a throw, never a printed line. */
export interface Available {
  readonly state: "available";
  /** What computes, for a person: processor and instruction set, or the adapter's name. */
  readonly device: string;
  /** True where a "GPU" is a program on the processor. It is never called a GPU and never wins a decision. */
  readonly software: boolean;
  /** More of the place, for `doctor` and records: SIMD level, threads, driver. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}
export interface Unavailable {
  readonly state: "unavailable";
  readonly code: ErrorCode;
  readonly why: string;
  readonly fix: string;
}

/** Proof that a tier ran, and input for a cost model. */
export interface Tally {
  readonly launches: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Time spent so far, in milliseconds: moving data in, computing, moving data out. */
export interface Phases {
  readonly upload: number;
  readonly kernel: number;
  readonly download: number;
}

/** Where a workspace or a set of kernels really runs. */
export interface RunPlace {
  readonly device: string;
  readonly software: boolean;
  readonly variant: string | undefined;
  readonly residency: Residency;
  /** Which of its ways to work the tier takes for these members, where it has several. */
  readonly path?: string;
}

/** Where and how one-sided derivatives are taken of an array in C order. */
export interface DerivativeLayout {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly spacing: number;
  /** Ghosts at an exit are those of a wall value 0. */
  readonly lower: BoundaryKind;
  readonly upper: BoundaryKind;
  readonly variant: WenoVariant;
  readonly epsilon: Epsilon;
}

export type KernelArray = Float64Array | Float32Array;

/** The procedure's hot functions: stateless, batched, data in and out of JavaScript memory. */
export interface Kernels extends AsyncDisposable {
  readonly tally: Tally;
  /** Where data move between memories: how long that took. Undefined where they stay where they are. */
  readonly phases?: Phases;
  /** Smoothness indicators S1..S3 of n stencils v1..v5 (n x 5 -> n x 3), Osher & Fedkiw's scaling. */
  smoothness(stencils: KernelArray, out: KernelArray): Promise<void>;
  /** Nonlinear JS weights (n x 3 -> n x 3) from indicators, linear weights of length 3 and an absolute epsilon. */
  weights(beta: KernelArray, linear: KernelArray, epsilon: number, out: KernelArray): Promise<void>;
  /** Left- and right-biased WENO5 derivatives of a field along one axis. */
  derivatives(field: KernelArray, layout: DerivativeLayout, pMinus: KernelArray, pPlus: KernelArray): Promise<void>;
}

/** What one sweep (one pass in time) of one member did. */
export interface SweepReport {
  readonly substeps: number;
  /** Cells and levels in which a log coupling used its floor. */
  readonly floored: number;
  /** Where the first non-finite number appeared, if one did. */
  readonly failure: { readonly level: number; readonly index: number; readonly field: "value" | "density" } | undefined;
}

export interface DensityReport extends SweepReport {
  /** max over levels of |mass(t) + outflow(t) - mass(0)| / mass(0) */
  readonly massDrift: number;
  /** Smallest density of every stored level and every stage looked at. */
  readonly minDensity: number;
  /** Mass that has left through exits by the horizon. */
  readonly outflow: number;
  /** Cells and stages in which flux blending limited a flux. */
  readonly limited: number;
}

/** How the next density history is made from the transported one. */
export type RelaxStep =
  | { readonly kind: "blend"; readonly theta: number }
  | { readonly kind: "anderson"; readonly beta: number };

export interface RelaxReport {
  /** What was really done: an Anderson step that would make a density negative is replaced by a blend. */
  readonly step: RelaxStep;
  /** Columns that the Anderson combination used. */
  readonly depth: number;
}

export interface WorkspaceOptions extends TierPlace {
  readonly precision: Precision;
  /** The first of the tier's `residencies` where none is named. */
  readonly residency?: Residency;
  /** Largest Anderson depth the memory allows; 0 keeps two histories only and relaxes in place. */
  readonly andersonDepth: number;
  /** Keeps G(M) apart from M. Needed for Anderson and exploitability. */
  readonly keepTransported: boolean;
  readonly signal?: AbortSignal;
}

/** One member's certificates at its present state. */
export interface Certificate {
  readonly exploitability: number;
  /** Expected cost J of the present feedback against its own flow. */
  readonly cost: number;
  /** J by direct summation of running, terminal and exit costs, less <m0, u(0)> corrected for the flow. */
  readonly dualityDefect: number;
}

/**
 * The whole state of B problems on one grid. Every method takes the member it is about: members share nothing but scratch
 * memory, so a batch of B equals B single solves bitwise.
 */
export interface Workspace extends AsyncDisposable {
  readonly tier: TierName;
  readonly precision: Precision;
  readonly place: RunPlace;
  readonly members: readonly Discretisation[];
  /** Where data move between memories: how long that took so far. */
  readonly phases?: Phases;
  /** True where the state lies in the memory of a device that may be lost, and goes with it. */
  readonly onDevice?: boolean;
  /** True where calls for different members may be under way at once: they have work memory enough. */
  readonly concurrent?: boolean;
  /** Sets the density history of a member: (steps + 1) x points, or one slice held for all levels. */
  load(member: number, density: Float64Array): Promise<void>;
  /** Sets the value history of a member, (steps + 1) x points, for a forward sweep of its own. */
  loadValue(member: number, value: Float64Array): Promise<void>;
  /** Value history from density history, backwards. */
  hjb(member: number): Promise<SweepReport>;
  /**
   * Transported density history G(M) from the value history, forwards, and the undamped residual rms(G(M) - M). In place
   * M <- M + theta (G(M) - M) as it goes.
   */
  fokkerPlanck(
    member: number,
    inPlace?: { readonly theta: number },
  ): Promise<DensityReport & { readonly residual: number }>;
  /** Next density history. */
  relax(member: number, step: RelaxStep, fallback: RelaxStep): Promise<RelaxReport>;
  /**
   * Makes the sub-step counts of both sweeps those that the last ones needed, so that they depend on the present state and not
   * on the way to it (docs/numerics.md section 3.4).
   *
   * @param afresh true: counts that intervals were once found to need are let go, too
   * @returns how many intervals had more sub-steps than they need
   */
  settle(member: number, afresh: boolean): Promise<number>;
  /** Exploitability and duality defect; costs one more HJB sweep and leaves the value history unchanged. */
  certify(member: number): Promise<Certificate>;
  /** A copy of a history, (steps + 1) x points, or of the levels [from, to). */
  read(
    member: number,
    field: "value" | "density" | "transported",
    range?: { readonly from: number; readonly to: number },
  ): Promise<Float64Array>;
  /** A whole history for good, without a copy where it lies in JavaScript memory: the member must not be used afterwards. */
  take(member: number, field: "value" | "density" | "transported"): Promise<Float64Array>;
}

/** How a precision that a tier lacks is reached all the same: a solve here in `from`, then some iterations on another tier. */
export interface Refinement {
  readonly precision: Precision;
  readonly from: Precision;
  /** The candidate that brings it to `precision`. */
  readonly on: string;
}

/** One place and way of computing. Tiers differ in place, speed and precision, never in meaning. */
export interface Tier {
  readonly name: TierName;
  readonly description: string;
  /** Ways to run the same thing, the default first; empty where there is one. */
  readonly variants: readonly string[];
  /** Precisions of `kernels`. */
  readonly precisions: readonly Precision[];
  /** Where a solve's state may live, the default first. */
  readonly residencies: readonly [Residency, ...Residency[]];
  /** Precisions of a solve, the default first. */
  solvePrecisions(residency: Residency): readonly [Precision, ...Precision[]];
  /** The precision beyond `solvePrecisions` that a solve may ask for, in two parts. */
  refinement?(residency: Residency): Refinement | undefined;
  /** Looks around; never throws. The answer for one place does not change while the process lives. */
  probe(place?: TierPlace): Promise<Available | Unavailable>;
  kernels(options: TierPlace & { readonly precision: Precision }): Promise<Kernels>;
  /** Points of a grid from which on a workspace works another way, so that timings below say little of those above. */
  breaks?(dimension: number): readonly number[];
  /** Threads that a workspace of these members keeps busy, of those it may use. Without it: all of them. */
  busyThreads?(dimension: number, points: number, members: number, threads: number): number;
  /** Bytes the workspace of these members will hold, histories and work fields, before anything is allocated. */
  memoryNeed(members: readonly Discretisation[], options: WorkspaceOptions): MemoryNeed;
  /** Bytes free for a workspace there: the device's own where it has memory of its own, else the machine's. */
  memoryFree?(place: TierPlace): Promise<number>;
  workspace(members: readonly Discretisation[], options: WorkspaceOptions): Promise<Workspace>;
}

export interface MemoryNeed {
  readonly bytes: number;
  readonly histories: number;
  readonly historyBytes: number;
  readonly fields: number;
  readonly fieldBytes: number;
}
