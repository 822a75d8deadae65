/** A study on one machine: worker processes, progress, resumption. */
import { mkdir } from "node:fs/promises";
import { isSettled, recordFailure } from "./runBatch.ts";
import { runsFolder, type Study } from "./study.ts";
import { Summary, type SummaryRow } from "./summary.ts";
import { WorkerDied, WorkerPool } from "./workerPool.ts";

export interface StudyProgress {
  readonly settled: number;
  readonly total: number;
  /** Members per second of this run. */
  readonly rate: number;
  /** Seconds left at that rate. */
  readonly left: number;
}

export interface RunStudyOptions {
  /** Processes; default as planned. */
  readonly workers?: number;
  /** Adapters of a tier that uses one, in place of the study's: processes take them in turn. */
  readonly adapters?: readonly string[];
  /** A fixed part of the batches: `{ index: 3, of: 16 }` is the third of sixteen. */
  readonly shard?: { readonly index: number; readonly of: number };
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: StudyProgress) => void;
}

export interface StudyOutcome {
  readonly rows: readonly SummaryRow[];
  /** Members of this part. */
  readonly total: number;
  readonly settled: number;
  /** Members per second, and the seconds that this run took. */
  readonly rate: number;
  readonly seconds: number;
  readonly aborted: boolean;
}

/** A batch under which workers died this often is taken apart; a single member then is at fault. */
const mostDeaths = 2;
const summaryIntervalMs = 2000;

/** Batches of a part: families stay together, since its members start from one root. */
function batchesOf(study: Study, shard: RunStudyOptions["shard"]): number[] {
  const all = study.plan.batches.map(({ index }) => index);
  if (shard === undefined) return all;
  return all.filter((index) => {
    const batch = study.plan.batches[index];
    const key = batch?.parent ?? batch?.members[0] ?? 0;
    return key % shard.of === shard.index - 1;
  });
}

/**
 * Solves what is not settled yet. Whenever it ends, however it ends, the finished members are on disk, and the same call
 * goes on from there.
 *
 * @throws what concerns the machine and not a member, such as MFGPU_FILE_WRITE on a full disk
 */
export async function runStudy(study: Study, options: RunStudyOptions = {}): Promise<StudyOutcome> {
  const begun = performance.now();
  await mkdir(runsFolder(study.folder), { recursive: true });
  const batches = batchesOf(study, options.shard);
  const membersOf = (batch: number): readonly number[] => study.plan.batches[batch]?.members ?? [];
  const part = batches.flatMap(membersOf);
  const summary = new Summary(study);
  const before = await summary.add(part);
  const queue = batches.filter((batch) => membersOf(batch).some((index) => !isSettled(study, index)));
  const rest = new Set(queue);
  const deaths = new Map<number, number>();
  let settled = before;
  let written = performance.now();
  const rate = (): number => ((settled - before) * 1000) / (performance.now() - begun);

  // A batch that waits for its root would solve the root a second time: roots that are under way hold their families back.
  const underWay = new Set<number>();
  const next = (): number | undefined => {
    const at = queue.findIndex((batch) => {
      const parent = study.plan.batches[batch]?.parent ?? null;
      return parent === null || ![...underWay].some((running) => membersOf(running).includes(parent));
    });
    const [batch] = queue.splice(Math.max(0, at), 1);
    if (batch !== undefined) underWay.add(batch);
    return batch;
  };
  const done = async (batch: number, failure: unknown): Promise<void> => {
    underWay.delete(batch);
    if (failure instanceof WorkerDied) {
      const count = (deaths.get(batch) ?? 0) + 1;
      deaths.set(batch, count);
      const open = membersOf(batch).filter((index) => !isSettled(study, index));
      if (count > mostDeaths && open.length > 0) {
        // The first open member is what the worker died of: a batch is written in order.
        const [culprit] = open;
        if (culprit !== undefined) {
          const message = `The worker that solved it died ${count} times (${failure.message}).`;
          await recordFailure(study, culprit, { code: "MFGPU_TIER_WORKER", message });
        }
        deaths.set(batch, 0);
      }
      queue.unshift(batch);
      return;
    }
    if (failure !== undefined) throw failure;
    rest.delete(batch);
    // Not `settled += await ...`: another worker may be done meanwhile.
    const fresh = await summary.add(membersOf(batch));
    settled += fresh;
    const perSecond = rate();
    options.onProgress?.({
      settled,
      total: part.length,
      rate: perSecond,
      left: (part.length - settled) / perSecond,
    });
    if (performance.now() - written < summaryIntervalMs) return;
    written = performance.now();
    await summary.write();
  };

  const workers = Math.max(1, Math.min(options.workers ?? study.plan.workers, queue.length));
  let aborted = false;
  if (queue.length > 0) {
    await using pool = new WorkerPool(study.folder, workers, options.adapters);
    try {
      await pool.drain(next, done, options.signal);
    } catch (error) {
      if (!options.signal?.aborted) throw error;
      aborted = true;
    }
  }
  // Other parts may have settled members meanwhile: the last one to end writes the whole.
  await summary.add(study.members.map(({ index }) => index));
  await summary.write();
  const seconds = (performance.now() - begun) / 1000;
  return { rows: summary.rows, total: part.length, settled, rate: rate(), seconds, aborted };
}
