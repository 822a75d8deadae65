/** The guard of shaders/weno5_interval.wgsl, which keeps its ratios finite. */
import type { Epsilon } from "../../scheme/options.ts";

/** Indicators of the shader over those of Osher & Fedkiw. */
const indicatorScale = 12;
/** Least epsilon in f32: what is smaller is not a normal number once it is multiplied. */
const leastEpsilon = 1e-30;
/** Smallest guard that is a normal f32 with room below it. */
const smallestGuard = 1e-35;

/**
 * Epsilon in the units of the shader's indicators: a share of the largest squared difference, and a floor.
 *
 * @param unit the squared spacing where differences are not divided by it; 1 for values
 */
export function guardOf(epsilon: Epsilon, unit: number): { readonly scale: number; readonly floor: number } {
  const { kind, value } = epsilon;
  const least = kind === "absolute" ? Math.max(value, leastEpsilon) : leastEpsilon;
  return {
    scale: kind === "absolute" ? 0 : indicatorScale * value,
    floor: Math.max(indicatorScale * least * unit, smallestGuard),
  };
}
