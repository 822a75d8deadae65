import { setImmediate as nextTurn } from "node:timers/promises";

/** Longest stretch of uninterrupted work on the JavaScript thread, in milliseconds. */
const stretchMs = 40;

/** Lets timers, signals and progress run during long sweeps, and stops them when the caller aborts. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Call between pieces of work. Throws the signal's reason once it is aborted. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#last < stretchMs) return;
    await nextTurn();
    this.#last = performance.now();
    this.#signal?.throwIfAborted();
  }
}
