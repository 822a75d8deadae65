/** The forward sweep of the JavaScript tiers: Fokker-Planck from t = 0 to T (docs/numerics.md section 5). */
import type { Discretisation } from "../../scheme/discretisation.ts";
import { hasExit } from "../../scheme/discretisation.ts";
import { rklStages } from "../../scheme/diffusion.ts";
import { explicitStep, needOf } from "../../scheme/substeps.ts";
import { lineCount } from "../../scheme/grid.ts";
import type { DensityReport } from "../tier.ts";
import type { Faces, FieldKernels, Walls } from "./fieldKernels.ts";
import { firstNonFinite, type History } from "./histories.ts";
import type { IntervalCounts } from "./intervalCounts.ts";
import { OutflowMeter } from "./outflow.ts";
import type { Pace } from "./pace.ts";
import { exitAxes, type FieldPool, slots } from "./pool.ts";
import { axisRadius, fullRadius } from "./stepLimits.ts";
import { StageTimes } from "./stageTimes.ts";
import type { Steps } from "./steps.ts";
import { compensatedSum, smallest } from "../../scheme/sums.ts";

/** Receives each stored level of the transported density as it is made; the sweep goes on when it is done with it. */
export type LevelSink = (level: number, m: Float64Array) => Promise<void> | undefined;

export class DensitySweep {
  readonly #d: Discretisation;
  readonly #kernels: FieldKernels;
  readonly #times: StageTimes;
  readonly #pool: FieldPool;
  readonly #walls: Walls;
  readonly #balanced: boolean;
  readonly #outflow: OutflowMeter;
  readonly #flux: Faces | undefined;
  readonly #frozen: Faces | undefined;
  #value: History = [];
  /** The stored interval that is being run. */
  #k = 0;
  #limited = 0;

  constructor(d: Discretisation, kernels: FieldKernels, pool: FieldPool) {
    this.#d = d;
    this.#kernels = kernels;
    this.#pool = pool;
    this.#times = new StageTimes(d);
    this.#walls = this.#times.walls();
    const { splitting, fokkerPlanck } = d.scheme;
    const exits = exitAxes(d);
    this.#balanced = hasExit(d) && splitting !== "explicit" && fokkerPlanck === "weno5" && d.nu > 0;
    const everyAxis = fokkerPlanck === "weno5" && splitting === "richardson";
    this.#flux =
      everyAxis || exits.length > 0 ? this.#faces(slots.flux, (a) => everyAxis || exits.includes(a)) : undefined;
    this.#frozen = this.#balanced ? this.#faces(slots.frozenFlux, (a) => exits.includes(a)) : undefined;
    this.#outflow = new OutflowMeter(d);
  }

  /** What leavers paid at the exits in the last sweep: cost times mass. */
  get exitCost(): number {
    return this.#outflow.cost;
  }

