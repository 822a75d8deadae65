/** How a section's time is shared out between its races, and who is too slow for a size. */
import type { Clock } from "../decision/clock.ts";

/** Runs that a contestant needs at least: the first, warm-up, three samples. */
const fewestRuns = 7;
/** Milliseconds of a run that are always granted. */
const grantedMs = 20;
/** Share of the whole time after whose end nothing is begun any more. */
const overtime = 0.1;

export class Schedule {
  readonly #clock: Clock;
  readonly #end: number;
  readonly #last: number;
  readonly #known = new Map<string, number>();

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

  /** Remembers what a contestant took per point and stage, in ns. */
  learn(operation: string, name: string, nsPerPoint: number): void {
    this.#known.set(`${operation} ${name}`, nsPerPoint);
  }

  /**
   * Those who can run within a race's share, judged by their last size, and the others with the reason. The fastest are taken
   * first, so that who takes a hundred times as long costs nobody else a row.
   */
  choose<C extends { readonly name: string }>(
    operation: string,
    pointStages: number,
    contenders: readonly C[],
    shareMs: number,
  ): { readonly racing: readonly C[]; readonly slow: readonly { readonly contender: C; readonly reason: string }[] } {
    if (this.#clock.now() > this.#last) {
      const slow = contenders.map((contender) => ({ contender, reason: "the time limit had passed" }));
      return { racing: [], slow };
    }
    const predicted = new Map(
      contenders.map((contender) => {
        const known = this.#known.get(`${operation} ${contender.name}`);
        return [contender, known === undefined ? 0 : (known * pointStages) / 1e6];
      }),
    );
    const slow = new Map<C, string>();
    let left = shareMs;
    for (const [contender, ms] of [...predicted].toSorted(([, a], [, b]) => a - b)) {
      const needed = fewestRuns * ms;
      if (ms <= grantedMs || needed <= left) left -= needed;
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
