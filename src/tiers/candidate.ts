/** Names of candidates: a tier with its variant and residency, `NAME[:VARIANT][/RESIDENCY]`. */
import { MfgError } from "../errors.ts";
import type { Residency, Tier, TierName } from "./tier.ts";

/** One way to run a solve. What is undefined is the tier's default. */
export interface Candidate {
  readonly tier: TierName;
  readonly variant: string | undefined;
  readonly residency: Residency | undefined;
}

/** A candidate as text, such as `rust`, `gpujs:webasm` or `webgpu/offload`. */
export type CandidateText =
  | `${TierName}${"" | `:${string}`}`
  | `${TierName}/${Residency}`
  | `${TierName}:${string}/${Residency}`;

/** Every tier's name, simplest first. */
export const tierNames: readonly TierName[] = ["scalar", "batched", "gpujs", "rust", "webgpu"];

/**
 * Reads a candidate's name. Whether the tier has that variant and residency is the registry's to say.
 *
 * @throws MFGPU_CONFIG_TIER_NAME for a name that no tier has or a text of another form
 */
export function readCandidate(text: string): Candidate {
  const match = /^([a-z0-9]+)(?::([a-z0-9-]+))?(?:\/(resident|offload))?$/.exec(text);
  const tier = tierNames.find((name) => name === match?.[1]);
  if (!match || tier === undefined) {
    throw new MfgError({
      code: "MFGPU_CONFIG_TIER_NAME",
      message: `There is no tier named ${text}.`,
      fix: `Use one of ${tierNames.join(", ")}; with a variant as rust:wasm, with a residency as webgpu/offload.`,
      path: "tier",
      value: text,
    });
  }
  return { tier, variant: match[2], residency: match[3] as Residency | undefined };
}

/** The name of a candidate in full, leaving out what a tier has only one of: `rust:native/resident`, `batched`. */
export function candidateText(tier: Tier, candidate: Omit<Candidate, "tier">): string {
  const variant = tier.variants.length > 0 ? `:${candidate.variant ?? tier.variants[0]!}` : "";
  const residency = tier.residencies.length > 1 ? `/${candidate.residency ?? tier.residencies[0]}` : "";
  return `${tier.name}${variant}${residency}`;
}
