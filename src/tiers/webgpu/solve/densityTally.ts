/** What a forward sweep on the GPU reports, from the words that its kernels left. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type { DensityReport } from "../../tier.ts";
import type { Collected } from "./recorder.ts";
import { summed } from "./reductions.ts";

/** Where things stand that are read back: of one stored level. */
export interface LevelWords {
  readonly level: number;
  /** Sum of m and of the squares of its difference from the other history. */
  readonly sums: number;
  /** First index that is not finite, and the least entry. */
  readonly report: number;
  /** Mass and cost that have left so far; limited cells and lines done again in the interval before. */
  readonly outflow: number;
  readonly limited: number;
}

export interface GpuDensityReport extends DensityReport {
  /** Sum over levels and nodes of (m - other)^2. */
  readonly squares: number;
  /** What leavers paid at the exits: cost times mass. */
  readonly exitCost: number;
}

/** What the levels of one sweep add up to. */
export class DensityTally {
  readonly #d: Discretisation;
  #mass = 0;
  #massDrift = 0;
  #minDensity = Infinity;
  #outflow = 0;
  #exitCost = 0;
  #limited = 0;
  #squares = 0;
  substeps = 0;
  failure: DensityReport["failure"];

  constructor(d: Discretisation) {
    this.#d = d;
  }

  /** Levels come in order; what follows a failure is not looked at. */
  add(collected: Collected, { level, sums, report, outflow, limited }: LevelWords): void {
    if (this.failure) return;
    const bad = collected.word(report);
    if (bad !== 0) {
      this.failure = { level, index: ~bad >>> 0, field: "density" };
      return;
    }
    const mass = summed(collected, sums, 0) * this.#d.grid.cellVolume;
    this.#squares += summed(collected, sums, 1);
    if (level === 0) this.#mass = mass;
    this.#outflow = summed(collected, outflow, 0);
    this.#exitCost = summed(collected, outflow, 1);
    this.#massDrift = Math.max(this.#massDrift, Math.abs(mass + this.#outflow - this.#mass) / this.#mass);
    this.#minDensity = Math.min(this.#minDensity, leastOf(collected.word(report + 1)));
    this.#limited += collected.word(limited);
  }

  report(): GpuDensityReport {
    return {
      substeps: this.substeps,
      floored: 0,
      failure: this.failure,
      massDrift: this.#massDrift,
      minDensity: this.#minDensity,
      outflow: this.#outflow,
      limited: this.#limited,
      squares: this.#squares,
      exitCost: this.#exitCost,
    };
  }
}

const bits = new Uint32Array(1);
const number = new Float32Array(bits.buffer);

/** The least number of a level from its complemented, ordered bits, see shaders/level_report.wgsl. */
function leastOf(word: number): number {
  const ordered = ~word >>> 0;
  bits[0] = ordered >= 0x80000000 ? ordered - 0x80000000 : ~ordered;
  return number[0]!;
}
