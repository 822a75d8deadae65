/** What every workspace refuses, in the same words. */
import { MfgError } from "../../errors.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";

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

/** Raises MFGPU_CONFIG_BATCH unless all members have one grid and one number of steps: they share their work memory. */
export function checkOneGrid(members: readonly Discretisation[]): void {
  const [first, ...others] = members;
  if (!first) return;
  const text = ({ grid, steps }: Discretisation): string => `${grid.shape.join(" x ")} nodes and ${steps} steps`;
  for (const [i, d] of others.entries()) {
    if (text(d) === text(first)) continue;
    throw new MfgError({
      code: "MFGPU_CONFIG_BATCH",
      message: `Member ${i + 1} of the workspace has ${text(d)}, member 0 has ${text(first)}.`,
      fix: "Batch problems of one grid and one number of steps.",
      path: `members[${i + 1}]`,
      value: { shape: d.grid.shape, steps: d.steps },
    });
  }
}
