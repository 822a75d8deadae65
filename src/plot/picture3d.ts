import { column, row, space } from "./blocks.ts";
import type { Block } from "./blocks.ts";
import { barRoom, colourBar, headingHeight, withHeading } from "./charts.ts";
import { commonDensityScale, finiteRemark, scaleRemark } from "./colour.ts";
import type { ColourScale } from "./colour.ts";
import { extentOf, formatNumber } from "./numbers.ts";
import { axisName, convergencePanel, pictureWidth } from "./panels.ts";
import type { Scene } from "./panels.ts";
import type { Plane, PlotAxis } from "./sampling.ts";
import { frameSize, planeMap, snapshotLevels } from "./snapshots.ts";

const shots = 4;
const left = 58;
const inner = 16;
const right = 6;
const bottom = 42;
/** Horizontal axis, vertical axis, and the axis that the plane cuts. */
const planes = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 2, 0],
] as const;

/** Three dimensions: the density on the three planes through the middle of the box, and the convergence. */
export async function picture3d(scene: Scene): Promise<Block> {
  const { run, options, studio } = scene;
  const levels = snapshotLevels(run.t, shots);
  const cuts = planes.map((axes) => cutOf(scene, axes));
  const scale = commonDensityScale(
    levels.map((level) => cuts.flatMap((cut) => [...(extentOf(shown(cut, level)) ?? [])])),
    options.densityColours,
  );
  const rows: Block[] = [];
  for (const cut of cuts) rows.push(await planeRow(scene, cut, levels, scale));
  const block = column(rows, 4);
  const top = headingHeight + 2;
  const bar = await colourBar(studio, scale, block.height - top - bottom, { top, bottom }, scene.labels.m);
  const remark = finiteRemark(...cuts.flatMap((cut) => levels.map((level) => shown(cut, level))));
  const maps = withHeading(
    `(a) Density m(t, x, y, z) on the planes through the middle${scaleRemark(scale)}${remark}`,
    row([block, bar]),
    left,
  );
  const frame = { width: pictureWidth / 2, height: 180, margins: { left, right, top: 6, bottom } };
  return column([maps, convergencePanel(scene, "b", frame)], 10);
}

interface Cut {
  readonly axes: readonly [PlotAxis, PlotAxis];
  readonly labels: readonly [string, string];
  /** Such as `xy, z = 0.5`. */
  readonly name: string;
  readonly planeAt: (level: number) => Plane;
}

function cutOf(scene: Scene, [horizontal, vertical, normal]: (typeof planes)[number]): Cut {
  const { run, axes, labels } = scene;
  const stride = (axis: number): number => run.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const empty: PlotAxis = { nodes: Float64Array.of(0), from: 0, to: 1, periodic: false };
  const across = axes[normal] ?? empty;
  const middle = (across.from + across.to) / 2;
  const index = across.nodes.reduce(
    (best, x, i) => (Math.abs(x - middle) < Math.abs((across.nodes[best] ?? 0) - middle) ? i : best),
    0,
  );
  const points = run.density.length / run.t.length;
  return {
    axes: [axes[horizontal] ?? empty, axes[vertical] ?? empty],
    labels: [labels.positions[horizontal] ?? "", labels.positions[vertical] ?? ""],
    name: `${axisName(normal)} = ${formatNumber(across.nodes[index] ?? 0)}`,
    planeAt: (level) => ({
      data: run.density,
      offset: level * points + index * stride(normal),
      stride0: stride(horizontal),
      stride1: stride(vertical),
    }),
  };
}

async function planeRow(scene: Scene, cut: Cut, levels: readonly number[], scale: ColourScale): Promise<Block> {
  const room = (pictureWidth - left - (shots - 1) * inner - shots * right - barRoom - 10) / shots;
  const size = frameSize(cut.axes, room, 240);
  const blocks: Block[] = [];
  for (const [i, level] of levels.entries()) {
    blocks.push(
      await planeMap(scene.studio, {
        plane: cut.planeAt(level),
        axes: cut.axes,
        size,
        margins: { left: i === 0 ? left : inner, right, top: 2, bottom },
        labels: { x: cut.labels[0], ...(i === 0 ? { y: cut.labels[1] } : {}) },
        heading: `${cut.name},  t = ${formatNumber(scene.run.t[level] ?? 0)}`,
        scale,
      }),
    );
  }
  return blocks.length === 0 ? space(0, 0) : row(blocks);
}

function* shown({ axes, planeAt }: Cut, level: number): Generator<number> {
  const { data, offset, stride0, stride1 } = planeAt(level);
  for (let i = 0; i < axes[0].nodes.length; i++) {
    for (let j = 0; j < axes[1].nodes.length; j++) yield data[offset + i * stride0 + j * stride1] ?? Number.NaN;
  }
}
