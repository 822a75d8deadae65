/** Worker processes of a study on one machine: each is given a batch, and replaced when it dies. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MfgError, type ErrorCode } from "../errors.ts";
import { removeTemporaries } from "../io/files.ts";
import { runsFolder } from "./study.ts";
import type { WorkerAnswer, WorkerTask } from "./workerProcess.ts";

/** The worker's entry: compiled beside this file, or its source where this is the source. */
const entry = fileURLToPath(
  new URL(`./workerProcess.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url),
);

/** Thrown where a worker died under a batch: its signal or exit code. */
export class WorkerDied extends Error {}

class Worker {
  readonly #folder: string;
  readonly #adapter: string | undefined;
  #child: ChildProcess | undefined;
  /** Settles when the last process has ended and what it was writing is removed. */
  #gone: Promise<void> = Promise.resolve();

  constructor(folder: string, adapter: string | undefined) {
    this.#folder = folder;
    this.#adapter = adapter;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Solves one batch; rejects with `WorkerDied` or with the error that the worker met. */
  run(batch: number): Promise<void> {
    const child = this.#alive();
    return new Promise((resolve, reject) => {
      const onMessage = (answer: WorkerAnswer): void => {
        settle();
        if (answer.error === null) resolve();
        else {
          const { code, message, fix } = answer.error;
          reject(
            code === "MFGPU_UNEXPECTED"
              ? new Error(message)
              : new MfgError({ code: code as ErrorCode, message, ...(fix === null ? {} : { fix }) }),
          );
        }
      };
      const onExit = (exitCode: number | null, signal: string | null): void => {
        settle();
        const died = new WorkerDied(signal === null ? `exit code ${exitCode}` : `signal ${signal}`);
        void this.#gone.then(() => reject(died));
      };
      const settle = (): void => {
        child.off("message", onMessage);
        child.off("exit", onExit);
      };
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.send({ batch } satisfies WorkerTask, (error) => {
        // A child that died before it could be told anything also exits, and that settles.
        if (error && child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      });
    });
  }

  /** Kills the process, in the midst of a batch too; settles when it is gone, and with it what it was writing. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#gone;
  }

  #alive(): ChildProcess {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) return this.#child;
    const args = this.#adapter === undefined ? [this.#folder] : [this.#folder, this.#adapter];
    const child = fork(entry, args, { stdio: ["ignore", "ignore", "inherit", "ipc"], serialization: "json" });
    this.#child = child;
    const ended = new Promise((resolve) => void child.once("exit", resolve));
    this.#gone = ended.then(async () => {
      if (child.pid !== undefined) await removeTemporaries(runsFolder(this.#folder), child.pid);
    });
    return child;
  }
}

/** A fixed number of workers. */
export class WorkerPool implements AsyncDisposable {
  readonly #workers: readonly Worker[];

  /** @param adapters where tiers that use one compute: dealt out in turn; the study's own choice where none are named */
  constructor(folder: string, size: number, adapters: readonly string[] = []) {
    this.#workers = Array.from({ length: size }, (_, i) => new Worker(folder, adapters[i % adapters.length]));
  }

  /** Process ids of the workers that run. */
  get pids(): number[] {
    return this.#workers.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /**
   * Gives every worker one batch after the other from `next` until it has no more. `run` is called with what happened to
   * each; what it throws ends the whole.
   */
  async drain(
    next: () => number | undefined,
    done: (batch: number, failure: unknown) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    const stop = (): void => void this[Symbol.asyncDispose]();
    signal?.addEventListener("abort", stop);
    let ended = false;
    const work = async (worker: Worker): Promise<void> => {
      for (let batch = next(); batch !== undefined; batch = next()) {
        signal?.throwIfAborted();
        const failure = await worker.run(batch).then(
          () => undefined,
          (error: unknown) => error,
        );
        signal?.throwIfAborted();
        // Stopped because another one failed: what it was at is not to be given to a new process.
        if (ended) return;
        await done(batch, failure);
        if (ended) return;
      }
    };
    try {
      await Promise.all(this.#workers.map(work));
    } finally {
      ended = true;
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Solves one batch on the first worker; rejects with `WorkerDied` or with the error that the worker met. */
  async runOne(batch: number): Promise<void> {
    await this.#workers[0]?.run(batch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}
