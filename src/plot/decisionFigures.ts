/** Figures of a decision, readable in black and white: lines differ in dashes and symbols and are named where they end. */
import type { Decision } from "../decision/decision.ts";
import { derivativeWork } from "../decision/roof.ts";
import { column, ink, textAt, textWidth, toSvg, type Block } from "./blocks.ts";
import {
  chart,
  fontSize,
  openStudio,
  withHeading,
  type ChartAxis,
  type Frame,
  type Mark,
  type Studio,
} from "./charts.ts";
import { formatNumber } from "./numbers.ts";

export interface DecisionFigures {
  readonly speedups: string;
  readonly transfers: string;
  readonly sizes: string;
  readonly roofline: string;
}

/** Draws all figures of a decision as whole SVG documents. */
export async function decisionFigures(decision: Decision): Promise<DecisionFigures> {
  const studio = await openStudio();
  const whole = (block: Block, title: string): string => toSvg(block, 14, title);
  return {
    speedups: whole(speedupBars(decision), "Speed-up of the hot function"),
    transfers: whole(transferBars(decision), "Share of transfers"),
    sizes: whole(sizeChart(studio, decision), "Time against grid size"),
    roofline: whole(roofline(studio, decision), "Roofline"),
  };
}

const barWidth = 420;
const barHeight = 20;
const nameWidth = 190;

/** One bar per variant, on a logarithmic scale from 1; software in outline. */
function speedupBars({ rows, thresholds }: Decision): Block {
  const weights = rows.filter(({ operation }) => operation === "weights");
  const base = weights.find(({ tier }) => tier === "scalar")?.total ?? Number.NaN;
  const bars = weights
    .map(({ name, total, software }) => ({ name, software, speedup: base / total }))
    .filter(({ speedup }) => Number.isFinite(speedup))
    .toSorted((a, b) => a.speedup - b.speedup);
  const all = bars.map(({ speedup }) => speedup);
  const low = Math.log10(Math.min(1, ...all) / 1.2);
  const high = Math.log10(Math.max(2 * thresholds.done, ...all) * 1.2);
  const x = (value: number): number => nameWidth + (barWidth * (Math.log10(value) - low)) / (high - low);
  const height = bars.length * (barHeight + 8);
  const parts = bars.map(({ name, software, speedup }, k) => {
    const y = k * (barHeight + 8) + 4;
    const [from, to] = [Math.min(x(1), x(speedup)), Math.max(x(1), x(speedup))];
    const fill = software ? 'fill="white" stroke-dasharray="3 2"' : 'fill="#8a8a8a"';
    const bar = `<rect x="${from}" y="${y}" width="${Math.max(1, to - from)}" height="${barHeight}" ${fill} stroke="${ink}"/>`;
    const label = textAt(`${formatNumber(speedup)}x${software ? " (software)" : ""}`, to + 6, y + 15);
    return bar + textAt(name, nameWidth - 8, y + 15, { anchor: "end" }) + label;
  });
  const limits = [1, thresholds.borderline, thresholds.done].map(
    (limit) =>
      `<line x1="${x(limit)}" x2="${x(limit)}" y1="0" y2="${height}" stroke="${ink}" stroke-width="0.8" stroke-dasharray="4 3"/>` +
      textAt(`${limit}x`, x(limit), height + 15, { anchor: "middle" }),
  );
  const block = { width: nameWidth + barWidth + 110, height: height + 22, svg: [...limits, ...parts].join("\n") };
  return withHeading("Speed-up of the hot function over the scalar tier, transfers included", block, 0);
}

/** One bar per candidate that stands for its whole solve: the part in which data move is dark, the rest is white. */
function transferBars({ solves }: Decision): Block {
  const x = (share: number): number => nameWidth + barWidth * share;
  const height = solves.length * (barHeight + 8);
  const parts = solves.map(({ name, transferShare }, k) => {
    const y = k * (barHeight + 8) + 4;
    const rect = (from: number, to: number, fill: string): string =>
      `<rect x="${x(from)}" y="${y}" width="${x(to) - x(from)}" height="${barHeight}" fill="${fill}" stroke="${ink}"/>`;
    const share = Math.min(1, transferShare);
    const label = textAt(`${formatNumber(100 * transferShare, 2)} %`, x(1) + 6, y + 15);
    return (
      rect(0, 1, "white") + rect(0, share, "#444444") + textAt(name, nameWidth - 8, y + 15, { anchor: "end" }) + label
    );
  });
  const marks = [0, 0.5, 1].map((share) => textAt(`${100 * share} %`, x(share), height + 15, { anchor: "middle" }));
  const block = { width: nameWidth + barWidth + 70, height: height + 22, svg: [...parts, ...marks].join("\n") };
  return withHeading("Share of a whole solve in which data move between memories (dark; predicted)", block, 0);
}

