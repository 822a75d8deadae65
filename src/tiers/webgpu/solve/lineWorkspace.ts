/**
 * A workspace on the GPU whose members are worked on by a workgroup each. Members run beside each other, and what they ask for at one
 * time is done in one dispatch (lineRunner.ts): both sweeps with all that they measure, relaxation, Anderson and certificates.
 */
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
import { type FieldContext, stateBytesOf } from "./context.ts";
import type { LineDevice } from "./densityFields.ts";
import { FieldStore } from "./fields.ts";
import { gridBytes } from "./gridUniform.ts";
import { certifyLine } from "./lineCertificate.ts";
import { LineDensitySweep } from "./lineDensitySweep.ts";
import { LineHistories } from "./lineHistories.ts";
import { type LineKernels, loadLineKernels } from "./lineKernels.ts";
import { type LineMember, makeLineMembers } from "./lineMembers.ts";
import { type LineParties, makeParties } from "./lineParties.ts";
import type { LineRunner } from "./lineRunner.ts";
import { LineValueSweep } from "./lineValueSweep.ts";
import { downloadHistory, uploadHistory, uploadStart } from "./historyTransfer.ts";
import { uploadStates } from "./transfer.ts";

interface Member extends LineMember {
  readonly hjb: LineValueSweep;
  readonly densitySweep: LineDensitySweep;
  readonly kernels: LineKernels;
  readonly histories: LineHistories;
  readonly runner: LineRunner;
  readonly anderson: DeviceAnderson | undefined;
  readonly hjbCounts: IntervalCounts;
  readonly densityCounts: IntervalCounts;
  exitCost: number;
}

type FieldName = "value" | "density" | "transported";

export class LineWorkspace implements Workspace {
  readonly tier = "webgpu";
  readonly onDevice = true;
  readonly concurrent = true;
  readonly precision: Precision;
  readonly place: RunPlace;
  readonly members: readonly Discretisation[];
  readonly #context: FieldContext;
  readonly #parties: LineParties;
  readonly #states: readonly Member[];

  /**
   * Makes everything that the solve of these members, whose path is `line`, needs on a device that stays the caller's.
   *
   * @param tried for tests: nodes times passes of one workgroup in one dispatch, which else follow the device's speed; how many members
   *   are two parties (lineParties.ts); other limits than the device's
   * @throws MFGPU_DEVICE_ARITHMETIC where the device does not keep the sums of `compensated`, MFGPU_DEVICE_MEMORY, ...
   */
  static async make(
    device: Device,
    members: readonly Discretisation[],
    options: WorkspaceOptions,
    tried: { readonly budget?: number; readonly twoFrom?: number; readonly plan?: LineDevice } = {},
  ): Promise<LineWorkspace> {
    checkOneGrid(members);
    device.check();
    const { precision, signal } = options;
    const { plan = device } = tried;
    if (precision === "compensated") await checkCompensated(device);
    const store = new FieldStore(device);
    let lines: readonly LineMember[] = [];
    try {
      const context = { device, precision, stateBytes: stateBytesOf(precision), store };
      const parties = await makeParties(device, store, members.length, signal, tried);
      lines = await makeLineMembers(context, plan, members, options);
      const states: Member[] = [];
      for (const [i, line] of lines.entries())
        states.push(await makeMember(context, plan, line, parties.runnerOf(i), options));
      return new LineWorkspace(context, parties, states);
    } catch (error) {
      for (const { data } of lines) data.destroy();
      store.destroy();
      throw error;
    }
  }

  private constructor(context: FieldContext, parties: LineParties, states: readonly Member[]) {
    this.#context = context;
    this.#parties = parties;
    this.#states = states;
    this.precision = context.precision;
    this.members = states.map(({ d }) => d);
    const { name, software } = context.device.adapter;
    this.place = { device: name, software, variant: undefined, residency: "resident", path: "line" };
  }

  /** Bytes made on the device, for the test that holds the stated need to the truth. */
  get bytes(): number {
    return this.#context.store.bytes + gridBytes * this.#states.length;
  }

