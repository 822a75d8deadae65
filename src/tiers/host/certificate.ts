/** Exploitability and duality defect (docs/numerics.md section 7.4). */
import { couplingSlice } from "../../scheme/coupling.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import { levelWeights } from "../../scheme/quadrature.ts";
import type { Certificate } from "../tier.ts";
import type { FieldKernels, Walls } from "./fieldKernels.ts";
import type { History } from "./histories.ts";
import type { HjbSweep } from "./hjbSweep.ts";
import type { IntervalCounts } from "./intervalCounts.ts";
import type { Pace } from "./pace.ts";
import { type FieldPool, slots } from "./pool.ts";
import { StageTimes } from "./stageTimes.ts";

/** Solves HJB against a flow and keeps only the value at t = 0: the best response's. */
export class BestResponse {
  readonly #hjb: HjbSweep;
  readonly #value: History;

  constructor(d: Discretisation, hjb: HjbSweep, pool: FieldPool) {
    this.#hjb = hjb;
    // A sweep reads and writes two neighbouring levels at a time: two fields serve as the whole history.
    const pair = [pool.field(slots.response), pool.field(slots.response + 1)] as const;
    this.#value = Array.from({ length: d.steps + 1 }, (_, k) => pair[k % 2]!);
  }

  /** The value at t = 0, or undefined where the sweep failed. */
  async run(density: History, counts: IntervalCounts, pace: Pace): Promise<Float64Array | undefined> {
    const report = await this.#hjb.run(density, this.#value, counts.fixed(), pace);
    return report.failure ? undefined : this.#value[0]!;
  }
}

/** Time integrals over the flow of the present feedback, level by level. */
export class CertificateSums {
  readonly #d: Discretisation;
  readonly #kernels: FieldKernels;
  readonly #scratch: Float64Array;
  readonly #weights: Float64Array;
  readonly #times: StageTimes;
  readonly #walls: Walls;
  /** Integral of m (f(m) - f(M)). */
  #mismatch = 0;
  /** Integral of m (L + f(m) + V), and the terminal cost. */
  #cost = 0;

  constructor(d: Discretisation, kernels: FieldKernels, pool: FieldPool) {
    this.#d = d;
    this.#kernels = kernels;
    this.#scratch = pool.field(slots.stageDensity);
    this.#weights = levelWeights(d);
    this.#times = new StageTimes(d);
    this.#walls = this.#times.walls();
  }

  /** Asks the kernels for the slopes of a level's u before it is added, where they are not taken in the operation itself. */
  takeSlopes(level: number, u: Float64Array): Promise<void> | undefined {
    return this.#kernels.prepare?.(u, this.#wallsAt(level));
  }

  /** Adds one level: `m` the flow of the feedback of `u`, `answered` the flow that u is the value against. */
  add(level: number, m: Float64Array, answered: Float64Array, u: Float64Array): void {
    const { grid, potential, steps, terminalCost } = this.#d;
    const weight = this.#weights[level]! * grid.cellVolume;
    const scratch = this.#scratch;
    this.#kernels.runningCost(u, this.#wallsAt(level), scratch);
    const offset = potential.length > grid.points ? level * grid.points : 0;
    let cost = 0;
    for (let i = 0; i < m.length; i++) cost += m[i]! * (scratch[i]! + potential[offset + i]!);
    couplingSlice(this.#d, level, m, scratch);
    const own = inner(m, scratch);
    couplingSlice(this.#d, level, answered, scratch);
    this.#mismatch += weight * (own - inner(m, scratch));
    this.#cost += weight * (cost + own);
    if (level === steps) this.#cost += grid.cellVolume * inner(m, terminalCost);
  }

  #wallsAt(level: number): Walls {
    const { levels, steps } = this.#d;
    return this.#times.wallsAt(levels[level]!, Math.min(level, steps - 1), this.#walls);
  }

  /** E = <m0, U - U_br> + integral of m (f(m) - f(M)), with the cost J by duality and its defect. */
  certificate(value: Float64Array, response: Float64Array | undefined, exitCost: number): Certificate {
    const { initialDensity, grid } = this.#d;
    let gain = 0;
    for (let i = 0; i < value.length; i++)
      gain += initialDensity[i]! * (value[i]! - (response ? response[i]! : Number.NaN));
    const cost = grid.cellVolume * inner(initialDensity, value) + this.#mismatch;
    return {
      exploitability: grid.cellVolume * gain + this.#mismatch,
      cost,
      dualityDefect: this.#cost + exitCost - cost,
    };
  }
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
