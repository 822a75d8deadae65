/** The panels of a study's picture and report: a measure over what varies, convergence, densities side by side. */
import type { RunFile } from "../io/run.ts";
import { column, row, space } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { barRoom, chart, colourBar, emptyFrame, heatMap, withHeading } from "./charts.ts";
import type { ChartAxis, Frame, Mark, Studio } from "./charts.ts";
import { commonDensityScale, valueScale } from "./colour.ts";
import { lineChart } from "./lines.ts";
import type { Series } from "./lines.ts";
import { extentOf, formatNumber, openRange } from "./numbers.ts";
import { axesOf, axisName, labelsOf, pictureWidth } from "./panels.ts";
import { recordOf } from "./record.ts";
import { type Raster, thinLine } from "./sampling.ts";
import { frameSize, planeMap } from "./snapshots.ts";

/** One member as a picture sees it. */
export interface StudyPoint {
  /** Parameter paths to values. */
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  readonly measure: number | null;
  readonly converged: boolean;
  /** Residual after each iteration. */
  readonly residuals: readonly number[];
}

/** A member whose density is shown. */
export interface StudySample {
  readonly title: string;
  readonly run: RunFile;
}

const margins = { left: 66, right: 10, top: 6, bottom: 44 } as const;
/** Pixels between panels. */
export const gap = 14;
const panelWidth = (pictureWidth - gap) / 2;
const panelHeight = 250;

/** Parameters that are numbers and take more than one value. */
export function numericParameters(points: readonly StudyPoint[]): string[] {
  const names = Object.keys(points[0]?.parameters ?? {});
  return names.filter((name) => {
    const values = points.map((point) => point.parameters[name]);
    return values.every((value) => typeof value === "number") && new Set(values).size > 1;
  });
}

const numberOf = (point: StudyPoint, name: string): number => Number(point.parameters[name]);

/** Log where the values are positive and span more than a factor of twenty. */
function axisOf(values: readonly number[], label: string): ChartAxis {
  const [low, high] = openRange(extentOf(values) ?? [0, 1]);
  const kind = low > 0 && high / low > 20 ? "log" : "linear";
  return { domain: [low, high], label, kind };
}

/**
 * A measure against one parameter as a line, against two on a full grid as a map, otherwise as dots over the first.
 *
 * @param over numeric parameters to draw it over; default all
 */
export async function measurePanel(
  studio: Studio,
  points: readonly StudyPoint[],
  measure: string,
  heading: string,
  over: readonly string[] = numericParameters(points),
): Promise<Block> {
  const known = points.filter((point) => point.measure !== null && point.converged);
  const names = numericParameters(points);
  const [first, second] = over;
  const frame = { width: panelWidth - margins.left - margins.right, height: panelHeight, margins };
  const bare = { ...frame, x: { domain: [0, 1] }, y: { domain: [0, 1] } } as const;
  if (first === undefined || known.length === 0) {
    const absence = first === undefined ? "no parameter that is a number varies" : "no member has this measure";
    return withHeading(heading, emptyFrame(bare, absence), margins.left);
  }
  const table = second === undefined ? undefined : tableOf(known, first, second);
  if (second !== undefined && table !== undefined && names.length === 2 && over.length === 2) {
    const scale = valueScale(table.values.filter(Number.isFinite));
    const width = frame.width - barRoom - 10;
    const map = await heatMap(
      studio,
      { ...frame, width, x: cellAxis(table.x, first), y: cellAxis(table.y, second) },
      cellsOf(table),
      scale,
    );
    return withHeading(heading, row([map, await colourBar(studio, scale, panelHeight, margins, "")]), margins.left);
  }
  const x = axisOf(
    known.map((point) => numberOf(point, first)),
    first,
  );
  const y = openRange(extentOf(known.map((point) => point.measure ?? Number.NaN)) ?? [0, 1]);
  const whole: Frame = { ...frame, inset: 6, x, y: { domain: y, label: measure } };
  const { plot } = studio;
  const data = known
    .map((point) => ({ x: numberOf(point, first), y: point.measure ?? Number.NaN }))
    .toSorted((a, b) => a.x - b.x);
  const marks: Mark[] = [plot.gridY({ strokeOpacity: 0.12 })];
  if (names.length === 1) marks.push(plot.lineY(data, { x: "x", y: "y", stroke: "#1f4e8c", strokeWidth: 1.8 }));
  const r = data.length > 60 ? 1.6 : 2.8;
  marks.push(plot.dot(data, { x: "x", y: "y", fill: "#1f4e8c", fillOpacity: names.length > 1 ? 0.6 : 1, r }));
  return withHeading(heading, chart(studio, whole, marks), margins.left);
}

