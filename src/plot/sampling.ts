/**
 * From grids of any size and any spacing to the pixels of a picture: the mean over each pixel of the piecewise linear
 * interpolant, so that large fields are averaged and small ones interpolated by the same rule, at their true positions.
 */

/** The part of an axis that a picture shows, and the nodes on it. */
export interface PlotAxis {
  readonly nodes: Float64Array;
  readonly from: number;
  readonly to: number;
  /** The first node follows the last one. */
  readonly periodic: boolean;
}

/** For each pixel its nodes and weights: those of pixel p are at start[p] to start[p + 1] - 1. */
export interface PixelWeights {
  readonly pixels: number;
  readonly start: Int32Array;
  readonly node: Int32Array;
  readonly weight: Float64Array;
}

/** Weights that give the mean over each of `pixels` equal pixels of the linear interpolant along an axis. */
export function pixelWeights(axis: PlotAxis, pixels: number): PixelWeights {
  const { nodes, from, to } = axis;
  const last = nodes.length - 1;
  const at = (i: number): number => nodes[i] ?? Number.NaN;
  // Knots (position, node): the nodes, and one more on each side so that they cover the axis.
  const position = [axis.periodic ? at(last) - (to - from) : Math.min(from, at(0)) - 1];
  const node = [axis.periodic ? last : 0];
  for (let i = 0; i <= last; i++) {
    position.push(at(i));
    node.push(i);
  }
  position.push(axis.periodic ? at(0) + (to - from) : Math.max(to, at(last)) + 1);
  node.push(axis.periodic ? 0 : last);

  const start = new Int32Array(pixels + 1);
  const nodeOf: number[] = [];
  const weight: number[] = [];
  const size = (to - from) / pixels;
  let knot = 0;
  for (let p = 0; p < pixels; p++) {
    const right = from + (p + 1) * size;
    let a = from + p * size;
    while (a < right && knot < node.length - 1) {
      const [left, next] = [position[knot] ?? 0, position[knot + 1] ?? 0];
      const b = Math.min(right, next);
      if (b > a) {
        const share = (b - a) / size;
        const towardsNext = ((a + b) / 2 - left) / (next - left);
        nodeOf.push(node[knot] ?? 0, node[knot + 1] ?? 0);
        weight.push(share * (1 - towardsNext), share * towardsNext);
        a = b;
      }
      if (next <= right) knot++;
      if (b >= right) break;
    }
    start[p + 1] = nodeOf.length;
  }
  return { pixels, start, node: Int32Array.from(nodeOf), weight: Float64Array.from(weight) };
}

/** Where a plane of a larger array lies: element (i, j) is data[offset + i stride0 + j stride1]. */
export interface Plane {
  readonly data: Float64Array;
  readonly offset: number;
  readonly stride0: number;
  readonly stride1: number;
}

/** The pixels of a plane, axis 0 slow and axis 1 fast: weights0.pixels x weights1.pixels. */
export function resample(plane: Plane, weights0: PixelWeights, weights1: PixelWeights): Float64Array {
  const { data, offset, stride0, stride1 } = plane;
  const width = weights1.pixels;
  const rows = new Map<number, Float64Array>();
  const rowOf = (i: number): Float64Array => {
    const known = rows.get(i);
    if (known !== undefined) return known;
    const row = new Float64Array(width);
    const base = offset + i * stride0;
    for (let p = 0; p < width; p++) {
      let sum = 0;
      for (let k = weights1.start[p] ?? 0; k < (weights1.start[p + 1] ?? 0); k++) {
        sum += (weights1.weight[k] ?? 0) * (data[base + (weights1.node[k] ?? 0) * stride1] ?? Number.NaN);
      }
      row[p] = sum;
    }
    rows.set(i, row);
    return row;
  };
  const out = new Float64Array(weights0.pixels * width);
  for (let p = 0; p < weights0.pixels; p++) {
    const first = weights0.start[p] ?? 0;
    const end = weights0.start[p + 1] ?? 0;
    let lowest = Infinity;
    for (let k = first; k < end; k++) {
      const i = weights0.node[k] ?? 0;
      lowest = Math.min(lowest, i);
      const share = weights0.weight[k] ?? 0;
      const row = rowOf(i);
      for (let q = 0; q < width; q++) out[p * width + q] = (out[p * width + q] ?? 0) + share * (row[q] ?? 0);
    }
    // Rows behind the pixel are not needed again (but for the wrap of a periodic axis, which finds them anew).
    for (const i of rows.keys()) if (i < lowest) rows.delete(i);
  }
  return out;
}

/** A picture of pixels, row by row from the top left. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
}

/** Pixels sampled along the horizontal axis first, turned into rows from the top. */
export function upright(sampled: Float64Array, width: number, height: number): Raster {
  const values = new Float64Array(sampled.length);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < height; j++) values[(height - 1 - j) * width + i] = sampled[i * height + j] ?? Number.NaN;
  }
  return { width, height, values };
}

/** A polyline with at most about 4 x `buckets` points that keeps the smallest and largest value of every bucket. */
export function thinLine(
  x: Float64Array,
  y: Float64Array,
  buckets: number,
): { readonly x: number; readonly y: number }[] {
  const point = (i: number): { x: number; y: number } => ({ x: x[i] ?? Number.NaN, y: y[i] ?? Number.NaN });
  if (x.length <= 4 * buckets) return Array.from(x, (_, i) => point(i));
  const kept: number[] = [];
  for (let b = 0; b < buckets; b++) {
    const first = Math.floor((b * x.length) / buckets);
    const end = Math.floor(((b + 1) * x.length) / buckets);
    let [low, high] = [first, first];
    for (let i = first; i < end; i++) {
      if ((y[i] ?? 0) < (y[low] ?? 0)) low = i;
      if ((y[i] ?? 0) > (y[high] ?? 0)) high = i;
    }
    kept.push(...new Set([first, low, high, end - 1].toSorted((i, j) => i - j)));
  }
  return kept.map(point);
}
