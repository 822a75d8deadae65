import { exitCodes } from "./exit.ts";
import { note } from "./print.ts";

/** Ctrl-C while something long runs. */
export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Turns the first Ctrl-C (SIGINT) into an abort of `signal` and the second into the end of the process, until disposed.
 *
 * @param quiet says nothing
 */
export function onInterrupt(quiet: boolean): Interrupt {
  const controller = new AbortController();
  const handle = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    if (!quiet) note("\ninterrupted: stopping at the last finished sweep; Ctrl-C again stops at once");
    controller.abort();
  };
  process.on("SIGINT", handle);
  return { signal: controller.signal, [Symbol.dispose]: () => void process.off("SIGINT", handle) };
}
