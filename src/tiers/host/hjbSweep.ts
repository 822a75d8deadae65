/**
 * The backward sweep of the JavaScript tiers: HJB from t = T to 0 (docs/numerics.md sections 3, 4 and 5.2).
 * In reversed time s = T - t it is u_s = nu Lap u - Hhat + S with S = V + f(m).
 */
import { hasExit, type Discretisation } from "../../scheme/discretisation.ts";
import { couplingSlice } from "../../scheme/coupling.ts";
import { rklStages } from "../../scheme/diffusion.ts";
import { explicitStep, needOf } from "../../scheme/substeps.ts";
import type { SweepReport } from "../tier.ts";
import { exitWeights } from "./balance.ts";
import type { FieldKernels, Walls } from "./fieldKernels.ts";
import { combineSlices, StageTimes } from "./stageTimes.ts";
import { firstNonFinite, type History } from "./histories.ts";
import type { IntervalCounts } from "./intervalCounts.ts";
import type { Pace } from "./pace.ts";
import type { Steps } from "./steps.ts";
import { exitAxes, type FieldPool, slots } from "./pool.ts";
import { axisRadius, fullRadius, growingStep, slopeGrowth } from "./stepLimits.ts";

/** Repeats of one interval with more sub-steps before the sweep gives up on it. */
const mostRepeats = 12;

/** How far a sub-step's Courant number may exceed the scheme's before its interval is repeated; SSPRK3 is stable to 1.43. */
const overspeed = 1.3;

export class HjbSweep {
  readonly #d: Discretisation;
  readonly #kernels: FieldKernels;
  readonly #times: StageTimes;
  readonly #pool: FieldPool;
  readonly #wallsStart: Walls;
  readonly #wallsEnd: Walls;
  readonly #balanced: boolean;
  readonly #exitAxes: readonly number[];
  /** Stored level whose source the ring's slot holds now, and the growth of the slope it causes. */
  readonly #sourceLevel = [-1, -1, -1, -1];
  readonly #sourceGrowth = [0, 0, 0, 0];
  #density: History = [];
  #floored = 0;
  /** The stored interval that is being run. */
  #k = 0;

  constructor(d: Discretisation, kernels: FieldKernels, pool: FieldPool) {
    this.#d = d;
    this.#kernels = kernels;
    this.#pool = pool;
    this.#times = new StageTimes(d);
    this.#wallsStart = this.#times.walls();
    this.#wallsEnd = this.#times.walls();
    this.#balanced = hasExit(d) && d.scheme.splitting !== "explicit" && d.nu > 0;
    this.#exitAxes = exitAxes(d);
  }

