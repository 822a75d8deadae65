/** Face fluxes of the density along one axis, for all lines; laid out as `Faces` says. */
import { ghostWidth } from "../../scheme/boundary.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import { faceSlope6 } from "../../scheme/diffusion.ts";
import {
  fluxExitLower,
  fluxExitUpper,
  fluxScharfetterGummel,
  fluxUpwind,
  fluxWeno,
  splitSpeed,
} from "../../scheme/fokkerPlanck.ts";
import { forEachLine, isPeriodic, nodesOfLine, paddedDensity, paddedProduct } from "./lines.ts";

/**
 * Evaluates `flux` on every face that something may pass: not on the walls of reflecting and open sides, whose flux is 0 by
 * assignment, and once for the two names of a periodic axis's seam.
 */
export function facesOf(d: Discretisation, axis: number, flux: (line: number, j: number) => number): Float64Array {
  const { grid, boundaries } = d;
  const n = grid.shape[axis]!;
  const { lower, upper } = boundaries[axis]!;
  const lines = grid.points / n;
  const faces = new Float64Array(lines * (n + 1));
  for (let line = 0; line < lines; line++) {
    const first = line * (n + 1);
    for (let j = 1; j < n; j++) faces[first + j] = flux(line, j);
    if (isPeriodic(d, axis)) {
      faces[first] = flux(line, 0);
      faces[first + n] = faces[first]!;
    }
    if (lower.kind === "exit") faces[first] = flux(line, 0);
    if (upper.kind === "exit") faces[first + n] = flux(line, n);
  }
  return faces;
}

/** High-order advective flux F: WENO of the split product b m (section 5.2), b at the nodes. */
export function advectiveFluxes(d: Discretisation, m: Float64Array, drift: Float64Array, axis: number): Float64Array {
  const { grid, scheme } = d;
  const n = grid.shape[axis]!;
  const periodic = isPeriodic(d, axis);
  const lines = Array.from({ length: grid.points / n }, (_, line) => {
    const nodes = nodesOfLine(d, m, axis, line);
    const drifts = nodesOfLine(d, drift, axis, line);
    return {
      drifts,
      density: paddedDensity(d, axis, nodes),
      product: paddedProduct(
        d,
        axis,
        nodes.map((value, i) => drifts[i]! * value),
      ),
    };
  });
  return facesOf(d, axis, (line, j) => {
    const { drifts, density, product } = lines[line]!;
    const alpha = splitSpeed(drifts, n, periodic, j);
    return fluxWeno(scheme.weno, scheme.epsilon, product, density, alpha, j + ghostWidth);
  });
}

/** G6 on the faces: the sixth-order slope of the density. */
export function densitySlopes(d: Discretisation, m: Float64Array, axis: number): Float64Array {
  const n = d.grid.shape[axis]!;
  const lines = Array.from({ length: d.grid.points / n }, (_, line) =>
    paddedDensity(d, axis, nodesOfLine(d, m, axis, line)),
  );
  return facesOf(d, axis, (line, j) => faceSlope6(lines[line]!, j + ghostWidth, d.grid.spacing[axis]!));
}

/** Low-order flux, b on the faces: Scharfetter-Gummel with diffusion, upwind without. */
export function lowOrderFluxes(
  d: Discretisation,
  m: Float64Array,
  drift: Float64Array,
  axis: number,
  diffusion: boolean,
): Float64Array {
  const { grid, nu } = d;
  const n = grid.shape[axis]!;
  const h = grid.spacing[axis]!;
  const lines = Array.from({ length: grid.points / n }, (_, line) => nodesOfLine(d, m, axis, line));
  return facesOf(d, axis, (line, j) => {
    const nodes = lines[line]!;
    const b = drift[line * (n + 1) + j]!;
    const atWall = !isPeriodic(d, axis) && (j === 0 || j === n);
    if (atWall && diffusion)
      return j === 0 ? fluxExitLower(nu, h, b, nodes[0]!) : fluxExitUpper(nu, h, b, nodes[n - 1]!);
    // Outside an exit there is no density.
    const left = atWall && j === 0 ? 0 : nodes[(j + n - 1) % n]!;
    const right = atWall && j === n ? 0 : nodes[j % n]!;
    return diffusion ? fluxScharfetterGummel(nu, h, b, left, right) : fluxUpwind(b, left, right);
  });
}

/** m += -factor (flux_right - flux_left)/h along one axis. */
export function subtractDivergence(
  d: Discretisation,
  m: Float64Array,
  axis: number,
  flux: Float64Array,
  factor: number,
): void {
  const n = d.grid.shape[axis]!;
  const h = d.grid.spacing[axis]!;
  forEachLine(d, axis, (line, start, stride) => {
    for (let i = 0; i < n; i++) {
      const face = line * (n + 1) + i;
      const node = start + i * stride;
      m[node] = m[node]! - (factor * (flux[face + 1]! - flux[face]!)) / h;
    }
  });
}
