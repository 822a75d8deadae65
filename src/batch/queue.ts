/**
 * The queue of a study that runs on many machines: BullMQ on PostgreSQL or Redis (or Valkey). Jobs are batches; a batch that
 * is run twice does no harm, so the queue only has to see that each is run.
 */
import { createHash } from "node:crypto";
import type { Job, Queue, Worker } from "bullmq";
import { MfgError } from "../errors.ts";
import { schemeVersion } from "../scheme/version.ts";
import { canonicalJson } from "./identity.ts";
import { PostgresLocks } from "./postgresLocks.ts";
import { connectError, openConnection, readyOrClosed } from "./queueConnection.ts";
import type { StoredStudy } from "./study.ts";

/** Raised whenever what stands in a job changes its meaning. */
export const queueProtocol = 1;

/** What a job of a batch holds. */
export interface BatchJob {
  readonly protocol: number;
  readonly schemeVersion: number;
  /** Key of the study, see `studyKey`. */
  readonly study: string;
  readonly batch: number;
}

/** What the job that keeps a study's plan holds; it never becomes due. */
export interface PlanJob extends Omit<BatchJob, "batch"> {
  readonly stored: StoredStudy;
}

export interface QueueTimes {
  /** A worker that has not said for so long that it lives loses its batch. Default 30,000. */
  readonly lockMs?: number;
  /** So long an answer is waited for at the start. Default 8,000. */
  readonly connectMs?: number;
}

const defaultConnectMs = 8000;
const queueName = "mfgpu";

/** Sixteen digits that name a study in a queue. */
export function studyKey(stored: StoredStudy): string {
  return createHash("sha256").update(canonicalJson(stored)).digest("hex").slice(0, 16);
}

/** The job's name in the queue; adding it twice is adding it once. */
export const batchJobId = (study: string, batch: number): string => `${study}-${batch}`;
export const planJobId = (study: string): string => `${study}-plan`;

export function batchJob(study: string, batch: number): BatchJob {
  return { protocol: queueProtocol, schemeVersion, study, batch };
}

/** Raises MFGPU_CONFIG_QUEUE_VERSION for a job that another version of mfgpu wrote. */
export function checkVersion(job: Pick<BatchJob, "protocol" | "schemeVersion">): void {
  if (job.protocol === queueProtocol && job.schemeVersion === schemeVersion) return;
  throw new MfgError({
    code: "MFGPU_CONFIG_QUEUE_VERSION",
    message:
      `The queue holds jobs of protocol ${job.protocol}, numbers ${job.schemeVersion}; ` +
      `this mfgpu has protocol ${queueProtocol}, numbers ${schemeVersion}.`,
    fix: "Run the same version of mfgpu on all machines, or use another database for the new one.",
    path: "--queue",
    value: job.protocol,
  });
}

/** A queue, opened for adding, looking and removing. */
export class StudyQueue implements AsyncDisposable {
  readonly #queue: Queue;

  private constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** @throws MFGPU_CONFIG_QUEUE, MFGPU_CONFIG_QUEUE_PACKAGE, MFGPU_CONFIG_QUEUE_UNREACHABLE, MFGPU_CONFIG_QUEUE_VERSION */
  static async connect(url: string, { connectMs = defaultConnectMs }: QueueTimes = {}): Promise<StudyQueue> {
    const opened = await openConnection(url, connectMs);
    const { bullmq } = opened;
    const queue =
      opened.kind === "postgres"
        ? (new (bullmq.withBackend(bullmq.createPostgresBackend).Queue)(queueName, {
            connection: opened.connection,
          }) as unknown as Queue)
        : new bullmq.Queue(queueName, { connection: opened.connection });
    // A connection that is lost later is tried again by itself; without a listener it would end the process.
    queue.on("error", () => undefined);
    await readyOrClosed(url, connectMs, queue);
    return new StudyQueue(queue);
  }

  /** Keeps a study's plan where every worker can fetch it. */
  async keepPlan(key: string, stored: StoredStudy): Promise<void> {
    const plan: PlanJob = { protocol: queueProtocol, schemeVersion, study: key, stored };
    // A job that is due in thirty years: a place to put things.
    const thirtyYears = 30 * 365 * 24 * 3600 * 1000;
    await this.#queue.add("plan", plan, { jobId: planJobId(key), delay: thirtyYears });
  }

