/**
 * A worker of a study: a process of its own that solves the batches it is sent. Started by `WorkerPool` with the study's
 * folder and, where one is named, its adapter; ends when its parent does.
 */
import { MfgError } from "../errors.ts";
import { runBatch } from "./runBatch.ts";
import { openStudy } from "./study.ts";

/** What a worker is told. */
export interface WorkerTask {
  readonly batch: number;
}

/** What a worker answers. */
export interface WorkerAnswer {
  readonly batch: number;
  readonly error: { readonly code: string; readonly message: string; readonly fix: string | null } | null;
}

// Ctrl-C goes to every process of a terminal; when to stop is the parent's to say.
process.on("SIGINT", () => undefined);
process.on("disconnect", () => process.exit(0));

const [, , folder = "", adapter] = process.argv;
const study = openStudy(folder);

process.on("message", (task: WorkerTask) => {
  void answer(task).then((reply) => process.send?.(reply));
});

async function answer({ batch }: WorkerTask): Promise<WorkerAnswer> {
  try {
    const opened = await study;
    const found = opened.plan.batches[batch];
    if (found === undefined) throw new RangeError(`no batch ${batch}`);
    await runBatch(opened, found, adapter === undefined ? {} : { adapter });
    return { batch, error: null };
  } catch (error) {
    const code = error instanceof MfgError ? error.code : "MFGPU_UNEXPECTED";
    const message = error instanceof Error ? error.message : String(error);
    return { batch, error: { code, message, fix: error instanceof MfgError ? (error.fix ?? null) : null } };
  }
}
