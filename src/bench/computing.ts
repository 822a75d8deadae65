/**
 * The computing alone, by the contestant's own clock: a task of tinybench whose duration is overridden by what the timestamps of
 * the device say. It need not take turns with others: what the rest of the machine does is in no such time.
 */
import { Bench } from "tinybench";
import type { Phases } from "../tiers/tier.ts";

/** Milliseconds of the computing of one run. */
export interface ComputingTime {
  readonly median: number;
  readonly mad: number;
  readonly n: number;
}

/**
 * Times the computing of someone who tells it from moving data.
 *
 * @param phases milliseconds of all runs so far
 * @throws what a run throws; the signal's reason once it is aborted
 */
export async function computingTime(
  run: () => unknown,
  phases: () => Phases | undefined,
  iterations: number,
  signal?: AbortSignal,
): Promise<ComputingTime | undefined> {
  if (!phases()) return undefined;
  const bench = new Bench({ iterations, time: 0, warmup: false, throws: true, ...(signal && { signal }) });
  bench.add("computing", async () => {
    const before = phases()?.kernel ?? 0;
    await run();
    return { overriddenDuration: (phases()?.kernel ?? 0) - before };
  });
  const [task] = await bench.run();
  signal?.throwIfAborted();
  if (task?.result.state !== "completed") return undefined;
  const { p50, mad, samplesCount } = task.result.latency;
  return { median: p50, mad, n: samplesCount };
}
