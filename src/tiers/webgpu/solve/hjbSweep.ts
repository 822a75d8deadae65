/**
 * The backward sweep on the GPU: that of src/tiers/host/hjbSweep.ts, recorded. A chunk of intervals is recorded with the counts of
 * the last iteration, and what the device measured meanwhile is read back once (hjbIntervals.ts).
 */
import { hasExit, type Discretisation } from "../../../scheme/discretisation.ts";
import { rklStages } from "../../../scheme/diffusion.ts";
import type { IntervalCounts } from "../../host/intervalCounts.ts";
import { exitAxes } from "../../host/pool.ts";
import { axisRadius } from "../../host/stepLimits.ts";
import type { SweepReport } from "../../tier.ts";
import type { MemberData, SolveContext, SourceLevels, StoredMoment } from "./context.ts";
import type { Field } from "./fields.ts";
import { type IntervalRunner, longestChunk, needAt, sweepIntervals } from "./hjbIntervals.ts";
import type { Collected } from "./recorder.ts";
import type { Scratch } from "./scratch.ts";
import { substepsOf } from "./valuePieces.ts";
import { type SpeedWords, valueFloats, type ValueKernels, type ValueStage, valueStates } from "./valueKernels.ts";

/** Words left in reserve when a chunk grows. */
const wordReserve = 1024;

/** What was recorded of one interval. */
interface IntervalWords {
  readonly k: number;
  readonly count: number;
  /** Speeds of its sub-steps in order, each with the length of its step. */
  readonly speeds: readonly { readonly speed: SpeedWords; readonly dt: number }[];
  readonly bad: number;
}

interface NeedWords {
  readonly k: number;
  readonly speed: SpeedWords;
}

export class HjbSweep {
  readonly #context: SolveContext;
  readonly #data: MemberData;
  readonly #d: Discretisation;
  readonly #kernels: ValueKernels;
  readonly #scratch: Scratch;
  readonly #balanced: boolean;
  readonly #exitAxes: readonly number[];
  /** Level whose source each ring slot holds, or will hold once what is recorded has run. */
  readonly #sourceLevel = [-1, -1, -1, -1];
  /** Per level, once collected. */
  readonly #growth: Float64Array;
  readonly #floored: Float64Array;
  #density: readonly Field[] = [];
  #k = 0;

  constructor(context: SolveContext, data: MemberData, kernels: ValueKernels, scratch: Scratch) {
    this.#context = context;
    this.#data = data;
    this.#d = data.d;
    this.#kernels = kernels;
    this.#scratch = scratch;
    const { d } = data;
    this.#balanced = hasExit(d) && d.scheme.splitting !== "explicit" && d.nu > 0;
    this.#exitAxes = exitAxes(d);
    this.#growth = new Float64Array(d.steps + 1);
    this.#floored = new Float64Array(d.steps + 1);
  }