  /** Dispatches so far. */
  get launches(): number {
    return this.#parties.launches;
  }

  async load(member: number, density: Float64Array): Promise<void> {
    const state = this.#member(member);
    const { d, density: history, transported, runner } = state;
    await runner.settle();
    await uploadStart(this.#context, history, density, d.grid.points);
    for (const { levels } of [history, transported]) await uploadStates(this.#context, levels[0]!, d.initialDensity);
    state.anderson?.reset();
    state.hjbCounts.forget();
    state.densityCounts.forget();
  }

  async loadValue(member: number, value: Float64Array): Promise<void> {
    const { d, value: history, runner } = this.#member(member);
    await runner.settle();
    await uploadHistory(this.#context, history, value, "value", d.grid.points);
  }

  hjb(member: number): Promise<SweepReport> {
    const { hjb, value, hjbCounts } = this.#member(member);
    return hjb.run({ levels: value.levels, flow: "density" }, hjbCounts);
  }

  async fokkerPlanck(
    member: number,
    inPlace?: { readonly theta: number },
  ): Promise<DensityReport & { readonly residual: number }> {
    const state = this.#member(member);
    const { d, density, transported, densitySweep, densityCounts, histories } = state;
    const { squares, exitCost, ...report } = await densitySweep.run(densityCounts);
    state.exitCost = exitCost;
    if (inPlace) await histories.blend(density, transported, inPlace.theta);
    return { ...report, residual: Math.sqrt(squares / ((d.steps + 1) * d.grid.points)) };
  }

  async relax(member: number, step: RelaxStep, fallback: RelaxStep): Promise<RelaxReport> {
    const { density, transported, anderson, histories } = this.#member(member);
    if (step.kind === "anderson" && anderson) {
      const theta = fallback.kind === "blend" ? fallback.theta : 1;
      if (await anderson.step(density, transported, step.beta, theta)) return { step, depth: anderson.columns };
      return { step: { kind: "blend", theta }, depth: 0 };
    }
    const theta = step.kind === "blend" ? step.theta : 1;
    await histories.blend(density, transported, theta);
    return { step: { kind: "blend", theta }, depth: 0 };
  }

  async settle(member: number, afresh: boolean): Promise<number> {
    return settleCounts(this.#member(member), afresh);
  }

  certify(member: number): Promise<Certificate> {
    const state = this.#member(member);
    const { kernels, runner, hjb, hjbCounts, exitCost } = state;
    return certifyLine(this.#context, state, kernels, runner, hjb, hjbCounts, exitCost);
  }

  async read(
    member: number,
    field: FieldName,
    range?: { readonly from: number; readonly to: number },
  ): Promise<Float64Array> {
    const state = this.#member(member);
    // What nobody waited for.
    await state.runner.settle();
    const history = state[field];
    const { points } = state.d.grid;
    return downloadHistory(this.#context, history, points, range);
  }

  take(member: number, field: FieldName): Promise<Float64Array> {
    return this.read(member, field);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parties.settle();
    for (const { data } of this.#states) data.destroy();
    this.#context.store.destroy();
  }

  #member(index: number): Member {
    return memberAt(this.#states, index);
  }
}

async function makeMember(
  context: FieldContext,
  plan: LineDevice,
  line: LineMember,
  runner: LineRunner,
  options: WorkspaceOptions,
): Promise<Member> {
  const { d } = line;
  if (!options.keepTransported) throw keptNothing();
  const half = line.plain.length / 2;
  const kernels = await loadLineKernels(context, plan, line);
  const histories = new LineHistories(context, line, kernels, runner);
  return {
    ...line,
    hjb: new LineValueSweep(context, line, kernels, runner),
    densitySweep: new LineDensitySweep(context, line, kernels, runner),
    kernels,
    histories,
    runner,
    anderson: half > 0 ? new DeviceAnderson(histories, line.plain.slice(0, half), line.plain.slice(half)) : undefined,
    hjbCounts: new IntervalCounts(d.steps),
    densityCounts: new IntervalCounts(d.steps),
    exitCost: 0,
  };
}
