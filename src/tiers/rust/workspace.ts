/** The workspace in Rust: all state in the addon's memory, sweeps in its threads, scalars back. */
import { MfgError } from "../../errors.ts";
import { checkOneGrid, checkWholeHistory, keptNothing, memberAt } from "../host/workspaceErrors.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import type {
  Certificate,
  DensityReport,
  MemoryNeed,
  RelaxReport,
  RelaxStep,
  RunPlace,
  SweepReport,
  Workspace,
  WorkspaceOptions,
} from "../tier.ts";
import type { NativeAddon } from "./addon.ts";
import type { AddonKeeping, HistoryName, NativeWorkspace, PassTimes, SweepOutcome } from "./addonWorkspace.ts";
import { addonFields, addonMember, addonOutline } from "./discretisation.ts";

function keepingOf({ precision, andersonDepth, keepTransported }: WorkspaceOptions): AddonKeeping {
  return { precision, andersonDepth, keepTransported };
}

/** Bytes that `RustWorkspace` will hold, to the last field: the addon counts what it would allocate. */
export function rustMemoryNeed(
  addon: NativeAddon,
  members: readonly Discretisation[],
  options: WorkspaceOptions,
  threads: number,
): MemoryNeed {
  const need = addon.workspaceNeed(members.map(addonMember), { threads }, keepingOf(options));
  const { histories, historyBytes, otherBytes, fieldBytes } = need;
  const bytes = histories * historyBytes + otherBytes;
  return { bytes, histories, historyBytes, fields: otherBytes / fieldBytes, fieldBytes };
}

function failureOf(outcome: SweepOutcome, field: "value" | "density"): SweepReport["failure"] {
  const { failedLevel: level, failedIndex: index } = outcome;
  return level === undefined || index === undefined ? undefined : { level, index, field };
}

export class RustWorkspace implements Workspace {
  readonly tier = "rust";
  readonly precision: "f64" | "f32";
  readonly place: RunPlace;
  readonly members: readonly Discretisation[];
  readonly concurrent = true;
  readonly #native: NativeWorkspace;
  readonly #keepsTransported: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #stop = (): void => this.#native.stop(true);

  /**
   * @param threads threads to use, at least 1
   * @throws MFGPU_CONFIG_BATCH where members differ in shape, MFGPU_MEMORY_ALLOCATION where the memory is not there
   */
  constructor(
    addon: NativeAddon,
    members: readonly Discretisation[],
    options: WorkspaceOptions & { readonly precision: "f64" | "f32" },
    threads: number,
    place: RunPlace,
  ) {
    checkOneGrid(members);
    this.precision = options.precision;
    this.place = place;
    this.members = members;
    this.#keepsTransported = options.keepTransported;
    const outlines = members.map(addonOutline);
    const fields = members.map(addonFields);
    try {
      this.#native = new addon.NativeWorkspace(outlines, fields, { threads }, keepingOf(options));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes("out of memory")) throw error;
      const { bytes } = rustMemoryNeed(addon, members, options, threads);
      throw new MfgError({
        code: "MFGPU_MEMORY_ALLOCATION",
        message: `The ${bytes} bytes of the workspace could not be allocated.`,
        fix: "Use a smaller grid, fewer steps, or a smaller --memory.",
        path: "memory",
        value: bytes,
        cause: error,
      });
    }
    this.#signal = options.signal;
    this.#signal?.addEventListener("abort", this.#stop);
  }

  /** Bytes that were allocated, for the test that holds `rustMemoryNeed` to the truth. */
  get bytes(): number {
    return this.#native.bytes;
  }

  /** Times every pass over a field from now on, or none any more. For the bench of the overhead. */
  meter(on: boolean): void {
    this.#native.meter(on);
  }

  /** The passes that were timed since, of all members as they came. */
  passes(): PassTimes {
    return this.#native.passes();
  }

  async load(member: number, density: Float64Array): Promise<void> {
    this.#checkHistory(member, density, "density");
    this.#native.load(member, density);
  }

  async loadValue(member: number, value: Float64Array): Promise<void> {
    this.#checkHistory(member, value, "value");
    this.#native.loadValue(member, value);
  }

  async hjb(member: number): Promise<SweepReport> {
    const outcome = await this.#sweep(member, () => this.#native.hjb(member));
    const { substeps, floored } = outcome;
    return { substeps, floored, failure: failureOf(outcome, "value") };
  }

  async fokkerPlanck(
    member: number,
    inPlace?: { readonly theta: number },
  ): Promise<DensityReport & { readonly residual: number }> {
    if (!this.#keepsTransported && !inPlace) throw keptNothing();
    const outcome = await this.#sweep(member, () => this.#native.fokkerPlanck(member, inPlace?.theta));
    const { substeps, floored, massDrift, minDensity, outflow, limited, residual } = outcome;
    const failure = failureOf(outcome, "density");
    return { substeps, floored, failure, massDrift, minDensity, outflow, limited, residual };
  }

  async relax(member: number, step: RelaxStep, fallback: RelaxStep): Promise<RelaxReport> {
    this.#check(member);
    if (!this.#keepsTransported) throw keptNothing();
    const blended = step.kind === "blend" ? step : fallback;
    const theta = blended.kind === "blend" ? blended.theta : 1;
    const done = await this.#native.relax(member, theta, step.kind === "anderson" ? step.beta : undefined);
    return { step: done.theta === undefined ? step : { kind: "blend", theta: done.theta }, depth: done.depth };
  }

  async settle(member: number, afresh: boolean): Promise<number> {
    this.#check(member);
    return this.#native.settle(member, afresh);
  }

  async certify(member: number): Promise<Certificate> {
    const { exploitability, cost, dualityDefect } = await this.#sweep(member, () => this.#native.certify(member));
    return { exploitability, cost, dualityDefect };
  }

  async read(
    member: number,
    field: HistoryName,
    range?: { readonly from: number; readonly to: number },
  ): Promise<Float64Array> {
    const { steps, grid } = this.#check(member);
    if (field === "transported" && !this.#keepsTransported) throw keptNothing();
    const from = range?.from ?? 0;
    const out = new Float64Array(((range?.to ?? steps + 1) - from) * grid.points);
    this.#native.read(member, field, from, out);
    return out;
  }

  /** A copy as well: the history lies in the addon's memory. */
  async take(member: number, field: HistoryName): Promise<Float64Array> {
    return this.read(member, field);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#stop);
    this.#native.close();
  }

  /** Runs a sweep that an abort stops between two sub-steps; then throws the signal's reason. */
  async #sweep<T extends { readonly aborted: boolean }>(member: number, run: () => Promise<T>): Promise<T> {
    this.#check(member);
    this.#signal?.throwIfAborted();
    const outcome = await run();
    if (outcome.aborted) this.#signal?.throwIfAborted();
    return outcome;
  }

  #check(member: number): Discretisation {
    return memberAt(this.members, member);
  }

  #checkHistory(member: number, from: Float64Array, name: "density" | "value"): void {
    const { steps, grid } = this.#check(member);
    if (name === "density" && from.length === grid.points) return;
    checkWholeHistory(name, from, steps + 1, grid.points);
  }
}
