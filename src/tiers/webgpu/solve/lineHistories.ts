/**
 * Relaxation and Anderson's operations on whole histories of members with a workgroup per level: what of them need not be read waits
 * in the runner's queue, in order, until something does.
 */
import { packStruct, structOf, type StructLayout } from "../struct.ts";
import type { FieldContext } from "./context.ts";
import type { FieldHistory } from "./fields.ts";
import type { HistoryOperations } from "./historyKernels.ts";
import { solveShaderText } from "./kernels.ts";
import type { LineKernels } from "./lineKernels.ts";
import type { LineMember } from "./lineMembers.ts";
import { listOf } from "./entryLists.ts";
import { jobLimits, type LineKernel, type LineRunner } from "./lineRunner.ts";
import type { Collected } from "./recorder.ts";
import { summed } from "./reductions.ts";

/** Modes, in shaders/history_entry.wgsl. */
const addition = { marks: 0, adds: 1, blends: 2 } as const;
const combination = { combines: 0, rotates: 1 } as const;
const residual = { keeps: 0, appends: 1 } as const;

interface EntryValues {
  readonly first?: FieldHistory;
  readonly second?: FieldHistory;
  readonly third?: FieldHistory;
  readonly mode?: number;
  readonly keep?: number;
  readonly x?: number;
  readonly y?: number;
}

export class LineHistories implements HistoryOperations {
  readonly #member: LineMember;
  readonly #kernels: LineKernels;
  readonly #runner: LineRunner;
  readonly #entry: StructLayout;

  constructor(context: FieldContext, member: LineMember, kernels: LineKernels, runner: LineRunner) {
    this.#member = member;
    this.#kernels = kernels;
    this.#runner = runner;
    this.#entry = structOf(solveShaderText("all_products", context.precision), "HistoryEntry");
  }

  async blend(_m: FieldHistory, _transported: FieldHistory, theta: number): Promise<void> {
    this.#post(this.#kernels.additions, { mode: addition.blends, x: theta });
  }

  async residual(
    _m: FieldHistory,
    _transported: FieldHistory,
    keptF: FieldHistory,
    keptStep: FieldHistory,
    append: boolean,
    beta: number,
  ): Promise<void> {
    const mode = append ? residual.appends : residual.keeps;
    this.#post(this.#kernels.residuals, { first: keptF, second: keptStep, mode, x: beta });
  }

  async combine(
    sum: FieldHistory,
    keep: number,
    x: number,
    first: FieldHistory,
    y: number,
    second: FieldHistory,
  ): Promise<void> {
    const entry = { first: sum, second: first, third: second, mode: combination.combines, keep, x, y };
    this.#post(this.#kernels.combinations, entry);
  }

  async rotate(a: FieldHistory, b: FieldHistory, c: number, s: number): Promise<void> {
    this.#post(this.#kernels.combinations, { first: a, second: b, mode: combination.rotates, x: c, y: s });
  }

  scale(a: FieldHistory, factor: number): Promise<void> {
    return this.combine(a, 0, factor, a, 0, a);
  }

  async wouldBeNegative(_m: FieldHistory, increment: FieldHistory): Promise<boolean> {
    const entries = [{ first: increment, mode: addition.marks }];
    const collected = await this.#levels(this.#kernels.additions, 0, this.#member.d.steps + 1, entries, 1);
    return collected.word(0) !== 0;
  }

  async add(_m: FieldHistory, increment: FieldHistory): Promise<void> {
    this.#post(this.#kernels.additions, { first: increment, mode: addition.adds });
  }

  async products(pairs: readonly (readonly [FieldHistory, FieldHistory])[]): Promise<number[]> {
    const sums = pairs.map(() => 0);
    if (pairs.length === 0) return sums;
    const { steps } = this.#member.d;
    const entries = pairs.map(([first, second]) => ({ first, second }));
    const most = Math.max(1, Math.floor(jobLimits.words / (2 * pairs.length)));
    for (let first = 0; first <= steps; first += most) {
      const count = Math.min(most, steps + 1 - first);
      const words = 2 * pairs.length * count;
      const collected = await this.#levels(this.#kernels.products, first, count, entries, words);
      for (let p = 0; p < pairs.length; p++)
        for (let k = 0; k < count; k++) sums[p] = sums[p]! + summed(collected, 2 * (p * count + k), 0);
    }
    return sums;
  }

  /** A job over all levels that nobody waits for. */
  #post(kernel: LineKernel, entry: EntryValues): void {
    // What goes wrong is told to whoever reads next.
    this.#levels(kernel, 0, this.#member.d.steps + 1, [entry], 0).catch(() => undefined);
  }

  #levels(
    kernel: LineKernel,
    first: number,
    count: number,
    entries: readonly EntryValues[],
    words: number,
  ): Promise<Collected> {
    const { slice, row, d } = this.#member;
    const packed = entries.map(({ first: a, second: b, third: c, mode = 0, keep = 0, x = 0, y = 0 }) =>
      packStruct(this.#entry, { first: at(a), second: at(b), third: at(c), mode, keep, x, y }),
    );
    const work = d.grid.points * entries.length;
    return this.#runner.run({
      kernel,
      slice,
      member: row,
      first,
      count,
      words,
      start: 0,
      entries: listOf(packed),
      work,
    });
  }
}

/** Where a plain history begins in its buffer, in elements. */
function at(history: FieldHistory | undefined): number {
  return history ? history.levels[0]!.offset / 4 : 0;
}
