/** The options that every command which plans or solves a problem takes. */
import { type Command, Option } from "commander";
import type { FokkerPlanckMode, HamiltonianFlux, Splitting, WenoVariant } from "../scheme/options.ts";
import type { SolveOptions } from "../solver/options.ts";
import type { Precision } from "../tiers/tier.ts";
import * as read from "./values.ts";

const precisions: readonly Precision[] = ["f64", "f32", "compensated"];
const wenoVariants: readonly WenoVariant[] = ["js", "z", "m"];
const fokkerPlanckModes: readonly FokkerPlanckMode[] = ["fdm", "weno5"];
const hamiltonianFluxes: readonly HamiltonianFlux[] = ["llf", "glf", "godunov"];
const splittings: readonly Splitting[] = ["richardson", "strang", "explicit"];

/** What commander hands over: every option read already. */
export interface ProblemFlags {
  readonly grid?: number | number[];
  readonly steps?: number;
  readonly precision?: Precision;
  readonly adapter?: string;
  readonly threads?: number;
  readonly weno?: WenoVariant;
  readonly fokkerPlanck?: FokkerPlanckMode;
  readonly hamiltonianFlux?: HamiltonianFlux;
  readonly splitting?: Splitting;
  readonly timeLevels?: "graded" | "uniform" | number;
  readonly cfl?: number;
  readonly tolerance?: number;
  readonly maxIterations?: number;
  readonly relaxation?: "anderson" | "fictitious" | number;
  readonly memory?: number;
}

export function option(flags: string, description: string, reader: (text: string) => unknown): Option {
  return new Option(flags, description).argParser(reader);
}

export function named(flag: string, value: string, description: string, names: readonly string[]): Option {
  const text = `${description}: ${names.join(", ")}`;
  return option(`${flag} <${value}>`, text, (given) => read.readName(flag, given, names));
}

/** Adds the options that say what is solved, how, and within which bounds. */
export function addProblemOptions(command: Command): Command {
  return command
    .addOption(option("--grid <n>", "points per axis: 512, 512x512, 64x64x64", (text) => read.readGrid("--grid", text)))
    .addOption(option("--steps <n>", "stored time intervals", (text) => read.readCount("--steps", text, 1)))
    .addOption(named("--precision", "name", "arithmetic", precisions))
    .option("--adapter <name>", "graphics adapter, for the tiers that use one")
    .addOption(option("--threads <n>", "threads of the processor", (text) => read.readCount("--threads", text, 1)))
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
    .addOption(
      option("--memory <size>", "most memory to use: 800MB, 2GB, 2GiB", (text) => read.readBytes("--memory", text)),
    );
}

/** The flags that are options of the API under the same name, without those that were not given. */
export function namesakes(flags: ProblemFlags): Partial<SolveOptions> {
  const { grid, steps, precision, threads, weno, fokkerPlanck, hamiltonianFlux, splitting, timeLevels, cfl } = flags;
  const { tolerance, maxIterations, relaxation } = flags;
  const scheme = { grid, steps, precision, threads, weno, fokkerPlanck, hamiltonianFlux, splitting, timeLevels, cfl };
  const given = Object.entries({ ...scheme, tolerance, maxIterations, relaxation }).filter(([, x]) => x !== undefined);
  return {
    ...Object.fromEntries(given),
    ...(flags.memory === undefined ? {} : { memoryBytes: flags.memory }),
  };
}
