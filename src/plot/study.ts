/** The picture of a study: a measure over what varies, the convergence of all members, densities of a few of them. */
import { column, row, space, textLine, toSvg } from "./blocks.ts";
import { openStudio } from "./charts.ts";
import type { Figure } from "./figure.ts";
import { pictureWidth } from "./panels.ts";
import { convergence, densities, gap, measurePanel, type StudyPoint, type StudySample } from "./studyPanels.ts";

export interface StudyPicture {
  readonly name: string;
  /** A line of words below the name. */
  readonly remark: string;
  /** What `measure` of the points is. */
  readonly measure: string;
  readonly points: readonly StudyPoint[];
  /** At most six are drawn. */
  readonly samples: readonly StudySample[];
  /** Stop of the solves, drawn across the convergence; undefined where there is none. */
  readonly tolerance: number | undefined;
}

const pageMargin = 22;
const mostSamples = 6;

/**
 * Draws a study: a measure against one parameter as a line, against two as a map, against more over the first; the residuals
 * of all members; the density at the horizon of a few members side by side.
 */
export async function plotStudy({ name, remark, measure, points, samples, tolerance }: StudyPicture): Promise<Figure> {
  const studio = await openStudio();
  const head = column(
    [
      textLine(name, pictureWidth, { size: 19, bold: true }),
      textLine(remark, pictureWidth, { colour: "#444444" }),
      space(0, 10),
    ],
    1,
  );
  const shown = await measurePanel(studio, points, measure, `(a) ${measure}`);
  const top = row([shown, convergence(studio, points, tolerance, `(b) Convergence of ${points.length} members`)], gap);
  const blocks = [head, top];
  if (samples.length > 0) blocks.push(await densities(studio, samples.slice(0, mostSamples), "(c) "));
  return { svg: toSvg(column(blocks, 14), pageMargin, name) };
}
