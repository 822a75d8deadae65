import { resolve } from "node:path";
import { Command, Option } from "commander";
import { workQueue } from "../batch/queueWorker.ts";
import { checkAdapters } from "./adapter.ts";
import { note } from "./print.ts";
import { secondsText } from "./text.ts";
import * as read from "./values.ts";

interface WorkerFlags {
  readonly queue: string;
  readonly out: string;
  readonly adapter?: string;
  readonly lock?: number;
  readonly quiet?: true;
}

/** `mfgpu worker`: one process that solves batches from a queue until it is told to stop. */
export function workerCommand(): Command {
  return new Command("worker")
    .description("solve batches of studies from a queue; one process per GPU or per few cores")
    .requiredOption("--queue <url>", "redis://... or postgres://...")
    .requiredOption("--out <folder>", "the studies' folder, seen by all machines")
    .option("--adapter <name>", "graphics adapter of this worker, for studies on a tier that uses one")
    .addOption(
      new Option("--lock <seconds>", "a worker silent for so long loses its batch (default 30)").argParser((text) =>
        read.readPositive("--lock", text),
      ),
    )
    .option("--quiet", "say nothing on stderr")
    .action(async (flags: WorkerFlags) => {
      if (flags.adapter !== undefined) await checkAdapters([flags.adapter], "auto");
      const adapter = flags.adapter ?? process.env["MFGPU_ADAPTER"];
      const drain = new AbortController();
      const stop = (): void => {
        if (!flags.quiet && !drain.signal.aborted) note("draining: the batch at hand is finished, no other is taken");
        drain.abort();
      };
      process.on("SIGTERM", stop);
      process.on("SIGINT", stop);
      if (!flags.quiet) note("waiting for batches");
      await workQueue(flags.queue, resolve(flags.out), {
        drain: drain.signal,
        ...(adapter === undefined || adapter === "" ? {} : { adapter }),
        ...(flags.lock === undefined ? {} : { lockMs: flags.lock * 1000 }),
        onBatch: (study, batch, seconds) => {
          if (!flags.quiet) note(`batch ${batch} of study ${study}: ${secondsText(seconds)}`);
        },
      });
    });
}
