/**
 * The forward sweep on the GPU: that of src/tiers/host/densitySweep.ts, recorded. Its sub-step counts depend on the value
 * history alone, so the speeds of all levels are measured first and read back together; then the whole sweep is recorded
 * without asking the host again.
 */
import { hasExit, type Discretisation } from "../../../scheme/discretisation.ts";
import { rklStages } from "../../../scheme/diffusion.ts";
import type { IntervalCounts } from "../../host/intervalCounts.ts";
import { axisRadius } from "../../host/stepLimits.ts";
import type { MemberData, SolveContext, StoredMoment } from "./context.ts";
import { densityStates } from "./densityFields.ts";
import type { DensityKernels } from "./densityKernels.ts";
import { recordsFlux, substepCounts } from "./densitySteps.ts";
import { DensityTally, type GpuDensityReport, type LevelWords } from "./densityTally.ts";
import type { Field } from "./fields.ts";
import { type Kernel, loadKernel } from "./kernels.ts";
import { groupsOf } from "./recorder.ts";
import type { Reductions } from "./reductions.ts";
import type { Scratch } from "./scratch.ts";

/** Words of one stored interval, with room to spare. */
const intervalWords = 32;

export class DensitySweep {
  readonly #context: SolveContext;
  readonly #data: MemberData;
  readonly #d: Discretisation;
  readonly #kernels: DensityKernels;
  readonly #reductions: Reductions;
  readonly #levelReport: Kernel;
  readonly #value: Field;
  readonly #coarse: Field;
  readonly #first: Field;
  readonly #second: Field;
  readonly #balanced: boolean;
  readonly #recordsFlux: boolean;
  #levels: readonly Field[] = [];
  /** The stored interval that is being recorded, its words, and the time whose drift stands in the fields. */
  #k = 0;
  #limited = 0;
  #outflow = 0;
  #driftTime = Number.NaN;

  static async make(
    context: SolveContext,
    data: MemberData,
    kernels: DensityKernels,
    reductions: Reductions,
    scratch: Scratch,
  ): Promise<DensitySweep> {
    const report = await loadKernel(context.device, data.d, context.precision, "level_report");
    return new DensitySweep(context, data, kernels, reductions, scratch, report);
  }

  private constructor(
    context: SolveContext,
    data: MemberData,
    kernels: DensityKernels,
    reductions: Reductions,
    scratch: Scratch,
    levelReport: Kernel,
  ) {
    const { d } = data;
    this.#context = context;
    this.#data = data;
    this.#d = d;
    this.#kernels = kernels;
    this.#reductions = reductions;
    this.#levelReport = levelReport;
    this.#value = scratch.states[densityStates.value]!;
    // The implicit mode has no stages: its fields are never bound.
    this.#coarse = scratch.states[densityStates.coarse] ?? this.#value;
    this.#first = scratch.states[densityStates.first] ?? this.#value;
    this.#second = scratch.states[densityStates.second] ?? this.#value;
    const { splitting, fokkerPlanck } = d.scheme;
    this.#balanced = hasExit(d) && splitting !== "explicit" && fokkerPlanck === "weno5" && d.nu > 0;
    this.#recordsFlux = recordsFlux(d);
  }

