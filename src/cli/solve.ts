import { Command } from "commander";
import type { PlanMode } from "../decision/plan.ts";
import { solve } from "../decision/solve.ts";
import { checkWritable } from "../io/files.ts";
import { readRun, writeRun } from "../io/run.ts";
import { plotRun, writeFigure } from "../plot/plot.ts";
import { resolveProblem } from "../problem/catalogue.ts";
import type { MemoryPlan, SolveOptions, SolveResult, TierChoice } from "../solver/options.ts";
import type { Precision } from "../tiers/tier.ts";
import { exitCodeOfStop, exitCodes } from "./exit.ts";
import { addProblemOptions, named, namesakes, option, type ProblemFlags } from "./flags.ts";
import { onInterrupt } from "./interrupt.ts";
import { note, printJson, printLine } from "./print.ts";
import { noProgress, showProgress } from "./progress.ts";
import { summaryLines } from "./summary.ts";
import { bytesText } from "./text.ts";
import { chosenAdapter } from "./adapter.ts";
import { chosenTier, readTier } from "./tiers.ts";
import * as read from "./values.ts";
import { openWisdom, planModes } from "./wisdom.ts";

const bytesPerNumber: Readonly<Record<Precision, number>> = { f64: 8, f32: 4, compensated: 8 };

interface Flags extends ProblemFlags {
  readonly tier?: TierChoice;
  readonly planning?: PlanMode;
  readonly warmStart?: string;
  readonly exploitability?: true;
  readonly out?: string;
  readonly plot?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** `mfgpu solve`: one problem, one equilibrium, one record. */
export function solveCommand(): Command {
  const command = new Command("solve")
    .description("solve a problem and print its record")
    .argument("<problem>", "name in the catalogue (mfgpu examples) or path of a problem file")
    .addOption(option("--tier <name>", "where to compute (default auto)", (text) => readTier("--tier", text)))
    .addOption(named("--planning", "mode", "what auto may measure", planModes));
  return addProblemOptions(command)
    .option("--warm-start <run>", "start from a run file (.npz), or nested: from coarser grids")
    .option("--exploitability", "compute the exploitability at every iteration")
    .addOption(
      option("--out <file>", "write the run (.npz, for numpy.load)", (text) => read.readPath("--out", text, [".npz"])),
    )
    .addOption(
      option("--plot <file>", "write a picture (.svg or .png)", (text) =>
        read.readPath("--plot", text, [".svg", ".png"]),
      ),
    )
    .option("--json", "print the record as one JSON document")
    .option("--quiet", "no progress on stderr")
    .action(async (name: string, flags: Flags) => {
      process.exitCode = await runSolve(name, flags);
    });
}

async function warmStartOf(given: string | undefined): Promise<Pick<SolveOptions, "warmStart">> {
  if (given === undefined) return {};
  if (given === "nested") return { warmStart: "nested" };
  const { density, t, shape } = await readRun(given);
  return { warmStart: { density, t, shape } };
}

function planLine(plan: MemoryPlan): string {
  const histories = `${plan.histories} histories of ${bytesText(plan.historyBytes)}`;
  const fields = `${Number(plan.fields.toFixed(1))} fields of ${bytesText(plan.fieldBytes)}`;
  const method = plan.method === "anderson" ? `anderson, depth ${plan.andersonDepth}` : plan.method;
  const place = plan.inPlace ? ", in place" : "";
  return `memory: ${bytesText(plan.bytes)} of ${bytesText(plan.budget)} (${histories}, ${fields}); ${method}${place}`;
}

async function runSolve(name: string, flags: Flags): Promise<number> {
  const tier = chosenTier(flags.tier, process.env["MFGPU_TIER"]);
  const adapter = chosenAdapter(flags.adapter, process.env["MFGPU_ADAPTER"], tier);
  for (const path of [flags.out, flags.plot]) if (path !== undefined) await checkWritable(path);
  const problem = resolveProblem(name);
  const warmStart = await warmStartOf(flags.warmStart);

  using interrupt = onInterrupt(flags.quiet ?? false);
  const progress = flags.quiet ? noProgress : showProgress();
  const onPlan = (plan: MemoryPlan): void => {
    if (!flags.quiet) note(planLine(plan));
    progress.plan(plan.historyBytes / bytesPerNumber[flags.precision ?? "f64"]);
  };
  const say = (line: string): void => {
    if (!flags.quiet) note(line);
  };
  let result: SolveResult;
  try {
    result = await solve(problem, {
      ...namesakes(flags),
      ...(adapter === undefined ? {} : { adapter }),
      ...warmStart,
      tier,
      ...(flags.exploitability ? { exploitabilityEveryIteration: true } : {}),
      ...(flags.planning === undefined ? {} : { planMode: flags.planning }),
      ...(tier === "auto" ? { wisdom: await openWisdom() } : {}),
      onChoice: ({ plan }) => {
        say(`tier: ${plan.chosen ?? "none"}; ${plan.why}`);
        for (const line of plan.notes) say(line);
      },
      onFailure: ({ candidate, message, resumedAfter }) =>
        say(`${candidate} failed: ${message} Going on elsewhere from iteration ${resumedAfter}.`),
      signal: interrupt.signal,
      onIteration: (report) => progress.iteration(report),
      onPlan,
    });
  } catch (error) {
    if (interrupt.signal.aborted && error === interrupt.signal.reason) return exitCodes.interrupted;
    throw error;
  } finally {
    progress.end();
  }

  const { stopReason, iterations } = result.record;
  const kept = flags.out !== undefined && (stopReason !== "aborted" || iterations > 0) ? flags.out : undefined;
  const record = { ...result.record, output: kept ?? null };
  const run = { ...result, record };
  if (kept !== undefined) await writeRun(kept, run);
  else if (flags.out !== undefined) note("no run was written: not one iteration was finished");
  // A picture of an unfinished or diverged state would be taken for the answer.
  const pictured = stopReason !== "aborted" && stopReason !== "diverged";
  if (flags.plot !== undefined && pictured) await writeFigure(flags.plot, await plotRun(run));
  if (flags.plot !== undefined && !pictured) note(`no picture: the solve ended as ${stopReason}`);

  if (flags.json) printJson(record);
  else for (const line of summaryLines(record, pictured ? flags.plot : undefined)) printLine(line);
  return exitCodeOfStop(stopReason);
}