  /**
   * Fills `value` from `density`; `counts` as on the host. `value` may repeat fields every `ring` levels: then no
   * more than ring - 1 intervals are under way at a time.
   */
  async run(
    density: readonly Field[],
    value: readonly Field[],
    counts: IntervalCounts,
    ring: number = value.length,
  ): Promise<SweepReport> {
    const { recorder } = this.#context;
    const { steps } = this.#d;
    this.#density = density;
    this.#sourceLevel.fill(-1);
    this.#floored.fill(0);
    recorder.copy(this.#data.terminal, value[steps]!);
    const runner: IntervalRunner = {
      firstNeed: () => this.#firstNeed(value[steps]!, steps - 1),
      run: async (k, count) => {
        const chunk = await this.#chunk(value, k, count, counts, Math.min(longestChunk, ring - 1));
        const collected = await recorder.collect();
        return chunk.map(({ interval, next }) => ({
          count: interval.count,
          speeds: interval.speeds.map(({ speed, dt }) => ({ rate: speed.rate(collected), dt })),
          bad: collected.word(interval.bad),
          need: next && this.#needFrom(next, collected),
        }));
      },
      floored: () => this.#flooredSum(),
    };
    return sweepIntervals(this.#d, runner, counts);
  }

  /** Records intervals k, k - 1, ... with the counts of the last iteration, each followed by the measures of the next one's need. */
  async #chunk(
    value: readonly Field[],
    from: number,
    firstCount: number,
    counts: IntervalCounts,
    longest: number,
  ): Promise<{ readonly interval: IntervalWords; readonly next: NeedWords | undefined }[]> {
    const { recorder } = this.#context;
    const chunk: { readonly interval: IntervalWords; readonly next: NeedWords | undefined }[] = [];
    let count = firstCount;
    // Levels share buffers, and no buffer is read and written at once: the sweep runs in a field of its own.
    const u = this.#scratch.states[valueStates.work]!;
    recorder.copy(value[from + 1]!, u);
    for (let k = from; k >= 0 && chunk.length < longest; k--) {
      const interval = await this.#interval(u, k, count);
      recorder.copy(u, value[k]!);
      const next = k > 0 ? this.#measureNeed(u, k - 1) : undefined;
      chunk.push({ interval, next });
      if (k === 0) break;
      count = counts.planned(k - 1);
      if (count === 0) break;
      const { splitting, hamiltonianFlux } = this.#d.scheme;
      const speeds = count * (splitting === "richardson" ? 3 : 1) * (hamiltonianFlux === "glf" ? 9 : 1);
      if (speeds + wordReserve > recorder.wordsLeft) break;
    }
    return chunk;
  }

  async #firstNeed(u: Field, k: number): Promise<number> {
    const words = this.#measureNeed(u, k);
    const collected = await this.#context.recorder.collect();
    return this.#needFrom(words, collected);
  }

  /** Records what `#needFrom` reads: the speed of u, and the sources of both ends. */
  #measureNeed(u: Field, k: number): NeedWords {
    this.#source(k);
    this.#source(k + 1);
    return { k, speed: this.#kernels.hamiltonian(u, this.#data.moment(this.#d.levels[k + 1]!, k), undefined) };
  }

