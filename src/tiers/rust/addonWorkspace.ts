/** Workspaces as the addon has them: the shapes of native/src/workspace_binding.rs. */
import type { Certificate } from "../tier.ts";
import type { AddonFields, AddonMember, AddonOutline } from "./discretisation.ts";

/** What a sweep did. */
export interface SweepOutcome {
  readonly aborted: boolean;
  readonly substeps: number;
  readonly floored: number;
  readonly failedLevel?: number;
  readonly failedIndex?: number;
  readonly massDrift: number;
  readonly minDensity: number;
  readonly outflow: number;
  readonly limited: number;
  readonly residual: number;
}

/** Passes over fields that were timed, in the order in which they were done. */
export interface PassTimes {
  /** What they did, by the path of the code that does it: every name once. */
  readonly kernels: readonly string[];
  /** Place of each pass's name in `kernels`. */
  readonly which: readonly number[];
  /** How long each took, threads and all. */
  readonly seconds: readonly number[];
}

/** A history that may be asked for. */
export type HistoryName = "value" | "density" | "transported";

/** The addon's workspace. */
export interface NativeWorkspace {
  readonly bytes: number;
  load(member: number, density: Float64Array): void;
  loadValue(member: number, value: Float64Array): void;
  hjb(member: number): Promise<SweepOutcome>;
  fokkerPlanck(member: number, theta: number | undefined): Promise<SweepOutcome>;
  relax(
    member: number,
    theta: number,
    beta: number | undefined,
  ): Promise<{ readonly theta?: number; readonly depth: number }>;
  settle(member: number, afresh: boolean): number;
  certify(member: number): Promise<Certificate & { readonly aborted: boolean }>;
  read(member: number, field: HistoryName, from: number, out: Float64Array): void;
  meter(on: boolean): void;
  passes(): PassTimes;
  stop(stopped: boolean): void;
  close(): void;
}

/** How to compute and what to keep. */
export interface AddonKeeping {
  readonly precision: string;
  readonly andersonDepth: number;
  readonly keepTransported: boolean;
}

/** What the addon needs for workspaces. */
export interface AddonWorkspaces {
  workspaceNeed(
    members: readonly AddonMember[],
    place: { readonly threads: number },
    keeping: AddonKeeping,
  ): {
    readonly histories: number;
    readonly historyBytes: number;
    readonly otherBytes: number;
    readonly fieldBytes: number;
  };
  readonly NativeWorkspace: new (
    outlines: readonly AddonOutline[],
    fields: readonly AddonFields[],
    place: { readonly threads: number },
    keeping: AddonKeeping,
  ) => NativeWorkspace;
}
