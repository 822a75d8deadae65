/** What a process uses while it does nothing, and what it keeps of many rounds; for scripts that tests start as a child. */
import { setTimeout as wait } from "node:timers/promises";

/** Share of one core that the process used in a second of doing nothing. */
export async function idleShare(): Promise<number> {
  await wait(100);
  const [before, started] = [process.cpuUsage(), performance.now()];
  await wait(1000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - started);
}

/** Rounds between collections: the engine does not know what a device weighs, and collects late where memory is plenty. */
const collected = 50;

/** Growth of the resident memory, in MB, over many rounds after some to warm up. */
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
  const before = await resident(warmUp);
  return (await resident(rounds)) - before;
}
