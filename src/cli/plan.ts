import { Command } from "commander";
import { planSolve } from "../decision/planner.ts";
import type { Plan, PlannedCandidate, PlanMode } from "../decision/plan.ts";
import { exportWisdom, forgetWisdom, importWisdom } from "../decision/wisdom.ts";
import { MfgError } from "../errors.ts";
import { resolveProblem } from "../problem/catalogue.ts";
import { chosenAdapter } from "./adapter.ts";
import { exitCodes } from "./exit.ts";
import { addProblemOptions, named, namesakes, option, type ProblemFlags } from "./flags.ts";
import { note, printJson, printLine } from "./print.ts";
import { tableLines } from "./table.ts";
import { bytesText, secondsText } from "./text.ts";
import * as read from "./values.ts";
import { chosenWisdomPath, openWisdom, planModes } from "./wisdom.ts";

interface Flags extends ProblemFlags {
  readonly mode?: PlanMode;
  readonly batch?: number;
  readonly timeLimit?: number;
  readonly forget?: true;
  readonly export?: string;
  readonly import?: string;
  readonly strict?: true;
  readonly json?: true;
}

/** `mfgpu plan`: what `--tier auto` would choose, why, and at which predicted cost. */
export function planCommand(): Command {
  const command = new Command("plan")
    .description("predict the time of a solve for every candidate and say which one --tier auto takes")
    .argument("[problem]", "name in the catalogue (mfgpu examples) or path of a problem file")
    .addOption(named("--mode", "mode", "what may be measured (default measure)", planModes))
    .addOption(option("--batch <n>", "problems solved at once", (text) => read.readCount("--batch", text, 1)))
    .addOption(
      option("--time-limit <seconds>", "most seconds of measuring", (text) => read.readPositive("--time-limit", text)),
    );
  return addProblemOptions(command)
    .option("--forget", "remove what was measured earlier")
    .option("--export <file>", "write what was measured to a file")
    .option("--import <file>", "add what another file holds")
    .option("--strict", "exit 5 where a candidate gave a wrong result")
    .option("--json", "print one JSON document")
    .action(async (name: string | undefined, flags: Flags) => {
      process.exitCode = await runPlan(name, flags);
    });
}

async function runPlan(name: string | undefined, flags: Flags): Promise<number> {
  const tended = await tend(flags);
  if (name === undefined) {
    if (tended === undefined) {
      throw new MfgError({
        code: "MFGPU_CONFIG_USAGE",
        message: "There is no problem to plan for.",
        fix: "Name a problem, or use --forget, --export or --import.",
        path: "problem",
      });
    }
    if (flags.json) printJson(tended);
    else for (const line of tended.done) printLine(line);
    return exitCodes.done;
  }
  for (const line of tended?.done ?? []) note(line);
  const adapter = chosenAdapter(flags.adapter, undefined, "auto");
  const problem = resolveProblem(name);
  const { plan, refusal, excluded } = await planSolve(
    Array.from({ length: flags.batch ?? 1 }, () => problem),
    { ...namesakes(flags), ...(adapter === undefined ? {} : { adapter }) },
    {
      mode: flags.mode ?? "measure",
      wisdom: await openWisdom(),
      ...(flags.timeLimit === undefined ? {} : { timeLimitMs: 1000 * flags.timeLimit }),
    },
  );
  if (flags.json) printJson(plan);
  else for (const line of planLines(plan)) printLine(line);
  if (flags.strict && excluded.some(({ kind }) => kind === "wrong")) return exitCodes.tiersDisagree;
  if (plan.chosen !== null) return exitCodes.done;
  return refusal?.code.startsWith("MFGPU_MEMORY") ? exitCodes.input : exitCodes.tierUnavailable;
}

/** Does what the flags ask of the wisdom file itself. */
async function tend(flags: Flags): Promise<{ wisdom: string; done: string[] } | undefined> {
  if (!flags.forget && flags.export === undefined && flags.import === undefined) return undefined;
  const path = chosenWisdomPath();
  if (path === undefined) {
    throw new MfgError({
      code: "MFGPU_CONFIG_OPTION",
      message: "MFGPU_WISDOM=off: there is no wisdom file to work on.",
      fix: "Unset MFGPU_WISDOM, or let it name a file.",
      path: "MFGPU_WISDOM",
      value: "off",
    });
  }
  const done: string[] = [];
  if (flags.export !== undefined)
    done.push(`${await exportWisdom(path, flags.export)} entries written to ${flags.export}`);
  if (flags.forget) done.push((await forgetWisdom(path)) ? `${path} removed` : `${path}: there is none`);
  if (flags.import !== undefined)
    done.push(`${await importWisdom(path, flags.import)} entries added from ${flags.import}`);
  return { wisdom: path, done };
}

/** A plan for a person, line by line. */
export function planLines(plan: Plan): string[] {
  const { problem, grid, steps, members, work } = plan;
  const batch = members > 1 ? `, ${members} at once` : "";
  return [
    `problem   ${problem}, grid ${grid.join(" x ")}, ${steps} steps${batch}`,
    `work      ${work.iterations} iterations (${work.iterationsFrom}), sub-steps per sweep ${work.hjb.toFixed(0)} back and ` +
      `${work.fokkerPlanck.toFixed(0)} forth (${work.substepsFrom})`,
    "",
    ...tableLines(
      ["candidate", "seconds", "between", "memory", "known from", ""],
      plan.candidates.map((candidate) => rowOf(candidate, plan.chosen)),
      [1],
    ),
    "",
    `choice    ${plan.chosen ?? "none"}: ${plan.why}`,
    ...plan.crossovers.map(
      ({ grid: at, low, high, from, to }) =>
        `flips     at about ${at.join(" x ")} (${low.join(" x ")} to ${high.join(" x ")}) from ${from} to ${to}`,
    ),
    ...plan.notes.map((line) => `note      ${line}`),
    `planned   in ${secondsText(plan.seconds)}, mode ${plan.mode}`,
  ];
}

function rowOf(candidate: PlannedCandidate, chosen: string | null): string[] {
  const { name, predicted, memory, source, reason, software } = candidate;
  return [
    `${name === chosen ? "*" : " "} ${name}${software ? " (software)" : ""}`,
    predicted ? secondsText(predicted.seconds) : "-",
    predicted ? `${secondsText(predicted.low)} .. ${secondsText(predicted.high)}` : "-",
    memory === null ? "-" : bytesText(memory),
    source ?? "-",
    reason ?? "",
  ];
}