  /**
   * Transports the density `initial` of level 0 and hands each further level to `sink`.
   *
   * @param next where level k shall stand; the same buffer may serve all levels
   */
  async run(
    value: History,
    initial: Float64Array,
    next: (level: number) => Float64Array,
    sink: LevelSink,
    counts: IntervalCounts,
    pace: Pace,
  ): Promise<DensityReport> {
    const { steps, levels, grid } = this.#d;
    this.#value = value;
    this.#limited = 0;
    this.#k = 0;
    this.#outflow.reset();
    const mass = compensatedSum(initial) * grid.cellVolume;
    let massDrift = 0;
    let minDensity = smallest(initial);
    let substeps = 0;
    let m = initial;
    let slopes = this.#takeLevelSlopes(0);
    if (slopes) await slopes;
    let speed = this.#speed(0);
    const report = (failure: DensityReport["failure"]): DensityReport => ({
      substeps,
      floored: 0,
      failure,
      massDrift,
      minDensity,
      outflow: this.#outflow.mass,
      limited: this.#limited,
    });
    for (let k = 0; k < steps; k++) {
      this.#k = k;
      const target = next(k + 1);
      target.set(m);
      m = target;
      slopes = this.#takeLevelSlopes(k + 1);
      if (slopes) await slopes;
      const ahead = this.#speed(k + 1);
      const need = this.#need(k, Math.max(speed, ahead));
      if (!Number.isFinite(need)) return report({ level: k + 1, index: 0, field: "density" });
      speed = ahead;
      const count = this.#d.scheme.fokkerPlanck === "fdm" ? counts.set(k, need) : counts.choose(k, need, "fp");
      counts.last[k] = count;
      const dt = (levels[k + 1]! - levels[k]!) / count;
      for (let j = 0; j < count; j++) {
        const steps = this.#substep(m, levels[k]! + j * dt, dt);
        for (let step = steps.next(); !step.done; step = steps.next()) await step.value;
        await pace.breathe();
      }
      substeps += count;
      const bad = firstNonFinite(m);
      if (bad >= 0) return report({ level: k + 1, index: bad, field: "density" });
      massDrift = Math.max(massDrift, Math.abs(compensatedSum(m) * grid.cellVolume + this.#outflow.mass - mass) / mass);
      minDensity = Math.min(minDensity, smallest(m));
      const pending = sink(k + 1, m);
      if (pending) await pending;
    }
    return report(undefined);
  }

  /** Asks the kernels for the slopes of a stored level, where they are not taken in the operations themselves. */
  #takeLevelSlopes(level: number): Promise<void> | undefined {
    if (!this.#kernels.prepare || this.#d.scheme.fokkerPlanck === "fdm") return undefined;
    const walls = this.#times.wallsAt(this.#d.levels[level]!, this.#k, this.#walls);
    return this.#kernels.prepare(this.#value[level]!, walls);
  }

  #speed(level: number): number {
    if (this.#d.scheme.fokkerPlanck === "fdm") return 0;
    return this.#kernels.driftSpeed(
      this.#value[level]!,
      this.#times.wallsAt(this.#d.levels[level]!, this.#k, this.#walls),
    );
  }

  /** Sub-steps that interval k needs. */
  #need(k: number, rate: number): number {
    const { levels, scheme } = this.#d;
    if (scheme.fokkerPlanck === "fdm") return scheme.fdmSubsteps;
    let dt = scheme.cfl / rate;
    if (scheme.splitting === "explicit") dt = explicitStep(dt, fullRadius(this.#d));
    return needOf(levels[k + 1]! - levels[k]!, dt);
  }

  *#substep(m: Float64Array, start: number, dt: number): Steps<void> {
    const { fokkerPlanck, splitting } = this.#d.scheme;
    const flux = this.#flux;
    flux?.forEach((f) => f.fill(0));
    if (fokkerPlanck === "fdm") yield* this.#implicit(m, start, dt);
    else if (splitting === "explicit") yield* this.#advance(m, start, dt, 1, true);
    else if (splitting === "strang") yield* this.#strang(m, start, dt, this.#stages(dt / 2), 1);
    else return yield* this.#richardson(m, start, dt, flux!);
    if (flux) this.#outflow.add(flux, 1, this.#times.wallsAt(start + dt / 2, this.#k, this.#walls));
  }

  *#implicit(m: Float64Array, start: number, dt: number): Steps<void> {
    const u = this.#valueAt(start + dt / 2);
    const slopes = this.#takeFaceSlopes(u, start + dt / 2);
    if (slopes) yield slopes;
    const walls = this.#times.wallsAt(start + dt / 2, this.#k, this.#walls);
    for (let a = 0; a < this.#d.grid.shape.length; a++) {
      const flux = this.#flux?.[a];
      this.#kernels.implicitDensity(m, u, a, dt, walls, flux && flux.length > 0 ? flux : undefined);
    }
  }

