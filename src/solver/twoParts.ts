/**
 * A precision that a tier lacks, in two parts: the equilibrium is found there in a coarser one, and a few more iterations on
 * another tier bring it to the asked one. The second part starts from the density alone, so nothing of the first one's rounding
 * is left in it but a good guess.
 */
import { MfgError } from "../errors.ts";
import { findTier } from "../tiers/registry.ts";
import type { Refinement, Tier } from "../tiers/tier.ts";
import type { Way } from "./memory.ts";
import type { BatchOptions, IterationReport, SolvePart, SolveRecord, SolveResult, SolveTimings } from "./options.ts";

type SolveOn = (tier: Tier, problems: readonly unknown[], options: BatchOptions, way: Way) => Promise<SolveResult[]>;

/** The refinement that gives what the options ask for and the tier alone does not; undefined where the tier does, or neither. */
export function refinementOf(tier: Tier, way: Way, options: BatchOptions): Refinement | undefined {
  const refinement = tier.refinement?.(way.residency);
  if (!refinement || options.precision !== refinement.precision) return undefined;
  return tier.solvePrecisions(way.residency).includes(refinement.precision) ? undefined : refinement;
}

/**
 * Solves in two parts; members that diverged or were stopped in the first are left as they are. Each part has the tolerance of
 * its precision; the limit of iterations is for both together.
 *
 * @param solveOn `solveOnTier`
 * @throws MFGPU_TIER_UNAVAILABLE before anything is computed where the second part's tier is not here
 */
export async function solveInTwoParts(
  solveOn: SolveOn,
  tier: Tier,
  problems: readonly unknown[],
  options: BatchOptions,
  way: Way,
  refinement: Refinement,
): Promise<SolveResult[]> {
  const { tier: second, ...secondWay } = await secondTier(tier, options, refinement);
  const { tolerance, warmStarts: _starts, warmStart: _start, adapter: _adapter, ...shared } = options;
  const { onIteration } = options;
  const first = await solveOn(tier, problems, { ...withoutTolerance(options), precision: refinement.from }, way);
  const going = first.flatMap((result, member) => {
    const { stopReason } = result.record;
    const ended = stopReason === "aborted" || stopReason === "diverged" || spent(result.record, options);
    return ended ? [] : [{ member, result }];
  });
  if (going.length === 0)
    return first.map((result) => ({ ...result, record: { ...result.record, parts: [partOf(result.record)] } }));
  const least = Math.min(...going.map(({ result }) => result.record.iterations));
  const refined = await solveOn(
    second,
    going.map(({ member }) => problems[member]),
    {
      ...shared,
      ...(tolerance === undefined ? {} : { tolerance }),
      maxIterations: Math.max(1, (options.maxIterations ?? 200) - least),
      warmStarts: going.map(({ result: { density, t, shape } }) => ({ density, t, shape })),
      ...(onIteration && {
        onIteration: (report, i) => {
          const from = going[i];
          const before = from?.result.record.iterations ?? 0;
          onIteration({ ...report, iteration: report.iteration + before }, from?.member ?? i);
        },
      }),
    },
    secondWay,
  );
  return first.map((result, i) => {
    const after = refined[going.findIndex(({ member }) => member === i)];
    if (!after) return { ...result, record: { ...result.record, parts: [partOf(result.record)] } };
    return { ...after, record: joined(result.record, after.record) };
  });
}

/** A tolerance meant for the asked precision is not the first part's. */
function withoutTolerance({ tolerance: _tolerance, ...rest }: BatchOptions): BatchOptions {
  return rest;
}

function spent(record: SolveRecord, { maxIterations = 200 }: BatchOptions): boolean {
  return record.iterations >= maxIterations;
}

async function secondTier(
  tier: Tier,
  { threads }: BatchOptions,
  { precision, on }: Refinement,
): ReturnType<typeof findTier> {
  try {
    return await findTier(on, threads === undefined ? {} : { threads });
  } catch (error) {
    if (!(error instanceof MfgError)) throw error;
    throw new MfgError({
      code: error.code,
      message: `${precision} on ${tier.name} ends in a second part on ${on}: ${error.message}`,
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      path: "precision",
      value: precision,
      cause: error,
    });
  }
}

function partOf({ tier, adapter, precision, iterations, residual, stopReason, timings }: SolveRecord): SolvePart {
  return { tier, adapter, precision, iterations, residual, stopReason, timings };
}

function joined(first: SolveRecord, second: SolveRecord): SolveRecord {
  const history = [
    ...first.history,
    ...second.history.map((report): IterationReport => ({ ...report, iteration: report.iteration + first.iterations })),
  ];
  return {
    ...second,
    tier: first.tier,
    variant: first.variant,
    residency: first.residency,
    path: first.path,
    software: first.software,
    adapter: `${first.adapter}, then ${second.adapter}`,
    iterations: first.iterations + second.iterations,
    relaxation: { ...second.relaxation, replaced: first.relaxation.replaced + second.relaxation.replaced },
    history,
    timings: sumOf(first.timings, second.timings),
    parts: [partOf(first), partOf(second)],
  };
}

function sumOf(a: SolveTimings, b: SolveTimings): SolveTimings {
  return {
    setup: a.setup + b.setup,
    hjb: a.hjb + b.hjb,
    fokkerPlanck: a.fokkerPlanck + b.fokkerPlanck,
    relax: a.relax + b.relax,
    certify: a.certify + b.certify,
    transfer: a.transfer + b.transfer,
    total: a.total + b.total,
  };
}
