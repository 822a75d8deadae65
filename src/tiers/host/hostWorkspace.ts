/** A workspace in JavaScript memory: the sweeps of this folder on one tier's field kernels. */
import type { Discretisation } from "../../scheme/discretisation.ts";
import type {
  Certificate,
  DensityReport,
  MemoryNeed,
  Precision,
  RelaxReport,
  RelaxStep,
  RunPlace,
  SweepReport,
  TierName,
  Workspace,
  WorkspaceOptions,
} from "../tier.ts";
import { Anderson } from "./anderson.ts";
import { BestResponse, CertificateSums } from "./certificate.ts";
import { DensitySweep } from "./densitySweep.ts";
import type { FieldKernels } from "./fieldKernels.ts";
import { checkOneGrid, checkWholeHistory, keptNothing, memberAt } from "./workspaceErrors.ts";
import { allocateHistory, joinHistory, wholeHistory, type History } from "./histories.ts";
import { HjbSweep } from "./hjbSweep.ts";
import { IntervalCounts, settleCounts } from "./intervalCounts.ts";
import { Pace } from "./pace.ts";
import { FieldPool, inPlaceSlot, slotCount, slotLength } from "./pool.ts";

/** Makes a tier's field kernels for one member; members share the pool. */
export type KernelMaker = (d: Discretisation, pool: FieldPool) => FieldKernels;

interface Member {
  readonly d: Discretisation;
  readonly hjb: HjbSweep;
  readonly densitySweep: DensitySweep;
  readonly bestResponse: BestResponse;
  readonly kernels: FieldKernels;
  readonly value: History;
  readonly density: History;
  readonly transported: History | undefined;
  readonly anderson: Anderson | undefined;
  readonly hjbCounts: IntervalCounts;
  readonly densityCounts: IntervalCounts;
}

/** Histories of one member: value, density, G(M) where kept, and 2 (depth + 1) for Anderson. */
export function historiesOf(options: WorkspaceOptions): number {
  return 2 + (options.keepTransported ? 1 : 0) + (options.andersonDepth > 0 ? 2 * (options.andersonDepth + 1) : 0);
}

/** What `HostWorkspace` will allocate for histories, work fields, the kernels' own lines and the problem's own data. */
export function hostMemoryNeed(members: readonly Discretisation[], options: WorkspaceOptions): MemoryNeed {
  const d = members[0]!;
  const histories = historiesOf(options) * members.length;
  const historyBytes = 8 * (d.steps + 1) * d.grid.points;
  const fieldBytes = 8 * slotLength(d);
  const work = slotCount(d, !options.keepTransported);
  const data = members.reduce((sum, member) => sum + dataBytes(member), 0);
  const fields = work + data / fieldBytes;
  const lines = members.length * lineBytes(d);
  return { bytes: histories * historyBytes + fields * fieldBytes + lines, histories, historyBytes, fields, fieldBytes };
}

/** Bytes of the kernels' own lines: four blocks of one or eight, and some forty single ones. */
function lineBytes(d: Discretisation): number {
  const lines = (d.grid.shape.length > 1 ? 32 : 4) + 48;
  return 8 * lines * (Math.max(...d.grid.shape) + 6);
}

/** Bytes of potential, drift and target; the initial density and terminal cost stand in the histories. */
function dataBytes(d: Discretisation): number {
  const target = d.coupling.kind === "target" ? d.coupling.target.length : 0;
  const drift = d.hamiltonian.drift?.reduce((sum, field) => sum + field.length, 0) ?? 0;
  return 8 * (d.potential.length + target + drift);
}

/** Precision and place of a workspace whose operations are all JavaScript's. */
const onThisThread: { readonly precision: Precision; readonly place: RunPlace } = {
  precision: "f64",
  place: { device: "JavaScript thread", software: false, variant: undefined, residency: "resident" },
};

export class HostWorkspace implements Workspace {
  readonly tier: TierName;
  readonly precision: Precision;
  readonly place: RunPlace;
  readonly members: readonly Discretisation[];
  readonly #states: readonly Member[];
  readonly #pace: Pace;
  readonly #pool: FieldPool;

