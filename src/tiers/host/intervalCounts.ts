import { freshCount, keepCount } from "../../scheme/substeps.ts";

/** Sub-steps of every stored interval of one member and one direction, kept from sweep to sweep (docs/numerics.md section 3.4). */
export class IntervalCounts {
  /** What the last sweep took; 0 where nothing is known yet. */
  readonly last: Int32Array;
  /** What the last sweep would have taken had no sweep been before it. */
  readonly fresh: Int32Array;
  /** What an interval was once found to need, by doing it again. */
  readonly floors: Int32Array;
  /** True: the counts are those of the last sweep whatever this one needs, unless an interval has to be done again. */
  readonly #fixed: boolean;

  constructor(steps: number, fixed = false) {
    this.#fixed = fixed;
    this.last = new Int32Array(steps);
    this.fresh = new Int32Array(steps);
    this.floors = new Int32Array(steps);
  }

  forget(): void {
    this.last.fill(0);
    this.fresh.fill(0);
    this.floors.fill(0);
  }

  /** A copy for a sweep that is compared with the last one: it takes the same sub-steps. */
  fixed(): IntervalCounts {
    const copy = new IntervalCounts(this.last.length, true);
    copy.last.set(this.last);
    return copy;
  }

  /** Sub-steps of interval k in this sweep, which needs so many. */
  choose(k: number, need: number, kind: "hjb" | "fp"): number {
    this.fresh[k] = freshCount(need);
    if (this.#fixed) return this.last[k]!;
    return Math.max(keepCount(this.last[k]!, need, kind), this.floors[k]!);
  }

  /** Sub-steps of interval k that nothing decides but the scheme. */
  set(k: number, count: number): number {
    this.fresh[k] = count;
    return count;
  }

  /** What interval k will take unless it needs another number; 0 where nothing is known. For who runs it before its need is known. */
  planned(k: number): number {
    return this.last[k] === 0 ? 0 : Math.max(this.last[k]!, this.floors[k]!);
  }

  /** See `Workspace.settle`. */
  settle(afresh: boolean): number {
    if (afresh) this.floors.fill(0);
    let changed = 0;
    for (let k = 0; k < this.last.length; k++) {
      const count = Math.max(this.fresh[k]!, this.floors[k]!);
      if (count !== this.last[k]) changed++;
      this.last[k] = count;
    }
    return changed;
  }
}

/** What of a member `settleCounts` touches. */
export interface Settling {
  readonly hjbCounts: IntervalCounts;
  readonly densityCounts: IntervalCounts;
  readonly anderson: { cut(): void } | undefined;
}

/** `Workspace.settle` of one member: the map changes, so Anderson is told. */
export function settleCounts({ hjbCounts, densityCounts, anderson }: Settling, afresh: boolean): number {
  const changed = hjbCounts.settle(afresh) + densityCounts.settle(afresh);
  if (changed > 0) anderson?.cut();
  return changed;
}
