import { styleText } from "node:util";
import type { IterationReport } from "../solver/options.ts";
import { coloured, note } from "./print.ts";
import { rateText, secondsText, smallText } from "./text.ts";

/** Where there is no terminal, at most one line in this time: logs stay short and still show life. */
const plainLineIntervalMs = 1000;

/** Shows a running solve on stderr. */
export interface Progress {
  /** Tells how many space-time points an iteration sweeps over, for the rate. */
  plan(points: number): void;
  iteration(report: IterationReport): void;
  /** Ends the live line; to be called once, whatever became of the solve. */
  end(): void;
}

/** Progress that shows nothing. */
export const noProgress: Progress = { plan: () => undefined, iteration: () => undefined, end: () => undefined };

/** What a line says of an iteration; `short` fits a terminal of 80 columns. */
function lineOf(report: IterationReport, elapsedSeconds: number, rate: number, short: boolean): string {
  return [
    `${short ? "#" : "iteration "}${report.iteration}`,
    `residual ${smallText(report.residual)}`,
    ...(report.exploitability === null ? [] : [`exploitability ${smallText(report.exploitability)}`]),
    `${short ? "drift" : "mass drift"} ${smallText(report.massDrift)}`,
    `${short ? "min m" : "min density"} ${smallText(report.minDensity)}`,
    secondsText(elapsedSeconds),
    ...(rate > 0 && Number.isFinite(rate) ? [`${rateText(rate)} points/s`] : []),
  ].join("  ");
}

/** One line that rewrites itself. */
function liveLine(render: (report: IterationReport) => string): Omit<Progress, "plan"> {
  let shown = false;
  return {
    iteration(report) {
      const columns = process.stderr.columns || 80;
      const line = render(report).slice(0, columns - 1);
      process.stderr.write(`\r\u001B[2K${coloured() ? styleText("dim", line) : line}`);
      shown = true;
    },
    end() {
      if (shown) process.stderr.write("\n");
      shown = false;
    },
  };
}

/** Plain lines: the first iteration, then one a second, and the last. */
function plainLines(render: (report: IterationReport) => string): Omit<Progress, "plan"> {
  let last = Number.NEGATIVE_INFINITY;
  let pending: string | undefined;
  return {
    iteration(report) {
      pending = render(report);
      if (performance.now() - last < plainLineIntervalMs) return;
      last = performance.now();
      note(pending);
      pending = undefined;
    },
    end() {
      if (pending !== undefined) note(pending);
      pending = undefined;
    },
  };
}

/** Progress on stderr: one live line on a terminal, plain lines elsewhere. */
export function showProgress(): Progress {
  const start = performance.now();
  const terminal = process.stderr.isTTY;
  let points = 0;
  let swept = 0;
  const render = (report: IterationReport): string => {
    const elapsed = (performance.now() - start) / 1000;
    return lineOf(report, elapsed, swept / elapsed, terminal);
  };
  const lines = terminal ? liveLine(render) : plainLines(render);
  return {
    plan(given) {
      points = given;
    },
    iteration(report) {
      swept += points;
      lines.iteration(report);
    },
    end: () => lines.end(),
  };
}
