/**
 * Who has which batch on PostgreSQL, and who is dead, by the server's clock. BullMQ measures both there by the clocks of its
 * workers (on Redis by the server's): a clock that is an hour ahead puts off everybody's next look for dead workers, or the
 * end of a killed worker's lock, by an hour; one that is behind loses batches that it is solving.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, WorkerOptions } from "bullmq";
import type * as Pg from "pg";

/** A claim is written by BullMQ with the worker's clock, so it counts as run out, whatever that clock says, until `#hold` has put it right. */
const runOutMs = -100 * 365 * 24 * 3600 * 1000;

const serverNow = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/** Errors that the server did not send are the connection's; of those it sent, connection, conflict, scarcity, shutdown and disk pass. */
function isPassing(error: unknown): boolean {
  const { severity, code } = error as { readonly severity?: string; readonly code?: string };
  return severity === undefined || /^(?:08|25|40|53|55|57|58)/.test(code ?? "");
}

export class PostgresLocks {
  readonly #queue: string;
  readonly #lockMs: number;
  readonly #maxStalledCount: number;
  readonly #pool: Pg.Pool;
  readonly #ended = new AbortController();
  readonly #onBroken: () => void;
  #held: Job | undefined;
  #rounds: Promise<void> | undefined;
  #broken: { readonly cause: unknown } | undefined;

  /** `onBroken` is called where no further round makes sense; `end` tells why. */
  constructor(
    pg: typeof Pg,
    queue: string,
    times: {
      readonly connectionString: string;
      readonly connectMs: number;
      readonly lockMs: number;
      readonly maxStalledCount: number;
    },
    onBroken: () => void,
  ) {
    this.#queue = queue;
    this.#lockMs = times.lockMs;
    this.#maxStalledCount = times.maxStalledCount;
    this.#onBroken = onBroken;
    this.#pool = new pg.Pool({
      connectionString: times.connectionString,
      max: 1,
      keepAlive: true,
      connectionTimeoutMillis: times.connectMs,
      // A server that is gone without a word must not stop the rounds.
      query_timeout: Math.max(times.lockMs, times.connectMs),
    });
    // A connection that is lost is opened anew by the next round; without a listener it would end the process.
    this.#pool.on("error", () => undefined);
  }

  /** Options of a BullMQ worker that leaves locks and the look for dead workers to this class. */
  readonly workerOptions: Pick<WorkerOptions, "lockDuration" | "skipLockRenewal" | "skipStalledCheck"> = {
    lockDuration: runOutMs,
    skipLockRenewal: true,
    skipStalledCheck: true,
  };

  /** Holds a job while `work` runs. */
  async during<T>(job: Job, work: () => Promise<T>): Promise<T> {
    this.#held = job;
    // Not waited for: where it fails the next round does it, and at worst the batch is run twice.
    void this.#hold().catch(() => undefined);
    try {
      return await work();
    } finally {
      this.#held = undefined;
    }
  }

  /** Looks once, so that a database whose functions are others is an error at the start, then holds and looks in rounds until `end`. */
  async begin(): Promise<void> {
    await this.#look();
    this.#rounds = this.#go();
  }

  async #go(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      // Four times a lock: two rounds may fail before a living worker's lock runs out.
      await sleep(this.#lockMs / 4, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#hold();
        await this.#look();
      } catch (cause) {
        // A lost connection is tried again at the next turn: the server may be starting anew.
        if (isPassing(cause)) continue;
        this.#broken = { cause };
        this.#onBroken();
        return;
      }
    }
  }

  async #hold(): Promise<void> {
    const job = this.#held;
    if (job === undefined) return;
    await this.#pool.query(
      `UPDATE bullmq.job SET locked_until_ms = ${serverNow} + $4 WHERE queue = $1 AND id = $2 AND lock_token = $3 AND state = 'active'`,
      [this.#queue, job.id, job.token, this.#lockMs],
    );
  }

  /** BullMQ's own look with the server's time in place of the worker's; it is done once per half a lock, whoever calls. */
  async #look(): Promise<void> {
    // From a worker that looked by its own clock, or from before the server's clock was set back: nobody would look until then.
    await this.#pool.query(
      `DELETE FROM bullmq.meta WHERE queue = $1 AND field = 'stalled-check' AND value::bigint > ${serverNow}`,
      [this.#queue],
    );
    await this.#pool.query(`SELECT bullmq.move_stalled_jobs_to_wait($1, $2, ${serverNow}, $3)`, [
      this.#queue,
      this.#maxStalledCount,
      Math.round(this.#lockMs / 2),
    ]);
  }

  /** @returns what made rounds impossible, if anything did */
  async end(): Promise<{ readonly cause: unknown } | undefined> {
    this.#ended.abort();
    await this.#rounds;
    await this.#pool.end();
    return this.#broken;
  }
}
