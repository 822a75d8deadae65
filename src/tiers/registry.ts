import { MfgError } from "../errors.ts";
import { batchedTier } from "./batched/tier.ts";
import { scalarTier } from "./scalar/tier.ts";
import type { Tier, TierName, Unavailable } from "./tier.ts";

/** Every tier's name, simplest first. */
export const tierNames: readonly TierName[] = ["scalar", "batched", "gpujs", "rust", "webgpu"];

/** The tiers of this version, simplest first. */
export const tiers: readonly Tier[] = [scalarTier, batchedTier];

/** Why a tier of the plan is not here. */
function absent(name: TierName): Unavailable {
  return {
    state: "unavailable",
    code: "MFGPU_TIER_UNAVAILABLE",
    why: `The tier ${name} is not part of this version of mfgpu.`,
    fix: `Use one of ${tiers.map((tier) => tier.name).join(", ")}.`,
  };
}

/**
 * The tier of that name, ready to use; never another one in its place.
 *
 * @throws MFGPU_CONFIG_TIER_NAME for a name that no tier has, MFGPU_TIER_UNAVAILABLE with the reason for one that is not here
 */
export async function findTier(name: string): Promise<Tier> {
  if (!(tierNames as readonly string[]).includes(name)) {
    throw new MfgError({
      code: "MFGPU_CONFIG_TIER_NAME",
      message: `There is no tier named ${name}.`,
      fix: `Use one of ${tierNames.join(", ")}.`,
      path: "tier",
      value: name,
    });
  }
  const tier = tiers.find((candidate) => candidate.name === name);
  const answer = tier ? await tier.probe() : absent(name as TierName);
  if (!tier || answer.state === "unavailable") {
    const reason = answer as Unavailable;
    throw new MfgError({ code: reason.code, message: reason.why, fix: reason.fix, path: "tier", value: name });
  }
  return tier;
}
