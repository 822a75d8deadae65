/** A worker: takes batches of any study from a queue, solves them in a child process, leaves the runs in a folder. */
import { join } from "node:path";
import { MfgError } from "../errors.ts";
import { checkVersion, type QueueTimes, StudyQueue, studyKey, takeBatches } from "./queue.ts";
import { unknownStudy } from "./queueStudy.ts";
import { isSettled } from "./runBatch.ts";
import { openStudy, storedStudy, storeStudy, type Study } from "./study.ts";
import { WorkerDied, WorkerPool } from "./workerPool.ts";

export interface QueueWorkerOptions extends QueueTimes {
  /** Where a study's tier uses an adapter: this one in place of the study's. */
  readonly adapter?: string;
  /** Aborted: the batch at hand is finished, no other is taken. */
  readonly drain?: AbortSignal;
  readonly onBatch?: (study: string, batch: number, seconds: number) => void;
}

/** Errors of a machine that will not go away by trying again here; another version of mfgpu is one. */
const ofThisMachine = /^MFGPU_(?:(?:FILE|TIER|DEVICE|MEMORY)_|CONFIG_QUEUE_VERSION)/;

/**
 * Works until drained. A study whose `study.json` stands in `folder` leaves its runs there; another one gets
 * `folder/studies/<key>`.
 *
 * @throws MFGPU_CONFIG_QUEUE*, and what makes this machine unfit for any batch, such as a full disk: the batch goes to
 *   another worker
 */
export async function workQueue(url: string, folder: string, options: QueueWorkerOptions = {}): Promise<void> {
  await using plans = await StudyQueue.connect(url, options);
  const studies = new Map<string, { readonly study: Study; readonly pool: WorkerPool }>();

  const find = async (key: string): Promise<{ readonly study: Study; readonly pool: WorkerPool }> => {
    const known = studies.get(key);
    if (known) return known;
    const here = await storedStudy(folder);
    let place = folder;
    if (here === undefined || studyKey(here) !== key) {
      place = join(folder, "studies", key);
      if ((await storedStudy(place)) === undefined) {
        const stored = await plans.plan(key);
        if (stored === undefined) throw unknownStudy(key);
        await storeStudy(place, stored);
      }
    }
    const study = await openStudy(place);
    const pool = new WorkerPool(place, 1, options.adapter === undefined ? [] : [options.adapter]);
    const found = { study, pool };
    studies.set(key, found);
    return found;
  };

  let unfit: MfgError | undefined;
  const { drain, closed } = await takeBatches(
    url,
    async (job) => {
      const { study: key, batch } = job;
      const begun = performance.now();
      try {
        checkVersion(job);
        const { study, pool } = await find(key);
        const members = study.plan.batches[batch]?.members ?? [];
        if (members.every((index) => isSettled(study, index))) return;
        await pool.runOne(batch);
      } catch (error) {
        // The child alone died (memory, or somebody's kill): the queue gives the batch out again.
        if (error instanceof WorkerDied)
          throw new Error(`The process that solved it died: ${error.message}.`, { cause: error });
        if (error instanceof MfgError && ofThisMachine.test(error.code)) {
          unfit = error;
          void drain();
        }
        throw error;
      }
      options.onBatch?.(key, batch, (performance.now() - begun) / 1000);
    },
    options,
  );
  const stop = (): void => void drain();
  if (options.drain?.aborted) stop();
  options.drain?.addEventListener("abort", stop, { once: true });
  try {
    await closed;
  } finally {
    options.drain?.removeEventListener("abort", stop);
    for (const { pool } of studies.values()) await pool[Symbol.asyncDispose]();
  }
  if (unfit) throw unfit;
}
