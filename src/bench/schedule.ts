/** How a section's time is shared out between its races, and who is too slow for a size. */
import type { Clock } from "../decision/clock.ts";

/** Runs that a contestant needs at least: the first, warm-up, three samples, and those that are checked. */
const fewestRuns = 7;
/** The same where an earlier round knows it: the one that is checked is the sample, too. */
const fewestRunsAgain = 1;
/** Milliseconds of a run that are always granted. */
const grantedMs = 20;
/** From two sizes on a run is a part that stays and one that grows, the latter by this share of the whole at least. */
const growingShare = 0.02;
/** Who is too slow for its share takes part all the same after so many rounds of others, where it takes no more than the share below. */
const roundsOfOthers = 3;
/** Share of a round that the fastest of a race may take where all are too slow for the race's: each size has a row. */
const aloneShare = 0.25;
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
  /** How often it was learnt. */
  readonly times: number;
}

/** A race whose turn it is. */
export interface Turn {
  readonly index: number;
  readonly budgetMs: number;
}

/** A section's time, round by round. */
export class Schedule {
  readonly #clock: Clock;
  #budgetMs = 0;
  #end = 0;
  #last = 0;
  #final = true;
  /** The race that the next round begins with. */
  #next = 0;
  readonly #begun = new Set<number>();
  /** By contestant, then by operation. */
  readonly #known = new Map<string, Map<string, Run[]>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Begins a round.
   *
   * @param budgetMs milliseconds from now on
   * @param final whether no round follows
   */
  begin(budgetMs: number, final: boolean): void {
    this.#budgetMs = budgetMs;
    this.#end = this.#clock.now() + budgetMs;
    this.#last = this.#end + overtime * budgetMs;
    this.#final = final;
  }

  /** Milliseconds for the next of `races` races of this round that are still to be run. */
  share(races: number): number {
    return Math.max(0, this.#end - this.#clock.now()) / Math.max(1, races);
  }

  /**
   * The races of this round in turn, the same ones in every round, with their shares of the time. Where time is up the next round
   * goes on, so that each has had a turn before one has its next; what is left after the final round gets no time.
   *
   * @param all parts of the time that each race gets; 0 for one that has no turn in this round
   * @param once whether a race has one turn in all rounds together
   */
  *turns(all: readonly number[], once: readonly boolean[] = []): Generator<Turn> {
    const parts = all.map((part, k) => (once[k] && this.#begun.has(k) ? 0 : part));
    const order = parts.map((_, k) => (this.#next + k) % parts.length);
    const whole = parts.reduce((sum, part) => sum + part, 0);
    let rest = whole;
    for (const index of order) {
      const part = parts[index]!;
      if (part === 0) continue;
      const fresh = !this.#begun.has(index);
      const late = this.#clock.now() > this.#end;
      if (late && !this.#final) return;
      if (late && !fresh) continue;
      this.#begun.add(index);
      this.#next = (index + 1) % parts.length;
      const left = this.share(rest / part);
      rest -= part;
      // Who overran costs the last ones their turn, which they have first in the next round, and not their time.
      yield { index, budgetMs: this.#final && fresh ? left : Math.max(left, (part / whole) * this.#budgetMs) };
    }
  }

  /** Remembers what a run of a size took a contestant, after every round in which it ran it. */
  learn(operation: string, name: string, size: number, ms: number): void {
    const before = this.#runs(operation, name);
    const same = before.find((run) => run.size === size);
    const run = { size, ms: Math.min(ms, same?.ms ?? ms), times: (same?.times ?? 0) + 1 };
    const all = this.#known.get(name) ?? new Map<string, Run[]>();
    all.set(operation, [...before.filter((other) => other !== same), run]);
    this.#known.set(name, all);
  }

  /** What somebody ran, one of each size. */
  #runs(operation: string, name: string): readonly Run[] {
    return this.#known.get(name)?.get(operation) ?? [];
  }

  /** Milliseconds of a run of a size that somebody has not run: as they grow with the size, or as those of another operation did. */
  #predict(operation: string, name: string, size: number): number {
    const known = this.#runs(operation, name);
    const last = known.at(-1);
    const grown = [...(this.#known.get(name) ?? [])].flatMap(([other, runs]) => {
      const [from, to] = [last?.size, size].map((one) => runs.find((run) => run.size === one)?.ms);
      return other === operation || !last || from === undefined || to === undefined ? [] : [(last.ms * to) / from];
    });
    return grown.length > 0 ? Math.min(predict(known, size), Math.max(...grown)) : predict(known, size);
  }

  /**
   * Those who can run within a race's share, judged by the last sizes, and the others with the reason. The fastest are taken
   * first, so that who takes a hundred times as long costs nobody else a row; the first of them may take more, and so may who
   * has been left out of several rounds.
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
    const predicted = contenders.map((contender) => {
      const known = this.#runs(operation, contender.name);
      const same = known.find((run) => run.size === size);
      const raced = known.some((run) => run !== same);
      const ms = same?.ms ?? this.#predict(operation, contender.name, size);
      return { contender, raced, ms, times: same?.times ?? 0 };
    });
    const most = Math.max(0, ...predicted.map(({ times }) => times));
    const slow = new Map<C, string>();
    const alone = aloneShare * this.#budgetMs;
    let left = shareMs;
    for (const { contender, raced, ms, times } of predicted.toSorted((a, b) => a.ms - b.ms)) {
      const runs = times > 0 ? fewestRunsAgain : fewestRuns;
      const needed = runs * ms;
      const due = times > 0 && roundsOfOthers * times <= most;
      if (standsIn(contender, contenders) && raced) slow.set(contender, softwareReason);
      else if (ms <= grantedMs || needed <= (due || left === shareMs ? Math.max(left, alone) : left)) left -= needed;
      else
        slow.set(
          contender,
          `${runs} runs would take about ${(needed / 1000).toPrecision(2)} s, and the time limit leaves ${(Math.max(0, left) / 1000).toPrecision(2)} s`,
        );
    }
    return {
      racing: contenders.filter((contender) => !slow.has(contender)),
      slow: [...slow].map(([contender, reason]) => ({ contender, reason })),
    };
  }
}

/** Milliseconds of a run of a size that is not known: in proportion to the one size known, along the line through two (a GPU's sweeps begin with launches alone). */
function predict(known: readonly Run[], size: number): number {
  const [last, first = last] = known.slice(-2).toReversed();
  if (!first || !last) return 0;
  const whole = last.ms / last.size;
  if (first === last || size < last.size) return whole * size;
  const slope = (last.ms - first.ms) / (last.size - first.size);
  return last.ms + Math.min(whole, Math.max(slope, growingShare * whole)) * (size - last.size);
}
