/** The optimal drift b = -H_p(x, grad u), at points of a 2-D grid. */
import { formulaField } from "../problem/field.ts";
import { MfgError } from "../errors.ts";
import type { RunRecord } from "./record.ts";
import type { PlotAxis } from "./sampling.ts";

/** The drift at one node. */
export interface Arrow {
  readonly x: number;
  readonly y: number;
  readonly bx: number;
  readonly by: number;
}

/** How -H_p follows from grad u; `complete` is false where the record has a drift field that cannot be evaluated. */
export interface DriftLaw {
  readonly at: (x: number, y: number, px: number, py: number) => readonly [number, number];
  readonly complete: boolean;
}

type Component = (x: number, y: number) => number;

/**
 * The law of a record's Hamiltonian, as in a problem file: control/2 |p|^2 + drift.p or control/exponent |p|^exponent.
 * Without one, |p|^2 / 2.
 */
export function driftLaw(record: RunRecord): DriftLaw {
  const { kind = "quadratic", control = 1, exponent = 2, drift = [] } = record.hamiltonian ?? {};
  const q = kind === "power" ? exponent : 2;
  const [first, second] = [0, 1].map((axis) => component(drift[axis] ?? 0, axis));
  const given: readonly [Component, Component] | undefined =
    first === undefined || second === undefined ? undefined : [first, second];
  return {
    complete: given !== undefined,
    at: (x, y, px, py) => {
      const length = Math.hypot(px, py);
      // |p|^(q-2) p, which is 0 at p = 0 for every q > 1.
      const factor = length === 0 ? 0 : control * length ** (q - 2);
      return [-factor * px - (given?.[0](x, y) ?? 0), -factor * py - (given?.[1](x, y) ?? 0)];
    },
  };
}

/** A drift component given as a number or a formula; undefined for anything else, such as a function of the API. */
function component(given: unknown, axis: number): Component | undefined {
  if (typeof given === "number") return () => given;
  if (typeof given !== "string") return undefined;
  try {
    const field = formulaField(given, { path: `hamiltonian.drift[${axis}]`, dimension: 2, time: false });
    return (x, y) => field.at(x, y, 0, 0);
  } catch (error) {
    // "function" stands where the API was given one.
    if (error instanceof MfgError) return undefined;
    throw error;
  }
}

/**
 * The drift at evenly chosen nodes of one stored slice, by central differences of the value (one-sided at walls).
 *
 * @param value the slice, axis 0 slow
 * @param pitch the distance between arrows along each axis, about, in units of the domain
 */
export function driftArrows(
  value: Float64Array,
  axes: readonly [PlotAxis, PlotAxis],
  law: DriftLaw,
  pitch: readonly [number, number],
): Arrow[] {
  const [xAxis, yAxis] = axes;
  const n = yAxis.nodes.length;
  const arrows: Arrow[] = [];
  for (const i of chosen(xAxis, pitch[0])) {
    for (const j of chosen(yAxis, pitch[1])) {
      const px = slope(xAxis, i, (k) => value[k * n + j] ?? Number.NaN);
      const py = slope(yAxis, j, (k) => value[i * n + k] ?? Number.NaN);
      const [x, y] = [xAxis.nodes[i] ?? 0, yAxis.nodes[j] ?? 0];
      const [bx, by] = law.at(x, y, px, py);
      if (Number.isFinite(bx) && Number.isFinite(by)) arrows.push({ x, y, bx, by });
    }
  }
  return arrows;
}

/** Indices of nodes about `pitch` apart, as far from one end as from the other, none so near an end to stick out. */
function chosen({ nodes, from, to }: PlotAxis, pitch: number): number[] {
  const n = nodes.length;
  const step = Math.max(1, Math.round((n * pitch) / (to - from)));
  const count = Math.max(1, Math.floor(n / step));
  const first = Math.floor((n - 1 - (count - 1) * step) / 2);
  const room = 0.35 * pitch;
  return Array.from({ length: count }, (_, k) => first + k * step).filter((i) => {
    const x = nodes[i] ?? from;
    return x - from >= room && to - x >= room;
  });
}

function slope(axis: PlotAxis, i: number, at: (index: number) => number): number {
  const last = axis.nodes.length - 1;
  const position = (k: number): number => axis.nodes[k] ?? Number.NaN;
  if (last < 1) return 0;
  if (axis.periodic && (i === 0 || i === last)) {
    const [before, after] = i === 0 ? [last, 1] : [last - 1, 0];
    const width = position(1) - position(0);
    return (at(after) - at(before)) / (2 * width);
  }
  const [before, after] = [Math.max(0, i - 1), Math.min(last, i + 1)];
  return (at(after) - at(before)) / (position(after) - position(before));
}

/** A length that all but the few strongest arrows stay below: 0 where nothing moves. */
export function typicalLargest(arrows: readonly Arrow[]): number {
  const lengths = arrows.map(({ bx, by }) => Math.hypot(bx, by)).toSorted((a, b) => a - b);
  return lengths[Math.floor(0.97 * (lengths.length - 1))] ?? 0;
}
