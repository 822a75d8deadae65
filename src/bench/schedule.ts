/** How a section's time is shared out between its races, and who is too slow for a size. */
import type { Clock } from "../decision/clock.ts";

/** Runs that a contestant needs at least: the first, warm-up, three samples. */
const fewestRuns = 7;
/** Milliseconds of a run that are always granted. */
const grantedMs = 20;

export class Schedule {
  readonly #clock: Clock;
  readonly #end: number;
  readonly #known = new Map<string, number>();

  /** @param budgetMs milliseconds from now on */
  constructor(clock: Clock, budgetMs: number) {
    this.#clock = clock;
    this.#end = clock.now() + budgetMs;
  }

  /** Milliseconds for the next of `races` races that are still to be run. */
  share(races: number): number {
    return Math.max(0, this.#end - this.#clock.now()) / Math.max(1, races);
  }

  /** Remembers what a contestant took per point and stage, in ns. */
  learn(operation: string, name: string, nsPerPoint: number): void {
    this.#known.set(`${operation} ${name}`, nsPerPoint);
  }

  /** Those who can run within a race's share, judged by their last size; the others with the reason. */
  choose<C extends { readonly name: string }>(
    operation: string,
    pointStages: number,
    contenders: readonly C[],
    shareMs: number,
  ): { readonly racing: readonly C[]; readonly slow: readonly { readonly contender: C; readonly reason: string }[] } {
    const most = Math.max(grantedMs, (2 * shareMs) / (fewestRuns * Math.max(1, contenders.length)));
    const racing: C[] = [];
    const slow: { contender: C; reason: string }[] = [];
    for (const contender of contenders) {
      const known = this.#known.get(`${operation} ${contender.name}`);
      const predicted = known === undefined ? 0 : (known * pointStages) / 1e6;
      if (predicted <= most) racing.push(contender);
      else {
        const reason = `a run would take about ${predicted.toPrecision(2)} ms, and the time limit leaves ${most.toPrecision(2)} ms`;
        slow.push({ contender, reason });
      }
    }
    return { racing, slow };
  }
}