/** A line or, of one point, a mark of a chart. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const dashes = [undefined, "7 3", "2 3", "9 3 2 3", "1 2", "12 4", "5 2 1 2 1 2"] as const;
const symbols = ["circle", "square", "triangle", "diamond", "cross", "star", "wye"] as const;
const shades = ["#000000", "#444444", "#777777"] as const;

const decades = (values: readonly number[]): readonly [number, number] => {
  const positive = values.filter((x) => x > 0 && Number.isFinite(x));
  const low = Math.min(...positive);
  const high = Math.max(...positive);
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high * 1.0001))];
};

/** Lines over logarithmic axes, each named in a list on the right. */
export function logLines(
  studio: Studio,
  lines: readonly Line[],
  axes: { readonly x: Omit<ChartAxis, "domain">; readonly y: Omit<ChartAxis, "domain"> },
  marks: readonly Mark[] = [],
): Block {
  const { plot } = studio;
  const frame: Frame = {
    width: 470,
    height: 300,
    margins: { left: 62, right: 10, top: 8, bottom: 44 },
    x: { ...axes.x, kind: "log", domain: decades(lines.flatMap(({ points }) => points.map(({ x }) => x))) },
    y: { ...axes.y, kind: "log", domain: decades(lines.flatMap(({ points }) => points.map(({ y }) => y))) },
  };
  const drawn: Mark[] = lines.flatMap(({ points }, k) => {
    const stroke = shades[k % shades.length] ?? ink;
    const dash = dashes[k % dashes.length];
    const symbol = symbols[k % symbols.length] ?? "circle";
    return [
      plot.lineY(points, { x: "x", y: "y", stroke, strokeWidth: 1.6, ...(dash && { strokeDasharray: dash }) }),
      plot.dot(points, { x: "x", y: "y", stroke, fill: "white", symbol, r: 3.2 }),
      // Where symbols lie on each other, the number of the list tells them apart.
      plot.text(points.slice(-1), { x: "x", y: "y", text: () => String(k + 1), dx: 9 + 9 * (k % 3), fill: ink }),
    ];
  });
  const body = chart(studio, frame, [...marks, ...drawn]);
  const legend = lines.map(({ name }, k) => {
    const y = 20 + 20 * k;
    const x = body.width + 6;
    const dash = dashes[k % dashes.length];
    const style = dash === undefined ? "" : ` stroke-dasharray="${dash}"`;
    const stroke = shades[k % shades.length] ?? ink;
    return `<line x1="${x}" x2="${x + 34}" y1="${y}" y2="${y}" stroke="${stroke}" stroke-width="1.6"${style}/>${textAt(`${k + 1}  ${name}`, x + 40, y + 4)}`;
  });
  const widest = Math.max(0, ...lines.map(({ name }) => textWidth(`10  ${name}`, fontSize)));
  return { width: body.width + 52 + widest, height: body.height, svg: body.svg + legend.join("") };
}

/** Predicted seconds of a whole solve over points, crossovers as vertical lines. */
function sizeChart(studio: Studio, { curves, recommendation, grid }: Decision): Block {
  const lines = curves.map(({ name, points }) => ({
    name,
    points: points.map(({ points: x, seconds: y }) => ({ x, y })),
  }));
  const product = (shape: readonly number[]): number => shape.reduce((all, n) => all * n, 1);
  const here = [product(grid)];
  const flips = recommendation.crossovers.map((crossover) => product(crossover.grid));
  const rule = (at: readonly number[], dash: string): Mark =>
    studio.plot.ruleX([...at], { stroke: ink, strokeWidth: 0.9, strokeDasharray: dash });
  const axes = { x: { label: "points of the grid" }, y: { label: "seconds of a whole solve (predicted)" } };
  const body = logLines(studio, lines, axes, [rule(here, "1 3"), rule(flips, "6 4")]);
  const words = [
    `Dotted: the grid at hand, ${grid.join(" x ")}.`,
    ...recommendation.crossovers.map(
      ({ grid: at, low, high, to }) =>
        `Dashed: from ${at.join(" x ")} on (${low.join(" x ")} to ${high.join(" x ")}) ${to} is the fastest.`,
    ),
  ];
  return withHeading("Time against grid size", column([body, ...words.map(sentence)], 4), 0);
}

function sentence(text: string): Block {
  return { width: textWidth(text, fontSize), height: 18, svg: textAt(text, 0, 13) };
}

/** The derivatives of every variant under the two roofs of one JavaScript thread. */
function roofline(studio: Studio, { rows, roof, grid }: Decision): Block {
  const points = grid.reduce((all, n) => all * n, 1);
  const measured = rows
    .filter(({ operation, software }) => operation === "derivatives" && !software)
    .map(({ name, precision, total }) => {
      const { operations, bytes } = derivativeWork[precision];
      return { name, points: [{ x: operations / bytes, y: (operations * points * 1e-3) / total }] };
    });
  const ridge = roof.arithmetic / roof.bandwidth;
  const at = (intensity: number): { x: number; y: number } => ({
    x: intensity,
    y: Math.min(roof.arithmetic, intensity * roof.bandwidth) / 1e9,
  });
  const roofs = { name: "roofs of one JavaScript thread", points: [at(0.1), at(ridge), at(100)] };
  const axes = { x: { label: "operations per byte" }, y: { label: "10^9 operations per second" } };
  const body = logLines(studio, [roofs, ...measured], axes);
  const words = sentence(
    `Measured: copy ${formatNumber(roof.bandwidth / 1e9)} GB/s, arithmetic ${formatNumber(roof.arithmetic / 1e9)} Gflop/s. ` +
      "Vector units and further threads lie above these roofs.",
  );
  return withHeading("Derivatives under the roofs", column([body, words], 4), 0);
}