  async plan(key: string): Promise<StoredStudy | undefined> {
    const job = (await this.#queue.getJob(planJobId(key))) as Job<PlanJob> | undefined;
    if (job) checkVersion(job.data);
    return job?.data.stored;
  }

  /** Adds jobs of batches; those that are there already stay as they are. */
  async add(jobs: readonly BatchJob[]): Promise<void> {
    const chunk = 500;
    for (let first = 0; first < jobs.length; first += chunk) {
      await this.#queue.addBulk(
        jobs.slice(first, first + chunk).map((job) => ({
          name: "batch",
          data: job,
          opts: {
            jobId: batchJobId(job.study, job.batch),
            removeOnComplete: true,
            removeOnFail: false,
            // At once: the time of a later attempt is made by the worker's clock, and one that is an hour ahead would put it off for so long.
            attempts: 5,
          },
        })),
      );
    }
  }

  /** Batches of a study that failed for good, with the reason. */
  async failed(key: string): Promise<{ readonly batch: number; readonly reason: string }[]> {
    const jobs = (await this.#queue.getFailed()) as Job<BatchJob>[];
    return jobs
      .filter(({ data }) => data.study === key)
      .map(({ data, failedReason }) => ({ batch: data.batch, reason: failedReason }));
  }

  /** Batches of a study that wait or run. */
  async pending(key: string): Promise<number[]> {
    const jobs = (await this.#queue.getJobs(["waiting", "active", "delayed", "prioritized"])) as Job<BatchJob>[];
    // A job may vanish between the list and its reading.
    return jobs.flatMap((job) =>
      (job as Job<BatchJob> | undefined)?.name === "batch" && job.data.study === key ? [job.data.batch] : [],
    );
  }

  /** Batches of a study that a worker has. */
  async running(key: string): Promise<number[]> {
    const jobs = (await this.#queue.getActive()) as (Job<BatchJob> | undefined)[];
    return jobs.flatMap((job) => (job?.name === "batch" && job.data.study === key ? [job.data.batch] : []));
  }

  /** Takes out what waits of a study. Returns how many batches that were; those that run end by themselves. */
  async cancel(key: string): Promise<number> {
    let removed = 0;
    const jobs = (await this.#queue.getJobs(["waiting", "delayed", "prioritized", "failed"])) as Job<BatchJob>[];
    for (const job of jobs) {
      if (job.data.study !== key) continue;
      await job.remove().catch(() => undefined);
      if (job.name === "batch") removed++;
    }
    return removed;
  }

  async forget(key: string, batches: readonly number[]): Promise<void> {
    for (const batch of batches) await this.#queue.remove(batchJobId(key, batch));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
  }
}

/**
 * Takes batches from the queue one at a time and hands them to `run` until closed; jobs may be of any version. `closed` is
 * rejected where the server no longer does what holding a batch needs, such as a database that another version has changed.
 */
export async function takeBatches(
  url: string,
  run: (job: BatchJob) => Promise<void>,
  { connectMs = defaultConnectMs, ...times }: QueueTimes = {},
): Promise<{ readonly drain: () => Promise<void>; readonly closed: Promise<void> }> {
  const opened = await openConnection(url, connectMs);
  const { bullmq } = opened;
  // Both servers want whole numbers, and 1.1 s are not.
  const lockMs = Math.round(times.lockMs ?? 30_000);
  // Killed workers are nothing to be tired of. The first job waits for `run` below: it may end in `drain`.
  const options = { concurrency: 1, maxStalledCount: 1000, autorun: false };
  const process = (job: Job): Promise<void> => run(job.data as BatchJob);
  let worker: Worker;
  let locks: PostgresLocks | undefined;
  if (opened.kind === "postgres") {
    const { maxStalledCount } = options;
    const kept = new PostgresLocks(
      opened.pg,
      queueName,
      { connectionString: url, connectMs, lockMs, maxStalledCount },
      () => void worker.close(),
    );
    locks = kept;
    worker = new (bullmq.withBackend(bullmq.createPostgresBackend).Worker)(
      queueName,
      (job: Job) => kept.during(job, () => process(job)),
      { ...options, ...kept.workerOptions, connection: opened.connection },
    ) as unknown as Worker;
  } else {
    worker = new bullmq.Worker(queueName, process, {
      ...options,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 2),
      connection: opened.connection,
    });
  }
  worker.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => worker.on("closed", () => resolve())).then(async () => {
    const broken = await locks?.end();
    if (broken) throw connectError(url, broken.cause);
  });
  await readyOrClosed(url, connectMs, worker, () => locks?.begin());
  // It tries again by itself where the connection is lost, and ends with `close`.
  void worker.run().catch(() => undefined);
  return { drain: () => worker.close(), closed };
}
