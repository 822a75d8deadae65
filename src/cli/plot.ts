import { statSync } from "node:fs";
import { Command, Option } from "commander";
import { openStudy, type Study } from "../batch/study.ts";
import { MfgError } from "../errors.ts";
import { checkWritable, replaceFile } from "../io/files.ts";
import { readRun } from "../io/run.ts";
import { type Figure, plotRun, writeFigure } from "../plot/plot.ts";
import { plotStudy } from "../plot/study.ts";
import { studyPicture } from "../plot/studyData.ts";
import { studyHtml } from "../plot/studyReport.ts";
import { exitCodes } from "./exit.ts";
import { printJson, printLine } from "./print.ts";
import { readPath } from "./values.ts";

interface Flags {
  readonly out?: string;
  readonly report?: string;
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

/** Writes the report of a study, whole or not at all. */
export async function writeStudyReport(path: string, study: Study): Promise<void> {
  const page = await studyHtml(study);
  await replaceFile(path, async (stream) => {
    stream.end(page);
  });
}

function checkFlags(path: string, { out, report }: Flags): void {
  const refuse = (message: string, fix: string, flag: string): MfgError =>
    new MfgError({ code: "MFGPU_CONFIG_OPTION", message, fix, path: flag });
  if (out === undefined && report === undefined)
    throw refuse("There is nothing to write.", "Give --out FILE.svg, or for a study --report FILE.html.", "--out");
  if (report !== undefined && !isFolder(path))
    throw refuse(
      `--report: ${path} is not the folder of a study.`,
      "Reports are of studies; a run has a picture: --out FILE.svg.",
      "--report",
    );
}

/** `mfgpu plot`: the picture of a run file or of a study's folder. */
export function plotCommand(): Command {
  return new Command("plot")
    .description("draw the picture of a run or of a study")
    .argument("<run>", "run file (.npz) that solve --out wrote, or the folder of a study")
    .addOption(
      new Option("--out <file>", "the picture (.svg or .png)").argParser((text) =>
        readPath("--out", text, [".svg", ".png"]),
      ),
    )
    .addOption(
      new Option("--report <file>", "of a study: one page with every measure and member (.html)").argParser((text) =>
        readPath("--report", text, [".html"]),
      ),
    )
    .option("--measure <text>", "of a study: which of its measures (default the first)")
    .option("--json", "print what was done as one JSON document")
    .action(async (path: string, flags: Flags) => {
      const { out, report } = flags;
      checkFlags(path, flags);
      if (out !== undefined) await checkWritable(out);
      if (report !== undefined) await checkWritable(report);
      if (out !== undefined) await writeFigure(out, await figureOf(path, flags.measure));
      if (report !== undefined) await writeStudyReport(report, await openStudy(path));
      if (flags.json) printJson({ run: path, output: out ?? null, report: report ?? null });
      else {
        if (out !== undefined) printLine(`picture ${out}`);
        if (report !== undefined) printLine(`report  ${report}`);
      }
      process.exitCode = exitCodes.done;
    });
}
