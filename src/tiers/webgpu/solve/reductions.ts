/** Sums over the nodes of a field, in a fixed order, as (hi, lo) pairs that the host adds up in f64. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type { SolveContext } from "./context.ts";
import type { Field } from "./fields.ts";
import { type Kernel, loadKernel } from "./kernels.ts";
import { mostGroups } from "./scratch.ts";
import type { Collected, MemberGrid } from "./recorder.ts";

/** Elements that one workgroup of 64 adds up before another one is worth its while. */
const elementsPerGroup = 512;
/** What one workgroup does alone: a level of every one-dimensional problem that has a workgroup of its own, in the same order. */
const elementsAlone = 4096;

/** Sums that a kernel leaves, by the name of its file. */
export const sumTerms = {
  sum_moments: 4,
  sum_level: 2,
  sum_product: 1,
  sum_certificate: 3,
  sum_gain: 2,
} as const;

export type SumName = keyof typeof sumTerms;

export class Reductions {
  readonly #context: SolveContext;
  readonly #partials: Field;
  readonly #kernels: ReadonlyMap<SumName, Kernel>;
  readonly #finish: Kernel;

  /** Loads the sums that a solve of this member takes. */
  static async make(context: SolveContext, d: Discretisation, partials: Field): Promise<Reductions> {
    const { device, precision } = context;
    const names = (Object.keys(sumTerms) as SumName[]).filter(
      (name) => name !== "sum_moments" || d.coupling.kind === "mean",
    );
    const kernels = await Promise.all(
      names.map(async (name) => [name, await loadKernel(device, d, precision, name)] as const),
    );
    const finish = await loadKernel(device, d, precision, "sum_finish");
    return new Reductions(context, partials, new Map(kernels), finish);
  }

  private constructor(context: SolveContext, partials: Field, kernels: ReadonlyMap<SumName, Kernel>, finish: Kernel) {
    this.#context = context;
    this.#partials = partials;
    this.#kernels = kernels;
    this.#finish = finish;
  }

  /** Records a sum over `count` elements; returns the first word of its terms, two words each. */
  record(name: SumName, grid: MemberGrid, fields: Readonly<Record<string, Field>>, count: number): number {
    const { recorder } = this.#context;
    const terms = sumTerms[name];
    const word = recorder.words(2 * terms);
    const groups = count <= elementsAlone ? 1 : Math.min(mostGroups, Math.ceil(count / elementsPerGroup));
    const partials = this.#partials;
    recorder.dispatch(this.#kernels.get(name)!, grid, { partials, ...fields }, { count }, [groups, 1, 1]);
    const words = recorder.wordField;
    recorder.dispatch(this.#finish, grid, { partials, words }, { word, terms, groups }, [1, 1, 1]);
    return word;
  }
}

/** Term `term` of a recorded sum, once it is collected. */
export function summed(collected: Collected, word: number, term: number): number {
  return collected.float(word + 2 * term) + collected.float(word + 2 * term + 1);
}
