/** How a section's time is shared out between its races, and who is too slow for a size. */
import type { Clock } from "../decision/clock.ts";

/** Runs that a contestant needs at least: the first, warm-up, three samples. */
const fewestRuns = 7;
/** Milliseconds of a run that are always granted. */
const grantedMs = 20;
/** From two sizes on a run is a part that stays and one that grows, the latter by this share of the whole at least. */
const growingShare = 0.02;
/** Share of the whole time after whose end nothing is begun any more. */
const overtime = 0.1;

/** Someone who may take part. */
export interface Chosen {
  readonly name: string;
  readonly found?: { readonly state: string; readonly software?: boolean };
}

/** A software adapter stands in for a GPU in tests and compares with nobody: beside others it gets the first size of an operation. */
export const softwareReason = "beside others a software adapter is timed at the first size alone";

/** Whether somebody is a software adapter beside others. */
export function standsIn(contender: Chosen, contenders: readonly Chosen[]): boolean {
  return isSoftware(contender) && !contenders.every(isSoftware);
}

function isSoftware({ found }: Chosen): boolean {
  return found?.software === true;
}

/** A race's size, in any unit that grows with the work, and the milliseconds of a run. */
interface Run {
  readonly size: number;
  readonly ms: number;
}

export class Schedule {
  readonly #clock: Clock;
  readonly #end: number;
  readonly #last: number;
  readonly #known = new Map<string, readonly Run[]>();

  /** @param budgetMs milliseconds from now on */
  constructor(clock: Clock, budgetMs: number) {
    this.#clock = clock;
    this.#end = clock.now() + budgetMs;
    this.#last = this.#end + overtime * budgetMs;
  }

  /** Milliseconds for the next of `races` races that are still to be run. */
  share(races: number): number {
    return Math.max(0, this.#end - this.#clock.now()) / Math.max(1, races);
  }

  /** Remembers what a run of a size took a contestant. */
  learn(operation: string, name: string, size: number, ms: number): void {
    const key = `${operation} ${name}`;
    const before = this.#known.get(key)?.findLast((run) => run.size !== size);
    this.#known.set(key, before ? [before, { size, ms }] : [{ size, ms }]);
  }

  /** Milliseconds of a run: in proportion to the one size known, along the line through two (a GPU's sweeps begin with launches alone). */
  #predict(operation: string, name: string, size: number): number {
    const [first, last = first] = this.#known.get(`${operation} ${name}`) ?? [];
    if (!first || !last) return 0;
    const whole = last.ms / last.size;
    if (first === last || size < last.size) return whole * size;
    const slope = (last.ms - first.ms) / (last.size - first.size);
    return last.ms + Math.min(whole, Math.max(slope, growingShare * whole)) * (size - last.size);
  }

  /**
   * Those who can run within a race's share, judged by the last sizes, and the others with the reason. The fastest are taken
   * first, so that who takes a hundred times as long costs nobody else a row.
   */
  choose<C extends Chosen>(
    operation: string,
    size: number,
    contenders: readonly C[],
    shareMs: number,
  ): { readonly racing: readonly C[]; readonly slow: readonly { readonly contender: C; readonly reason: string }[] } {
    if (this.#clock.now() > this.#last) {
      const slow = contenders.map((contender) => ({ contender, reason: "the time limit had passed" }));
      return { racing: [], slow };
    }
    const predicted = new Map(
      contenders.map((contender) => [contender, this.#predict(operation, contender.name, size)] as const),
    );
    const slow = new Map<C, string>();
    let left = shareMs;
    for (const [contender, ms] of [...predicted].toSorted(([, a], [, b]) => a - b)) {
      const needed = fewestRuns * ms;
      if (ms > 0 && standsIn(contender, contenders)) slow.set(contender, softwareReason);
      else if (ms <= grantedMs || needed <= left) left -= needed;
      else
        slow.set(
          contender,
          `${fewestRuns} runs would take about ${(needed / 1000).toPrecision(2)} s, and the time limit leaves ${(Math.max(0, left) / 1000).toPrecision(2)} s`,
        );
    }
    return {
      racing: contenders.filter((contender) => !slow.has(contender)),
      slow: [...slow].map(([contender, reason]) => ({ contender, reason })),
    };
  }
}
