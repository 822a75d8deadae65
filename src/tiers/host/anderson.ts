import { allocateHistory, type History } from "./histories.ts";
import { conditionOf, dropFirst, solveUpper } from "./triangular.ts";

/** Largest condition number (Frobenius) of the normalised residual differences before the oldest is dropped. */
const largestCondition = 1e10;
/**
 * Below the smallest normal number numbers round by absolute amounts, which a combination multiplies by its condition at most: an
 * entry that is negative by less is 0.
 */
const lost = 2 ** -1022 * largestCondition;

/**
 * Anderson acceleration of M = G(M) on histories, by QR of the residual differences with updating and downdating
 * (Walker & Ni 2011, SIAM J. Numer. Anal. 49, section 4). Holds 2 (depth + 1) histories.
 */
export class Anderson {
  readonly #depth: number;
  readonly #points: number;
  readonly #levels: number;
  /** Orthonormal columns in the order of R; the free entries follow. One entry holds F of the last iterate. */
  readonly #q: History[];
  readonly #dg: History[];
  readonly #r: number[][] = [];
  #active = 0;
  #pending = false;
  #cut = false;

  constructor(levels: number, points: number, depth: number) {
    this.#depth = depth;
    this.#levels = levels;
    this.#points = points;
    this.#q = Array.from({ length: depth + 1 }, () => allocateHistory(levels, points));
    this.#dg = Array.from({ length: depth + 1 }, () => allocateHistory(levels, points));
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
   * M <- G - dG gamma - (1 - beta)(F - dF gamma), gamma = argmin |F - dF gamma|, in place. Returns the smallest entry of
   * the new M; where it is negative, `undo` puts a blended step in its place.
   */
  step(m: History, g: History, beta: number): number {
    if (this.#pending) this.#append(m, g);
    const projected = this.#project(m, g);
    return this.#take(m, g, beta, solveUpper(this.#r, projected), projected);
  }

  /** M <- G - (1 - theta) F: the relaxed step from the iterate before `step`. */
  undo(m: History, g: History, theta: number): void {
    const f = this.#q[this.#slot()]!;
    for (let k = 0; k < this.#levels; k++) {
      const mk = m[k]!;
      const gk = g[k]!;
      const fk = f[k]!;
      for (let i = 0; i < this.#points; i++) mk[i] = gk[i]! - (1 - theta) * fk[i]!;
    }
  }

  /** Index of the entry that keeps F and G of the last iterate. */
  #slot(): number {
    return this.#active;
  }

  /** Turns the kept F and G into the newest column. */
  #append(m: History, g: History): void {
    if (this.#active === this.#depth) this.#dropOldest();
    const column = this.#slot();
    const q = this.#q[column]!;
    const dg = this.#dg[column]!;
    let square = 0;
    for (let k = 0; k < this.#levels; k++) {
      const [mk, gk, qk, dk] = [m[k]!, g[k]!, q[k]!, dg[k]!];
      for (let i = 0; i < this.#points; i++) {
        const df = gk[i]! - mk[i]! - qk[i]!;
        qk[i] = df;
        dk[i] = gk[i]! - dk[i]!;
        square += df * df;
      }
    }
    this.#pending = false;
    const norm = Math.sqrt(square);
    if (!(norm > 0)) return;
    scale(q, 1 / norm);
    scale(dg, 1 / norm);
    const entries = Array.from({ length: column + 1 }, () => 0);
    // Twice is enough (Giraud et al. 2005).
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < column; j++) {
        const overlap = dot(this.#q[j]!, q);
        entries[j] = entries[j]! + overlap;
        addScaled(q, -overlap, this.#q[j]!);
      }
    }
    const rest = Math.sqrt(dot(q, q));
    if (!(rest > 1e-14)) return;
    scale(q, 1 / rest);
    entries[column] = rest;
    this.#r[column] = entries;
    this.#active++;
    while (this.#active > 1 && conditionOf(this.#r) > largestCondition) this.#dropOldest();
  }

  /** y = Q^T F */
  #project(m: History, g: History): number[] {
    return Array.from({ length: this.#active }, (_, j) => {
      const q = this.#q[j]!;
      let sum = 0;
      for (let k = 0; k < this.#levels; k++) {
        const [mk, gk, qk] = [m[k]!, g[k]!, q[k]!];
        for (let i = 0; i < this.#points; i++) sum += (gk[i]! - mk[i]!) * qk[i]!;
      }
      return sum;
    });
  }

  #take(m: History, g: History, beta: number, gamma: readonly number[], y: readonly number[]): number {
    const keepF = this.#q[this.#slot()]!;
    const keepG = this.#dg[this.#slot()]!;
    let least = Infinity;
    for (let k = 0; k < this.#levels; k++) {
      const [mk, gk, fk, hk] = [m[k]!, g[k]!, keepF[k]!, keepG[k]!];
      for (let i = 0; i < this.#points; i++) {
        const f = gk[i]! - mk[i]!;
        fk[i] = f;
        hk[i] = gk[i]!;
        mk[i] = gk[i]! - (1 - beta) * f;
      }
      for (let j = 0; j < this.#active; j++) {
        const [qk, dk] = [this.#q[j]![k]!, this.#dg[j]![k]!];
        const a = (1 - beta) * y[j]!;
        const b = gamma[j]!;
        for (let i = 0; i < this.#points; i++) mk[i] = mk[i]! + a * qk[i]! - b * dk[i]!;
      }
      for (let i = 0; i < this.#points; i++) {
        if (mk[i]! < 0 && mk[i]! >= -lost) mk[i] = 0;
        if (!(mk[i]! >= least)) least = mk[i]!;
      }
    }
    this.#pending = !this.#cut;
    this.#cut = false;
    return least;
  }

  /** Removes the first column of Q R by Givens rotations; its places move behind the last. */
  #dropOldest(): void {
    const count = this.#active;
    for (const [i, { c, s }] of dropFirst(this.#r).entries()) rotate(this.#q[i]!, this.#q[i + 1]!, c, s);
    const oldest = this.#dg.splice(0, 1)[0]!;
    this.#dg.splice(count - 1, 0, oldest);
    // The kept F stands at index `count`, one place beyond the columns: it must stay the next entry.
    swap(this.#q, count - 1, count);
    swap(this.#dg, count - 1, count);
    this.#active = count - 1;
  }
}

function swap(list: History[], a: number, b: number): void {
  if (b >= list.length) return;
  [list[a], list[b]] = [list[b]!, list[a]!];
}

function dot(a: History, b: History): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) {
    const [ak, bk] = [a[k]!, b[k]!];
    for (let i = 0; i < ak.length; i++) sum += ak[i]! * bk[i]!;
  }
  return sum;
}

function scale(a: History, factor: number): void {
  for (const ak of a) for (let i = 0; i < ak.length; i++) ak[i] = ak[i]! * factor;
}

function addScaled(a: History, factor: number, b: History): void {
  for (let k = 0; k < a.length; k++) {
    const [ak, bk] = [a[k]!, b[k]!];
    for (let i = 0; i < ak.length; i++) ak[i] = ak[i]! + factor * bk[i]!;
  }
}

function rotate(a: History, b: History, c: number, s: number): void {
  for (let k = 0; k < a.length; k++) {
    const [ak, bk] = [a[k]!, b[k]!];
    for (let i = 0; i < ak.length; i++) {
      const x = ak[i]!;
      const y = bk[i]!;
      ak[i] = c * x + s * y;
      bk[i] = c * y - s * x;
    }
  }
}
