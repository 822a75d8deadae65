/** Operations on whole histories, slice by slice: gaps between levels are zero and stay so. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type { SolveContext } from "./context.ts";
import type { Field, FieldHistory } from "./fields.ts";
import { type Kernel, loadKernels } from "./kernels.ts";
import { groupsFor, type MemberGrid } from "./recorder.ts";
import { type Reductions, summed } from "./reductions.ts";

const names = [
  "blend_history",
  "anderson_residual",
  "combine_histories",
  "rotate_histories",
  "scale_history",
  "add_history",
] as const;
type Name = (typeof names)[number];

const groupSize = 256;

/** What relaxation and Anderson do with the whole histories of a member. */
export type HistoryOperations = Pick<
  HistoryKernels,
  "blend" | "residual" | "combine" | "rotate" | "scale" | "wouldBeNegative" | "add" | "products"
>;

export class HistoryKernels {
  readonly #context: SolveContext;
  readonly #grid: MemberGrid;
  readonly #reductions: Reductions;
  readonly #kernels: Readonly<Record<Name, Kernel>>;

  /** `anderson` false: only what blending needs. */
  static async make(
    context: SolveContext,
    d: Discretisation,
    grid: MemberGrid,
    reductions: Reductions,
    anderson: boolean,
  ): Promise<HistoryKernels> {
    const wanted = anderson ? names : (["blend_history"] as const);
    const kernels = await loadKernels<Name>(context.device, d, context.precision, wanted);
    return new HistoryKernels(context, grid, reductions, kernels);
  }

  private constructor(
    context: SolveContext,
    grid: MemberGrid,
    reductions: Reductions,
    kernels: Readonly<Record<Name, Kernel>>,
  ) {
    this.#context = context;
    this.#grid = grid;
    this.#reductions = reductions;
    this.#kernels = kernels;
  }

  /** m <- m (+) theta (transported - m), of whole histories. */
  async blend(m: FieldHistory, transported: FieldHistory, theta: number): Promise<void> {
    for (const [i, slice] of m.slices.entries()) {
      this.blendField(slice, transported.slices[i]!, theta);
      await this.#context.recorder.breathe();
    }
  }

  /** The same of one field. */
  blendField(m: Field, transported: Field, theta: number): void {
    const count = m.bytes / this.#context.stateBytes;
    this.#dispatch("blend_history", { m, transported }, { count, theta });
  }

  /**
   * With F = G - M: `append` turns what is kept of the last iterate into dF = F - F_last and dG = step + dF; else F and the step
   * beta F are kept.
   */
  async residual(
    m: FieldHistory,
    transported: FieldHistory,
    keptF: FieldHistory,
    keptStep: FieldHistory,
    append: boolean,
    beta: number,
  ): Promise<void> {
    for (const [i, slice] of m.slices.entries()) {
      const fields = {
        m: slice,
        transported: transported.slices[i]!,
        kept_f: keptF.slices[i]!,
        kept_step: keptStep.slices[i]!,
      };
      const count = slice.bytes / this.#context.stateBytes;
      this.#dispatch("anderson_residual", fields, { count, append: append ? 1 : 0, beta });
      await this.#context.recorder.breathe();
    }
  }

  /** sum <- keep sum + x first + y second; `second` is read only where y is not 0. */
  async combine(
    sum: FieldHistory,
    keep: number,
    x: number,
    first: FieldHistory,
    y: number,
    second: FieldHistory,
  ): Promise<void> {
    for (const [i, slice] of sum.slices.entries()) {
      const fields = { sum: slice, first: first.slices[i]!, second: second.slices[i]! };
      this.#dispatch("combine_histories", fields, { count: slice.bytes / 4, keep, x, y });
      await this.#context.recorder.breathe();
    }
  }

  /** (a, b) <- (c a + s b, c b - s a). */
  async rotate(a: FieldHistory, b: FieldHistory, c: number, s: number): Promise<void> {
    for (const [i, slice] of a.slices.entries()) {
      this.#dispatch("rotate_histories", { a: slice, b: b.slices[i]! }, { count: slice.bytes / 4, c, s });
      await this.#context.recorder.breathe();
    }
  }

  async scale(a: FieldHistory, factor: number): Promise<void> {
    for (const slice of a.slices) {
      this.#dispatch("scale_history", { a: slice }, { count: slice.bytes / 4, factor });
      await this.#context.recorder.breathe();
    }
  }

  /** True where some entry of m + increment would be negative, or none could tell. */
  async wouldBeNegative(m: FieldHistory, increment: FieldHistory): Promise<boolean> {
    const { recorder } = this.#context;
    const word = recorder.words(1);
    for (const [i, slice] of m.slices.entries()) this.#add(slice, increment.slices[i]!, 0, word);
    return (await recorder.collect()).word(word) !== 0;
  }

  /** m <- m (+) increment. */
  async add(m: FieldHistory, increment: FieldHistory): Promise<void> {
    for (const [i, slice] of m.slices.entries()) {
      this.#add(slice, increment.slices[i]!, 1, 0);
      await this.#context.recorder.breathe();
    }
  }

  /** The inner product of each pair. */
  async products(pairs: readonly (readonly [FieldHistory, FieldHistory])[]): Promise<number[]> {
    const { recorder } = this.#context;
    const words: number[][] = [];
    for (const [a, b] of pairs) {
      const own: number[] = [];
      for (const [i, slice] of a.slices.entries()) {
        const fields = { a: slice, b: b.slices[i]! };
        own.push(this.#reductions.record("sum_product", this.#grid, fields, slice.bytes / 4));
        await recorder.breathe();
      }
      words.push(own);
    }
    const collected = await recorder.collect();
    return words.map((own) => own.reduce((sum, word) => sum + summed(collected, word, 0), 0));
  }

  #add(m: Field, increment: Field, apply: number, word: number): void {
    const { recorder, stateBytes } = this.#context;
    const fields = { m, increment, words: recorder.wordField };
    this.#dispatch("add_history", fields, { count: m.bytes / stateBytes, apply, word });
  }

  #dispatch(
    name: Name,
    fields: Readonly<Record<string, Field>>,
    step: { readonly count: number } & Record<string, number>,
  ): void {
    const groups = groupsFor(Math.ceil(step.count / groupSize));
    this.#context.recorder.dispatch(this.#kernels[name], this.#grid, fields, step, groups);
  }
}
