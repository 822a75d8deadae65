/** Colours for numbers: perceptually uniform maps whose lightness grows with the value, so that they survive a grey print. */
import type * as PlotModule from "@observablehq/plot";
import { extentOf, openRange } from "./numbers.ts";
import type { Raster } from "./sampling.ts";

/** Viridis for densities, Magma for values (van der Walt & Smith 2015). */
export type ColourMap = "viridis" | "magma";
export type ColourTransform = "linear" | "sqrt";

/** How a range of numbers is shown in colours. */
export interface ColourScale {
  readonly map: ColourMap;
  readonly transform: ColourTransform;
  readonly domain: readonly [number, number];
}

const colours = 255;
// For what is not a number: no colour of either map is a light grey.
const notFinite = [200, 200, 200];

/**
 * The scale of a density: from 0 unless there are negative values, which are shown as they are. The square root keeps
 * small densities visible beside high peaks.
 */
export function densityScale(density: Iterable<number>, transform: ColourTransform): ColourScale {
  const [low, high] = extentOf(density) ?? [0, 1];
  const domain = openRange([Math.min(0, low), Math.max(0, high)]);
  return { map: "viridis", transform, domain: high <= 0 && low >= 0 ? [0, 1] : domain };
}

// Under a linear scale a quarter of the peak is about where Viridis leaves its darkest blue.
const largestPeakRatio = 4;

/** One scale for all snapshots; `sqrt`, unless asked otherwise, where their peaks differ by more than a factor of 4. */
export function commonDensityScale(
  snapshots: readonly Iterable<number>[],
  asked: ColourTransform | undefined,
): ColourScale {
  const extents = snapshots.flatMap((snapshot) => {
    const extent = extentOf(snapshot);
    return extent === undefined ? [] : [extent];
  });
  const peaks = extents.map(([, high]) => high);
  const unequal = Math.max(...peaks) > largestPeakRatio * Math.min(...peaks);
  return densityScale(extents.flat(), asked ?? (unequal ? "sqrt" : "linear"));
}

/** What a heading adds about a scale that is not linear. */
export function scaleRemark(scale: ColourScale): string {
  return scale.transform === "sqrt" ? " (square-root colour scale)" : "";
}

/** What a heading adds where some of a field is not a number. */
export function finiteRemark(...fields: readonly Iterable<number>[]): string {
  for (const field of fields) for (const value of field) if (!Number.isFinite(value)) return " (grey: not finite)";
  return "";
}

/** The scale of a value function: from its smallest to its largest value. */
export function valueScale(value: Iterable<number>): ColourScale {
  return { map: "magma", transform: "linear", domain: openRange(extentOf(value) ?? [0, 1]) };
}

/** The number of a value's colour, 0 to 254; 255 where it is not finite. */
export function colourIndex(scale: ColourScale, value: number): number {
  if (!Number.isFinite(value)) return colours;
  const part =
    (stretch(scale, value) - stretch(scale, scale.domain[0])) /
    (stretch(scale, scale.domain[1]) - stretch(scale, scale.domain[0]));
  return Math.min(colours - 1, Math.max(0, Math.floor(part * colours)));
}

function stretch(scale: ColourScale, value: number): number {
  return scale.transform === "sqrt" ? Math.sign(value) * Math.sqrt(Math.abs(value)) : value;
}

/** A raster in the colours of its scale, as a PNG in a data URI. */
export async function rasterUri(plot: typeof PlotModule, raster: Raster, scale: ColourScale): Promise<string> {
  return pngUri(
    plot,
    raster.width,
    raster.height,
    scale.map,
    Uint8Array.from(raster.values, (v) => colourIndex(scale, v)),
  );
}

/** All colours of a map, the last one on top, as a PNG in a data URI. */
export async function rampUri(plot: typeof PlotModule, map: ColourMap): Promise<string> {
  const width = 8;
  const data = Uint8Array.from({ length: colours * width }, (_, i) => colours - 1 - Math.floor(i / width));
  return pngUri(plot, width, colours, map, data);
}

async function pngUri(
  plot: typeof PlotModule,
  width: number,
  height: number,
  map: ColourMap,
  data: Uint8Array,
): Promise<string> {
  const { encode } = await import("fast-png");
  const colour = plot.scale({ color: { scheme: map, domain: [0, colours - 1] } });
  const palette = Array.from({ length: colours }, (_, i) => channels(String(colour?.apply(i))));
  const png = encode(
    { width, height, data, channels: 1, depth: 8, palette: [...palette, notFinite] },
    { zlib: { level: 9 } },
  );
  return `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString("base64")}`;
}

/** Red, green and blue of `#rrggbb` or `rgb(r, g, b)`. */
function channels(colour: string): number[] {
  const digits = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  if (digits === undefined) return (colour.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  return [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
}
