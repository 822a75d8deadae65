import { statSync } from "node:fs";
import { Command, Option } from "commander";
import { openStudy } from "../batch/study.ts";
import { checkWritable } from "../io/files.ts";
import { readRun } from "../io/run.ts";
import { type Figure, plotRun, writeFigure } from "../plot/plot.ts";
import { plotStudy } from "../plot/study.ts";
import { studyPicture } from "../plot/studyData.ts";
import { exitCodes } from "./exit.ts";
import { printJson, printLine } from "./print.ts";
import { readPath } from "./values.ts";

interface Flags {
  readonly out: string;
  readonly measure?: string;
  readonly json?: true;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function figureOf(path: string, measure: string | undefined): Promise<Figure> {
  if (!isFolder(path)) return plotRun(await readRun(path));
  return plotStudy(await studyPicture(await openStudy(path), measure));
}

/** `mfgpu plot`: the picture of a run file or of a study's folder. */
export function plotCommand(): Command {
  return new Command("plot")
    .description("draw the picture of a run or of a study")
    .argument("<run>", "run file (.npz) that solve --out wrote, or the folder of a study")
    .addOption(
      new Option("--out <file>", "the picture (.svg or .png)")
        .argParser((text) => readPath("--out", text, [".svg", ".png"]))
        .makeOptionMandatory(),
    )
    .option("--measure <text>", "of a study: which of its measures (default the first)")
    .option("--json", "print what was done as one JSON document")
    .action(async (path: string, flags: Flags) => {
      await checkWritable(flags.out);
      await writeFigure(flags.out, await figureOf(path, flags.measure));
      if (flags.json) printJson({ run: path, output: flags.out });
      else printLine(`picture ${flags.out}`);
      process.exitCode = exitCodes.done;
    });
}
