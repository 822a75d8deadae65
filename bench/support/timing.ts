/**
 * Interleaved timing: every round times each contestant once, in rotating order, so that a noisy moment meets all
 * alike.
 */

/** Something that does the same work `repeats` times and says how many seconds that took. */
export interface Contestant {
  readonly name: string;
  readonly run: (repeats: number) => Promise<number>;
}

/** Seconds of one repeat: median and median absolute deviation over the rounds. */
export interface Timing {
  readonly name: string;
  readonly median: number;
  readonly mad: number;
  readonly fastest: number;
  readonly rounds: number;
  readonly repeats: number;
}

/** The middle of the numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** A contestant made of a function of this process. */
export function inProcess(name: string, work: () => Promise<void>): Contestant {
  return {
    name,
    run: async (repeats) => {
      const start = performance.now();
      for (let k = 0; k < repeats; k++) await work();
      return (performance.now() - start) / 1000;
    },
  };
}

/**
 * Times all contestants against each other.
 *
 * @param rounds samples of each contestant
 * @param sampleSeconds work per sample, at least; repeats are chosen for it after a warm-up
 */
export async function compare(
  contestants: readonly Contestant[],
  rounds: number,
  sampleSeconds: number,
): Promise<readonly Timing[]> {
  const repeats: number[] = [];
  for (const contestant of contestants) {
    // The first run is compilation and page faults; the second says how long a repeat takes.
    await contestant.run(1);
    const once = await contestant.run(1);
    repeats.push(Math.max(1, Math.ceil(sampleSeconds / once)));
  }
  const samples: number[][] = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < contestants.length; k++) {
      const c = (k + round) % contestants.length;
      samples[c]!.push((await contestants[c]!.run(repeats[c]!)) / repeats[c]!);
    }
  }
  return contestants.map((contestant, c) => {
    const middle = median(samples[c]!);
    return {
      name: contestant.name,
      median: middle,
      mad: median(samples[c]!.map((s) => Math.abs(s - middle))),
      fastest: Math.min(...samples[c]!),
      rounds,
      repeats: repeats[c]!,
    };
  });
}
