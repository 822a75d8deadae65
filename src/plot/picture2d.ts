import type * as PlotModule from "@observablehq/plot";
import { column, row, space, textAt, textWidth } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { barRoom, colourBar, fontSize, headingHeight, withHeading } from "./charts.ts";
import { commonDensityScale, finiteRemark, scaleRemark, valueScale } from "./colour.ts";
import { driftArrows, driftLaw, typicalLargest } from "./drift.ts";
import type { Arrow } from "./drift.ts";
import { formatNumber } from "./numbers.ts";
import { convergencePanel, pictureWidth } from "./panels.ts";
import type { Scene } from "./panels.ts";
import type { PlotAxis } from "./sampling.ts";
import { frameSize, planeMap, snapshotLevels } from "./snapshots.ts";

const shots = 6;
const left = 58;
const inner = 16;
const right = 6;
const gap = 14;
const bottom = 42;
const bare = 14;
/** Pixels between arrows. */
const arrowPitch = 19;

/** Two dimensions: snapshots of the density with the optimal drift, the value at t = 0, and the convergence. */
export async function picture2d(scene: Scene): Promise<Block> {
  const [xAxis, yAxis] = scene.axes;
  if (xAxis === undefined || yAxis === undefined) return space(0, 0);
  const axes = [xAxis, yAxis] as const;
  return column([await snapshots(scene, axes), await lowerRow(scene, axes)], gap);
}

async function snapshots(scene: Scene, axes: readonly [PlotAxis, PlotAxis]): Promise<Block> {
  const { run, studio, options, labels } = scene;
  const levels = snapshotLevels(run.t, shots);
  const points = run.density.length / run.t.length;
  const slices = levels.map((level) => run.density.subarray(level * points, (level + 1) * points));
  const scale = commonDensityScale(slices, options.densityColours);
  const { size, perRow } = arrangement(axes, levels.length);
  const law = driftLaw(scene.record);
  const pitch = [arrowPitch / scaleOf(axes[0], size.width), arrowPitch / scaleOf(axes[1], size.height)] as const;
  const arrows = levels.map((k) => driftArrows(run.value.subarray(k * points, (k + 1) * points), axes, law, pitch));
  const longest = typicalLargest(arrows.flat());

  const rows: Block[] = [];
  for (let first = 0; first < levels.length; first += perRow) {
    const isLast = first + perRow >= levels.length;
    const blocks: Block[] = [];
    for (const [i, level] of levels.slice(first, first + perRow).entries()) {
      blocks.push(
        await planeMap(studio, {
          plane: { data: run.density, offset: level * points, stride0: axes[1].nodes.length, stride1: 1 },
          axes,
          size,
          margins: { left: i === 0 ? left : inner, right, top: 2, bottom: isLast ? bottom : bare },
          labels: {
            ...(isLast ? { x: labels.positions[0] ?? "" } : {}),
            ...(i === 0 ? { y: labels.positions[1] ?? "" } : {}),
          },
          heading: `t = ${formatNumber(run.t[level] ?? 0)}`,
          scale,
          overlay: longest > 0 ? arrowMarks(studio.plot, arrows[first + i] ?? [], longest, axes, size) : [],
        }),
      );
    }
    rows.push(row(blocks));
  }
  const block = column(rows);
  const top = headingHeight + 2;
  const bar = await colourBar(studio, scale, block.height - top - bottom, { top, bottom }, labels.m);
  const key = arrowKey(longest, law.complete);
  return withHeading(
    `(a) Density m(t, x, y) and optimal drift${scaleRemark(scale)}${finiteRemark(...slices)}`,
    column([row([block, bar]), key], 6),
    left,
  );
}

/** Pixels per unit of an axis. */
function scaleOf(axis: PlotAxis, pixels: number): number {
  return pixels / (axis.to - axis.from);
}

