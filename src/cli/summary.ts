import type { SolveResult, StopReason } from "../solver/options.ts";
import { secondsText, smallText } from "./text.ts";

const endings: Readonly<Record<StopReason, string>> = {
  tolerance: "converged",
  stagnated: "NOT converged: the residual stagnated",
  diverged: "NOT converged: diverged",
  limit: "NOT converged: the iteration limit was reached",
  aborted: "interrupted",
};

/** The record of a solve for a person, line by line. */
export function summaryLines(record: SolveResult["record"], picture: string | undefined): string[] {
  const { timings } = record;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["problem", `${record.problem} (${record.dimension}-D), grid ${record.grid.join(" x ")}, ${record.steps} steps`],
    ["computed", placeText(record)],
    ["ended", `${endings[record.stopReason]} after ${record.iterations} iterations`],
    ["", record.converged ? undefined : record.stopDetail],
    ["", replacedText(record.relaxation.replaced)],
    ["residual", smallText(record.residual)],
    ["exploitability", smallText(record.exploitability)],
    ["mass drift", smallText(record.massDrift)],
    ["min density", smallText(record.minDensity)],
    [
      "time",
      `${secondsText(timings.total)} (hjb ${secondsText(timings.hjb)}, fokker-planck ${secondsText(timings.fokkerPlanck)})`,
    ],
    ["", timings.kernel === undefined ? undefined : transferText(timings)],
    ["chosen", record.plan === null ? undefined : chosenText(record.plan)],
    ...(record.plan?.failures ?? []).map(
      ({ candidate, message, resumedAfter }) =>
        ["failed", `${candidate}: ${message} Went on from iteration ${resumedAfter}.`] as const,
    ),
    ["run", record.output ?? undefined],
    ["picture", picture],
  ];
  return rows.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(15)} ${text}`]));
}

/** Where and in what precision, a GPU of software named as such. */
function placeText({ tier, variant, residency, precision, adapter, software }: SolveResult["record"]): string {
  const name = `${tier}${variant === null ? "" : `:${variant}`}${residency === "offload" ? "/offload" : ""}`;
  return `tier ${name}, ${precision}${adapter ? `, ${adapter}` : ""}${software ? " (software)" : ""}`;
}

function replacedText(steps: number): string | undefined {
  if (steps === 0) return undefined;
  const many = steps === 1 ? "1 Anderson step" : `${steps} Anderson steps`;
  return `${many} would have made a density negative; fictitious play took ${steps === 1 ? "its" : "their"} place, which is slower`;
}

/** What the tier's own memory cost. */
function transferText({ upload = 0, kernel = 0, download = 0 }: SolveResult["record"]["timings"]): string {
  return `of which on the tier ${secondsText(kernel)}, data to it ${secondsText(upload)}, data back ${secondsText(download)}`;
}

function chosenText({ why, predicted, actual }: NonNullable<SolveResult["record"]["plan"]>): string {
  return `${why} Predicted ${secondsText(predicted.seconds)}, took ${secondsText(actual)}.`;
}
