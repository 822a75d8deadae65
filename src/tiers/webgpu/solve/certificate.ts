/** Exploitability and duality defect on the device, as src/tiers/host/certificate.ts (docs/numerics.md section 7.4). */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { levelWeights } from "../../../scheme/quadrature.ts";
import type { IntervalCounts } from "../../host/intervalCounts.ts";
import type { Certificate } from "../../tier.ts";
import type { MemberData, SolveContext } from "./context.ts";
import type { Field } from "./fields.ts";
import type { HjbSweep } from "./hjbSweep.ts";
import type { Reductions } from "./reductions.ts";
import { summed } from "./reductions.ts";
import type { Scratch } from "./scratch.ts";
import { responseLevels, valueFloats, type ValueKernels, valueStates } from "./valueKernels.ts";

/** Solves HJB against a flow and keeps the value at t = 0 alone. */
export class BestResponse {
  readonly #hjb: HjbSweep;
  readonly #value: readonly Field[];
  readonly #ring: number;

  constructor(steps: number, hjb: HjbSweep, scratch: Scratch) {
    this.#hjb = hjb;
    this.#ring = Math.min(responseLevels, steps + 1);
    const kept = scratch.states.slice(valueStates.response, valueStates.response + this.#ring);
    this.#value = Array.from({ length: steps + 1 }, (_, k) => kept[k % this.#ring]!);
  }

  /** The value at t = 0, or undefined where the sweep failed. */
  async run(density: readonly Field[], counts: IntervalCounts): Promise<Field | undefined> {
    const report = await this.#hjb.run(density, this.#value, counts.fixed(), this.#ring);
    return report.failure ? undefined : this.#value[0]!;
  }
}

/** Words of one level's sums. */
const levelWords = 64;

/** What the sums of all levels make of a certificate. */
export class CertificateTally {
  readonly #d: Discretisation;
  readonly #weights: Float64Array;
  #mismatch = 0;
  #cost = 0;

  constructor(d: Discretisation) {
    this.#d = d;
    this.#weights = levelWeights(d);
  }

  /** The sums of m (L + S), m (f(m) - f(M)) and m g of a level. */
  add(level: number, cost: number, mismatch: number, terminal: number): void {
    const { cellVolume } = this.#d.grid;
    const weight = this.#weights[level]! * cellVolume;
    this.#cost += weight * cost;
    this.#mismatch += weight * mismatch;
    if (level === this.#d.steps) this.#cost += cellVolume * terminal;
  }

  /** E = <m0, U - U_br> + integral of m (f(m) - f(M)), with the cost J by duality and its defect; `gain` NaN where there is no answer. */
  certificate(value: number, gain: number, exitCost: number): Certificate {
    const { cellVolume } = this.#d.grid;
    const cost = cellVolume * value + this.#mismatch;
    const dualityDefect = this.#cost + exitCost - cost;
    return { exploitability: cellVolume * gain + this.#mismatch, cost, dualityDefect };
  }
}

/** Time integrals over the flow of the present feedback, level by level. */
export class CertificateSums {
  readonly #context: SolveContext;
  readonly #data: MemberData;
  readonly #kernels: ValueKernels;
  readonly #reductions: Reductions;
  readonly #scratch: Scratch;
  readonly #tally: CertificateTally;

  constructor(
    context: SolveContext,
    data: MemberData,
    kernels: ValueKernels,
    reductions: Reductions,
    scratch: Scratch,
  ) {
    this.#context = context;
    this.#data = data;
    this.#kernels = kernels;
    this.#reductions = reductions;
    this.#scratch = scratch;
    this.#tally = new CertificateTally(data.d);
  }

  /** Whether the words run out before another level. */
  get full(): boolean {
    return this.#context.recorder.wordsLeft < levelWords;
  }

  /** Records one level, to be added up at the next collection: `m` the flow of the feedback of `u`, `answered` the flow that u is the value against. */
  add(level: number, m: Field, answered: Field, u: Field): void {
    const { d, grid } = this.#data;
    const [runningCost, own, other] = this.#scratch.floats.slice(valueFloats.source) as [Field, Field, Field];
    const moment = this.#data.moment(d.levels[level]!, Math.min(level, d.steps - 1));
    this.#kernels.runningCost(u, moment, runningCost);
    this.#kernels.source(level, m, own, true);
    this.#kernels.source(level, answered, other, true);
    const fields = {
      m,
      running_cost: runningCost,
      own,
      answered: other,
      potential: this.#data.potentialAt(level),
      terminal: this.#data.terminal,
    };
    const word = this.#reductions.record("sum_certificate", grid, fields, d.grid.points);
    this.#context.recorder.later((collected) => {
      const [cost, mismatch, terminal] = [0, 1, 2].map((term) => summed(collected, word, term));
      this.#tally.add(level, cost!, mismatch!, terminal!);
    });
  }

  /** The certificate, once all levels were added. */
  async certificate(initial: Field, value: Field, response: Field | undefined, exitCost: number): Promise<Certificate> {
    const { d, grid } = this.#data;
    const fields = { m: initial, u: value, response: response ?? value };
    const word = this.#reductions.record("sum_gain", grid, fields, d.grid.points);
    const collected = await this.#context.recorder.collect();
    const gain = response ? summed(collected, word, 1) : Number.NaN;
    return this.#tally.certificate(summed(collected, word, 0), gain, exitCost);
  }
}
