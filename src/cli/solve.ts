import { Command, Option } from "commander";
import { checkWritable } from "../io/files.ts";
import { readRun, writeRun } from "../io/run.ts";
import { plotRun, writeFigure } from "../plot/plot.ts";
import { resolveProblem } from "../problem/catalogue.ts";
import type { FokkerPlanckMode, HamiltonianFlux, Splitting, WenoVariant } from "../scheme/options.ts";
import type { MemoryPlan, SolveOptions, SolveResult, TierChoice } from "../solver/options.ts";
import { solve } from "../solver/solve.ts";
import type { Precision } from "../tiers/tier.ts";
import { exitCodeOfStop, exitCodes } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { note, printJson, printLine } from "./print.ts";
import { noProgress, showProgress } from "./progress.ts";
import { summaryLines } from "./summary.ts";
import { bytesText } from "./text.ts";
import { chosenAdapter } from "./adapter.ts";
import { chosenTier, readTier } from "./tiers.ts";
import * as read from "./values.ts";

const precisions: readonly Precision[] = ["f64", "f32", "compensated"];
const bytesPerNumber: Readonly<Record<Precision, number>> = { f64: 8, f32: 4, compensated: 8 };
const wenoVariants: readonly WenoVariant[] = ["js", "z", "m"];
const fokkerPlanckModes: readonly FokkerPlanckMode[] = ["fdm", "weno5"];
const hamiltonianFluxes: readonly HamiltonianFlux[] = ["llf", "glf", "godunov"];
const splittings: readonly Splitting[] = ["richardson", "strang", "explicit"];

/** What commander hands over: every option read already. */
interface Flags {
  readonly grid?: number | number[];
  readonly steps?: number;
  readonly tier?: TierChoice;
  readonly precision?: Precision;
  readonly adapter?: string;
  readonly weno?: WenoVariant;
  readonly fokkerPlanck?: FokkerPlanckMode;
  readonly hamiltonianFlux?: HamiltonianFlux;
  readonly splitting?: Splitting;
  readonly timeLevels?: "graded" | "uniform" | number;
  readonly cfl?: number;
  readonly tolerance?: number;
  readonly maxIterations?: number;
  readonly relaxation?: "anderson" | "fictitious" | number;
  readonly warmStart?: string;
  readonly memory?: number;
  readonly exploitability?: true;
  readonly out?: string;
  readonly plot?: string;
  readonly json?: true;
  readonly quiet?: true;
}

function option(flags: string, description: string, reader: (text: string) => unknown): Option {
  return new Option(flags, description).argParser(reader);
}

function named(flag: string, value: string, description: string, names: readonly string[]): Option {
  const text = `${description}: ${names.join(", ")}`;
  return option(`${flag} <${value}>`, text, (given) => read.readName(flag, given, names));
}

/** `mfgpu solve`: one problem, one equilibrium, one record. */
export function solveCommand(): Command {
  return new Command("solve")
    .description("solve a problem and print its record")
    .argument("<problem>", "name in the catalogue (mfgpu examples) or path of a problem file")
    .addOption(option("--grid <n>", "points per axis: 512, 512x512, 64x64x64", (text) => read.readGrid("--grid", text)))
    .addOption(option("--steps <n>", "stored time intervals", (text) => read.readCount("--steps", text, 1)))
    .addOption(option("--tier <name>", "where to compute (default auto)", (text) => readTier("--tier", text)))
    .addOption(named("--precision", "name", "arithmetic", precisions))
    .option("--adapter <name>", "graphics adapter, for the tiers that use one")
    .addOption(named("--weno", "variant", "nonlinear weights", wenoVariants))
    .addOption(named("--fokker-planck", "mode", "transport of the density", fokkerPlanckModes))
    .addOption(named("--hamiltonian-flux", "name", "numerical Hamiltonian", hamiltonianFluxes))
    .addOption(named("--splitting", "name", "advection and diffusion", splittings))
    .addOption(
      option("--time-levels <levels>", "graded, uniform or a grading between 0 and 1", (text) =>
        read.readTimeLevels("--time-levels", text),
      ),
    )
    .addOption(option("--cfl <x>", "Courant number of a sub-step", (text) => read.readPositive("--cfl", text)))
    .addOption(
      option("--tolerance <x>", "rms of the undamped residual to stop at", (text) =>
        read.readPositive("--tolerance", text),
      ),
    )
    .addOption(option("--max-iterations <n>", "most iterations", (text) => read.readCount("--max-iterations", text, 1)))
    .addOption(
      option("--relaxation <name>", "anderson, fictitious or a factor such as 0.3", (text) =>
        read.readRelaxation("--relaxation", text),
      ),
    )
    .option("--warm-start <run>", "start from a run file (.npz), or nested: from coarser grids")
    .addOption(
      option("--memory <size>", "most memory to use: 800MB, 2GB, 2GiB", (text) => read.readBytes("--memory", text)),
    )
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

/** The flags that are options of the API under the same name, without those that were not given. */
function namesakes(flags: Flags): Partial<SolveOptions> {
  const { grid, steps, precision, weno, fokkerPlanck, hamiltonianFlux, splitting, timeLevels, cfl } = flags;
  const { tolerance, maxIterations, relaxation } = flags;
  const scheme = { grid, steps, precision, weno, fokkerPlanck, hamiltonianFlux, splitting, timeLevels, cfl };
  const given = Object.entries({ ...scheme, tolerance, maxIterations, relaxation }).filter(([, x]) => x !== undefined);
  return {
    ...Object.fromEntries(given),
    ...(flags.memory === undefined ? {} : { memoryBytes: flags.memory }),
    ...(flags.exploitability ? { exploitabilityEveryIteration: true } : {}),
  };
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
  let result: SolveResult;
  try {
    result = await solve(problem, {
      ...namesakes(flags),
      ...(adapter === undefined ? {} : { adapter }),
      ...warmStart,
      tier,
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
