import { MfgError } from "../errors.ts";
import type { TierChoice } from "../solver/options.ts";
import { type CandidateText, readCandidate, tierNames } from "../tiers/candidate.ts";

/** Reads `auto` or a candidate's name, such as rust or webgpu/offload; MFGPU_CONFIG_TIER_NAME lists the known ones. */
export function readTier(flag: string, text: string): TierChoice {
  if (text === "auto") return text;
  try {
    readCandidate(text);
    return text as CandidateText;
  } catch (error) {
    throw new MfgError({
      code: "MFGPU_CONFIG_TIER_NAME",
      message: `${flag}: unknown name`,
      path: flag,
      value: text,
      fix: `Choose one of auto, ${tierNames.join(", ")}; with a variant as rust:wasm, with a residency as webgpu/offload.`,
      cause: error,
    });
  }
}

/**
 * The tier that is asked for: MFGPU_TIER forces one, `--tier` names one, else auto. A `--tier` that contradicts
 * MFGPU_TIER is refused and not overruled.
 */
export function chosenTier(flag: TierChoice | undefined, forced: string | undefined): TierChoice {
  if (forced === undefined || forced === "") return flag ?? "auto";
  const tier = readTier("MFGPU_TIER", forced);
  if (flag !== undefined && flag !== "auto" && flag !== tier) {
    throw new MfgError({
      code: "MFGPU_CONFIG_TIER_CONFLICT",
      message: `--tier ${flag} contradicts MFGPU_TIER=${tier} of the environment.`,
      path: "--tier",
      value: flag,
      fix: "Leave out --tier or unset MFGPU_TIER.",
    });
  }
  return tier;
}
