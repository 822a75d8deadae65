import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { baselineText } from "../decision/baseline.ts";
import { decide } from "../decision/decide.ts";
import { procedureThresholds, type Decision } from "../decision/decision.ts";
import { MfgError } from "../errors.ts";
import { checkWritable, replaceFile } from "../io/files.ts";
import { decisionFigures } from "../plot/decisionFigures.ts";
import {
  comprehensiveTable,
  decisionHtml,
  decisionMarkdown,
  ladderTable,
  profileTable,
  recommendationSentences,
  solveTable,
} from "../plot/decisionReport.ts";
import { resolveProblem } from "../problem/catalogue.ts";
import { chosenAdapter } from "./adapter.ts";
import { exitCodes } from "./exit.ts";
import { addProblemOptions, namesakes, option, type ProblemFlags } from "./flags.ts";
import { note, printJson, printLine } from "./print.ts";
import { tableLines } from "./table.ts";
import { secondsText } from "./text.ts";
import * as read from "./values.ts";
import { openWisdom } from "./wisdom.ts";

interface Flags extends ProblemFlags {
  readonly all?: true;
  readonly strict?: true;
  readonly target?: number;
  readonly borderline?: number;
  readonly gate?: readonly [number, number];
  readonly out?: string;
  readonly report?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** `mfgpu decide`: is it worth accelerating, and with what? */
export function decideCommand(): Command {
  const { done, borderline, gate } = procedureThresholds;
  const command = new Command("decide")
    .description("walk the acceleration procedure for a problem and a grid: profile, baseline, rungs, recommendation")
    .argument("<problem>", "name in the catalogue (mfgpu examples) or path of a problem file")
    .option("--all", "go on past the rung that is enough")
    .addOption(
      option("--target <x>", `speed-up that is enough (default ${done})`, (text) =>
        read.readPositive("--target", text),
      ),
    )
    .addOption(
      option("--borderline <x>", `speed-up that is borderline (default ${borderline})`, (text) =>
        read.readPositive("--borderline", text),
      ),
    )
    .addOption(option("--gate <us>", `microseconds per call: ${gate.join(",")}`, readGate));
  return addProblemOptions(command)
    .option("--out <folder>", "profile, baseline and decision go there (default runs/decide)")
    .addOption(
      option("--report <file>", "write a report (.html or .md)", (text) =>
        read.readPath("--report", text, [".html", ".md"]),
      ),
    )
    .option("--strict", "exit 5 where a candidate gave a wrong result")
    .option("--json", "print one JSON document")
    .option("--quiet", "no progress on stderr")
    .action(async (name: string, flags: Flags) => {
      process.exitCode = await runDecide(name, flags);
    });
}

/** `10,100`: not worth it below, worth it above. */
function readGate(text: string): readonly [number, number] {
  const parts = text.split(",");
  const [lower, upper] = parts.map((part) => read.readPositive("--gate", part));
  if (parts.length !== 2 || lower === undefined || upper === undefined || lower > upper) {
    throw new MfgError({
      code: "MFGPU_CONFIG_OPTION",
      message: "--gate: not two numbers, the smaller first",
      fix: "Give microseconds as 10,100.",
      path: "--gate",
      value: text,
    });
  }
  return [lower, upper];
}

async function runDecide(name: string, flags: Flags): Promise<number> {
  const adapter = chosenAdapter(flags.adapter, undefined, "auto");
  if (flags.report !== undefined) await checkWritable(flags.report);
  const problem = resolveProblem(name);
  const folder = flags.out ?? join("runs", "decide");
  await makeFolder(folder);
  const wisdom = await openWisdom();
  const decision = await decide(
    problem,
    { ...namesakes(flags), ...(adapter === undefined ? {} : { adapter }) },
    {
      all: flags.all ?? false,
      wisdom,
      thresholds: {
        ...(flags.target === undefined ? {} : { done: flags.target }),
        ...(flags.borderline === undefined ? {} : { borderline: flags.borderline }),
        ...(flags.gate === undefined ? {} : { gate: flags.gate }),
      },
      onStage: (stage) => {
        if (!flags.quiet) note(`${stage} ...`);
      },
    },
  );
  const { profile, baseline } = decision;
  const { raw, ...readable } = profile;
  const document = { ...decision, profile: readable };
  const files = {
    profile: join(folder, "solve.cpuprofile"),
    baseline: join(folder, "baseline_performance.txt"),
    decision: join(folder, "decision.json"),
  };
  await writeFile(files.profile, JSON.stringify(raw));
  await writeFile(files.baseline, baselineText(baseline));
  await writeFile(files.decision, JSON.stringify(document, undefined, 2));
  if (flags.report !== undefined) await writeReport(flags.report, decision);

  if (flags.json) printJson({ ...document, files, report: flags.report ?? null });
  else {
    for (const line of decisionLines(decision)) printLine(line);
    printLine(`files     ${Object.values(files).join(", ")}${flags.report === undefined ? "" : `, ${flags.report}`}`);
  }
  const wrong = decision.excluded.some(({ kind }) => kind === "wrong");
  return flags.strict && wrong ? exitCodes.tiersDisagree : exitCodes.done;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new MfgError({
      code: "MFGPU_FILE_NOT_WRITABLE",
      message: `The folder ${folder} cannot be made.`,
      fix: "Give a folder that you may write to: --out FOLDER.",
      path: "--out",
      value: folder,
      cause,
    });
  }
}

async function writeReport(path: string, decision: Decision): Promise<void> {
  const figures = await decisionFigures(decision);
  const text = path.endsWith(".md") ? decisionMarkdown(decision, figures) : decisionHtml(decision, figures);
  await replaceFile(path, async (stream) => {
    stream.end(text);
  });
}

/** A decision for a person, line by line. */
export function decisionLines(decision: Decision): string[] {
  const { problem, grid, steps, profile, baseline, rungs, notes, seconds } = decision;
  const share = (100 * profile.hotShare).toFixed(0);
  const show = ({ heading, rows }: { heading: readonly string[]; rows: readonly (readonly string[])[] }): string[] =>
    tableLines(heading, rows).map((line) => `  ${line}`);
  return [
    `problem   ${problem}, grid ${grid.join(" x ")}, ${steps} steps`,
    "",
    `profile   ${secondsText(profile.seconds)} of a solve on ${profile.tier}; the hot kernel takes ${share} %`,
    ...show(profileTable(decision, 8)),
    "",
    `baseline  ${baseline.median.toPrecision(4)} us per call of ${baseline.stencils} stencils (${baseline.min.toPrecision(4)} to ` +
      `${baseline.max.toPrecision(4)}), ${baseline.perStencil.toPrecision(3)} us per stencil; gate: ${baseline.gate}`,
    "",
    "ladder",
    ...show(ladderTable(rungs)),
    "",
    "every rung and variant",
    ...show(comprehensiveTable(decision)),
    "",
    "whole solves",
    ...show(solveTable(decision)),
    "",
    ...recommendationSentences(decision).map((line) => `advice    ${line}`),
    ...notes.map((line) => `note      ${line}`),
    `decided   in ${secondsText(seconds)}`,
  ];
}
