/**
 * The measurement core that `decide`, `plan` and `bench` share: contestants are checked before they are timed, run in
 * rotating order, and keep their raw samples.
 */
import { MfgError } from "../errors.ts";
import { clockGrain, systemClock, type Clock } from "./clock.ts";
import { median, medianDeviation, quantile, relativeError } from "./statistics.ts";

/** One of those who do the same work. */
export interface Contestant {
  readonly name: string;
  /** Does the work once. What it returns is consumed, so that nothing can be left out as unused. */
  readonly run: () => unknown;
  /** Why what the last run made is wrong; undefined where it is right. Asked before the timing, and again after it. */
  readonly check?: () => string | undefined | Promise<string | undefined>;
  /** Spoils what is there, so that it does not pass for a result; then a run of its own precedes each check. */
  readonly spoil?: () => void;
  /** Milliseconds that the last run took by the contestant's own count (device timestamps); else the wall clock counts. */
  readonly duration?: () => number;
}

export interface MeasureOptions {
  readonly clock?: Clock;
  /** Samples of each contestant. Default 9. */
  readonly samples?: number;
  /** A stretch lasts at least this many milliseconds. Default 1. */
  readonly stretchMs?: number;
  /**
   * A sample is the quietest of the stretches in a row that so many milliseconds hold, and of one at least: what disturbs a shared
   * machine may spare a stretch and not a sample. Default 0.
   */
  readonly sampleMs?: number;
  /** Most milliseconds for everything; every contestant gets three samples in any case, and all where they are short. Default: no limit. */
  readonly budgetMs?: number;
  /** A contestant this many times slower than the best is left out of further rounds. Default: none is. */
  readonly dropAt?: number;
  /** Relative spread (MAD over median) above which more samples are taken, up to four times as many. Default 0.05. */
  readonly spread?: number;
  /**
   * What an earlier measurement of the same contestants found. They are checked before the timing alone, by a run that is all their
   * warm-up, and where it is long their sample; a second one follows where it took longer than before. Default: nothing is known.
   */
  readonly known?: ReadonlyMap<string, Timing>;
  readonly signal?: AbortSignal;
}

/** Milliseconds of one run. */
export interface Timing {
  readonly name: string;
  readonly median: number;
  readonly mad: number;
  readonly min: number;
  readonly max: number;
  readonly p99: number;
  readonly n: number;
  /** Runs in one stretch. */
  readonly repeats: number;
  readonly samples: readonly number[];
  /** The first call: compilation, page faults, set-up. */
  readonly first: number;
  /** Warm-up rounds until two medians agreed. */
  readonly warmups: number;
  /** True where two medians never agreed. */
  readonly unsettled: boolean;
  /** True where it was so slow that it left early. */
  readonly dropped: boolean;
  /** Relative standard error of the median. */
  readonly error: number;
}

export interface Excluded {
  readonly name: string;
  /** `wrong`: its result failed the check; `failed`: it threw. */
  readonly kind: "wrong" | "failed";
  readonly reason: string;
}

export interface Measurement {
  readonly timings: readonly Timing[];
  readonly excluded: readonly Excluded[];
  /** The clock's smallest step, in milliseconds. */
  readonly grain: number;
  /** Milliseconds that measuring took. */
  readonly spent: number;
  /** What a reader should know of these timings: noise that did not settle, a time limit that cut in. */
  readonly doubts: readonly string[];
  /** What a reader should know of the clock. */
  readonly notes: readonly string[];
}

/** Grains of the clock in a stretch, at least. */
const grainsPerStretch = 100;
const fewestSamples = 3;
/** Milliseconds of a sample up to which all are taken, whatever time is left. */
const cheapSample = 15;
/** Samples before a slow contestant may be dropped. */
const samplesBeforeDrop = 3;
const mostWarmups = 8;
/** Milliseconds of a run above which one of them, and not the median of three, is compared in the warm-up. */
const longRun = 30;
/** Share of the time limit that warm-up may take, the same for each contestant: a restless machine must leave time for samples. */
const warmUpShare = 0.4;
/** Two medians of warm-up agree within this. */
const agreement = 0.1;
const mostRepeats = 1 << 24;
/** Milliseconds before a sample in which the threads of the one before come to rest: pools that spin, collected memory. */
const restMs = 3;
/** Milliseconds of a run up to which one that does not count precedes a sample, to find the caches as its own. */
const shortRun = 5;

interface Runner {
  readonly contestant: Contestant;
  readonly known: Timing | undefined;
  /** Milliseconds of a stretch in the warm-up, by the wall clock. */
  wall: number;
  readonly samples: number[];
  repeats: number;
  first: number;
  warmups: number;
  unsettled: boolean;
  dropped: boolean;
}

