#!/usr/bin/env node
/** The command line: parses, calls the API, prints. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { MfgError } from "../errors.ts";
import { runAgainWithSoftware } from "./adapter.ts";
import { benchCommand } from "./bench.ts";
import { decideCommand } from "./decide.ts";
import { doctorCommand } from "./doctor.ts";
import { examplesCommand } from "./examples.ts";
import { exitCodeOf, exitCodes } from "./exit.ts";
import { note, printError } from "./print.ts";
import { planCommand } from "./plan.ts";
import { plotCommand } from "./plot.ts";
import { solveCommand } from "./solve.ts";
import { studyCommand } from "./study.ts";
import { workerCommand } from "./worker.ts";

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function program(): Command {
  const top = new Command("mfgpu")
    .description(
      "Equilibria of mean field games: Hamilton-Jacobi-Bellman backwards, Fokker-Planck forwards, and the fixed point between them",
    )
    .version(version())
    .addHelpText(
      "after",
      `
Exit codes: 0 done, 1 unexpected error, 2 wrong usage or input, 3 not converged, 4 tier unavailable,
5 tiers disagree, 130 interrupted. Results go to stdout, progress and messages to stderr.
Environment: MFGPU_TIER forces a tier, MFGPU_ADAPTER names the adapter of a GPU tier;
MFGPU_WISDOM is the file that measurements are kept in, or off; NO_COLOR switches colours off.`,
    );
  for (const command of [
    solveCommand(),
    planCommand(),
    decideCommand(),
    benchCommand(),
    doctorCommand(),
    examplesCommand(),
    plotCommand(),
    studyCommand(),
    workerCommand(),
  ])
    top.addCommand(command);
  for (const command of [top, ...top.commands, ...top.commands.flatMap((command) => command.commands)]) {
    // Thrown and printed in one place, as text or as JSON.
    command.exitOverride().configureOutput({ outputError: () => undefined });
  }
  return top;
}

/** A complaint of the parser as an error of ours; undefined for --help and --version, which are no error. */
function usageError(error: CommanderError, top: Command, given: string | undefined): MfgError | undefined {
  if (error.exitCode === 0) return undefined;
  const command = top.commands.find((candidate) => candidate.name() === given);
  const culprit = /'([^']+)'/.exec(error.message)?.[1];
  return new MfgError({
    code: "MFGPU_CONFIG_USAGE",
    message: error.message.replace(/^error: /, ""),
    fix: `See ${command === undefined ? "mfgpu" : `mfgpu ${command.name()}`} --help.`,
    ...(culprit === undefined ? {} : { path: culprit }),
    cause: error,
  });
}

async function main(argv: readonly string[]): Promise<void> {
  const ended = await runAgainWithSoftware(argv);
  if (ended !== undefined) {
    process.exitCode = ended;
    return;
  }
  const json = argv.includes("--json");
  const top = program();
  if (argv.length === 0) {
    note(top.helpInformation());
    process.exitCode = exitCodes.input;
    return;
  }
  try {
    await top.parseAsync(argv, { from: "user" });
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageError(thrown, top, argv[0]) : thrown;
    if (error === undefined) return;
    printError(error, json);
    process.exitCode = exitCodeOf(error);
  }
}

// A reader that closes the pipe early (mfgpu examples | head -1) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(process.exitCode ?? exitCodes.done);
  throw error;
});

await main(process.argv.slice(2));
