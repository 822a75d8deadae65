/** One backward and one forward sweep, without the coupled iteration. */
import { parseProblem } from "../../src/problem/schema.ts";
import type { ProblemInput } from "../../src/problem/input.ts";
import { discretise } from "../../src/scheme/discretise.ts";
import { coordinates } from "../../src/scheme/grid.ts";
import { schemeDefaults, type SchemeOptions } from "../../src/scheme/options.ts";
import { findTier } from "../../src/tiers/registry.ts";
import type { DensityReport, Precision, SweepReport, TierName, TierPlace } from "../../src/tiers/tier.ts";
import { type ExactGame, sampleExact, worst } from "./exact.ts";

export interface Sweeps {
  readonly value: Float64Array;
  readonly density: Float64Array;
  readonly t: Float64Array;
  readonly coordinates: readonly Float64Array[];
  readonly hjb: SweepReport;
  readonly fokkerPlanck: DensityReport & { readonly residual: number };
}

/** Where and in what: `batched` and the tier's first precision where left open. */
export interface SweepPlace extends TierPlace {
  readonly tier?: TierName;
  readonly precision?: Precision;
}

/**
 * The value function against a density, and the density that it transports.
 *
 * @param shape nodes per axis
 * @param density what the coupling reads; the initial density at all levels where left out
 */
export async function sweepOnce(
  problem: ProblemInput,
  shape: readonly number[],
  steps: number,
  scheme: Partial<SchemeOptions> = {},
  density?: (nodes: { t: Float64Array; coordinates: readonly Float64Array[] }) => Float64Array,
  { tier: name = "batched", precision, ...place }: SweepPlace = {},
): Promise<Sweeps> {
  const d = discretise(parseProblem(problem), shape, steps, { ...schemeDefaults(scheme.splitting), ...scheme });
  const { tier } = await findTier(name, place);
  const options = { andersonDepth: 0, keepTransported: true, ...place } as const;
  await using workspace = await tier.workspace([d], {
    ...options,
    precision: precision ?? tier.solvePrecisions("resident")[0],
  });
  const nodes = { t: d.levels.slice(), coordinates: shape.map((_, a) => coordinates(d.grid, a)) };
  await workspace.load(0, density?.(nodes) ?? d.initialDensity);
  const hjb = await workspace.hjb(0);
  const fokkerPlanck = await workspace.fokkerPlanck(0);
  return {
    ...nodes,
    hjb,
    fokkerPlanck,
    value: await workspace.read(0, "value"),
    density: await workspace.read(0, "transported"),
  };
}

/** Largest errors of u at t = 0 and of m at the horizon after one pair of sweeps. */
export async function sweepErrors(
  game: ExactGame,
  shape: readonly number[],
  steps: number,
  scheme: Partial<SchemeOptions> = {},
  place: SweepPlace = {},
): Promise<{ readonly value: number; readonly density: number; readonly sweeps: Sweeps }> {
  const sweeps = await sweepOnce(game.problem, shape, steps, scheme, undefined, place);
  const points = sweeps.value.length / (steps + 1);
  return {
    value: worst(sweeps.value.subarray(0, points), sampleExact(game.value, sweeps, { from: 0, to: 1 })),
    density: worst(
      sweeps.density.subarray(steps * points),
      sampleExact(game.density, sweeps, { from: steps, to: steps + 1 }),
    ),
    sweeps,
  };
}