interface Table {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Row by row, y slow; NaN where a member is missing. */
  readonly values: readonly number[];
}

/** The measure on a full grid of two parameters; undefined where the members are not one. */
function tableOf(points: readonly StudyPoint[], first: string, second: string): Table | undefined {
  const sorted = (name: string): number[] =>
    [...new Set(points.map((point) => numberOf(point, name)))].toSorted((a, b) => a - b);
  const [x, y] = [sorted(first), sorted(second)];
  if (x.length < 2 || y.length < 2 || points.length < 0.5 * x.length * y.length) return undefined;
  const values = Array<number>(x.length * y.length).fill(Number.NaN);
  for (const point of points) {
    values[y.indexOf(numberOf(point, second)) * x.length + x.indexOf(numberOf(point, first))] =
      point.measure ?? Number.NaN;
  }
  return { x, y, values };
}

/** Pixels that a cell takes at least of a map: programs blend the pixels of an image that they enlarge, and cells are members. */
const cellPixels = 16;

/** The table as a raster, its rows from the top, with every cell a square of pixels. */
function cellsOf({ x, y, values }: Table): Raster {
  const size = { width: x.length * cellPixels, height: y.length * cellPixels };
  const pixels = Float64Array.from({ length: size.width * size.height }, (_, i) => {
    const column = Math.floor((i % size.width) / cellPixels);
    const fromTop = Math.floor(i / size.width / cellPixels);
    return values[(y.length - 1 - fromTop) * x.length + column] ?? Number.NaN;
  });
  return { ...size, values: pixels };
}

/** An axis over equal cells around values that are equally spaced, or equally spaced in their logarithm. */
function cellAxis(values: readonly number[], label: string): ChartAxis {
  const [low = 0, next = 1] = values;
  const high = values.at(-1) ?? 1;
  const count = values.length;
  const even = Math.abs((high - low) / (count - 1) - (next - low)) < 0.01 * (next - low);
  if (!even && low > 0) {
    const ratio = (high / low) ** (1 / (count - 1));
    return { domain: [low / Math.sqrt(ratio), high * Math.sqrt(ratio)], label, kind: "log" };
  }
  const half = (high - low) / (count - 1) / 2;
  return { domain: [low - half, high + half], label };
}

/**
 * The residuals of all members.
 *
 * @param tolerance drawn across; undefined where there is none
 */
export function convergence(
  studio: Studio,
  points: readonly StudyPoint[],
  tolerance: number | undefined,
  heading: string,
): Block {
  const lines = points.flatMap(({ residuals }, member) =>
    residuals.flatMap((y, i) => (y > 0 && Number.isFinite(y) ? [{ x: i + 1, y, member }] : [])),
  );
  const frame = { width: panelWidth - margins.left - margins.right, height: panelHeight, margins };
  const extent = extentOf(lines.map(({ y }) => y));
  if (extent === undefined) {
    const bare = { ...frame, x: { domain: [0, 1] }, y: { domain: [0, 1] } } as const;
    return withHeading(heading, emptyFrame(bare, "no iterations on record"), margins.left);
  }
  const [low, high] = [Math.min(extent[0], tolerance ?? extent[0]), extent[1]].map(Math.log10);
  const longest = lines.reduce((most, { x }) => Math.max(most, x), 1);
  const whole: Frame = {
    ...frame,
    inset: 6,
    x: { domain: [1, Math.max(2, longest)], label: "iteration", kind: "count" },
    y: { domain: [10 ** Math.floor(low ?? -1), 10 ** Math.ceil((high ?? 0) + 1e-9)], label: "residual", kind: "log" },
  };
  const { plot } = studio;
  const opacity = Math.max(0.06, Math.min(0.6, 8 / points.length));
  const marks: Mark[] = [
    plot.lineY(lines, { x: "x", y: "y", z: "member", stroke: "#1f4e8c", strokeOpacity: opacity, strokeWidth: 1.2 }),
  ];
  if (tolerance !== undefined) marks.push(plot.ruleY([tolerance], { stroke: "#777777", strokeDasharray: "1.5 3" }));
  return withHeading(heading, chart(studio, whole, marks), margins.left);
}

