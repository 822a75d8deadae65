/** Density histories from one grid to another, by linear interpolation in time and along every axis: it keeps the sign. */
import { MfgError } from "../errors.ts";
import type { Discretisation } from "./discretisation.ts";

/** A density history on any grid over the same domain: t.length x shape in C order, at the times t. */
export interface StoredHistory {
  readonly density: Float64Array;
  readonly t: Float64Array;
  readonly shape: readonly number[];
}

interface Span {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float64Array;
}

/**
 * The history of `from` on the grid and levels of `d`, (steps + 1) x points.
 *
 * @throws MFGPU_CONFIG_WARM_START where dimensions or sizes do not fit
 */
export function resampleHistory(from: StoredHistory, d: Discretisation): Float64Array {
  const { grid, problem, levels } = d;
  const fromPoints = from.shape.reduce((product, n) => product * n, 1);
  if (
    from.shape.length !== grid.shape.length ||
    from.density.length !== from.t.length * fromPoints ||
    from.t.length < 1
  ) {
    throw new MfgError({
      code: "MFGPU_CONFIG_WARM_START",
      message: `The warm start has shape ${from.t.length} x ${from.shape.join("x")} and ${from.density.length} numbers; the problem has ${grid.shape.length} axes.`,
      fix: "Start from a run of the same problem, or of one with the same dimension.",
      path: "warmStart",
      value: [...from.shape],
    });
  }
  const axes = grid.shape.map((n, a) => axisSpan(from.shape[a]!, n, problem.domain[a]!.lower.kind === "periodic"));
  const out = new Float64Array(levels.length * grid.points);
  const scale = from.t.length > 1 ? problem.horizon / from.t[from.t.length - 1]! : 1;
  let level = 0;
  const last = from.t.length - 1;
  levels.forEach((t, k) => {
    while (level < last - 1 && from.t[level + 1]! * scale <= t) level++;
    const next = Math.min(level + 1, last);
    const t0 = from.t[level]! * scale;
    const t1 = from.t[next]! * scale;
    const w = next === level ? 0 : Math.min(1, Math.max(0, (t - t0) / (t1 - t0)));
    const slice = new Float64Array(fromPoints);
    for (let i = 0; i < fromPoints; i++)
      slice[i] = (1 - w) * from.density[level * fromPoints + i]! + w * from.density[next * fromPoints + i]!;
    out.set(resampleSlice(slice, from.shape, axes), k * grid.points);
  });
  return out;
}

/** Nodes of a coarse axis on either side of every node of a fine one. */
function axisSpan(from: number, to: number, periodic: boolean): Span {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const weight = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const position = periodic ? (i / to) * from : ((i + 0.5) / to) * from - 0.5;
    const clamped = periodic ? position : Math.min(from - 1, Math.max(0, position));
    const below = Math.floor(clamped);
    low[i] = below;
    high[i] = periodic ? (below + 1) % from : Math.min(from - 1, below + 1);
    weight[i] = clamped - below;
  }
  return { low, high, weight };
}

function resampleSlice(slice: Float64Array, shape: readonly number[], axes: readonly Span[]): Float64Array {
  let data = slice;
  const sizes = [...shape];
  axes.forEach((span, a) => {
    const n = span.low.length;
    const before = sizes.slice(0, a).reduce((product, size) => product * size, 1);
    const after = sizes.slice(a + 1).reduce((product, size) => product * size, 1);
    const next = new Float64Array(before * n * after);
    for (let b = 0; b < before; b++) {
      for (let i = 0; i < n; i++) {
        const lower = (b * sizes[a]! + span.low[i]!) * after;
        const upper = (b * sizes[a]! + span.high[i]!) * after;
        const w = span.weight[i]!;
        const to = (b * n + i) * after;
        for (let c = 0; c < after; c++) next[to + c] = (1 - w) * data[lower + c]! + w * data[upper + c]!;
      }
    }
    sizes[a] = n;
    data = next;
  });
  return data;
}