  /** Richardson over the splitting: one step against two halves, combined by flux-corrected transport. */
  *#richardson(m: Float64Array, start: number, dt: number, flux: Faces): Steps<void> {
    const stages = this.#stages(dt / 2);
    const coarse = this.#pool.field(slots.coarseDensity);
    coarse.set(m);
    yield* this.#strang(coarse, start, dt, stages, -1 / 3);
    // Fine flux = three times what the faces will hold before the correction, less three times what they hold now.
    this.#outflow.add(flux, -3, this.#times.wallsAt(start + dt / 2, this.#k, this.#walls));
    yield* this.#strang(m, start, dt / 2, stages, 1 / 3);
    yield* this.#strang(m, start + dt / 2, dt / 2, stages, 1 / 3);
    const walls = this.#times.wallsAt(start + dt / 2, this.#k, this.#walls);
    this.#outflow.add(flux, 3, walls);
    this.#limited += this.#kernels.correctDensity(m, flux);
    this.#outflow.add(flux, 1, walls);
  }

  #stages(tau: number): number[] {
    return this.#d.grid.shape.map((_, a) => rklStages(tau, axisRadius(this.#d, a)));
  }

  *#strang(m: Float64Array, start: number, dt: number, stages: readonly number[], weight: number): Steps<void> {
    if (this.#frozen) {
      const u = this.#valueAt(start);
      const slopes = this.#takeSlopes(u, start);
      if (slopes) yield slopes;
      this.#kernels.advectiveFlux(m, u, this.#times.wallsAt(start, this.#k, this.#walls), this.#frozen);
    }
    this.#diffuse(m, start, dt / 2, stages, weight, false);
    yield* this.#advance(m, start, dt, weight, false);
    if (this.#frozen) {
      const slopes = this.#takeFaceSlopes(this.#valueAt(start + dt), start + dt);
      if (slopes) yield slopes;
    }
    this.#diffuse(m, start + dt, dt / 2, stages, weight, true);
  }

  /** Expects the value function of the low-order flux in the drift slot where splitting is balanced. */
  #diffuse(
    m: Float64Array,
    t: number,
    tau: number,
    stages: readonly number[],
    weight: number,
    mirrored: boolean,
  ): void {
    if (this.#d.nu === 0) return;
    const u = this.#pool.field(slots.stageDrift);
    const dimension = stages.length;
    for (let i = 0; i < dimension; i++) {
      const axis = mirrored ? dimension - 1 - i : i;
      const frozen = this.#frozen?.[axis];
      const flux = this.#flux?.[axis];
      this.#limited += this.#kernels.diffuseDensity({
        m,
        axis,
        tau,
        stages: stages[axis]!,
        balance:
          frozen && frozen.length > 0 ? { frozen, u, walls: this.#times.wallsAt(t, this.#k, this.#walls) } : undefined,
        flux: flux && flux.length > 0 ? flux : undefined,
        fluxWeight: weight,
      });
    }
  }

  /** SSPRK3 as convex combinations of Euler stages (Shu & Osher 1988): each keeps the density >= 0. */
  *#advance(m: Float64Array, start: number, dt: number, weight: number, diffusion: boolean): Steps<void> {
    const first = this.#pool.field(slots.stageDensity);
    const second = this.#pool.field(slots.secondDensity);
    let u = this.#valueAt(start);
    let slopes = this.#takeSlopes(u, start);
    if (slopes) yield slopes;
    this.#euler(m, u, start, dt, diffusion, first, weight / 6);
    u = this.#valueAt(start + dt);
    slopes = this.#takeSlopes(u, start + dt);
    if (slopes) yield slopes;
    this.#euler(first, u, start + dt, dt, diffusion, second, weight / 6);
    for (let i = 0; i < m.length; i++) second[i] = 0.75 * m[i]! + 0.25 * second[i]!;
    u = this.#valueAt(start + dt / 2);
    slopes = this.#takeSlopes(u, start + dt / 2);
    if (slopes) yield slopes;
    this.#euler(second, u, start + dt / 2, dt, diffusion, first, (2 * weight) / 3);
    for (let i = 0; i < m.length; i++) m[i] = m[i]! / 3 + (2 / 3) * first[i]!;
  }

  #euler(
    m: Float64Array,
    u: Float64Array,
    t: number,
    tau: number,
    diffusion: boolean,
    out: Float64Array,
    fluxWeight: number,
  ): void {
    this.#limited += this.#kernels.densityStage({
      m,
      u,
      walls: this.#times.wallsAt(t, this.#k, this.#walls),
      tau,
      diffusion,
      frozen: diffusion ? undefined : this.#frozen,
      out,
      flux: this.#flux,
      fluxWeight,
    });
  }

  /** Asks the kernels for the slopes of u at time t, where they are not taken in the operations themselves. */
  #takeSlopes(u: Float64Array, t: number): Promise<void> | undefined {
    if (!this.#kernels.prepare) return undefined;
    return this.#kernels.prepare(u, this.#times.wallsAt(t, this.#k, this.#walls));
  }

  /** The same before an operation that needs the drift at faces only, which reads slopes where H is no sum over the axes. */
  #takeFaceSlopes(u: Float64Array, t: number): Promise<void> | undefined {
    return this.#d.hamiltonian.separable ? undefined : this.#takeSlopes(u, t);
  }

  #valueAt(t: number): Float64Array {
    const u = this.#pool.field(slots.stageDrift);
    this.#times.field((level) => this.#value[level]!, t, this.#k, u);
    return u;
  }

  #faces(slot: number, wanted: (axis: number) => boolean): Faces {
    const { grid } = this.#d;
    return grid.shape.map((n, a) =>
      wanted(a) ? this.#pool.faces(slot + a, lineCount(grid, a) * (n + 1)) : new Float64Array(0),
    );
  }
}
