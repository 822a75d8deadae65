/** A workspace on the GPU: histories, sweeps, relaxation and certificates stay there, scalars come back. */
import { IntervalCounts, settleCounts } from "../../host/intervalCounts.ts";
import { checkOneGrid, keptNothing, memberAt } from "../../host/workspaceErrors.ts";
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type {
  Certificate,
  DensityReport,
  Precision,
  RelaxReport,
  RelaxStep,
  RunPlace,
  SweepReport,
  Workspace,
  WorkspaceOptions,
} from "../../tier.ts";
import { checkCompensated } from "../arithmeticProbe.ts";
import type { Device } from "../device.ts";
import { DeviceAnderson } from "./anderson.ts";
import { BestResponse, CertificateSums } from "./certificate.ts";
import { MemberData, type SolveContext, stateBytesOf } from "./context.ts";
import { type DensityFields, makeDensityFields } from "./densityFields.ts";
import { DensityKernels } from "./densityKernels.ts";
import { DensitySweep } from "./densitySweep.ts";
import type { GpuDensityReport } from "./densityTally.ts";
import { type Field, type FieldHistory, FieldStore } from "./fields.ts";
import { gridBytes } from "./gridUniform.ts";
import { HistoryKernels } from "./historyKernels.ts";
import { HjbSweep } from "./hjbSweep.ts";
import { andersonHistories } from "./linePlan.ts";
import { densityKey, sharedScratch } from "./memory.ts";
import { Recorder, recorderBytes } from "./recorder.ts";
import { Reductions } from "./reductions.ts";
import { makeScratch, type Scratch } from "./scratch.ts";
import { downloadHistory, uploadHistory, uploadStart } from "./historyTransfer.ts";
import { uploadStates } from "./transfer.ts";
import { ValueKernels, valueStates } from "./valueKernels.ts";

interface Member {
  readonly d: Discretisation;
  readonly data: MemberData;
  readonly kernels: ValueKernels;
  readonly reductions: Reductions;
  readonly histories: HistoryKernels;
  readonly hjb: HjbSweep;
  readonly densitySweep: DensitySweep;
  readonly bestResponse: BestResponse;
  readonly anderson: DeviceAnderson | undefined;
  readonly value: FieldHistory;
  readonly density: FieldHistory;
  readonly transported: FieldHistory | undefined;
  readonly hjbCounts: IntervalCounts;
  readonly densityCounts: IntervalCounts;
  exitCost: number;
}

type FieldName = "value" | "density" | "transported";

export class GpuWorkspace implements Workspace {
  readonly tier = "webgpu";
  readonly onDevice = true;
  readonly precision: Precision;
  readonly place: RunPlace;
  readonly members: readonly Discretisation[];
  readonly #context: SolveContext;
  readonly #scratch: Scratch;
  readonly #states: readonly Member[];

  /**
   * Makes everything that the solve of these members needs on a device that stays the caller's.
   *
   * @throws MFGPU_CONFIG_BATCH where members differ in shape, MFGPU_DEVICE_ARITHMETIC where the device does not keep the
   *   sums of `compensated`, MFGPU_DEVICE_MEMORY, ...
   */
  static async make(
    device: Device,
    members: readonly Discretisation[],
    options: WorkspaceOptions,
  ): Promise<GpuWorkspace> {
    checkOneGrid(members);
    device.check();
    const { precision } = options;
    if (precision === "compensated") await checkCompensated(device);
    const store = new FieldStore(device);
    let recorder: Recorder | undefined;
    const data: MemberData[] = [];
    try {
      recorder = await Recorder.make(device, options.signal);
      const context: SolveContext = { device, precision, stateBytes: stateBytesOf(precision), recorder, store };
      const scratch = await makeScratch(context, members[0]!, sharedScratch(members));
      const densityFields = new Map<string, DensityFields>();
      const states: Member[] = [];
      for (const d of members) {
        const own = await MemberData.make(context, d);
        data.push(own);
        const key = densityKey(device, d);
        const fields = densityFields.get(key) ?? (await makeDensityFields(context, d));
        densityFields.set(key, fields);
        states.push(await makeMember(context, own, scratch, fields, options));
      }
      return new GpuWorkspace(context, scratch, states);
    } catch (error) {
      for (const own of data) own.destroy();
      recorder?.destroy();
      store.destroy();
      throw error;
    }
  }

