import { MfgError } from "../../src/errors.ts";

/** The MfgError that `act` throws; anything else fails the test. */
export function refusalOf(act: () => unknown): MfgError {
  try {
    act();
  } catch (error) {
    if (error instanceof MfgError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