/** How many snapshots stand beside each other, and how large: tall boxes stand in one row, others in two. */
function arrangement(
  axes: readonly [PlotAxis, PlotAxis],
  count: number,
): { readonly size: { readonly width: number; readonly height: number }; readonly perRow: number } {
  const sizeOf = (perRow: number): { readonly width: number; readonly height: number } => {
    const room = pictureWidth - left - (perRow - 1) * inner - perRow * right - barRoom - 10 - gap;
    return frameSize(axes, room / perRow, 300);
  };
  const twoRows = count <= 3 ? count : Math.ceil(count / 2);
  const perRow = sizeOf(count).width >= 0.9 * sizeOf(twoRows).width ? count : twoRows;
  return { size: sizeOf(perRow), perRow };
}

/** Arrows in white with a dark rim, to be seen on dark and on light. */
function arrowMarks(
  plot: typeof PlotModule,
  arrows: readonly Arrow[],
  longest: number,
  axes: readonly [PlotAxis, PlotAxis],
  size: { readonly width: number; readonly height: number },
): NonNullable<PlotModule.PlotOptions["marks"]>[number][] {
  const stretchX = scaleOf(axes[0], size.width);
  const stretchY = scaleOf(axes[1], size.height);
  const drawn = arrows.map(({ x, y, bx, by }) => ({
    x,
    y,
    length: Math.min(1, Math.hypot(bx, by) / longest) * arrowPitch * 0.95,
    // Degrees clockwise from upwards, in the directions of the picture.
    rotate: (Math.atan2(bx * stretchX, by * stretchY) * 180) / Math.PI,
  }));
  const visible = drawn.filter((arrow) => arrow.length > 1);
  const shape = { x: "x", y: "y", length: "length", rotate: "rotate", r: 2.6, strokeLinecap: "round" } as const;
  return [
    plot.vector(visible, { ...shape, stroke: "black", strokeWidth: 2.6, strokeOpacity: 0.45 }),
    plot.vector(visible, { ...shape, stroke: "white", strokeWidth: 1.1 }),
  ];
}

function arrowKey(longest: number, complete: boolean): Block {
  const note = complete ? "" : " (without the given drift field, which the record does not hold)";
  if (longest === 0) {
    return { width: pictureWidth, height: 20, svg: textAt(`no drift${note}`, left, 13, { size: fontSize }) };
  }
  const length = arrowPitch * 0.95;
  const tip = left + length;
  const arrow = `<path d="M${left},9 L${tip},9 M${tip - 4},5 L${tip},9 L${tip - 4},13" fill="none" stroke="#222222" stroke-width="1.3" stroke-linecap="round"/>`;
  const text = `drift |b| \u2265 ${formatNumber(longest, 2)}, shorter arrows in proportion${note}`;
  return { width: pictureWidth, height: 20, svg: arrow + textAt(text, tip + 8, 13, { size: fontSize }) };
}

async function lowerRow(scene: Scene, axes: readonly [PlotAxis, PlotAxis]): Promise<Block> {
  const { run, studio, labels } = scene;
  const points = run.value.length / run.t.length;
  const scale = valueScale(run.value.subarray(0, points));
  const half = (pictureWidth - gap) / 2;
  const size = frameSize(axes, half - left - right - barRoom - 10, 260);
  const margins = { left, right, top: 6, bottom } as const;
  const remark = finiteRemark(run.value.subarray(0, points));
  const heading = `(b) Value u(t, x, y) at t = ${formatNumber(run.t[0] ?? 0)}${remark}`;
  const map = await planeMap(studio, {
    plane: { data: run.value, offset: 0, stride0: axes[1].nodes.length, stride1: 1 },
    axes,
    size,
    margins,
    labels: { x: labels.positions[0] ?? "", y: labels.positions[1] ?? "" },
    heading,
    boldHeading: true,
    scale,
  });
  // Above a box that is narrower than the heading there is no room for the symbol, which the heading holds anyway.
  const symbol = left + textWidth(heading, 14) < map.width ? "u" : "";
  const bar = await colourBar(studio, scale, size.height, { top: headingHeight + margins.top, bottom }, symbol);
  const padded = { ...row([map, bar]), width: half };
  const frame = { width: half - left - right, height: Math.max(160, size.height - 18), margins };
  return row([padded, convergencePanel(scene, "c", frame)], gap);
}
