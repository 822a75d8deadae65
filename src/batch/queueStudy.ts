/** A study on many machines: its batches go into the queue, workers leave the runs in a folder that all of them see. */
import { setTimeout as sleep } from "node:timers/promises";
import { MfgError } from "../errors.ts";
import { batchJob, StudyQueue, studyKey } from "./queue.ts";
import { isSettled, recordFailure } from "./runBatch.ts";
import type { StudyOutcome, StudyProgress } from "./runStudy.ts";
import { storedStudy, type Study } from "./study.ts";
import { Summary } from "./summary.ts";

export interface QueueStudyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: StudyProgress) => void;
  /** Called once everything is in the queue, with the seconds that took. */
  readonly onQueued?: (batches: number, seconds: number) => void;
}

const pollMs = 500;
const summaryIntervalMs = 2000;

/** The study's key in a queue. */
export async function keyOfStudy(study: Study): Promise<string> {
  const stored = await storedStudy(study.folder);
  if (stored === undefined) throw new RangeError("a study without study.json");
  return studyKey(stored);
}

/**
 * Puts what is not settled into the queue and waits until workers have settled it. Ended early it loses nothing: the queue
 * goes on, and the same call looks again.
 *
 * @throws MFGPU_CONFIG_QUEUE* as `StudyQueue.connect`
 */
export async function queueStudy(study: Study, url: string, options: QueueStudyOptions = {}): Promise<StudyOutcome> {
  const begun = performance.now();
  await using queue = await StudyQueue.connect(url);
  const stored = await storedStudy(study.folder);
  if (stored === undefined) throw new RangeError("a study without study.json");
  const key = studyKey(stored);
  const open = (): number[] =>
    study.plan.batches
      .filter(({ members }) => members.some((index) => !isSettled(study, index)))
      .map(({ index }) => index);
  const summary = new Summary(study);
  const all = study.members.map(({ index }) => index);
  const before = await summary.add(all);
  let left = new Set(open());
  if (left.size > 0) {
    await queue.keepPlan(key, stored);
    await queue.forget(
      key,
      (await queue.failed(key)).map(({ batch }) => batch),
    );
    await queue.add([...left].map((batch) => batchJob(key, batch)));
  }
  options.onQueued?.(left.size, (performance.now() - begun) / 1000);

  let settled = before;
  let written = performance.now();
  let aborted = false;
  const rate = (): number => ((settled - before) * 1000) / (performance.now() - begun);
  while (left.size > 0) {
    try {
      await sleep(pollMs, undefined, options.signal ? { signal: options.signal } : {});
    } catch {
      aborted = true;
      break;
    }
    const now = new Set(open());
    const fresh = await summary.add(
      [...left].filter((batch) => !now.has(batch)).flatMap((batch) => membersOf(study, batch)),
    );
    settled += fresh;
    left = now;
    if (fresh > 0)
      options.onProgress?.({ settled, total: all.length, rate: rate(), left: (all.length - settled) / rate() });
    // A lost connection is tried again at the next turn: the server may be starting anew.
    const failed = await queue.failed(key).catch(() => []);
    for (const { batch, reason } of failed) {
      if (left.has(batch)) await settleFailed(study, batch, reason);
    }
    if (performance.now() - written >= summaryIntervalMs) {
      written = performance.now();
      await summary.write();
    }
  }
  await summary.add(all);
  await summary.write();
  const seconds = (performance.now() - begun) / 1000;
  return { rows: summary.rows, total: all.length, settled: summary.rows.length, rate: rate(), seconds, aborted };
}

/** A batch that failed on every machine that tried it: its open members are recorded with the reason. */
async function settleFailed(study: Study, batch: number, reason: string): Promise<void> {
  for (const index of membersOf(study, batch)) {
    if (!isSettled(study, index)) await recordFailure(study, index, { code: "MFGPU_TIER_WORKER", message: reason });
  }
}

function membersOf(study: Study, batch: number): readonly number[] {
  return study.plan.batches[batch]?.members ?? [];
}

/** How many batches of a study wait in its queue, are with a worker, failed for good. */
export async function queueStatus(
  study: Study,
  url: string,
): Promise<{ readonly waiting: number; readonly running: number; readonly failed: number }> {
  await using queue = await StudyQueue.connect(url);
  const key = await keyOfStudy(study);
  const running = await queue.running(key);
  const waiting = (await queue.pending(key)).filter((batch) => !running.includes(batch));
  return { waiting: waiting.length, running: running.length, failed: (await queue.failed(key)).length };
}

/**
 * Takes what waits of a study out of the queue; what is settled stays.
 *
 * @returns how many batches were taken out
 */
export async function cancelStudy(study: Study, url: string): Promise<number> {
  await using queue = await StudyQueue.connect(url);
  // Awaited here: the queue is closed where this function ends.
  const removed = await queue.cancel(await keyOfStudy(study));
  return removed;
}

/** The error of a worker that was given a batch of a study it cannot find. */
export function unknownStudy(key: string): MfgError {
  return new MfgError({
    code: "MFGPU_CONFIG_QUEUE",
    message: `The queue has a batch of the study ${key}, whose plan is not there any more.`,
    fix: "Start the study again; it was cancelled, or the queue was emptied.",
    path: "--queue",
    value: key,
  });
}
