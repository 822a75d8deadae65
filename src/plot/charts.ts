/** The charts that pictures are made of: heat map, colour bar, lines. Axes, ticks and lines are Observable Plot's. */
import type * as PlotModule from "@observablehq/plot";
import { column, escapeText, ink, textAt } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { rampUri, rasterUri } from "./colour.ts";
import type { ColourScale } from "./colour.ts";
import { countTicks, formatDecade, tickFormat } from "./numbers.ts";
import type { Raster } from "./sampling.ts";

export type Mark = NonNullable<PlotModule.PlotOptions["marks"]>[number];
type ScaleOptions = NonNullable<PlotModule.PlotOptions["x"]>;

/** Observable Plot and the document it draws in, loaded when the first picture is drawn. */
export interface Studio {
  readonly plot: typeof PlotModule;
  readonly document: NonNullable<PlotModule.PlotOptions["document"]>;
}

/** Loads what charts are drawn with. */
export async function openStudio(): Promise<Studio> {
  const [plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  return { plot, document: parseHTML("<html></html>").document };
}

/** The room around the frame of a chart, in pixels. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** An axis of a chart. */
export interface ChartAxis {
  readonly domain: readonly [number, number];
  /** Absent: ticks and labels are left to a neighbouring chart. */
  readonly label?: string;
  readonly kind?: "linear" | "log" | "count";
}

/** Where a chart's frame stands and what its axes are; `width` and `height` are those of the frame, in pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly margins: Margins;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  /** Pixels between the frame and the ends of the axes; default 0. */
  readonly inset?: number;
}

type Ticks = number | number[];

export const fontSize = 13;
export const headingHeight = 24;
const barWidth = 13;
const barGap = 10;
/** Room for the numbers beside a colour bar. */
export const barRoom = 68;

/** A chart of any marks inside a frame. */
export function chart(studio: Studio, frame: Frame, marks: readonly Mark[]): Block {
  const { margins } = frame;
  const drawn = studio.plot.plot({
    document: studio.document,
    width: frame.width + margins.left + margins.right,
    height: frame.height + margins.top + margins.bottom,
    marginLeft: margins.left,
    marginRight: margins.right,
    marginTop: margins.top,
    marginBottom: margins.bottom,
    inset: frame.inset ?? 0,
    x: scaleOf(frame.x, ticksOf(frame.x, Math.max(3, Math.floor(frame.width / 60)))),
    y: scaleOf(frame.y, verticalTicks(frame)),
    length: { type: "identity" },
    marks: [...marks, studio.plot.frame({ stroke: ink, strokeWidth: 0.8 })],
  });
  return {
    width: frame.width + margins.left + margins.right,
    height: frame.height + margins.top + margins.bottom,
    svg: contentOf(drawn),
  };
}

/** What stands inside Plot's svg element, without its style sheet, which speaks to pages and not to papers. */
function contentOf(drawn: { readonly innerHTML: string }): string {
  const content = drawn.innerHTML.replace(/<style>[^]*?<\/style>/, "");
  return `<g text-anchor="middle" font-size="${fontSize}" fill="currentColor">${content}</g>`;
}

function scaleOf(axis: ChartAxis, ticks: Ticks): ScaleOptions {
  const [from, to] = axis.domain;
  const shared = { domain: [from, to], labelAnchor: "center", labelArrow: "none", label: axis.label ?? null } as const;
  if (axis.label === undefined) return { ...shared, type: "linear", ticks, tickFormat: () => "" };
  if (axis.kind === "log") return { ...shared, type: "log", ticks, tickFormat: formatDecade };
  if (axis.kind === "count") return { ...shared, type: "linear", ticks, tickFormat: String };
  return { ...shared, type: "linear", ticks, tickFormat: tickFormat(from, to) };
}

/** The ticks of a chart's vertical axis: how many Plot shall choose, or which. */
export function verticalTicks(frame: Frame): Ticks {
  return ticksOf(frame.y, Math.max(3, Math.floor(frame.height / 36)));
}

function ticksOf({ kind, domain: [from, to] }: ChartAxis, most: number): Ticks {
  if (kind === "count") return countTicks(from, to, most);
  if (kind !== "log") return most;
  const [first, last] = [Math.round(Math.log10(from)), Math.round(Math.log10(to))];
  return countTicks(first, last, most, [1, 2, 3, 4, 5, 10]).map((e) => Number(`1e${e}`));
}

/** A field as an image over the whole frame, with marks drawn upon it. */
export async function heatMap(
  studio: Studio,
  frame: Frame,
  raster: Raster,
  scale: ColourScale,
  overlay: readonly Mark[] = [],
): Promise<Block> {
  const href = await rasterUri(studio.plot, raster, scale);
  return chart(studio, frame, [imageMark(href), ...overlay]);
}

// Plot's own image mark takes a size in pixels; this one fills the frame.
function imageMark(href: string): Mark {
  return (_index, _scales, _values, dimensions, context) => {
    const { marginLeft, marginTop, marginRight, marginBottom, width, height } = dimensions;
    const image = context.document.createElementNS("http://www.w3.org/2000/svg", "image");
    image.setAttribute("href", href);
    image.setAttribute("x", String(marginLeft));
    image.setAttribute("y", String(marginTop));
    image.setAttribute("width", String(width - marginLeft - marginRight));
    image.setAttribute("height", String(height - marginTop - marginBottom));
    image.setAttribute("preserveAspectRatio", "none");
    return image;
  };
}

/** A vertical colour bar of `height` pixels, what it shows above it and its numbers on the right. */
export async function colourBar(
  studio: Studio,
  scale: ColourScale,
  height: number,
  margins: Pick<Margins, "top" | "bottom">,
  label: string,
): Promise<Block> {
  const [from, to] = scale.domain;
  const href = await rampUri(studio.plot, scale.map);
  const drawn = studio.plot.plot({
    document: studio.document,
    width: barRoom + barGap,
    height: height + margins.top + margins.bottom,
    marginLeft: barGap,
    marginRight: barRoom - barWidth,
    marginTop: margins.top,
    marginBottom: margins.bottom,
    x: { axis: null, domain: [0, 1] },
    y: {
      axis: "right",
      type: scale.transform,
      domain: [from, to],
      label: null,
      ticks: Math.min(8, Math.max(3, Math.floor(height / 42))),
      tickFormat: tickFormat(from, to),
    },
    marks: [imageMark(href), studio.plot.frame({ stroke: ink, strokeWidth: 0.8 })],
  });
  const svg = textAt(label, barGap, margins.top - 8, { size: fontSize }) + contentOf(drawn);
  return { width: barRoom + barGap, height: height + margins.top + margins.bottom, svg };
}

/** A block with a heading above it, the heading above the frame. */
export function withHeading(heading: string, block: Block, left: number, bold = true): Block {
  const title = {
    width: 0,
    height: headingHeight,
    svg: textAt(heading, left, 15, { size: bold ? 14 : fontSize, bold }),
  };
  return column([title, block]);
}

/** A frame with nothing in it but a sentence, where there is nothing to draw. */
export function emptyFrame(frame: Frame, sentence: string): Block {
  const { margins, width, height } = frame;
  const box = `<rect x="${margins.left}" y="${margins.top}" width="${width}" height="${height}" fill="none" stroke="#bbbbbb"/>`;
  const text = `<text x="${margins.left + width / 2}" y="${margins.top + height / 2}" font-size="${fontSize}" fill="#555555" text-anchor="middle">${escapeText(sentence)}</text>`;
  return {
    width: width + margins.left + margins.right,
    height: height + margins.top + margins.bottom,
    svg: box + text,
  };
}