/** Small multiples of the density at the horizon, on common axes. */
export async function densities(studio: Studio, samples: readonly StudySample[], prefix: string): Promise<Block> {
  const columns = Math.min(3, samples.length);
  const cell = (pictureWidth - (columns - 1) * gap) / columns;
  const drawn: Block[] = [];
  for (const sample of samples) drawn.push(await density(studio, sample, samples, cell));
  const rows = Array.from({ length: Math.ceil(drawn.length / columns) }, (_, k) =>
    row(drawn.slice(k * columns, (k + 1) * columns), gap),
  );
  const what =
    samples[0]?.run.shape.length === 1 ? "Density at the start (dashed) and at the horizon" : "Density at the horizon";
  const title = withHeading(`${prefix}${what}`, space(0, 0), margins.left);
  return column([title, column(rows, 8)]);
}

/** The density of the last level, of the first one in `start`. */
function sliceOf(run: RunFile, level: number): Float64Array {
  const points = run.shape.reduce((product, n) => product * n, 1);
  return run.density.subarray(level * points, (level + 1) * points);
}

async function density(
  studio: Studio,
  { title, run }: StudySample,
  all: readonly StudySample[],
  width: number,
): Promise<Block> {
  const axes = axesOf(run, recordOf(run.record));
  const labels = labelsOf(run.shape.length);
  const last = run.t.length - 1;
  const [x, y] = axes;
  if (x === undefined) return space(0, 0);
  const small = { left: 52, right: 8, top: 4, bottom: 38 };
  const inner = width - small.left - small.right;
  if (y === undefined) {
    const highest = Math.max(
      ...all.flatMap((other) => [0, other.run.t.length - 1].map((k) => extentOf(sliceOf(other.run, k))?.[1] ?? 0)),
    );
    const lines: Series[] = [
      { name: "t = 0", points: thinLine(x.nodes, sliceOf(run, 0), 400), style: "dashed", dots: false },
      {
        name: `t = ${formatNumber(run.t[last] ?? 0)}`,
        points: thinLine(x.nodes, sliceOf(run, last), 400),
        style: "solid",
        dots: false,
      },
    ];
    const frame: Frame = {
      width: inner,
      height: 130,
      margins: small,
      x: { domain: [x.from, x.to], label: labels.positions[0] ?? axisName(0) },
      y: { domain: openRange([0, 1.05 * highest]), label: "density m" },
    };
    return withHeading(title, lineChart(studio, frame, lines), small.left, false);
  }
  // In 3-D the plane through the middle of the last axis.
  const depth = run.shape[2] ?? 1;
  const scale = commonDensityScale(
    all.map((other) => sliceOf(other.run, other.run.t.length - 1)),
    undefined,
  );
  const plane = {
    data: sliceOf(run, last),
    offset: Math.floor(depth / 2),
    stride0: depth * (run.shape[1] ?? 1),
    stride1: depth,
  };
  return planeMap(studio, {
    plane,
    axes: [x, y],
    size: frameSize([x, y], Math.floor(inner), 220),
    margins: small,
    labels: { x: axisName(0), y: axisName(1) },
    heading: title,
    scale,
  });
}
