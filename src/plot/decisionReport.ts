/** A decision as one self-contained page or as Markdown: the same tables, rendered twice. */
import type { Decision, Rung } from "../decision/decision.ts";
import { escapeText } from "./blocks.ts";
import type { DecisionFigures } from "./decisionFigures.ts";
import { formatNumber } from "./numbers.ts";

export interface Table {
  readonly heading: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns of numbers. */
  readonly right?: readonly number[];
}

/** A part of a report's page. */
export interface Section {
  readonly title: string;
  readonly sentences?: readonly string[];
  readonly table?: Table;
  readonly figure?: string;
  /** A list under the table; on pages only. */
  readonly after?: readonly string[];
}

const microseconds = (x: number | null): string => (x === null ? "-" : `${formatNumber(x)} us`);
const percent = (x: number): string => `${formatNumber(100 * x, 2)} %`;
const times = (x: number | null): string => (x === null || !Number.isFinite(x) ? "-" : `${formatNumber(x)}x`);
const grid = (shape: readonly number[]): string => shape.join(" x ");

/** The ladder as rows of text. */
export function ladderTable(rungs: readonly Rung[]): Table {
  return {
    heading: ["rung", "verdict", "best variant", "speed-up", "whole solve at most (Amdahl)", ""],
    rows: rungs.map(({ tier, verdict, best, speedup, amdahl, reason }) => [
      tier,
      verdict,
      best ?? "-",
      times(speedup),
      times(amdahl),
      reason ?? "",
    ]),
  };
}

/** The comprehensive table: every rung and variant. */
export function comprehensiveTable({ rows, excluded, absent }: Decision): Table {
  const base = (operation: string): number =>
    rows.find((row) => row.operation === operation && row.tier === "scalar")?.total ?? Number.NaN;
  return {
    heading: ["variant", "function", "kernel", "upload", "download", "total", "+-", "speed-up", "error"],
    rows: [
      ...rows.map((row) => [
        row.software ? `${row.name} (software)` : row.name,
        row.operation,
        microseconds(row.kernel),
        microseconds(row.upload),
        microseconds(row.download),
        microseconds(row.total),
        microseconds(row.mad),
        times(base(row.operation) / row.total),
        row.error.toExponential(1),
      ]),
      ...excluded.map(({ name, kind, reason }) => [name, kind, "-", "-", "-", "-", "-", "-", reason]),
      ...absent.map(({ name, reason }) => [name, "not here", "-", "-", "-", "-", "-", "-", reason]),
    ],
  };
}

/** Whole solves, fastest first. */
export function solveTable({ solves, plan }: Decision): Table {
  const barred = plan.candidates.filter(({ eligible }) => !eligible);
  return {
    heading: ["candidate", "seconds", "between", "transfers", "speed-up", ""],
    rows: [
      ...solves.map(({ name, seconds, low, high, transferShare, speedup }) => [
        name,
        formatNumber(seconds),
        `${formatNumber(low)} .. ${formatNumber(high)}`,
        percent(transferShare),
        times(speedup),
        "",
      ]),
      ...barred.map(({ name, reason }) => [name, "-", "-", "-", "-", reason ?? ""]),
    ],
  };
}

export function profileTable({ profile }: Decision, most = 12): Table {
  return {
    heading: ["function", "where", "self", "cumulative", "calls in iteration 1", "hot"],
    rows: profile.functions
      .slice(0, most)
      .map(({ name, place, self, cumulative, calls, hot }) => [
        name,
        place,
        percent(self / profile.seconds),
        percent(cumulative / profile.seconds),
        calls === null ? "-" : String(calls),
        hot ? "yes" : "",
      ]),
  };
}

/** The recommendation in sentences. */
export function recommendationSentences({ recommendation, grid: shape }: Decision): string[] {
  const { simplest, fastest, target, why, crossovers } = recommendation;
  return [
    `Simplest that makes the whole solve ${target} times faster: ${simplest ?? "none"}.`,
    `Fastest: ${fastest ?? "none"}.`,
    why,
    ...(crossovers.length === 0
      ? ["No other grid size between the smallest and the largest looked at changes the fastest."]
      : crossovers.map(
          ({ grid: at, low, high, from, to }) =>
            `The fastest changes from ${from} to ${to} at about ${grid(at)} (${grid(low)} to ${grid(high)}); the grid at hand is ${grid(shape)}.`,
        )),
  ];
}

/** What moving data decides. */
function transferSentences({ plan }: Decision): string[] {
  const { chosen, withoutTransfers: free } = plan;
  if (chosen === null || free === null) return [];
  return [
    free === chosen
      ? `If moving data took no time, the choice would be the same: ${chosen}.`
      : `If moving data took no time, ${free} would be the fastest; ${chosen} was chosen.`,
  ];
}

