/** The Fokker-Planck kernels of the reference tier (docs/numerics.md section 5). */
import type { Discretisation } from "../../scheme/discretisation.ts";
import { faceSlope6, rkl2 } from "../../scheme/diffusion.ts";
import { ghostWidth } from "../../scheme/boundary.ts";
import { crossingSpeed } from "../../scheme/fokkerPlanck.ts";
import type { DensityDiffusion, DensityStage, Faces, Walls } from "../host/fieldKernels.ts";
import { faceDrifts, optimalDrift, transverseSlopes } from "./drift.ts";
import { advectiveFluxes, densitySlopes, lowOrderFluxes, subtractDivergence } from "./fluxes.ts";
import { crossingFluxes, type CrossingSpeeds, implicitLine } from "./implicit.ts";
import { advanceLegendre } from "./legendre.ts";
import { addLimited } from "./limiter.ts";
import { forEachLine, isPeriodic, nodesOfLine, paddedDensity } from "./lines.ts";

/** flux += weight (low + antidiffusive), where anybody asks. */
function record(
  flux: Float64Array | undefined,
  weight: number,
  low: Float64Array | undefined,
  antidiffusive: Float64Array,
): void {
  if (flux === undefined || flux.length === 0) return;
  for (let j = 0; j < flux.length; j++) flux[j] = flux[j]! + weight * ((low?.[j] ?? 0) + antidiffusive[j]!);
}

/** One Euler stage with flux blending; see `FieldKernels.densityStage`. */
export function densityStage(d: Discretisation, stage: DensityStage): number {
  const { m, u, walls, tau, diffusion, frozen, out, flux, fluxWeight } = stage;
  const drift = optimalDrift(d, u, walls);
  out.set(m);
  const parts = d.grid.shape.map((_, axis) => {
    const high = advectiveFluxes(d, m, drift.nodes[axis]!, axis);
    if (diffusion) {
      const slopes = densitySlopes(d, m, axis);
      for (let j = 0; j < high.length; j++) high[j] = high[j]! - d.nu * slopes[j]!;
    }
    const held = frozen?.[axis];
    if (held !== undefined && held.length > 0) {
      return { low: undefined, antidiffusive: high.map((value, j) => value - held[j]!) };
    }
    const low = lowOrderFluxes(d, m, faceDrifts(d, u, walls, axis, drift.transverse[axis]!), axis, diffusion);
    subtractDivergence(d, out, axis, low, tau);
    return { low, antidiffusive: high.map((value, j) => value - low[j]!) };
  });
  const antidiffusive = parts.map((part) => part.antidiffusive);
  const limited = addLimited(d, out, antidiffusive, tau);
  parts.forEach((part, axis) => record(flux?.[axis], fluxWeight * tau, part.low, part.antidiffusive));
  return limited;
}

/** F on the axes that have an exit; see `FieldKernels.advectiveFlux`. */
export function advectiveFlux(d: Discretisation, m: Float64Array, u: Float64Array, walls: Walls, out: Faces): void {
  const drift = optimalDrift(d, u, walls);
  d.boundaries.forEach(({ lower, upper }, axis) => {
    if (lower.kind !== "exit" && upper.kind !== "exit") return;
    out[axis]!.set(advectiveFluxes(d, m, drift.nodes[axis]!, axis));
  });
}

/** Richardson's correction; see `FieldKernels.correctDensity`. */
export function correctDensity(d: Discretisation, m: Float64Array, antidiffusive: Faces): number {
  return addLimited(d, m, antidiffusive, 1);
}

/** A diffusion sub-step with flux blending; see `FieldKernels.diffuseDensity`. */
export function diffuseDensity(d: Discretisation, step: DensityDiffusion): number {
  const { m, axis, balance, flux, fluxWeight } = step;
  const n = d.grid.shape[axis]!;
  const upwind = balance === undefined ? undefined : upwindFluxes(d, step, balance);
  const low = new Float64Array((d.grid.points / n) * (n + 1));
  const antidiffusive = new Float64Array(low.length);
  const density = m.slice();

  forEachLine(d, axis, (line, start, stride) => {
    const first = line * (n + 1);
    const nodes = nodesOfLine(d, m, axis, line);
    const high = highOrderFluxes(d, step, nodes, balance?.frozen.subarray(first, first + n + 1));
    const advected = upwind?.subarray(first, first + n + 1);
    const begun = advected === undefined ? nodes : afterFluxes(d, axis, nodes, advected);
    const diffused = lowOrderDiffusion(d, step, begun);
    for (let j = 0; j <= n; j++) {
      low[first + j] = (advected?.[j] ?? 0) + diffused.fluxes[j]!;
      antidiffusive[first + j] = high[j]! - low[first + j]!;
    }
    for (let i = 0; i < n; i++) density[start + i * stride] = diffused.density[i]!;
  });

  const limited = addLimited(
    d,
    density,
    d.grid.shape.map((_, a) => (a === axis ? antidiffusive : undefined)),
    1,
  );
  m.set(density);
  record(flux, fluxWeight, low, antidiffusive);
  return limited;
}

/** The upwind fluxes over tau that a balanced step's low order starts with. */
function upwindFluxes(
  d: Discretisation,
  { m, axis, tau }: DensityDiffusion,
  { u, walls }: { readonly u: Float64Array; readonly walls: Walls },
): Float64Array {
  const drift = faceDrifts(d, u, walls, axis, transverseSlopes(d, u, walls, axis));
  return lowOrderFluxes(d, m, drift, axis, false).map((value) => tau * value);
}

