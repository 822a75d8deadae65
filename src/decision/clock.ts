/** The clock that everything is timed by, and how fine it is. */
import { MfgError } from "../errors.ts";

/** Milliseconds since some moment. Tests bring their own. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => performance.now() };

/** Ticks looked at; the smallest step between them is the grain. */
const ticks = 20;
const mostCalls = 2_000_000;
/** The coarsest clock that is worked with, in milliseconds: a sample of a hundred grains then takes a second. */
const coarsestGrain = 10;

/**
 * The smallest step of a clock, in milliseconds.
 *
 * @throws MFGPU_CONFIG_CLOCK for a clock that stands still, runs backwards or steps by more than 10 ms
 */
export function clockGrain(clock: Clock): number {
  let grain = Infinity;
  let last = clock.now();
  let calls = 0;
  for (let seen = 0; seen < ticks && calls < mostCalls; calls++) {
    const now = clock.now();
    if (now < last) throw unfit("runs backwards", now - last);
    if (now === last) continue;
    grain = Math.min(grain, now - last);
    last = now;
    seen++;
  }
  if (grain === Infinity) throw unfit("stands still", 0);
  if (grain > coarsestGrain) throw unfit(`moves in steps of ${grain} ms`, grain);
  return grain;
}

function unfit(what: string, value: number): MfgError {
  return new MfgError({
    code: "MFGPU_CONFIG_CLOCK",
    message: `The clock ${what}: nothing can be timed by it.`,
    fix: `Use a monotonic clock with steps of ${coarsestGrain} ms or less.`,
    path: "clock",
    value,
  });
}
