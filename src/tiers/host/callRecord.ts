/** What a host tier's kernels remember between calls: how often they ran, and whether they are closed. */
import type { KernelArray, Tally } from "../tier.ts";
import { argumentError } from "./arguments.ts";

/** The open state and the tally of one `Kernels`. */
export class CallRecord {
  #launches = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #closed = false;

  get tally(): Tally {
    return { launches: this.#launches, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Raises MFGPU_TIER_ARGUMENT once closed. */
  ensureOpen(): void {
    if (this.#closed) throw argumentError("kernels", "are closed", "Ask the tier for kernels again.");
  }

  /** Counts one finished call. */
  count(inputs: readonly KernelArray[], outputs: readonly KernelArray[]): void {
    this.#launches++;
    for (const array of inputs) this.#bytesIn += array.byteLength;
    for (const array of outputs) this.#bytesOut += array.byteLength;
  }

  close(): void {
    this.#closed = true;
  }
}
