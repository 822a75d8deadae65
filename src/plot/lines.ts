/** Lines in a frame. */
import { column, textAt, textWidth } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { chart, fontSize, verticalTicks } from "./charts.ts";
import type { Frame, Mark, Studio } from "./charts.ts";

/** A line of a chart, told from the others by its dashes and dots as well as by its colour. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly style: "solid" | "dashed";
  /** Mark the points themselves, unless they are many; a single point is always marked. */
  readonly dots: boolean;
}

/** A horizontal line through the whole frame. */
export interface Rule {
  readonly name: string;
  readonly y: number;
}

interface LegendEntry {
  readonly name: string;
  readonly stroke: string;
  readonly dashes: string | undefined;
  readonly symbol: "circle" | "diamond" | undefined;
}

const styles = {
  solid: { stroke: "#1f4e8c", dashes: undefined, symbol: "circle" },
  dashed: { stroke: "#c0510f", dashes: "6 3", symbol: "diamond" },
} as const;
const ruleStyle = { stroke: "#777777", dashes: "1.5 3", symbol: undefined } as const;
const mostDots = 40;
export const legendHeight = 18;

/** Lines with a legend above the frame; points that are not finite are left out, and the line with them. */
export function lineChart(studio: Studio, frame: Frame, series: readonly Series[], rule?: Rule): Block {
  const { plot } = studio;
  const ticks = verticalTicks(frame);
  const gridStyle = { strokeOpacity: 0.12 };
  const marks: Mark[] = [
    typeof ticks === "number" ? plot.gridY({ ticks, ...gridStyle }) : plot.gridY(ticks, gridStyle),
  ];
  if (rule !== undefined)
    marks.push(plot.ruleY([rule.y], { stroke: ruleStyle.stroke, strokeDasharray: ruleStyle.dashes }));
  for (const line of series) {
    const { stroke, dashes, symbol } = styles[line.style];
    const dashed = dashes === undefined ? {} : { strokeDasharray: dashes };
    marks.push(plot.lineY(line.points, { x: "x", y: "y", stroke, strokeWidth: 1.8, ...dashed }));
    if (hasDots(line)) {
      const r = line.points.length === 1 ? 4.5 : 2.6;
      marks.push(plot.dot(line.points, { x: "x", y: "y", fill: stroke, stroke: "white", strokeWidth: 0.6, symbol, r }));
    }
  }
  const entries = series.map((line) => {
    const { stroke, dashes, symbol } = styles[line.style];
    return { name: line.name, stroke, dashes, symbol: hasDots(line) ? symbol : undefined };
  });
  const all = rule === undefined ? entries : [...entries, { name: rule.name, ...ruleStyle }];
  return column([legend(all, frame.margins.left), chart(studio, frame, marks)]);
}

function hasDots(line: Series): boolean {
  return line.points.length === 1 || (line.dots && line.points.length <= mostDots);
}

function legend(entries: readonly LegendEntry[], left: number): Block {
  let x = left;
  const parts = entries.map(({ name, stroke, dashes, symbol }) => {
    const dashArray = dashes === undefined ? "" : ` stroke-dasharray="${dashes}"`;
    const line = `<line x1="${x}" x2="${x + 26}" y1="9" y2="9" stroke="${stroke}" stroke-width="1.8"${dashArray}/>`;
    const middle = x + 13;
    const dot = {
      circle: `<circle cx="${middle}" cy="9" r="3.2" fill="${stroke}"/>`,
      diamond: `<path d="M${middle},4.5L${middle + 3.4},9L${middle},13.5L${middle - 3.4},9Z" fill="${stroke}"/>`,
      none: "",
    }[symbol ?? "none"];
    const label = textAt(name, x + 32, 13, { size: fontSize });
    x += 32 + textWidth(name, fontSize) + 18;
    return line + dot + label;
  });
  return { width: x, height: legendHeight, svg: parts.join("") };
}