  /** Fills `value` from `density`. `counts` are those of the last iteration and become those of this one. */
  async run(density: History, value: History, counts: IntervalCounts, pace: Pace): Promise<SweepReport> {
    const { levels, steps, terminalCost } = this.#d;
    this.#density = density;
    this.#sourceLevel.fill(-1);
    this.#floored = 0;
    value[steps]!.set(terminalCost);
    let substeps = 0;
    for (let k = steps - 1; k >= 0; k--) {
      this.#k = k;
      const slopes = this.#takeSlopes(value[k + 1]!, levels[k + 1]!);
      if (slopes) await slopes;
      const need = this.#need(value[k + 1]!, k);
      if (!Number.isFinite(need)) return this.#failed(substeps, k, 0);
      let count = counts.choose(k, need, "hjb");
      for (let repeat = 0; ; repeat++) {
        value[k]!.set(value[k + 1]!);
        const excess = await this.#interval(value[k]!, levels[k + 1]!, levels[k]!, count, pace);
        if (excess <= 1) break;
        if (repeat === mostRepeats || !Number.isFinite(excess)) return this.#failed(substeps, k, 0);
        count = Math.max(count + 1, Math.ceil(count * excess * overspeed));
        counts.floors[k] = count;
      }
      counts.last[k] = count;
      substeps += count;
      const bad = firstNonFinite(value[k]!);
      if (bad >= 0) return this.#failed(substeps, k, bad);
      await pace.breathe();
    }
    return { substeps, floored: this.#floored, failure: undefined };
  }

  /** Sub-steps that interval k needs, from the slope at its later end and the growth that both sources cause. */
  #need(u: Float64Array, k: number): number {
    const { levels, scheme } = this.#d;
    this.#source(k);
    this.#source(k + 1);
    const growth = Math.max(this.#sourceGrowth[k % 4]!, this.#sourceGrowth[(k + 1) % 4]!);
    const walls = this.#times.wallsAt(levels[k + 1]!, k, this.#wallsStart);
    const rate = this.#kernels.hamiltonian(u, walls, false, this.#pool.field(slots.slope));
    let dt = growingStep(this.#d, rate, growth);
    if (scheme.splitting === "explicit") dt = explicitStep(dt, fullRadius(this.#d));
    return needOf(levels[k + 1]! - levels[k]!, dt);
  }

  /** S = V + f(m) of a stored level, made on first use; four of them are kept. */
  #source(level: number): Float64Array {
    const slot = level % 4;
    const source = this.#pool.field(slots.source + slot);
    if (this.#sourceLevel[slot] === level) return source;
    const { potential, grid } = this.#d;
    this.#floored += couplingSlice(this.#d, level, this.#density[level]!, source);
    const offset = potential.length > grid.points ? level * grid.points : 0;
    for (let i = 0; i < source.length; i++) source[i] = source[i]! + potential[offset + i]!;
    this.#sourceLevel[slot] = level;
    this.#sourceGrowth[slot] = slopeGrowth(this.#d, source);
    return source;
  }

  /** Runs one stored interval from t = from down to `to`. Returns the largest (speed x step)/limit met; above 1: repeat. */
  async #interval(u: Float64Array, from: number, to: number, count: number, pace: Pace): Promise<number> {
    const dt = (from - to) / count;
    for (let j = 0; j < count; j++) {
      const start = from - j * dt;
      const end = j === count - 1 ? to : from - (j + 1) * dt;
      const steps = this.#substep(u, start, end);
      let step = steps.next();
      while (!step.done) {
        await step.value;
        step = steps.next();
      }
      const excess = step.value;
      if (!(excess <= 1)) return excess;
      await pace.breathe();
    }
    return 1;
  }

  *#substep(u: Float64Array, start: number, end: number): Steps<number> {
    const { splitting, cfl } = this.#d.scheme;
    const dt = start - end;
    const limit = (rate: number): number => (rate * dt) / (cfl * overspeed);
    if (splitting === "explicit") return limit(yield* this.#advance(u, start, dt, true, undefined));
    const stages = this.#stages(dt / 2);
    if (splitting === "strang") return limit(yield* this.#strang(u, start, dt, stages));

    const coarse = this.#pool.field(slots.coarseValue);
    coarse.set(u);
    const excess = limit(yield* this.#strang(coarse, start, dt, stages));
    if (!(excess <= 1)) return excess;
    const first = limit(yield* this.#strang(u, start, dt / 2, stages));
    const second = limit(yield* this.#strang(u, start - dt / 2, dt / 2, stages));
    for (let i = 0; i < u.length; i++) u[i] = u[i]! + (u[i]! - coarse[i]!) / 3;
    return Math.max(first, second);
  }

  #stages(tau: number): number[] {
    return this.#d.grid.shape.map((_, a) => rklStages(tau, axisRadius(this.#d, a)));
  }

  /** Diffusion dt/2, advection dt, diffusion dt/2, balanced where there is an exit. Returns the speed of the first stage. */
  *#strang(u: Float64Array, start: number, dt: number, stages: readonly number[]): Steps<number> {
    const balance = this.#balanced ? this.#pool.field(slots.balance) : undefined;
    if (balance) {
      const slopes = this.#takeSlopes(u, start);
      if (slopes) yield slopes;
      const walls = this.#times.wallsAt(start, this.#k, this.#wallsStart);
      this.#addSources(start, 0, balance);
      this.#kernels.hamiltonian(u, walls, false, balance);
    }
    this.#diffuse(u, start, dt / 2, stages, balance, false);
    const rate = yield* this.#advance(u, start, dt, false, balance);
    this.#diffuse(u, start - dt / 2, dt / 2, stages, balance, true);
    return rate;
  }

  #diffuse(
    u: Float64Array,
    start: number,
    tau: number,
    stages: readonly number[],
    balance: Float64Array | undefined,
    mirrored: boolean,
  ): void {
    if (this.#d.nu === 0) return;
    const from = this.#times.wallsAt(start, this.#k, this.#wallsStart);
    const to = this.#times.wallsAt(start - tau, this.#k, this.#wallsEnd);
    const dimension = stages.length;
    for (let i = 0; i < dimension; i++) {
      const axis = mirrored ? dimension - 1 - i : i;
      let source: Float64Array | undefined;
      if (balance && this.#exitAxes.includes(axis)) {
        source = exitWeights(this.#d, this.#exitAxes, axis, balance, this.#pool.field(slots.stageValue));
      }
      this.#kernels.diffuseValue(u, axis, tau, stages[axis]!, source, from, to);
    }
  }

  /** SSPRK3 in increment form (Shu & Osher 1988) of u_s = -Hhat + S - q (+ nu Lap u where `diffusion`). */
  *#advance(
    u: Float64Array,
    start: number,
    dt: number,
    diffusion: boolean,
    balance: Float64Array | undefined,
  ): Steps<number> {
    const slope = this.#pool.field(slots.slope);
    const stage = this.#pool.field(slots.stageValue);
    let slopes = this.#takeSlopes(u, start);
    if (slopes) yield slopes;
    const rate = this.#rate(u, start, diffusion, balance, 0, slope);
    moveBy(u, dt, slope, stage);
    slopes = this.#takeSlopes(stage, start - dt);
    if (slopes) yield slopes;
    this.#rate(stage, start - dt, diffusion, balance, 1, slope);
    moveBy(u, 0.25 * dt, slope, stage);
    slopes = this.#takeSlopes(stage, start - dt / 2);
    if (slopes) yield slopes;
    this.#rate(stage, start - dt / 2, diffusion, balance, 0.25, slope);
    moveBy(u, (2 / 3) * dt, slope, u);
    return rate;
  }

  /** Asks the kernels for the slopes of u at time t, where they are not taken in the operations themselves. */
  #takeSlopes(u: Float64Array, t: number): Promise<void> | undefined {
    if (!this.#kernels.prepare) return undefined;
    return this.#kernels.prepare(u, this.#times.wallsAt(t, this.#k, this.#wallsStart));
  }

  /** slope = keep * slope + L(u, t). The weights of SSPRK3 need no second accumulator this way. */
  #rate(
    u: Float64Array,
    t: number,
    diffusion: boolean,
    balance: Float64Array | undefined,
    keep: number,
    slope: Float64Array,
  ): number {
    this.#addSources(t, keep, slope);
    if (balance) for (let i = 0; i < slope.length; i++) slope[i] = slope[i]! - balance[i]!;
    const walls = this.#times.wallsAt(t, this.#k, this.#wallsStart);
    return this.#kernels.hamiltonian(u, walls, diffusion && this.#d.nu > 0, slope);
  }

  /** out = keep * out + S(t), interpolated between stored levels. */
  #addSources(t: number, keep: number, out: Float64Array): void {
    const { first, count, weights } = this.#times.at(t, this.#k);
    for (let j = 0; j < count; j++) if (weights[j] !== 0) this.#source(first + j);
    combineSlices((level) => this.#pool.field(slots.source + (level % 4)), first, count, weights, keep, out);
  }

  #failed(substeps: number, level: number, index: number): SweepReport {
    return { substeps, floored: this.#floored, failure: { level, index, field: "value" } };
  }
}

/** out = u + step * slope */
function moveBy(u: Float64Array, step: number, slope: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] = u[i]! + step * slope[i]!;
}