  private constructor(context: SolveContext, scratch: Scratch, states: readonly Member[]) {
    this.#context = context;
    this.#scratch = scratch;
    this.#states = states;
    this.precision = context.precision;
    this.members = states.map(({ d }) => d);
    const { name, software } = context.device.adapter;
    this.place = { device: name, software, variant: undefined, residency: "resident", path: "grid" };
  }

  /** Bytes made on the device, for the test that holds the stated need to the truth. */
  get bytes(): number {
    return this.#context.store.bytes + recorderBytes + gridBytes * this.#states.length;
  }

  /** Dispatches so far. */
  get launches(): number {
    return this.#context.recorder.launches;
  }

  async load(member: number, density: Float64Array): Promise<void> {
    const state = this.#member(member);
    const { d, density: history } = state;
    await uploadStart(this.#context, history, density, d.grid.points);
    await uploadStates(this.#context, history.levels[0]!, d.initialDensity);
    state.anderson?.reset();
    state.hjbCounts.forget();
    state.densityCounts.forget();
  }

  async loadValue(member: number, value: Float64Array): Promise<void> {
    const { d, value: history } = this.#member(member);
    await uploadHistory(this.#context, history, value, "value", d.grid.points);
  }

  hjb(member: number): Promise<SweepReport> {
    const { hjb, density, value, hjbCounts } = this.#member(member);
    return this.#guarded(() => hjb.run(density.levels, value.levels, hjbCounts));
  }

  fokkerPlanck(
    member: number,
    inPlace?: { readonly theta: number },
  ): Promise<DensityReport & { readonly residual: number }> {
    const state = this.#member(member);
    const { d, density, transported, histories } = state;
    const { recorder } = this.#context;
    if (!transported && !inPlace) throw keptNothing();
    return this.#guarded(async () => {
      if (transported) recorder.copy(density.levels[0]!, transported.levels[0]!);
      const report = await this.#transport(state, (level, m) => {
        if (transported) recorder.copy(m, transported.levels[level]!);
        if (inPlace) histories.blendField(density.levels[level]!, m, inPlace.theta);
      });
      const { squares, exitCost: _exitCost, ...rest } = report;
      return { ...rest, residual: Math.sqrt(squares / ((d.steps + 1) * d.grid.points)) };
    });
  }

  relax(member: number, step: RelaxStep, fallback: RelaxStep): Promise<RelaxReport> {
    const { density, transported, anderson, histories } = this.#member(member);
    if (!transported) throw keptNothing();
    return this.#guarded(async () => {
      if (step.kind === "anderson" && anderson) {
        const theta = fallback.kind === "blend" ? fallback.theta : 1;
        if (await anderson.step(density, transported, step.beta, theta)) return { step, depth: anderson.columns };
        return { step: { kind: "blend", theta }, depth: 0 };
      }
      const theta = step.kind === "blend" ? step.theta : 1;
      await histories.blend(density, transported, theta);
      return { step: { kind: "blend", theta }, depth: 0 };
    });
  }

  async settle(member: number, afresh: boolean): Promise<number> {
    return settleCounts(this.#member(member), afresh);
  }

  certify(member: number): Promise<Certificate> {
    const state = this.#member(member);
    const { d, data, kernels, reductions, density, value, transported, bestResponse } = state;
    return this.#guarded(async () => {
      const sums = new CertificateSums(this.#context, data, kernels, reductions, this.#scratch);
      const { recorder } = this.#context;
      if (transported) {
        for (let k = 0; k <= d.steps; k++) {
          sums.add(k, transported.levels[k]!, density.levels[k]!, value.levels[k]!);
          await recorder.breathe();
          if (sums.full) await recorder.collect();
        }
      } else {
        // In place: one more pair of sweeps makes the density that of the value function, summing as it goes.
        const report = await state.hjb.run(density.levels, value.levels, state.hjbCounts);
        if (report.failure) return { exploitability: Number.NaN, cost: Number.NaN, dualityDefect: Number.NaN };
        sums.add(0, density.levels[0]!, density.levels[0]!, value.levels[0]!);
        await this.#transport(state, (level, m) => {
          sums.add(level, m, density.levels[level]!, value.levels[level]!);
          recorder.copy(m, density.levels[level]!);
        });
      }
      const flow = (transported ?? density).levels;
      const response = await bestResponse.run(flow, state.hjbCounts);
      return sums.certificate(density.levels[0]!, value.levels[0]!, response, state.exitCost);
    });
  }

  async read(
    member: number,
    field: FieldName,
    range?: { readonly from: number; readonly to: number },
  ): Promise<Float64Array> {
    const history = this.#history(member, field);
    const { points } = this.#member(member).d.grid;
    return downloadHistory(this.#context, history, points, range);
  }

  take(member: number, field: FieldName): Promise<Float64Array> {
    return this.read(member, field);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { recorder, store } = this.#context;
    await recorder.abandon().catch(() => undefined);
    for (const { data } of this.#states) data.destroy();
    recorder.destroy();
    store.destroy();
  }

  /** The forward sweep; it runs in a work field, since the levels of a history share buffers. */
  async #transport(state: Member, sink: (level: number, m: Field) => void): Promise<GpuDensityReport> {
    const { densitySweep, value, density, densityCounts } = state;
    const m = this.#scratch.states[valueStates.response]!;
    const { levels } = density;
    const report = await densitySweep.run(
      value.levels,
      levels[0]!,
      () => m,
      (level) => levels[level]!,
      sink,
      densityCounts,
    );
    state.exitCost = report.exitCost;
    return report;
  }

  /**
   * Runs work on the device. All that it records is submitted, since who reads or writes fields afterwards asks the queue alone; after an
   * abort or a failure nothing half-recorded is left behind.
   */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#context.recorder.submit();
      return result;
    } catch (error) {
      await this.#context.recorder.abandon().catch(() => undefined);
      throw error;
    }
  }

  #history(member: number, field: FieldName): FieldHistory {
    const history = this.#member(member)[field];
    if (!history) throw keptNothing();
    return history;
  }

  #member(index: number): Member {
    return memberAt(this.#states, index);
  }
}

