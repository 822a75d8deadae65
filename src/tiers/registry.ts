import { MfgError } from "../errors.ts";
import { batchedFieldKernels } from "./batched/fieldKernels.ts";
import { batchedTier } from "./batched/tier.ts";
import { gpujsTier } from "./gpujs/tier.ts";
import { type KernelTier, withOffload } from "./host/offload.ts";
import { rustTier } from "./rust/tier.ts";
import { webgpuTier } from "./webgpu/tier.ts";
import { scalarTier } from "./scalar/tier.ts";
import { readCandidate } from "./candidate.ts";
import type { Residency, Tier, TierPlace, Unavailable } from "./tier.ts";

/** A tier's kernels under the batched solve, beside what it has of its own. */
const offloaded = (tier: KernelTier | Tier): Tier => withOffload(tier, batchedFieldKernels);

/** The tiers of this version, simplest first. */
export const tiers: readonly Tier[] = [
  scalarTier,
  batchedTier,
  offloaded(gpujsTier),
  offloaded(rustTier),
  offloaded(webgpuTier),
];

/** Why a tier of the plan is not here. */
function absent(): Unavailable {
  return {
    state: "unavailable",
    code: "MFGPU_TIER_UNAVAILABLE",
    why: "It is not part of this version of mfgpu.",
    fix: `Use one of ${tiers.map((tier) => tier.name).join(", ")}.`,
  };
}

function refuse(what: string, value: string, known: readonly string[], tier: Tier): MfgError {
  return new MfgError({
    code: "MFGPU_CONFIG_TIER_NAME",
    message: `The tier ${tier.name} has no ${what} ${value}.`,
    fix: known.length > 0 ? `Use one of ${known.join(", ")}.` : `Leave the ${what} out.`,
    path: "tier",
    value,
  });
}

/** A tier at hand and the place on it that a candidate names. */
export interface FoundTier {
  readonly tier: Tier;
  readonly variant: string | undefined;
  readonly residency: Residency;
}

/**
 * The tier that a candidate's text names (`rust`, `gpujs:webasm`, `webgpu/offload`), ready to use; never another one in its
 * place.
 *
 * @throws MFGPU_CONFIG_TIER_NAME for a name, variant or residency that is not known, MFGPU_TIER_UNAVAILABLE (or a tier's own
 *   code) with the reason for one that is not here
 */
export async function findTier(text: string, place: Omit<TierPlace, "variant"> = {}): Promise<FoundTier> {
  const { tier: name, variant, residency } = readCandidate(text);
  const tier = tiers.find((candidate) => candidate.name === name);
  if (tier && variant !== undefined && !tier.variants.includes(variant))
    throw refuse("variant", variant, tier.variants, tier);
  if (tier && residency !== undefined && !tier.residencies.includes(residency))
    throw refuse("residency", residency, tier.residencies, tier);
  const chosen = variant ?? tier?.variants[0];
  const answer = tier ? await tier.probe({ ...place, ...(chosen === undefined ? {} : { variant: chosen }) }) : absent();
  if (!tier || answer.state === "unavailable") {
    const reason = answer as Unavailable;
    const message = `Tier ${text} cannot run here. ${reason.why}`;
    throw new MfgError({ code: reason.code, message, fix: reason.fix, path: "tier", value: text });
  }
  return { tier, variant: chosen, residency: residency ?? tier.residencies[0] };
}
