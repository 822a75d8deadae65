/** What a process uses while it does nothing, and what it keeps of many rounds; for scripts that tests start as a child. */
import { setTimeout as wait } from "node:timers/promises";

/**
 * Share of one core that the process used in the quietest of some seconds of doing nothing: a busy loop shows in all of them, a
 * compilation or collection that is still going on in the first ones only.
 */
export async function idleShare(): Promise<number> {
  let least = Infinity;
  for (let k = 0; k < 5 && least > 0.02; k++) {
    await wait(100);
    const [before, started] = [process.cpuUsage(), performance.now()];
    await wait(1000);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000 / (performance.now() - started));
  }
  return least;
}

/** Rounds between collections: the engine does not know what a device weighs, and collects late where memory is plenty. */
const collected = 50;

/**
 * Growth of the resident memory, in MB, over many rounds after some to warm up. What grew is asked again, up to three times, and
 * the least answer counts: a leak grows every time, a pool or a heap that fills does so once.
 */
export async function growth(warmUp: number, rounds: number, round: () => Promise<void>): Promise<number> {
  const resident = async (count: number): Promise<number> => {
    for (let k = 1; k <= count; k++) {
      await round();
      if (k % collected === 0 || k === count) {
        globalThis.gc?.();
        await wait(10);
      }
    }
    return process.memoryUsage().rss / 1e6;
  };
  let before = await resident(warmUp);
  let least = Infinity;
  for (let k = 0; k < 3 && least > 10; k++) {
    const after = await resident(rounds);
    least = Math.min(least, after - before);
    before = after;
  }
  return least;
}
