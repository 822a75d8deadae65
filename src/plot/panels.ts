/** What the pictures of all dimensions share: the header, the convergence panel, axes and labels. */
import type { RunFile } from "../io/run.ts";
import { column, space, textLine } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { emptyFrame, withHeading } from "./charts.ts";
import type { Frame, Studio } from "./charts.ts";
import { legendHeight, lineChart } from "./lines.ts";
import type { Series } from "./lines.ts";
import type { ColourTransform } from "./colour.ts";
import { extentOf, formatNumber, superscript } from "./numbers.ts";
import type { RunRecord } from "./record.ts";
import type { PlotAxis } from "./sampling.ts";

/** What a picture may be told. */
export interface PlotOptions {
  /** Heading; default the name of the problem. */
  readonly title?: string;
  /** Units of the domain and of the horizon, such as "km" and "h", for the labels; default none. */
  readonly units?: { readonly length?: string; readonly time?: string };
  /**
   * How densities become colours: `sqrt` shows small ones beside high peaks. Default `linear`, but `sqrt` where the
   * snapshots of a 2-D or 3-D picture differ so much in height that the flat ones would look empty; the heading says so.
   */
  readonly densityColours?: ColourTransform;
}

/** All that a picture is drawn from. */
export interface Scene {
  readonly studio: Studio;
  readonly run: RunFile;
  readonly record: RunRecord;
  readonly options: PlotOptions;
  readonly axes: readonly PlotAxis[];
  readonly labels: Labels;
}

interface Labels {
  readonly time: string;
  /** Per axis: name, and unit where there is one. */
  readonly positions: readonly string[];
  readonly density: string;
  /** The symbol alone, for a colour bar. */
  readonly m: string;
}

/** Width of every picture without its margin, in pixels. */
export const pictureWidth = 960;

const axisNames = ["x", "y", "z"] as const;

/** The name of an axis. */
export function axisName(axis: number): string {
  return axisNames[axis] ?? "x";
}

/** Labels of the axes and of the density, with units. */
export function labelsOf(dimension: number, units: PlotOptions["units"] = {}): Labels {
  const density = units.length === undefined ? undefined : `${units.length}${superscript(-dimension)}`;
  return {
    time: inUnit("time t", units.time),
    positions: axisNames
      .slice(0, dimension)
      .map((name) => inUnit(dimension === 1 ? `position ${name}` : name, units.length)),
    density: inUnit("density m", density),
    m: inUnit("m", density),
  };
}

function inUnit(name: string, unit: string | undefined): string {
  return unit === undefined ? name : `${name} [${unit}]`;
}

/**
 * The axes of a run: from the record's domain where it has one, else the cells around the nodes, which is the box of all
 * axes but periodic ones.
 */
export function axesOf(run: RunFile, record: RunRecord): PlotAxis[] {
  return run.coordinates.map((nodes, a) => {
    const first = nodes[0] ?? 0;
    const last = nodes.at(-1) ?? 0;
    const half = nodes.length > 1 ? (last - first) / (nodes.length - 1) / 2 : 0.5;
    const given = record.domain?.[a];
    if (given !== undefined && given.from <= first && given.to >= last && given.to > given.from) {
      return { nodes, from: given.from, to: given.to, periodic: isPeriodic(given.boundary) };
    }
    return { nodes, from: first - half, to: last + half, periodic: false };
  });
}

function isPeriodic(boundary: unknown): boolean {
  if (typeof boundary !== "object" || boundary === null) return boundary === "periodic";
  return "lower" in boundary && boundary.lower === "periodic";
}

const dot = "  \u00b7  ";
/** Logarithmic axes reach from here to its inverse. */
const smallest = 1e-300;

const endings: Readonly<Record<string, string>> = {
  tolerance: "Converged",
  stagnated: "Not converged (stagnated)",
  diverged: "Not converged (diverged)",
  limit: "Not converged (iteration limit reached)",
  aborted: "Not converged (interrupted)",
};

