import type { RunFile } from "../io/run.ts";
import { column, toSvg } from "./blocks.ts";
import { openStudio } from "./charts.ts";
import type { Figure } from "./figure.ts";
import { axesOf, header, labelsOf } from "./panels.ts";
import type { PlotOptions, Scene } from "./panels.ts";
import { picture1d } from "./picture1d.ts";
import { picture2d } from "./picture2d.ts";
import { picture3d } from "./picture3d.ts";
import { recordOf } from "./record.ts";

export { figureToPng, writeFigure } from "./figure.ts";
export type { Figure, PngOptions } from "./figure.ts";
export type { PlotOptions } from "./panels.ts";

const pictures = [picture1d, picture2d, picture3d] as const;
const pageMargin = 22;

/**
 * Draws a run: in 1-D density and value over space and time, in 2-D snapshots of the density with the optimal drift, in
 * 3-D slices through the middle of the box; the convergence history in each.
 *
 * @param run values and densities of shape (steps + 1, ...grid), at the stored times, drawn at these times
 * @returns the picture as SVG; `figureToPng` and `writeFigure` turn it into PNG
 * @example
 * await writeFigure("run.svg", await plotRun(await readRun("run.npz")));
 */
export async function plotRun(run: RunFile, options: PlotOptions = {}): Promise<Figure> {
  const record = recordOf(run.record);
  const scene: Scene = {
    studio: await openStudio(),
    run,
    record,
    options,
    axes: axesOf(run, record),
    labels: labelsOf(run.shape.length, options.units),
  };
  const draw = pictures[run.shape.length - 1] ?? picture3d;
  const block = column([header(scene), await draw(scene)]);
  return { svg: toSvg(block, pageMargin, options.title ?? record.problem) };
}
