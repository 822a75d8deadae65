/** The tiers whose whole solves are tested beside each other. */
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
