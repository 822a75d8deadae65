import { Command, Option } from "commander";
import { checkWritable } from "../io/files.ts";
import { readRun } from "../io/run.ts";
import { plotRun, writeFigure } from "../plot/plot.ts";
import { exitCodes } from "./exit.ts";
import { printJson, printLine } from "./print.ts";
import { readPath } from "./values.ts";

interface Flags {
  readonly out: string;
  readonly json?: true;
}

/** `mfgpu plot`: a run file's picture. */
export function plotCommand(): Command {
  return new Command("plot")
    .description("draw the picture of a run")
    .argument("<run>", "run file (.npz) that solve --out wrote")
    .addOption(
      new Option("--out <file>", "the picture (.svg or .png)")
        .argParser((text) => readPath("--out", text, [".svg", ".png"]))
        .makeOptionMandatory(),
    )
    .option("--json", "print what was done as one JSON document")
    .action(async (path: string, flags: Flags) => {
      await checkWritable(flags.out);
      const run = await readRun(path);
      await writeFigure(flags.out, await plotRun(run));
      if (flags.json) printJson({ run: path, output: flags.out });
      else printLine(`picture ${flags.out}`);
      process.exitCode = exitCodes.done;
    });
}