  /** Sub-steps that interval k needs, from the slope at its later end and the growth that both sources cause. */
  #needFrom({ k, speed }: NeedWords, collected: Collected): number {
    const growth = Math.max(this.#growth[k]!, this.#growth[k + 1]!);
    return needAt(this.#d, k, speed.rate(collected), growth);
  }

  /** S = V + f(m) of a stored level, recorded on first use; four of them are kept. */
  #source(level: number): Field {
    const slot = level % 4;
    const source = this.#scratch.floats[valueFloats.source + slot]!;
    if (this.#sourceLevel[slot] === level) return source;
    const floored = this.#kernels.source(level, this.#density[level]!, source);
    const growth = this.#kernels.slopeGrowth(source);
    const { spacing } = this.#d.grid;
    this.#context.recorder.later((collected) => {
      this.#growth[level] = spacing.reduce((sum, h, a) => sum + collected.float(growth + a) / h ** 2, 0);
      this.#floored[level] = collected.word(floored);
    });
    this.#sourceLevel[slot] = level;
    return source;
  }

  async #interval(u: Field, k: number, count: number): Promise<IntervalWords> {
    this.#k = k;
    const { levels, steps } = this.#d;
    // All sources that its moments read, while the fields that a coupling may need are free.
    const { first } = this.#data.moment(levels[k]!, k);
    for (let level = Math.min(steps, first + 3); level >= first; level--) this.#source(level);
    let speeds: { readonly speed: SpeedWords; readonly dt: number }[] = [];
    const from = levels[k + 1]!;
    const to = levels[k]!;
    const substeps = substepsOf(from, to, count);
    const { whole } = this.#kernels;
    if (whole) {
      const coarse = this.#scratch.states[valueStates.coarse]!;
      const pieces = await whole.advance(u, coarse, this.#sourcesFrom(first), k, substeps);
      speeds = pieces.map(({ word, dt: length }) => ({
        speed: { word, rate: (collected) => collected.float(word) },
        dt: length,
      }));
    } else {
      for (const { start, end } of substeps) {
        this.#substep(u, start, end, speeds);
        await this.#context.recorder.breathe();
      }
    }
    return { k, count, speeds, bad: this.#kernels.checkFinite(u) };
  }

  #substep(u: Field, start: number, end: number, speeds: { readonly speed: SpeedWords; readonly dt: number }[]): void {
    const { splitting } = this.#d.scheme;
    const dt = start - end;
    if (splitting === "explicit") {
      speeds.push({ speed: this.#advance(u, start, dt, true, undefined), dt });
      return;
    }
    const stages = this.#d.grid.shape.map((_, a) => rklStages(dt / 2, axisRadius(this.#d, a)));
    if (splitting === "strang") {
      speeds.push({ speed: this.#strang(u, start, dt, stages), dt });
      return;
    }
    const coarse = this.#scratch.states[valueStates.coarse]!;
    this.#context.recorder.copy(u, coarse);
    speeds.push({ speed: this.#strang(coarse, start, dt, stages), dt });
    speeds.push({ speed: this.#strang(u, start, dt / 2, stages), dt });
    speeds.push({ speed: this.#strang(u, start - dt / 2, dt / 2, stages), dt });
    this.#kernels.extrapolate(coarse, u);
  }

  /** Diffusion dt/2, advection dt, diffusion dt/2, balanced where there is an exit. Returns the speed of the first stage. */
  #strang(u: Field, start: number, dt: number, stages: readonly number[]): SpeedWords {
    const balance = this.#balanced ? this.#scratch.floats[valueFloats.balance]! : undefined;
    if (balance) {
      const moment = this.#moment(start);
      this.#kernels.combineSources(this.#sourcesFrom(moment.first), moment.weights, balance);
      this.#kernels.hamiltonian(u, moment, balance);
    }
    this.#diffuse(u, start, dt / 2, stages, balance, false);
    const speed = this.#advance(u, start, dt, false, balance);
    this.#diffuse(u, start - dt / 2, dt / 2, stages, balance, true);
    return speed;
  }

  #diffuse(
    u: Field,
    start: number,
    tau: number,
    stages: readonly number[],
    balance: Field | undefined,
    mirrored: boolean,
  ): void {
    if (this.#d.nu === 0) return;
    const from = this.#moment(start);
    const to = this.#moment(start - tau);
    const dimension = stages.length;
    for (let i = 0; i < dimension; i++) {
      const axis = mirrored ? dimension - 1 - i : i;
      const source = balance && this.#exitAxes.includes(axis) ? balance : undefined;
      this.#kernels.diffuse(u, axis, tau, stages[axis]!, source, from, to);
    }
  }

  /** SSPRK3 in increment form (Shu & Osher 1988) of u_s = -Hhat + S - q (+ nu Lap u where `diffusion`). */
  #advance(u: Field, start: number, dt: number, diffusion: boolean, balance: Field | undefined): SpeedWords {
    const first = this.#scratch.states[valueStates.first]!;
    const second = this.#scratch.states[valueStates.second]!;
    const kernels = this.#kernels;
    const stage = (from: Field, t: number, out: Field, rest: Omit<ValueStage, "sources" | "balance" | "diffusion">) => {
      const moment = this.#moment(t);
      const sources = this.#sourcesFrom(moment.first);
      return kernels.stage(from, moment, out, { ...rest, sources, balance, diffusion });
    };
    const speed = stage(u, start, first, { base: u, keep: 0, weight: dt, report: true });
    stage(first, start - dt, second, { base: u, keep: 1 / 4, weight: dt / 4, report: false });
    stage(second, start - dt / 2, u, { base: undefined, keep: 2 / 3, weight: (2 / 3) * dt, report: false });
    return speed!;
  }

  #moment(t: number): StoredMoment {
    return this.#data.moment(t, this.#k);
  }

  /** S of four levels from `first` on. */
  #sourcesFrom(first: number): SourceLevels {
    const at = (j: number): Field => this.#scratch.floats[valueFloats.source + ((first + j) % 4)]!;
    return { source0: at(0), source1: at(1), source2: at(2), source3: at(3) };
  }

  #flooredSum(): number {
    return this.#floored.reduce((sum, count) => sum + count, 0);
  }
}
