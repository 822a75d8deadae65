/** Which stored times are shown, and planes of fields as maps of their own. */
import { heatMap, withHeading } from "./charts.ts";
import type { ChartAxis, Studio } from "./charts.ts";
import type { Block } from "./blocks.ts";
import type { ColourScale } from "./colour.ts";
import { pixelWeights, resample, upright } from "./sampling.ts";
import type { Plane, PlotAxis } from "./sampling.ts";

/** The stored levels nearest to `count` evenly spread times, first and last among them, each once. */
export function snapshotLevels(t: Float64Array, count: number): number[] {
  const [start, end] = [t[0] ?? 0, t.at(-1) ?? 1];
  const nearest = (time: number): number =>
    t.reduce((best, value, k) => (Math.abs(value - time) < Math.abs((t[best] ?? 0) - time) ? k : best), 0);
  const wanted = Array.from({ length: count }, (_, i) => nearest(start + (i / (count - 1)) * (end - start)));
  return [...new Set(wanted)];
}

/** Width and height of a frame for two axes, to scale within a box unless the axes differ by more than 4. */
export function frameSize(
  [horizontal, vertical]: readonly [PlotAxis, PlotAxis],
  width: number,
  height: number,
): { readonly width: number; readonly height: number } {
  const ratio = (vertical.to - vertical.from) / (horizontal.to - horizontal.from);
  const shown = Math.min(4, Math.max(0.25, ratio));
  const scale = Math.min(width, height / shown);
  return { width: Math.round(scale), height: Math.round(scale * shown) };
}

/** A plane of a field over two axes. */
export interface PlaneMap {
  readonly plane: Plane;
  readonly axes: readonly [PlotAxis, PlotAxis];
  readonly size: { readonly width: number; readonly height: number };
  readonly margins: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };
  /** Absent labels leave the numbers to a neighbour. */
  readonly labels: { readonly x?: string; readonly y?: string };
  readonly heading: string;
  readonly boldHeading?: boolean;
  readonly scale: ColourScale;
  readonly overlay?: Parameters<typeof heatMap>[4];
}

/** Draws a plane of a field. */
export async function planeMap(studio: Studio, map: PlaneMap): Promise<Block> {
  const [horizontal, vertical] = map.axes;
  const { width, height } = map.size;
  const sampled = resample(map.plane, pixelWeights(horizontal, 2 * width), pixelWeights(vertical, 2 * height));
  const block = await heatMap(
    studio,
    {
      width,
      height,
      margins: map.margins,
      x: chartAxis(horizontal, map.labels.x),
      y: chartAxis(vertical, map.labels.y),
    },
    upright(sampled, 2 * width, 2 * height),
    map.scale,
    map.overlay,
  );
  return withHeading(map.heading, block, map.margins.left, map.boldHeading ?? false);
}

function chartAxis(axis: PlotAxis, label: string | undefined): ChartAxis {
  return { domain: [axis.from, axis.to], ...(label === undefined ? {} : { label }) };
}
