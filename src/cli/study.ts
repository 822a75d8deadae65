import { resolve } from "node:path";
import { Command, Option } from "commander";
import { MfgError } from "../errors.ts";
import { cancelStudy, queueStatus, queueStudy } from "../batch/queueStudy.ts";
import { isSettled } from "../batch/runBatch.ts";
import { runStudy, type StudyProgress } from "../batch/runStudy.ts";
import { openOrCreateStudy, openStudy, readStudyFile, type Study } from "../batch/study.ts";
import type { StudyFile } from "../batch/studyFile.ts";
import type { SummaryRow } from "../batch/summary.ts";
import { checkWritable } from "../io/files.ts";
import type { TierChoice } from "../solver/options.ts";
import { checkAdapters, chosenAdapter, usesAdapter } from "./adapter.ts";
import { exitCodes } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { writeStudyReport } from "./plot.ts";
import { note, printJson, printLine } from "./print.ts";
import { rateText, secondsText } from "./text.ts";
import * as read from "./values.ts";

interface RunFlags {
  readonly out: string;
  readonly workers?: number;
  readonly adapter?: readonly string[];
  readonly shard?: { readonly index: number; readonly of: number };
  readonly queue?: string;
  readonly report?: string;
  readonly yes?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** `3/16`: the third of sixteen parts. */
function readShard(text: string): { index: number; of: number } {
  const [index, of] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (index !== undefined && of !== undefined && index >= 1 && index <= of) return { index, of };
  throw new MfgError({
    code: "MFGPU_CONFIG_OPTION",
    message: "--shard: no part",
    fix: "Give a part and how many there are, such as 3/16; parts count from 1.",
    path: "--shard",
    value: text,
  });
}

/** `mfgpu study`: a family of problems, on this machine. */
export function studyCommand(): Command {
  const study = new Command("study").description("solve a family of problems, resumably");
  study.addCommand(
    new Command("run")
      .description("run a study, or go on with it (mfgpu study FILE --out DIR is the same)")
      .argument("<file>", "study file")
      .requiredOption("--out <folder>", "folder of the study; the same command goes on with what is in it")
      .addOption(
        new Option("--workers <n>", "processes (default: one per core, or one per --adapter)").argParser((t) =>
          read.readCount("--workers", t, 1),
        ),
      )
      .addOption(
        new Option(
          "--adapter <name>",
          "graphics adapter, for the tiers that use one; given again: one more, and processes take them in turn",
        ).argParser((text: string, before?: readonly string[]) => [...(before ?? []), text]),
      )
      .addOption(new Option("--shard <i/n>", "run a fixed part, for job arrays").argParser(readShard))
      .option("--queue <url>", "share it out over workers: redis://... or postgres://... (see mfgpu worker)")
      .addOption(
        new Option("--report <file>", "write a page with every measure and member at the end (.html)").argParser(
          (text) => read.readPath("--report", text, [".html"]),
        ),
      )
      .option("--yes", "confirm more than a million members")
      .option("--json", "print the outcome as one JSON document")
      .option("--quiet", "no progress on stderr")
      .action(async (file: string, flags: RunFlags) => {
        process.exitCode = await run(file, flags);
      }),
    { isDefault: true },
  );
  study.addCommand(
    new Command("status")
      .description("how far a study is")
      .argument("<folder>", "folder of the study")
      .option("--queue <url>", "its queue, to count what waits there")
      .option("--json", "print one JSON document")
      .action(async (folder: string, flags: { queue?: string; json?: true }) =>
        status(await openStudy(resolve(folder)), flags.queue, flags.json ?? false),
      ),
  );
  study.addCommand(
    new Command("cancel")
      .description("take what waits of a study out of its queue; what is solved stays")
      .argument("<folder>", "folder of the study")
      .requiredOption("--queue <url>", "its queue")
      .option("--json", "print one JSON document")
      .action(async (folder: string, flags: { queue: string; json?: true }) => {
        const opened = await openStudy(resolve(folder));
        const cancelled = await cancelStudy(opened, flags.queue);
        if (flags.json) printJson({ study: opened.file.name, cancelled });
        else printLine(`${opened.file.name}: ${cancelled} batches taken out of the queue`);
      }),
  );
  return study;
}

function planLine({ members, plan }: Study): string {
  const { tier, precision, batches, warm, trial } = plan;
  const tried = trial === null ? "" : ` (a trial took ${trial.warm} iterations instead of ${trial.cold})`;
  const starts = warm ? `warm starts${tried}` : `every member from its initial density${tried}`;
  return `study: ${members.length} members in ${batches.length} batches on ${tier}, ${precision}; ${starts}`;
}

function progressLine({ settled, total, rate, left }: StudyProgress): string {
  const rest = Number.isFinite(left) ? `, ${secondsText(left)} left` : "";
  return `${settled} of ${total} members, ${rateText(rate)} members/s${rest}`;
}

/** One live line on a terminal, a line every few seconds elsewhere. */
function shower(quiet: boolean): { show: (progress: StudyProgress) => void; end: () => void } {
  const interval = process.stderr.isTTY ? 100 : 5000;
  let last = Number.NEGATIVE_INFINITY;
  const show = (progress: StudyProgress): void => {
    if (quiet || (performance.now() - last < interval && progress.settled < progress.total)) return;
    last = performance.now();
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[2K${progressLine(progress)}`);
    else note(progressLine(progress));
  };
  return { show, end: () => void (process.stderr.isTTY && !quiet && last > 0 && process.stderr.write("\n")) };
}

async function run(path: string, flags: RunFlags): Promise<number> {
  const folder = resolve(flags.out);
  const quiet = flags.quiet ?? false;
  if (flags.report !== undefined) await checkWritable(flags.report);
  const request = await readStudyFile(path);
  using interrupt = onInterrupt(quiet);
  const adapters = await studyAdapters(flags.adapter, request.file);
  // Several processes on one adapter only wait for each other.
  const workersOn = (tier: string): { workers?: number } => {
    const workers = flags.workers ?? (usesAdapter(tier) && adapters.length > 0 ? adapters.length : undefined);
    return workers === undefined ? {} : { workers };
  };
  const [adapter] = adapters;
  const study = await openOrCreateStudy(request, folder, {
    ...workersOn(tierOf(request.file)),
    ...(adapter === undefined ? {} : { adapter }),
    confirmed: flags.yes ?? false,
  });
  if (!quiet) note(planLine(study));
  const { show, end } = shower(quiet);
  const common = { signal: interrupt.signal, onProgress: show };
  const outcome =
    flags.queue === undefined
      ? await runStudy(study, {
          ...common,
          ...workersOn(study.plan.tier),
          adapters,
          ...(flags.shard === undefined ? {} : { shard: flags.shard }),
        })
      : await queueStudy(study, flags.queue, {
          ...common,
          onQueued: (batches, seconds) => {
            if (!quiet) note(`queued: ${batches} batches in ${secondsText(seconds)}; waiting for workers`);
          },
        });
  end();
  const counts = countRows(outcome.rows);
  // Ended before the first member there is nothing to report.
  const report = outcome.rows.length === 0 ? undefined : flags.report;
  if (report !== undefined) await writeStudyReport(report, study);
  const { total, settled, rate, seconds, aborted } = outcome;
  if (flags.json) {
    printJson({
      study: study.file.name,
      out: folder,
      total,
      settled,
      ...counts,
      membersPerSecond: rate,
      seconds,
      aborted,
      report: report ?? null,
    });
  } else {
    printLine(`study     ${study.file.name}: ${settled} of ${total} members settled in ${secondsText(seconds)}`);
    printLine(`converged ${counts.converged}; not converged ${counts.notConverged}; failed ${counts.failed}`);
    printLine(`summary   ${folder}/summary.csv`);
    if (report !== undefined) printLine(`report    ${report}`);
    if (aborted) printLine("interrupted; the same command goes on from here");
  }
  if (aborted) return exitCodes.interrupted;
  return counts.converged === outcome.rows.length ? exitCodes.done : exitCodes.notConverged;
}

function tierOf({ solve }: StudyFile): TierChoice {
  const tier = solve["tier"];
  return typeof tier === "string" ? (tier as TierChoice) : "auto";
}

/** The adapters that are asked for: --adapter, which must be here; else MFGPU_ADAPTER where the study names none. */
async function studyAdapters(given: readonly string[] | undefined, file: StudyFile): Promise<readonly string[]> {
  const tier = tierOf(file);
  if (given === undefined) {
    const adapter = chosenAdapter(undefined, process.env["MFGPU_ADAPTER"], tier);
    return adapter === undefined || file.solve["adapter"] !== undefined ? [] : [adapter];
  }
  for (const adapter of given) chosenAdapter(adapter, undefined, tier);
  await checkAdapters(given, tier);
  return given;
}

function countRows(rows: readonly SummaryRow[]): { converged: number; notConverged: number; failed: number } {
  const converged = rows.filter((row) => row.converged).length;
  const failed = rows.filter((row) => row.stopReason === "failed").length;
  return { converged, notConverged: rows.length - converged - failed, failed };
}

async function status(study: Study, queue: string | undefined, json: boolean): Promise<void> {
  const settled = study.members.filter(({ index }) => isSettled(study, index)).length;
  const total = study.members.length;
  const { tier, precision, warm } = study.plan;
  const waiting = queue === undefined ? null : await queueStatus(study, queue);
  if (json) printJson({ study: study.file.name, total, settled, tier, precision, warm, queue: waiting });
  else {
    const more =
      waiting === null
        ? ""
        : `; batches in the queue: ${waiting.waiting} wait, ${waiting.running} run, ${waiting.failed} failed`;
    printLine(`${study.file.name}: ${settled} of ${total} members settled (${tier}, ${precision})${more}`);
  }
}
