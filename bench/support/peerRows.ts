/** Rows and ratios of `bench:peers`, and the race that they come from. */
import { measure, type Contestant } from "../../src/decision/measure.ts";

/** What a run of `bench:peers` was asked for, and where it tells whom it leaves out. */
export interface PeersRun {
  readonly wants: (name: string) => boolean;
  readonly skip: (name: string, reason: string) => void;
  readonly samples: number;
  /** Milliseconds of a stretch, at least. */
  readonly stretchMs: number;
  /** Milliseconds of a race, at most, of which everyone gets three samples in any case. */
  readonly budgetMs: number;
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Someone who was checked. */
export interface Racer {
  readonly name: string;
  readonly software: boolean;
  readonly error: number;
  /** Points and stages (or axes) of one run. */
  readonly each: number;
  /** Runs once; milliseconds by its own clock, or undefined where the wall clock counts. */
  readonly run: () => Promise<number | undefined>;
}

export interface Row {
  readonly contestant: string;
  readonly software: boolean;
  readonly nsPerPoint: number;
  readonly mad: number;
  readonly n: number;
  readonly error: number;
}
export interface Ratio {
  readonly name: string;
  readonly ratio: number;
  readonly goal: string | null;
}
export interface Result {
  readonly operation: string;
  readonly shape: readonly number[];
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
}

/** Times contestants whose checks were done when they loaded. */
export async function timed(
  contestants: readonly Racer[],
  { samples, stretchMs, budgetMs, skip }: PeersRun,
): Promise<Row[]> {
  const racing = contestants.map(({ name, run }): Contestant => {
    let own: number | undefined;
    const work = async (): Promise<void> => {
      const begun = performance.now();
      // By its own clock where it has one: no pipe is in the timing.
      own = (await run()) ?? performance.now() - begun;
    };
    return { name, run: work, duration: () => own! };
  });
  const done = await measure(racing, { samples, stretchMs, budgetMs });
  for (const { name, reason } of done.excluded) skip(name, reason);
  return done.timings.map(({ name, median, mad, n }) => {
    const { each, error, software } = contestants.find((contestant) => contestant.name === name)!;
    return { contestant: name, software, nsPerPoint: (median * 1e6) / each, mad: (mad * 1e6) / each, n, error };
  });
}

/** How many times slower `above` is than `below`; nothing where one is missing. */
export function ratio(rows: readonly Row[], above: string, below: string, goal: string | null): Ratio[] {
  const find = (name: string): Row | undefined => rows.find(({ contestant }) => contestant === name);
  const [over, under] = [find(above), find(below)];
  return over && under ? [{ name: `${above} / ${below}`, ratio: over.nsPerPoint / under.nsPerPoint, goal }] : [];
}

/** The native tier on all cores, as this run names it. */
export const rustOf = (rows: readonly Row[], precision: string): string =>
  rows
    .filter(
      ({ contestant }) =>
        contestant.startsWith("rust:native") &&
        contestant.includes(` ${precision} `) &&
        !/offload|llf/.test(contestant),
    )
    .at(-1)?.contestant ?? `rust ${precision}`;
