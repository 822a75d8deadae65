import type { Discretisation } from "../../scheme/discretisation.ts";
import type { FieldKernels, SlopeFields } from "../host/fieldKernels.ts";
import { FieldPool } from "../host/pool.ts";
import { axisTools, lineScratch } from "./axisTools.ts";
import { BatchedDensity } from "./density.ts";
import { BatchedDensityDiffusion } from "./densityDiffusion.ts";
import { BatchedValueDiffusion } from "./diffusion.ts";
import { BatchedDrift } from "./drift.ts";
import { BatchedHamiltonian } from "./hamiltonian.ts";
import { BatchedImplicit } from "./implicit.ts";
import { BatchedLimiter } from "./limiter.ts";

/**
 * The field kernels of the `batched` tier: fused typed-array loops over blocks of lines.
 *
 * @param taken slopes of u that were taken elsewhere, to be read instead of computed; whoever fills them provides `prepare`
 */
export function batchedFieldKernels(
  d: Discretisation,
  pool: FieldPool = new FieldPool(d),
  taken?: SlopeFields,
): FieldKernels {
  const axes = axisTools(d);
  const scratch = lineScratch(d, taken);
  const hamiltonian = new BatchedHamiltonian(d, axes, scratch, pool);
  const diffusion = new BatchedValueDiffusion(d, axes, scratch);
  const drift = new BatchedDrift(d, axes, scratch, pool, hamiltonian);
  const limiter = new BatchedLimiter(d, axes, pool);
  const density = new BatchedDensity(d, axes, scratch, pool, drift, limiter);
  const densityDiffusion = new BatchedDensityDiffusion(d, axes, scratch, density, drift);
  const implicit = new BatchedImplicit(d, axes, scratch, drift);
  return {
    discretisation: d,
    hamiltonian: (u, walls, explicit, rate) => hamiltonian.apply(u, walls, explicit, rate),
    diffuseValue: (u, axis, tau, stages, source, start, end) =>
      diffusion.apply(u, axis, tau, stages, source, start, end),
    driftSpeed: (u, walls) => drift.speed(u, walls),
    runningCost: (u, walls, out) => drift.runningCost(u, walls, out),
    densityStage: (stage) => density.stage(stage),
    advectiveFlux: (m, u, walls, out) => density.advectiveFlux(m, u, walls, out),
    diffuseDensity: (step) => densityDiffusion.apply(step),
    correctDensity: (m, antidiffusive) => limiter.apply(m, antidiffusive, 1, limiter.outgoing(antidiffusive)),
    implicitDensity: (m, u, axis, tau, walls, flux) => implicit.apply(m, u, axis, tau, walls, flux),
  };
}
