/** Flux-corrected transport (Boris & Book 1973; Zalesak 1979) in the form of section 5.2. */
import type { Discretisation } from "../../scheme/discretisation.ts";
import { limiterGuard } from "../../scheme/limiter.ts";
import { subtractDivergence } from "./fluxes.ts";
import { forEachLine, isPeriodic } from "./lines.ts";

/** Antidiffusive fluxes A of each axis; undefined or empty where an axis takes no part. */
export type Antidiffusive = readonly (Float64Array | undefined)[];

/**
 * Adds -tau div(eta A) to `low`, the low-order density, and replaces A by eta A; eta, the share of the cell that A leaves,
 * keeps the density >= 0. Returns the number of limited cells.
 */
export function addLimited(d: Discretisation, low: Float64Array, antidiffusive: Antidiffusive, tau: number): number {
  const share = cellShares(d, low, antidiffusive, tau);
  forEachAxis(antidiffusive, (axis, faces) => {
    const limited = new Float64Array(faces.length);
    forEachCell(d, axis, (node, { before, after, leftFace, rightFace }) => {
      limited[leftFace] = faces[leftFace]! * shareOf(share, faces[leftFace]! > 0 ? before : node);
      limited[rightFace] = faces[rightFace]! * shareOf(share, faces[rightFace]! > 0 ? node : after);
    });
    faces.set(limited);
    subtractDivergence(d, low, axis, faces, tau);
  });
  return share.reduce((count, value) => (value < 1 ? count + 1 : count), 0);
}

/** R of every cell: the share of its outgoing antidiffusive fluxes that the cell can give. */
function cellShares(d: Discretisation, low: Float64Array, antidiffusive: Antidiffusive, tau: number): Float64Array {
  const points = d.grid.points;
  const outgoing = new Float64Array(points);
  forEachAxis(antidiffusive, (axis, faces) => {
    const perCell = tau / d.grid.spacing[axis]!;
    forEachCell(d, axis, (node, { leftFace, rightFace }) => {
      outgoing[node] = outgoing[node]! + perCell * (Math.max(faces[rightFace]!, 0) + Math.max(-faces[leftFace]!, 0));
    });
  });
  return outgoing.map((out, i) => (out > 0 ? Math.min(1, ((1 - limiterGuard) * Math.max(low[i]!, 0)) / out) : 1));
}

/** What comes from beyond a wall is not a cell's to limit. */
function shareOf(share: Float64Array, node: number): number {
  return node < 0 ? 1 : share[node]!;
}

function forEachAxis(antidiffusive: Antidiffusive, visit: (axis: number, faces: Float64Array) => void): void {
  antidiffusive.forEach((faces, axis) => {
    if (faces !== undefined && faces.length > 0) visit(axis, faces);
  });
}

interface Neighbourhood {
  /** Neighbouring nodes; -1 beyond a wall. */
  readonly before: number;
  readonly after: number;
  readonly leftFace: number;
  readonly rightFace: number;
}

function forEachCell(d: Discretisation, axis: number, visit: (node: number, around: Neighbourhood) => void): void {
  const n = d.grid.shape[axis]!;
  const periodic = isPeriodic(d, axis);
  forEachLine(d, axis, (line, start, stride) => {
    const nodeAt = (i: number): number => {
      if (periodic) return start + ((i + n) % n) * stride;
      return i < 0 || i >= n ? -1 : start + i * stride;
    };
    for (let i = 0; i < n; i++) {
      const leftFace = line * (n + 1) + i;
      visit(nodeAt(i), { before: nodeAt(i - 1), after: nodeAt(i + 1), leftFace, rightFace: leftFace + 1 });
    }
  });
}