/** The density of a line after time-integrated fluxes have passed its faces. */
function afterFluxes(d: Discretisation, axis: number, nodes: Float64Array, fluxes: Float64Array): Float64Array {
  const h = d.grid.spacing[axis]!;
  return nodes.map((value, i) => value - (fluxes[i + 1]! - fluxes[i]!) / h);
}

/** RKL2 of the accumulated flux of a line: its rate is the flux J of the density that it leaves behind. */
function accumulatedFluxes(
  d: Discretisation,
  { axis, tau, stages }: DensityDiffusion,
  nodes: Float64Array,
  fluxesOf: (density: Float64Array) => Float64Array,
): Float64Array {
  const none = new Float64Array(nodes.length + 1);
  return advanceLegendre(rkl2(stages), none, tau, (passed) => fluxesOf(afterFluxes(d, axis, nodes, passed)));
}

/** -nu G6 + Q, integrated over the step. */
function highOrderFluxes(
  d: Discretisation,
  step: DensityDiffusion,
  nodes: Float64Array,
  frozen: Float64Array | undefined,
): Float64Array {
  const n = nodes.length;
  const h = d.grid.spacing[step.axis]!;
  return accumulatedFluxes(d, step, nodes, (density) => {
    const line = paddedDensity(d, step.axis, density);
    return Float64Array.from({ length: n + 1 }, (_, j) => {
      const diffusive = isClosed(d, step.axis, n, j) ? 0 : -d.nu * faceSlope6(line, j + ghostWidth, h);
      return diffusive + (frozen?.[j] ?? 0);
    });
  });
}

/** True on the walls that nothing passes. */
function isClosed(d: Discretisation, axis: number, n: number, j: number): boolean {
  const { lower, upper } = d.boundaries[axis]!;
  const closed = (kind: string): boolean => kind === "reflecting" || kind === "open";
  return (j === 0 && closed(lower.kind)) || (j === n && closed(upper.kind));
}

/**
 * Low-order diffusion of a line and its time-integrated fluxes: RKL2 of Lap2, which at an exit may become negative; then, and
 * where round-off made it so, implicit Euler.
 */
function lowOrderDiffusion(
  d: Discretisation,
  step: DensityDiffusion,
  nodes: Float64Array,
): { readonly density: Float64Array; readonly fluxes: Float64Array } {
  const { axis, tau } = step;
  const periodic = isPeriodic(d, axis);
  const speeds = diffusionSpeeds(d, axis);
  const fluxes = accumulatedFluxes(d, step, nodes, (density) => crossingFluxes(speeds, density, periodic));
  const density = afterFluxes(d, axis, nodes, fluxes);
  if (!density.some((value) => value < 0)) return { density, fluxes };
  const positive = implicitLine(nodes, speeds, tau / d.grid.spacing[axis]!, periodic);
  return { density: positive, fluxes: crossingFluxes(speeds, positive, periodic).map((value) => tau * value) };
}

/** nu/h through every face, 2 nu/h through an exit, 0 through other walls. */
function diffusionSpeeds(d: Discretisation, axis: number): CrossingSpeeds {
  return crossingSpeeds(d, axis, new Float64Array(d.grid.shape[axis]! + 1));
}

/** Scharfetter-Gummel crossing speeds of one line from the drift on its faces. */
function crossingSpeeds(d: Discretisation, axis: number, drift: Float64Array): CrossingSpeeds {
  const { nu, grid, boundaries } = d;
  const n = grid.shape[axis]!;
  const h = grid.spacing[axis]!;
  const { lower, upper } = boundaries[axis]!;
  const forward = drift.map((b) => crossingSpeed(nu, h, b));
  const backward = drift.map((b) => crossingSpeed(nu, h, -b));
  if (!isPeriodic(d, axis)) {
    backward[0] = lower.kind === "exit" ? crossingSpeed(nu, h / 2, -drift[0]!) : 0;
    forward[n] = upper.kind === "exit" ? crossingSpeed(nu, h / 2, drift[n]!) : 0;
  }
  return { forward, backward };
}

/** The `fdm` mode's step along one axis; see `FieldKernels.implicitDensity`. */
export function implicitDensity(
  d: Discretisation,
  m: Float64Array,
  u: Float64Array,
  axis: number,
  tau: number,
  walls: Walls,
  flux: Float64Array | undefined,
): void {
  const n = d.grid.shape[axis]!;
  const periodic = isPeriodic(d, axis);
  const drift = faceDrifts(d, u, walls, axis, transverseSlopes(d, u, walls, axis));
  forEachLine(d, axis, (line, start, stride) => {
    const first = line * (n + 1);
    const speeds = crossingSpeeds(d, axis, drift.subarray(first, first + n + 1));
    const nodes = implicitLine(nodesOfLine(d, m, axis, line), speeds, tau / d.grid.spacing[axis]!, periodic);
    for (let i = 0; i < n; i++) m[start + i * stride] = nodes[i]!;
    if (flux === undefined) return;
    crossingFluxes(speeds, nodes, periodic).forEach((value, j) => {
      flux[first + j] = flux[first + j]! + tau * value;
    });
  });
}
