/** The tiers whose whole solves are tested beside each other. */
import process from "node:process";
import { describe } from "vitest";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import type { TierName } from "../../src/tiers/tier.ts";

export interface SolveTier {
  readonly tier: TierName;
  /** Why it is not here; its tests are then skipped by name. */
  readonly absent: string | undefined;
}

const rust = await rustTier.probe();

/** `batched` needs nothing; whether `rust` must be here is what the suite of the kernels asks. */
export const solveTiers: readonly SolveTier[] = [
  { tier: "batched", absent: undefined },
  { tier: "rust", absent: rust.state === "available" ? undefined : rust.why },
];

/** Declares one suite on each of them. */
export function onEachTier(suite: (tier: TierName) => void): void {
  for (const { tier, absent } of solveTiers) {
    describe.skipIf(absent !== undefined)(`on the ${tier} tier`, () => {
      suite(tier);
    });
  }
}

/** Runs of many minutes, which no ordinary run of the suite makes: MFGPU_LONG=1 asks for them. */
export const long: boolean = process.env["MFGPU_LONG"] === "1";