  constructor(
    tier: TierName,
    members: readonly Discretisation[],
    options: WorkspaceOptions,
    makeKernels: KernelMaker,
    { precision, place }: typeof onThisThread = onThisThread,
  ) {
    checkOneGrid(members);
    this.tier = tier;
    this.precision = precision;
    this.place = place;
    this.members = members;
    this.#pace = new Pace(options.signal);
    this.#pool = new FieldPool(members[0]!);
    this.#states = members.map((d) => {
      const kernels = makeKernels(d, this.#pool);
      const levels = d.steps + 1;
      const { points } = d.grid;
      const hjb = new HjbSweep(d, kernels, this.#pool);
      return {
        d,
        hjb,
        densitySweep: new DensitySweep(d, kernels, this.#pool),
        bestResponse: new BestResponse(d, hjb, this.#pool),
        kernels,
        value: allocateHistory(levels, points),
        density: allocateHistory(levels, points),
        transported: options.keepTransported ? allocateHistory(levels, points) : undefined,
        anderson: options.andersonDepth > 0 ? new Anderson(levels, points, options.andersonDepth) : undefined,
        hjbCounts: new IntervalCounts(d.steps),
        densityCounts: new IntervalCounts(d.steps),
      };
    });
  }

  /** Bytes of work fields in use, for the test that holds `hostMemoryNeed` to the truth. */
  get workBytes(): number {
    return this.#pool.bytes;
  }

  async load(member: number, density: Float64Array): Promise<void> {
    const { d, density: history, anderson, hjbCounts, densityCounts } = this.#member(member);
    if (density.length === history[0]!.length) history.forEach((slice) => slice.set(density));
    else fillHistory(history, density, "density");
    history[0]!.set(d.initialDensity);
    anderson?.reset();
    hjbCounts.forget();
    densityCounts.forget();
  }

  async loadValue(member: number, value: Float64Array): Promise<void> {
    fillHistory(this.#member(member).value, value, "value");
  }

  hjb(member: number): Promise<SweepReport> {
    const { hjb, density, value, hjbCounts } = this.#member(member);
    return hjb.run(density, value, hjbCounts, this.#pace);
  }

  async fokkerPlanck(
    member: number,
    inPlace?: { readonly theta: number },
  ): Promise<DensityReport & { readonly residual: number }> {
    const { d, densitySweep, density, value, transported, densityCounts } = this.#member(member);
    if (!transported && !inPlace) throw keptNothing();
    let squares = 0;
    const sink = (level: number, m: Float64Array): undefined => {
      const old = density[level]!;
      let sum = 0;
      for (let i = 0; i < old.length; i++) sum += (m[i]! - old[i]!) ** 2;
      squares += sum;
      if (inPlace) blend(old, m, inPlace.theta);
      return undefined;
    };
    const buffer = transported ? undefined : this.#pool.field(inPlaceSlot(d));
    transported?.[0]!.set(density[0]!);
    const report = await densitySweep.run(
      value,
      density[0]!,
      (level) => buffer ?? transported![level]!,
      sink,
      densityCounts,
      this.#pace,
    );
    return { ...report, residual: Math.sqrt(squares / ((d.steps + 1) * d.grid.points)) };
  }

  async relax(member: number, step: RelaxStep, fallback: RelaxStep): Promise<RelaxReport> {
    const { density, transported, anderson } = this.#member(member);
    if (!transported) throw keptNothing();
    if (step.kind === "anderson" && anderson) {
      const least = anderson.step(density, transported, step.beta);
      if (least >= 0) return { step, depth: anderson.columns };
      const theta = fallback.kind === "blend" ? fallback.theta : 1;
      anderson.undo(density, transported, theta);
      return { step: { kind: "blend", theta }, depth: 0 };
    }
    const theta = step.kind === "blend" ? step.theta : 1;
    density.forEach((slice, k) => blend(slice, transported[k]!, theta));
    return { step: { kind: "blend", theta }, depth: 0 };
  }

  async settle(member: number, afresh: boolean): Promise<number> {
    return settleCounts(this.#member(member), afresh);
  }

  async certify(member: number): Promise<Certificate> {
    const state = this.#member(member);
    const { d, densitySweep, bestResponse, density, value, transported, densityCounts } = state;
    const sums = new CertificateSums(d, state.kernels, this.#pool);
    if (transported) {
      for (let k = 0; k <= d.steps; k++) {
        const slopes = sums.takeSlopes(k, value[k]!);
        if (slopes) await slopes;
        sums.add(k, transported[k]!, density[k]!, value[k]!);
      }
    } else {
      // In place: one more pair of sweeps makes the density that of the value function, summing as it goes.
      const report = await this.hjb(member);
      if (report.failure) return { exploitability: Number.NaN, cost: Number.NaN, dualityDefect: Number.NaN };
      const buffer = this.#pool.field(inPlaceSlot(d));
      const add = async (level: number, m: Float64Array): Promise<void> => {
        await sums.takeSlopes(level, value[level]!);
        sums.add(level, m, density[level]!, value[level]!);
        density[level]!.set(m);
      };
      await add(0, density[0]!);
      await densitySweep.run(value, density[0]!, () => buffer, add, densityCounts, this.#pace);
    }
    const response = await bestResponse.run(transported ?? density, state.hjbCounts, this.#pace);
    return sums.certificate(value[0]!, response, densitySweep.exitCost);
  }

  async read(
    member: number,
    field: "value" | "density" | "transported",
    range?: { readonly from: number; readonly to: number },
  ): Promise<Float64Array> {
    const history = this.#history(member, field);
    return joinHistory(history, range?.from ?? 0, range?.to ?? history.length);
  }

  async take(member: number, field: "value" | "density" | "transported"): Promise<Float64Array> {
    return wholeHistory(this.#history(member, field));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #history(member: number, field: "value" | "density" | "transported"): History {
    const history = this.#member(member)[field];
    if (!history) throw keptNothing();
    return history;
  }

  #member(index: number): Member {
    return memberAt(this.#states, index);
  }
}

/** Copies a whole history. */
function fillHistory(history: History, from: Float64Array, name: string): void {
  const points = history[0]!.length;
  checkWholeHistory(name, from, history.length, points);
  history.forEach((slice, k) => slice.set(from.subarray(k * points, (k + 1) * points)));
}

function blend(m: Float64Array, transported: Float64Array, theta: number): void {
  for (let i = 0; i < m.length; i++) m[i] = m[i]! + theta * (transported[i]! - m[i]!);
}
