/**
 * The queue of a study that runs on many machines: BullMQ on PostgreSQL or Redis (or Valkey). Jobs are batches; a batch that
 * is run twice does no harm, so the queue only has to see that each is run.
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import type * as Bullmq from "bullmq";
import type { Job, Queue, Worker } from "bullmq";
import type * as Ioredis from "ioredis";
import type * as Pg from "pg";
import { MfgError } from "../errors.ts";
import { schemeVersion } from "../scheme/version.ts";
import { canonicalJson } from "./identity.ts";
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
}

/** Seconds that an unreachable queue is tried for at the start. */
const connectMs = 8000;
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

type Kind = "postgres" | "redis";

/** A URL without user, password and query, for messages. */
export function redacted(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return "the given URL";
  }
}

function kindOf(url: string): Kind {
  if (/^postgres(?:ql)?:\/\//.test(url)) return "postgres";
  if (/^(?:redis|rediss|valkey):\/\//.test(url)) return "redis";
  throw new MfgError({
    code: "MFGPU_CONFIG_QUEUE",
    message: `--queue: ${redacted(url)} is no address of a queue.`,
    fix: "Give redis://host:6379 or postgres://user:password@host:5432/database.",
    path: "--queue",
  });
}

// The ES build of bullmq cannot load pg by itself; its CommonJS build can.
const require = createRequire(import.meta.url);

function load(name: string, kind: Kind): unknown {
  try {
    return require(name);
  } catch (cause) {
    throw new MfgError({
      code: "MFGPU_CONFIG_QUEUE_PACKAGE",
      message: `A queue needs the package ${name}, which is not installed.`,
      fix: `npm install bullmq ${kind === "postgres" ? "pg" : "ioredis"}`,
      path: "--queue",
      cause,
    });
  }
}

type Opened = { readonly bullmq: typeof Bullmq } & (
  | { readonly kind: "postgres"; readonly connection: { readonly connectionString: string; readonly migrate: boolean } }
  | { readonly kind: "redis"; readonly connection: { readonly url: string; readonly maxRetriesPerRequest: null } }
);

/** A connection's options, after a first connection has shown that somebody answers there. */
async function open(url: string): Promise<Opened> {
  const kind = kindOf(url);
  const bullmq = load("bullmq", kind) as typeof Bullmq;
  try {
    if (kind === "postgres") {
      const { Client } = load("pg", kind) as typeof Pg;
      const client = new Client({ connectionString: url, connectionTimeoutMillis: connectMs });
      await client.connect();
      await client.end();
      return { bullmq, kind, connection: { connectionString: url, migrate: true } };
    }
    const { Redis } = load("ioredis", kind) as typeof Ioredis;
    const address = url.replace(/^valkey:/, "redis:");
    const redis = new Redis(address, {
      lazyConnect: true,
      connectTimeout: connectMs,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    await redis.connect();
    redis.disconnect();
    return { bullmq, kind, connection: { url: address, maxRetriesPerRequest: null } };
  } catch (cause) {
    if (cause instanceof MfgError) throw cause;
    const { code, message } = cause as { readonly code?: string; readonly message?: string };
    throw new MfgError({
      code: "MFGPU_CONFIG_QUEUE_UNREACHABLE",
      // The cause is not kept: drivers put the URL, and so the password, into their errors.
      message: `Nobody answers at ${redacted(url)}: ${code ?? String(message).replaceAll(url, redacted(url))}.`,
      fix: "Start the server, or mend the address, user or password.",
      path: "--queue",
    });
  }
}

/** A queue, opened for adding, looking and removing. */
export class StudyQueue implements AsyncDisposable {
  readonly #queue: Queue;

  private constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** @throws MFGPU_CONFIG_QUEUE, MFGPU_CONFIG_QUEUE_PACKAGE, MFGPU_CONFIG_QUEUE_UNREACHABLE */
  static async connect(url: string): Promise<StudyQueue> {
    const opened = await open(url);
    const { bullmq } = opened;
    const queue =
      opened.kind === "postgres"
        ? (new (bullmq.withBackend(bullmq.createPostgresBackend).Queue)(queueName, {
            connection: opened.connection,
          }) as unknown as Queue)
        : new bullmq.Queue(queueName, { connection: opened.connection });
    // A connection that is lost later is tried again by itself; without a listener it would end the process.
    queue.on("error", () => undefined);
    await queue.waitUntilReady();
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

  /** Adds batches; those that are there already stay as they are. */
  async add(key: string, batches: readonly number[]): Promise<void> {
    const chunk = 500;
    for (let first = 0; first < batches.length; first += chunk) {
      await this.#queue.addBulk(
        batches.slice(first, first + chunk).map((batch) => ({
          name: "batch",
          data: batchJob(key, batch),
          opts: {
            jobId: batchJobId(key, batch),
            removeOnComplete: true,
            removeOnFail: false,
            attempts: 5,
            backoff: { type: "exponential", delay: 500 },
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

/** Takes batches from the queue one at a time and hands them to `run` until closed. */
export async function takeBatches(
  url: string,
  run: (job: BatchJob) => Promise<void>,
  { lockMs = 30_000 }: QueueTimes = {},
): Promise<{ readonly drain: () => Promise<void>; readonly closed: Promise<void> }> {
  const opened = await open(url);
  const { bullmq } = opened;
  const options = {
    concurrency: 1,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    // Killed workers are nothing to be tired of.
    maxStalledCount: 1000,
  };
  const process = async (job: Job): Promise<void> => {
    const data = job.data as BatchJob;
    try {
      checkVersion(data);
    } catch (error) {
      throw new bullmq.UnrecoverableError((error as Error).message);
    }
    await run(data);
  };
  const worker =
    opened.kind === "postgres"
      ? (new (bullmq.withBackend(bullmq.createPostgresBackend).Worker)(queueName, process, {
          ...options,
          connection: opened.connection,
        }) as unknown as Worker)
      : new bullmq.Worker(queueName, process, { ...options, connection: opened.connection });
  worker.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => worker.on("closed", () => resolve()));
  await worker.waitUntilReady();
  return { drain: () => worker.close(), closed };
}