/** Title, what was solved and how, and how it ended. */
export function header(scene: Scene): Block {
  const { record, run, options } = scene;
  const title = options.title ?? record.problem;
  const grid = run.shape.join(" \u00d7 ");
  const setting = [
    `${grid} points, ${run.t.length - 1} time ${run.t.length === 2 ? "step" : "steps"}`,
    ...(record.weno === undefined ? [] : [`WENO-${record.weno.toUpperCase()}`]),
    ...(record.tier === undefined
      ? []
      : [`tier ${record.tier}${record.precision === undefined ? "" : `, ${record.precision}`}`]),
  ];
  const lines = [
    textLine(shorten(title, 90), pictureWidth, { size: 19, bold: true }),
    textLine(shorten(setting.join(dot), 150), pictureWidth, { colour: "#444444" }),
  ];
  const { ending, numbers } = outcome(record);
  if (ending !== "" || numbers !== "") {
    const bold = ending.startsWith("Not");
    const separator = ending === "" || numbers === "" ? "" : dot;
    lines.push(textLine(shorten(ending + separator + numbers, 150), pictureWidth, { colour: "#444444", bold }));
  }
  return column([...lines, space(0, 10)], 1);
}

function outcome(record: RunRecord): { readonly ending: string; readonly numbers: string } {
  const ending = endingOf(record);
  const after =
    record.iterations === undefined ? "" : ` after ${record.iterations} iteration${record.iterations === 1 ? "" : "s"}`;
  const numbers = [
    ["residual", record.residual],
    ["exploitability", record.exploitability],
    ["mass drift", record.massDrift],
    ["min density", record.minDensity],
  ] as const;
  const shown = numbers.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${formatNumber(value, 2)}`]));
  return { ending: ending === "" ? "" : ending + after, numbers: shown.join(dot) };
}

function endingOf({ stopReason, converged }: RunRecord): string {
  if (stopReason !== undefined && Object.hasOwn(endings, stopReason)) return endings[stopReason] ?? "";
  if (converged === undefined && stopReason === undefined) return "";
  const reason = stopReason === undefined ? "" : ` (${stopReason})`;
  return converged === true ? `Converged${reason}` : `Not converged${reason}`;
}

function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}\u2026`;
}

/** Residual and exploitability over the iterations, on a logarithmic axis. */
export function convergencePanel(scene: Scene, letter: string, frame: Omit<Frame, "x" | "y">): Block {
  const { record, studio } = scene;
  const heading = `(${letter}) Convergence`;
  const points = (of: "residual" | "exploitability"): Series["points"] =>
    record.history.flatMap((entry, i) => {
      const y = entry[of];
      return y !== undefined && y > smallest && y < 1 / smallest ? [{ x: entry.iteration ?? i + 1, y }] : [];
    });
  const all: Series[] = [
    { name: "residual", points: points("residual"), style: "solid", dots: true },
    { name: "exploitability", points: points("exploitability"), style: "dashed", dots: true },
  ];
  const series = all.filter((line) => line.points.length > 0);
  const x = extentOf(series.flatMap((line) => line.points.map((point) => point.x)));
  const y = extentOf(series.flatMap((line) => line.points.map((point) => point.y)));
  if (x === undefined || y === undefined) {
    const absence =
      record.history.length === 0 ? "no finished iteration on record" : "no residual that a logarithm could show";
    const bare = { ...frame, x: { domain: [0, 1] }, y: { domain: [0, 1] } } as const;
    return withHeading(heading, column([space(0, legendHeight), emptyFrame(bare, absence)]), frame.margins.left);
  }
  const rule =
    record.tolerance !== undefined && record.tolerance > 0 ? { y: record.tolerance, name: "tolerance" } : undefined;
  const low = Math.floor(Math.log10(Math.min(y[0], rule?.y ?? y[0])));
  const high = Math.ceil(Math.log10(Math.max(y[1], rule?.y ?? y[1])));
  const whole: Frame = {
    ...frame,
    inset: 6,
    x: { domain: x[0] < x[1] ? x : [x[0] - 1, x[0] + 1], label: "iteration", kind: "count" },
    y: {
      domain: [10 ** low, 10 ** (high > low ? high : low + 1)],
      label: series.map((l) => l.name).join(", "),
      kind: "log",
    },
  };
  return withHeading(heading, lineChart(studio, whole, series, rule), frame.margins.left);
}