/** What the last runs returned; exported state would be optimised no less, but a live binding cannot be left out. */
let consumed: unknown;

/** The last result, for a test that nothing is left out. */
export function lastConsumed(): unknown {
  return consumed;
}

/**
 * Times contestants against each other.
 *
 * @returns a timing per contestant that is right and ran to the end, in the given order, and who was left out and why
 * @throws MFGPU_CONFIG_CLOCK for a clock that nothing can be timed by; the signal's reason once it is aborted
 *
 * @example
 * const { timings } = await measure([{ name: "a", run: a }, { name: "b", run: b }], { dropAt: 1.25 });
 */
export async function measure(contestants: readonly Contestant[], options: MeasureOptions = {}): Promise<Measurement> {
  const { clock = systemClock, samples = 9, budgetMs = Infinity, sampleMs = 0 } = options;
  const { dropAt = Infinity, spread = 0.05, signal } = options;
  const begun = clock.now();
  const grain = clockGrain(clock);
  const least = Math.max(options.stretchMs ?? 1, grainsPerStretch * grain);
  const excluded: Excluded[] = [];
  const doubts: string[] = [];
  const notes: string[] = [];
  if (grainsPerStretch * grain > (options.stretchMs ?? 1)) {
    notes.push(`The clock steps by ${grain.toPrecision(2)} ms, so a stretch takes ${least.toPrecision(2)} ms or more.`);
  }
  const overdue = (): boolean => clock.now() - begun > budgetMs;

  /** Runs `work`; a contestant that throws is out, with its reason. */
  const guarded = async (runner: Runner, work: () => Promise<void>): Promise<boolean> => {
    signal?.throwIfAborted();
    try {
      await work();
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      excluded.push({ name: runner.contestant.name, kind: "failed", reason: reasonOf(error) });
      return false;
    }
  };
  const right = async (runner: Runner): Promise<boolean> => {
    const { name, run, check, spoil } = runner.contestant;
    let reason: string | undefined;
    const ran = await guarded(runner, async () => {
      spoil?.();
      if (runner.known) await resume(clock, runner, runner.known);
      else if (spoil) consumed = await run();
      reason = await check?.();
    });
    if (ran && reason !== undefined) excluded.push({ name, kind: "wrong", reason });
    return ran && reason === undefined;
  };

  const runners: Runner[] = [];
  for (const [i, contestant] of contestants.entries()) {
    const warmUpMs = (warmUpShare * budgetMs * (i + 1)) / contestants.length;
    const known = options.known?.get(contestant.name);
    const runner = {
      contestant,
      known,
      wall: Infinity,
      samples: [],
      repeats: known?.repeats ?? 1,
      first: known?.first ?? 0,
      warmups: 0,
      unsettled: true,
      dropped: false,
    } satisfies Runner as Runner;
    const setUp = async (): Promise<void> => {
      runner.first = (await stretch(clock, contestant, 1)).ms;
    };
    const warmedUp = (): boolean => clock.now() - begun > warmUpMs;
    if (!known && !(await guarded(runner, setUp))) continue;
    if (!(await right(runner))) continue;
    if (!known && !(await guarded(runner, () => warmUp(clock, runner, least, warmedUp)))) continue;
    runners.push(runner);
  }

  const racing = new Set(runners);
  let cut = false;
  for (let round = 0; racing.size > 0; round++) {
    const [...order] = racing;
    const late = overdue();
    for (let i = 0; i < order.length; i++) {
      // The one who goes first changes from round to round.
      const runner = order[(i + round) % order.length];
      if (!runner) continue;
      const short = runner.wall <= cheapSample;
      const wanted = runner.known && !short ? fewestAgain(runner.known, runner.samples) : samples;
      const enough = runner.samples.length >= wanted;
      if (enough && !(noisy(runner, spread) && runner.samples.length < 4 * wanted)) {
        racing.delete(runner);
        continue;
      }
      if (late && runner.samples.length >= (short ? wanted : Math.min(wanted, fewestSamples))) {
        cut ||= !enough;
        racing.delete(runner);
        continue;
      }
      const ran = await guarded(runner, async () => {
        await rest(runner);
        runner.samples.push(await sample(clock, runner, least, sampleMs));
      });
      if (!ran) drop(runner);
    }
    const best = Math.min(...runners.map((runner) => median(runner.samples)).filter((x) => x > 0));
    for (const runner of racing) {
      if (runner.samples.length < samplesBeforeDrop || Math.min(...runner.samples) <= dropAt * best) continue;
      runner.dropped = true;
      racing.delete(runner);
    }
  }
  if (cut) doubts.push("The time limit ended the measurement with fewer samples than asked for.");

  const timings: Timing[] = [];
  for (const runner of runners) {
    // A contestant that went wrong while it was timed has no time worth knowing; a known one is looked at in every measurement.
    if (!runner.known && !(await right(runner))) continue;
    const timing = timingOf(runner);
    timings.push(timing);
    if (noisy(runner, 2 * spread))
      doubts.push(`${timing.name} is noisy: MAD ${((100 * timing.mad) / timing.median).toFixed(0)} % of its median.`);
    if (timing.unsettled) doubts.push(`${timing.name} did not settle in ${timing.warmups} rounds of warm-up.`);
  }
  return { timings, excluded, grain, spent: clock.now() - begun, doubts, notes };

  function drop(runner: Runner): void {
    racing.delete(runner);
    runners.splice(runners.indexOf(runner), 1);
  }
}

