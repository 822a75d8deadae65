/** What every workspace refuses, in the same words. */
import { MfgError } from "../../errors.ts";

/** There is no transported density to give. */
export function keptNothing(): MfgError {
  return new MfgError({
    code: "MFGPU_TIER_HISTORY",
    message: "This workspace keeps two histories and relaxes in place: it holds no transported density.",
    fix: "Give fokkerPlanck a theta, or make the workspace with keepTransported.",
  });
}

/** The member that `index` names, of what a workspace keeps of each; raises MFGPU_TIER_ARGUMENT where there is none. */
export function memberAt<State>(states: readonly State[], index: number): State {
  const state = states[index];
  if (state !== undefined) return state;
  throw new MfgError({
    code: "MFGPU_TIER_ARGUMENT",
    message: `There is no member ${index}; this workspace has ${states.length}.`,
    fix: "Use an index from 0 to the number of members less one.",
    path: "member",
    value: index,
  });
}

/** Raises MFGPU_TIER_ARGUMENT unless an array is a whole history: `levels` slices of `points`. */
export function checkWholeHistory(name: string, from: Float64Array, levels: number, points: number): void {
  const whole = levels * points;
  if (from.length === whole) return;
  throw new MfgError({
    code: "MFGPU_TIER_ARGUMENT",
    message: `The ${name} has ${from.length} entries; its history has ${levels} x ${points} = ${whole}.`,
    fix: "Give (steps + 1) slices of the grid's points; a density may also be one slice, held for all levels.",
    path: name,
    value: from.length,
  });
}