function sections(decision: Decision, figures: DecisionFigures): Section[] {
  const { baseline, profile, notes, environment, rungs, stopped } = decision;
  return [
    { title: "Recommendation", sentences: recommendationSentences(decision) },
    {
      title: "Profile of a real solve",
      sentences: [
        `V8's sampling profiler, ${formatNumber(profile.seconds)} s of a solve on the tier ${profile.tier}, ${profile.iterations} iterations. The hot kernel (WENO derivatives and what they call) takes ${percent(profile.hotShare)}.`,
      ],
      table: profileTable(decision),
    },
    {
      title: "Baseline and gate",
      sentences: [
        `One call on ${baseline.stencils} stencils: median ${microseconds(baseline.median)}, min ${microseconds(baseline.min)}, max ${microseconds(baseline.max)}; ${microseconds(baseline.perStencil)} per stencil.`,
        `Gate (below ${baseline.thresholds[0]} us not worth it, above ${baseline.thresholds[1]} us worth it): ${baseline.gate}.`,
      ],
    },
    {
      title: "The ladder",
      sentences: stopped ? ["The procedure stopped at the first rung that is enough (--all goes on)."] : [],
      table: ladderTable(rungs),
      figure: figures.speedups,
    },
    { title: "Every rung and variant", table: comprehensiveTable(decision) },
    { title: "Whole solves", table: solveTable(decision), figure: figures.sizes },
    { title: "Transfers", sentences: transferSentences(decision), figure: figures.transfers },
    { title: "Roofline", figure: figures.roofline },
    {
      title: "Environment",
      table: {
        heading: ["part", "here"],
        rows: Object.entries(environment).map(([part, here]) => [part, String(here)]),
      },
    },
    { title: "Notes", sentences: notes },
  ];
}

const style = `body{font:16px/1.45 "Source Sans 3","Helvetica Neue",Arial,sans-serif;color:#222;max-width:76em;margin:2em auto;padding:0 1em}
table{border-collapse:collapse;font-size:14px;margin:0.6em 0}td,th{border:1px solid #999;padding:3px 8px;text-align:left;vertical-align:top}
.t{overflow-x:auto}td{white-space:nowrap}.w{white-space:normal}.n{text-align:right;font-variant-numeric:tabular-nums}th{background:#eee}h1{font-size:26px}h2{font-size:20px;margin-top:1.6em}svg{max-width:100%;height:auto}
@media print{body{margin:0}h2{break-after:avoid}}`;

function titleOf({ problem, grid: shape, steps }: Decision): string {
  return `mfgpu decide: ${problem}, grid ${grid(shape)}, ${steps} steps`;
}

/** The whole report as one HTML page that needs nothing else: no network, no script. */
export function decisionHtml(decision: Decision, figures: DecisionFigures): string {
  return htmlPage(titleOf(decision), sections(decision, figures));
}

/** A page of sections that needs nothing else. */
export function htmlPage(heading: string, parts: readonly Section[]): string {
  const title = escapeText(heading);
  const body = parts.map(({ title: heading, sentences = [], table, figure, after = [] }) =>
    [
      `<h2>${escapeText(heading)}</h2>`,
      ...sentences.map((text) => `<p>${escapeText(text)}</p>`),
      ...(table ? [htmlTable(table)] : []),
      ...(after.length === 0 ? [] : [`<ul>${after.map((text) => `<li>${escapeText(text)}</li>`).join("")}</ul>`]),
      ...(figure === undefined ? [] : [`<figure>${figure}</figure>`]),
    ].join("\n"),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${style}</style></head>
<body><h1>${title}</h1>
${body.join("\n")}
</body></html>
`;
}

/** Characters up to which a cell is kept on one line. */
const shortCell = 32;

function htmlTable({ heading, rows, right = [] }: Table): string {
  const kind = (cell: string, c: number): string => {
    if (right.includes(c)) return ' class="n"';
    return cell.length <= shortCell ? "" : ' class="w"';
  };
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell, c) => `<${tag}${kind(cell, c)}>${escapeText(cell)}</${tag}>`).join("")}</tr>`;
  return `<div class="t"><table>${line(heading, "th")}${rows.map((row) => line(row, "td")).join("\n")}</table></div>`;
}

/** The whole report as Markdown; figures are images in the text itself. */
export function decisionMarkdown(decision: Decision, figures: DecisionFigures): string {
  const body = sections(decision, figures).map(({ title, sentences = [], table, figure }) =>
    [
      `## ${title}`,
      ...sentences,
      ...(table ? [markdownTable(table)] : []),
      ...(figure === undefined
        ? []
        : [`![${title}](data:image/svg+xml;base64,${Buffer.from(figure, "utf8").toString("base64")})`]),
    ].join("\n\n"),
  );
  return `# ${titleOf(decision)}\n\n${body.join("\n\n")}\n`;
}

/** A table as Markdown. */
export function markdownTable({ heading, rows }: Table): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(heading), `|${heading.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}
