import { MfgError } from "../errors.ts";
import type { StopReason } from "../solver/options.ts";

/** Exit codes of every command. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  input: 2,
  notConverged: 3,
  tierUnavailable: 4,
  tiersDisagree: 5,
  interrupted: 130,
} as const;

/** Exit code that an error ends the command with. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof MfgError)) return exitCodes.unexpected;
  const [, family, ...what] = error.code.split("_");
  switch (family) {
    case "NUMERICS":
      return exitCodes.notConverged;
    case "TIER":
      // A tier that is there and lacks what was asked of it is a wrong request, not an absent tier.
      if (what.includes("PRECISION")) return exitCodes.input;
      return what.includes("DISAGREE") ? exitCodes.tiersDisagree : exitCodes.tierUnavailable;
    case "DEVICE":
      return exitCodes.tierUnavailable;
    default:
      return exitCodes.input;
  }
}

/** Exit code that a finished solve ends the command with. */
export function exitCodeOfStop(stopReason: StopReason): number {
  if (stopReason === "tolerance") return exitCodes.done;
  return stopReason === "aborted" ? exitCodes.interrupted : exitCodes.notConverged;
}
