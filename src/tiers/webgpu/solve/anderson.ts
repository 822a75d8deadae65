/**
 * Anderson acceleration on the device, as src/tiers/host/anderson.ts (Walker & Ni 2011): columns and combinations are plain f32
 * histories there, the small triangular system is solved here in f64.
 *
 * What is kept of the last iterate is F and the step M - M_last, not G: both are small, so that f32 holds them to their own last
 * digit, and dG = (M - M_last) + dF exactly.
 */
import { conditionOf, dropFirst, solveUpper } from "../../host/triangular.ts";
import type { FieldHistory } from "./fields.ts";
import type { HistoryOperations } from "./historyKernels.ts";

/** Largest condition number (Frobenius) of the normalised differences: what f32 columns still resolve. */
const largestCondition = 1e5;
/** A difference that is this small a share of itself outside the span of the others says nothing in f32. */
const smallestRest = 1e-6;

export class DeviceAnderson {
  readonly #kernels: HistoryOperations;
  readonly #depth: number;
  /** Orthonormal columns in the order of R; the entry after them holds F of the last iterate. */
  readonly #q: FieldHistory[];
  /** dG of each column; the entry after them holds the last step. */
  readonly #dg: FieldHistory[];
  readonly #r: number[][] = [];
  #active = 0;
  #pending = false;
  #cut = false;

  /** @param q and @param dg depth + 1 histories of f32 each */
  constructor(kernels: HistoryOperations, q: readonly FieldHistory[], dg: readonly FieldHistory[]) {
    this.#kernels = kernels;
    this.#depth = q.length - 1;
    this.#q = [...q];
    this.#dg = [...dg];
  }

  get columns(): number {
    return this.#active;
  }

  /** Forgets all differences. */
  reset(): void {
    this.#active = 0;
    this.#r.length = 0;
    this.#pending = false;
    this.#cut = false;
  }

  /** The map changes after the next step: what that step keeps makes no column. The columns of the old map stay. */
  cut(): void {
    this.#cut = this.#pending;
  }

  /**
   * M <- G - dG gamma - (1 - beta)(F - dF gamma), gamma = argmin |F - dF gamma|. Where an entry would be negative, takes
   * M <- M + theta F instead and returns false.
   */
  async step(m: FieldHistory, g: FieldHistory, beta: number, theta: number): Promise<boolean> {
    const kernels = this.#kernels;
    if (this.#pending) await this.#append(m, g);
    const count = this.#active;
    const keptF = this.#q[count]!;
    const step = this.#dg[count]!;
    await kernels.residual(m, g, keptF, step, false, beta);
    const y = await kernels.products(this.#q.slice(0, count).map((q) => [q, keptF] as const));
    const gamma = solveUpper(this.#r, y);
    for (let j = 0; j < count; j++)
      await kernels.combine(step, 1, (1 - beta) * y[j]!, this.#q[j]!, -gamma[j]!, this.#dg[j]!);
    this.#pending = !this.#cut;
    this.#cut = false;
    const accepted = !(await kernels.wouldBeNegative(m, step));
    if (!accepted) await kernels.combine(step, 0, theta, keptF, 0, keptF);
    await kernels.add(m, step);
    return accepted;
  }

  /** Turns what is kept into the newest column. */
  async #append(m: FieldHistory, g: FieldHistory): Promise<void> {
    const kernels = this.#kernels;
    if (this.#active === this.#depth) await this.#dropOldest();
    const column = this.#active;
    const q = this.#q[column]!;
    const dg = this.#dg[column]!;
    await kernels.residual(m, g, q, dg, true, 0);
    this.#pending = false;
    const norm = Math.sqrt(await this.#square(q));
    if (!(norm > 0)) return;
    await kernels.scale(q, 1 / norm);
    await kernels.scale(dg, 1 / norm);
    const entries = Array.from({ length: column + 1 }, () => 0);
    // Twice is enough (Giraud et al. 2005). All overlaps at once: of classical Gram-Schmidt, one wait instead of one per column.
    for (let pass = 0; pass < 2; pass++) {
      const overlaps = await kernels.products(this.#q.slice(0, column).map((other) => [other, q] as const));
      for (let j = 0; j < column; j++) {
        entries[j] = entries[j]! + overlaps[j]!;
        await kernels.combine(q, 1, -overlaps[j]!, this.#q[j]!, 0, this.#q[j]!);
      }
    }
    const rest = Math.sqrt(await this.#square(q));
    if (!(rest > smallestRest)) return;
    await kernels.scale(q, 1 / rest);
    entries[column] = rest;
    this.#r[column] = entries;
    this.#active++;
    while (this.#active > 1 && conditionOf(this.#r) > largestCondition) await this.#dropOldest();
  }

  async #square(q: FieldHistory): Promise<number> {
    const [square] = await this.#kernels.products([[q, q]]);
    return square!;
  }

  /** Removes the first column of Q R by Givens rotations; its places move behind the last. */
  async #dropOldest(): Promise<void> {
    const count = this.#active;
    for (const [i, { c, s }] of dropFirst(this.#r).entries())
      await this.#kernels.rotate(this.#q[i]!, this.#q[i + 1]!, c, s);
    this.#dg.splice(count - 1, 0, this.#dg.shift()!);
    // What is kept stands at index `count`, one place beyond the columns: it must stay the next entry.
    swap(this.#q, count - 1, count);
    swap(this.#dg, count - 1, count);
    this.#active = count - 1;
  }
}

function swap(list: FieldHistory[], a: number, b: number): void {
  if (b >= list.length) return;
  [list[a], list[b]] = [list[b]!, list[a]!];
}
