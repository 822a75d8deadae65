import { column, row, space } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { barRoom, colourBar, heatMap, withHeading } from "./charts.ts";
import { lineChart } from "./lines.ts";
import type { Series } from "./lines.ts";
import { densityScale, finiteRemark, scaleRemark, valueScale } from "./colour.ts";
import type { ColourScale } from "./colour.ts";
import { extentOf, formatNumber, openRange } from "./numbers.ts";
import { convergencePanel, pictureWidth } from "./panels.ts";
import type { Scene } from "./panels.ts";
import { pixelWeights, resample, thinLine, upright } from "./sampling.ts";
import type { PlotAxis } from "./sampling.ts";

const margins = { left: 58, right: 10, top: 6, bottom: 42 } as const;
const gap = 14;
const panelWidth = (pictureWidth - gap) / 2;
const frameWidth = panelWidth - margins.left - margins.right - barRoom - 10;
const mapHeight = 250;
const lineHeight = 190;

/** One dimension: density and value over space and time, the density at both ends, and the convergence. */
export async function picture1d(scene: Scene): Promise<Block> {
  const { run, labels, options } = scene;
  const colours = densityScale(run.density, options.densityColours ?? "linear");
  const maps = [
    await spaceTime(scene, `(a) Density m(t, x)${scaleRemark(colours)}`, labels.m, run.density, colours),
    await spaceTime(scene, "(b) Value u(t, x)", "u", run.value, valueScale(run.value)),
  ];
  const frame = { width: panelWidth - margins.left - margins.right, height: lineHeight, margins };
  const lines = row([profiles(scene, labels.density, frame), convergencePanel(scene, "d", frame)], gap);
  return column([row(maps, gap), lines], 14);
}

async function spaceTime(
  scene: Scene,
  heading: string,
  symbol: string,
  data: Float64Array,
  scale: ColourScale,
): Promise<Block> {
  const { run, studio, labels } = scene;
  const [axis] = scene.axes;
  if (axis === undefined) return space(0, 0);
  const end = run.t.at(-1) ?? 1;
  const time: PlotAxis = { nodes: run.t, from: run.t[0] ?? 0, to: end, periodic: false };
  const width = Math.round(frameWidth * 2);
  const height = mapHeight * 2;
  const sampled = resample(
    { data, offset: 0, stride0: axis.nodes.length, stride1: 1 },
    pixelWeights(time, width),
    pixelWeights(axis, height),
  );
  const map = await heatMap(
    studio,
    {
      width: frameWidth,
      height: mapHeight,
      margins,
      x: { domain: [time.from, time.to], label: labels.time },
      y: { domain: [axis.from, axis.to], label: labels.positions[0] ?? "" },
    },
    upright(sampled, width, height),
    scale,
  );
  return withHeading(
    heading + finiteRemark(data),
    row([map, await colourBar(studio, scale, mapHeight, margins, symbol)]),
    margins.left,
  );
}

function profiles(
  scene: Scene,
  label: string,
  frame: { readonly width: number; readonly height: number; readonly margins: typeof margins },
): Block {
  const { run, labels } = scene;
  const [axis] = scene.axes;
  if (axis === undefined) return space(0, 0);
  const points = axis.nodes.length;
  const at = (level: number): Series["points"] =>
    thinLine(axis.nodes, run.density.subarray(level * points, (level + 1) * points), 800);
  const end = run.t.at(-1) ?? 1;
  const series: Series[] = [
    { name: `t = ${formatNumber(run.t[0] ?? 0)}`, points: at(0), style: "dashed", dots: false },
    { name: `t = ${formatNumber(end)}`, points: at(run.t.length - 1), style: "solid", dots: false },
  ];
  const [low, high] = extentOf(series.flatMap((line) => line.points.map((point) => point.y))) ?? [0, 1];
  const domain = openRange([Math.min(0, low), high + 0.05 * (high - Math.min(0, low))]);
  const chart = lineChart(
    scene.studio,
    {
      ...frame,
      x: { domain: [axis.from, axis.to], label: labels.positions[0] ?? "" },
      y: { domain, label },
    },
    series,
  );
  return withHeading("(c) Density at the start and at the end", chart, margins.left);
}