/** Milliseconds of one run in the quietest of the stretches that `sampleMs` holds. */
async function sample(clock: Clock, runner: Runner, least: number, sampleMs: number): Promise<number> {
  const { contestant } = runner;
  // The least of differences is no quiet one.
  if (contestant.duration) return (await stretch(clock, contestant, runner.repeats)).ms;
  let quietest = Infinity;
  let [spent, longest] = [0, 0];
  do {
    const { ms, wall } = await stretch(clock, contestant, runner.repeats);
    quietest = Math.min(quietest, ms);
    spent += wall;
    longest = Math.max(longest, wall);
    // It has become faster than it was when its runs were counted.
    if (2 * wall <= least && runner.repeats < mostRepeats) runner.repeats *= 2;
  } while (spent + longest <= sampleMs);
  return quietest;
}

/** Milliseconds of one run, from `repeats` runs in a row, and those that all of them took by the wall clock. */
async function stretch(
  clock: Clock,
  { run, duration }: Contestant,
  repeats: number,
): Promise<{ readonly ms: number; readonly wall: number }> {
  let own = 0;
  const begun = clock.now();
  for (let k = 0; k < repeats; k++) {
    const result = run();
    consumed = result instanceof Promise ? await result : result;
    if (duration) own += duration();
  }
  const wall = clock.now() - begun;
  return { ms: (duration ? own : wall) / repeats, wall };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, restMs));
}

async function rest({ contestant, wall, repeats }: Runner): Promise<void> {
  await pause();
  if (wall / repeats <= shortRun) consumed = await contestant.run();
}

/** A run of one who was warm in an earlier measurement, to be checked: all its warm-up where it is short, and a sample where it is long. */
async function resume(clock: Clock, runner: Runner, { median: ms, repeats, unsettled }: Timing): Promise<void> {
  const { contestant } = runner;
  runner.unsettled = unsettled;
  await pause();
  const once = await stretch(clock, contestant, 1);
  // A count of one's own tells nothing of the wall clock.
  runner.wall = repeats * (contestant.duration ? once.wall : ms);
  if (runner.wall > cheapSample && repeats === 1) runner.samples.push(once.ms);
}

/** Samples of a long one: another where memory that is new to it, or what disturbs, may have been in the first. */
function fewestAgain({ min }: Timing, [first = 0]: readonly number[]): number {
  return first > (1 + agreement) * min ? 2 : 1;
}

/** Doubles the repeats until a stretch is long enough, then runs until two medians agree. */
async function warmUp(clock: Clock, runner: Runner, least: number, late: () => boolean): Promise<void> {
  let once = await stretch(clock, runner.contestant, runner.repeats);
  while (once.wall < least && runner.repeats < mostRepeats) {
    runner.repeats *= 2;
    once = await stretch(clock, runner.contestant, runner.repeats);
  }
  runner.wall = once.wall;
  let last = once.ms;
  while (runner.warmups < mostWarmups) {
    if (late()) return;
    const some: number[] = [];
    for (let k = 0; k < (once.ms > longRun ? 1 : 3); k++)
      some.push((await stretch(clock, runner.contestant, runner.repeats)).ms);
    const now = median(some);
    runner.warmups++;
    if (Math.abs(now - last) <= agreement * Math.max(now, last)) {
      runner.unsettled = false;
      return;
    }
    last = now;
  }
}

function noisy({ samples }: Runner, spread: number): boolean {
  return medianDeviation(samples) > spread * median(samples);
}

function timingOf({ contestant, samples, repeats, first, warmups, unsettled, dropped }: Runner): Timing {
  const middle = median(samples);
  const mad = medianDeviation(samples);
  return {
    name: contestant.name,
    median: middle,
    mad,
    min: Math.min(...samples),
    max: Math.max(...samples),
    p99: quantile(samples, 0.99),
    n: samples.length,
    repeats,
    samples,
    first,
    warmups,
    unsettled,
    dropped,
    error: relativeError(middle, mad, samples.length),
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof MfgError) return `${error.message} [${error.code}]`;
  return error instanceof Error ? error.message : String(error);
}