  /**
   * Transports the density `initial` of level 0. `next` says where level k shall stand (the same field may serve all levels),
   * `other` what it is compared with; `sink` may record what is to be done with a level once it is there.
   *
   * @param value stored levels of u
   * @param counts those of the last sweep, renewed
   */
  async run(
    value: readonly Field[],
    initial: Field,
    next: (level: number) => Field,
    other: (level: number) => Field,
    sink: (level: number, m: Field) => void,
    counts: IntervalCounts,
  ): Promise<GpuDensityReport> {
    const { recorder } = this.#context;
    const { steps, levels } = this.#d;
    const tally = new DensityTally(this.#d);
    this.#levels = value;
    const implicit = this.#d.scheme.fokkerPlanck === "fdm";
    const failed = substepCounts(this.#d, counts, implicit ? new Float64Array(steps + 1) : await this.#speeds());
    this.#driftTime = Number.NaN;
    this.#kernels.clearOutflow();
    let pending: LevelWords[] = [this.#measure(0, initial, initial, recorder.words(4), recorder.words(2))];
    const collect = async (): Promise<void> => {
      const collected = await recorder.collect();
      for (const words of pending) tally.add(collected, words);
      pending = [];
    };
    let m = initial;
    const end = failed ?? steps;
    for (let k = 0; k < end && !tally.failure; k++) {
      this.#k = k;
      this.#limited = recorder.words(2);
      this.#outflow = recorder.words(4);
      const target = next(k + 1);
      if (target.id !== m.id) recorder.copy(m, target);
      m = target;
      const count = counts.last[k]!;
      const dt = (levels[k + 1]! - levels[k]!) / count;
      for (let j = 0; j < count; j++) {
        this.#substep(m, levels[k]! + j * dt, dt);
        await recorder.breathe();
      }
      tally.substeps += count;
      pending.push(this.#measure(k + 1, m, other(k + 1), this.#outflow, this.#limited));
      sink(k + 1, m);
      if (recorder.wordsLeft < intervalWords) await collect();
    }
    await collect();
    if (failed !== undefined) tally.failure ??= { level: failed + 1, index: 0, field: "density" };
    return tally.report();
  }

  /** The rate at which the drift empties cells, at each stored level. */
  async #speeds(): Promise<Float64Array> {
    const { recorder } = this.#context;
    const { steps, levels } = this.#d;
    const speeds = new Float64Array(steps + 1);
    const words: number[] = [];
    for (let k = 0; k <= steps; k++) {
      this.#kernels.drift(this.#levels[k]!, this.#data.moment(levels[k]!, Math.min(k, steps - 1)));
      words.push(this.#kernels.driftSpeed());
      await recorder.breathe();
      if (recorder.wordsLeft > 0 && k < steps) continue;
      const collected = await recorder.collect();
      words.forEach((word, i) => (speeds[k + 1 - words.length + i] = collected.float(word)));
      words.length = 0;
    }
    return speeds;
  }

  #measure(level: number, m: Field, other: Field, outflow: number, limited: number): LevelWords {
    const { recorder } = this.#context;
    const { grid } = this.#data;
    const sums = this.#reductions.record("sum_level", grid, { m, other }, this.#d.grid.points);
    const report = recorder.words(2);
    recorder.dispatch(this.#levelReport, grid, { m, words: recorder.wordField }, { word: report }, groupsOf(this.#d));
    return { level, sums, report, outflow, limited };
  }

  #substep(m: Field, start: number, dt: number): void {
    const { fokkerPlanck, splitting } = this.#d.scheme;
    const weight = this.#recordsFlux ? 1 : 0;
    if (this.#recordsFlux) this.#kernels.clearFlux();
    if (fokkerPlanck === "fdm") this.#implicit(m, start, dt);
    else if (splitting === "explicit") this.#advance(m, start, dt, weight, true);
    else if (splitting === "strang") this.#strang(m, start, dt, this.#stages(dt / 2), weight);
    else return this.#richardson(m, start, dt);
    this.#count(1, start + dt / 2);
  }

  #implicit(m: Field, start: number, dt: number): void {
    this.#drift(start + dt / 2);
    this.#d.grid.shape.forEach((_, axis) => this.#kernels.implicit(m, axis, dt, this.#recordsFlux));
  }

  /** Richardson over the splitting: one step against two halves, combined by flux-corrected transport. */
  #richardson(m: Field, start: number, dt: number): void {
    const { recorder } = this.#context;
    const stages = this.#stages(dt / 2);
    const coarse = this.#coarse;
    recorder.copy(m, coarse);
    this.#strang(coarse, start, dt, stages, -1 / 3);
    // Fine flux = three times what the faces will hold before the correction, less three times what they hold now.
    this.#count(-3, start + dt / 2);
    this.#strang(m, start, dt / 2, stages, 1 / 3);
    this.#strang(m, start + dt / 2, dt / 2, stages, 1 / 3);
    this.#count(3, start + dt / 2);
    this.#kernels.correct(m, this.#first, this.#limited);
    this.#count(1, start + dt / 2, true);
  }

  #stages(tau: number): number[] {
    return this.#d.grid.shape.map((_, a) => rklStages(tau, axisRadius(this.#d, a)));
  }

  #strang(m: Field, start: number, dt: number, stages: readonly number[], weight: number): void {
    if (this.#kernels.fused) {
      const [at, end, middle] = [start, start + dt, start + dt / 2].map((t) => this.#moment(t)) as [
        StoredMoment,
        StoredMoment,
        StoredMoment,
      ];
      const step = { m, levels: this.#levels, start: at, end, middle, dt, stages: stages[0]! };
      this.#kernels.strang({ ...step, balanced: this.#balanced, fluxWeight: weight }, this.#limited);
      return;
    }
    if (this.#balanced) {
      this.#drift(start);
      this.#kernels.freeze(m);
    }
    this.#diffuse(m, dt / 2, stages, weight, false);
    this.#advance(m, start, dt, weight, false);
    if (this.#balanced) this.#drift(start + dt);
    this.#diffuse(m, dt / 2, stages, weight, true);
  }

  /** Where splitting is balanced the low order reads the drift that stands in the fields. */
  #diffuse(m: Field, tau: number, stages: readonly number[], fluxWeight: number, mirrored: boolean): void {
    if (this.#d.nu === 0) return;
    const dimension = stages.length;
    for (let i = 0; i < dimension; i++) {
      const axis = mirrored ? dimension - 1 - i : i;
      const balanced = this.#balanced && this.#isExitAxis(axis);
      this.#kernels.diffuse({ m, axis, tau, stages: stages[axis]!, balanced, fluxWeight }, this.#limited);
    }
  }

  /** SSPRK3 as convex combinations of Euler stages (Shu & Osher 1988): each keeps the density >= 0. */
  #advance(m: Field, start: number, dt: number, weight: number, diffusion: boolean): void {
    const first = this.#first;
    const second = this.#second;
    const common = { base: m, tau: dt, diffusion, balanced: this.#balanced && !diffusion };
    this.#drift(start);
    this.#kernels.stage(
      { ...common, m, out: first, weight: 1, intoBase: false, fluxWeight: weight / 6 },
      this.#limited,
    );
    this.#drift(start + dt);
    this.#kernels.stage(
      { ...common, m: first, out: second, weight: 0.25, intoBase: false, fluxWeight: weight / 6 },
      this.#limited,
    );
    this.#drift(start + dt / 2);
    this.#kernels.stage(
      { ...common, m: second, out: first, weight: 2 / 3, intoBase: true, fluxWeight: (2 * weight) / 3 },
      this.#limited,
    );
  }

  /** The drift of time t into its fields, unless it is there. */
  #drift(t: number): void {
    if (t === this.#driftTime) return;
    const moment = this.#moment(t);
    this.#kernels.interpolate(this.#levels, moment, this.#value);
    this.#kernels.drift(this.#value, moment);
    this.#driftTime = t;
  }

  #count(weight: number, t: number, corrected = false): void {
    if (hasExit(this.#d)) this.#kernels.countOutflow(weight, this.#moment(t), this.#outflow, corrected);
  }

  #moment(t: number): StoredMoment {
    return this.#data.moment(t, this.#k);
  }

  #isExitAxis(axis: number): boolean {
    const { lower, upper } = this.#d.boundaries[axis]!;
    return lower.kind === "exit" || upper.kind === "exit";
  }
}