async function makeMember(
  context: SolveContext,
  data: MemberData,
  scratch: Scratch,
  densityFields: DensityFields,
  options: WorkspaceOptions,
): Promise<Member> {
  const { device, store, stateBytes } = context;
  const { d } = data;
  const levels = d.steps + 1;
  const { points } = d.grid;
  const anderson = andersonHistories(options.andersonDepth) / 2;
  const reductions = await Reductions.make(context, d, scratch.partials);
  const kernels = await ValueKernels.make(context, data, scratch, reductions);
  const densityKernels = await DensityKernels.make(context, data, densityFields, scratch);
  const histories = await HistoryKernels.make(context, d, data.grid, reductions, anderson > 0);
  const hjb = new HjbSweep(context, data, kernels, scratch);
  const states = (label: string): Promise<FieldHistory> => store.history(label, levels, points, stateBytes);
  const plain = async (label: string): Promise<FieldHistory[]> => {
    const made: FieldHistory[] = [];
    for (let j = 0; j < anderson; j++) made.push(await store.history(`${label} ${j}`, levels, points, 4, stateBytes));
    return made;
  };
  device.check();
  return {
    d,
    data,
    kernels,
    reductions,
    histories,
    hjb,
    densitySweep: await DensitySweep.make(context, data, densityKernels, reductions, scratch),
    bestResponse: new BestResponse(d.steps, hjb, scratch),
    value: await states("value"),
    density: await states("density"),
    transported: options.keepTransported ? await states("transported density") : undefined,
    anderson:
      anderson > 0 ? new DeviceAnderson(histories, await plain("Anderson F"), await plain("Anderson G")) : undefined,
    hjbCounts: new IntervalCounts(d.steps),
    densityCounts: new IntervalCounts(d.steps),
    exitCost: 0,
  };
}
