/** Work fields of a workspace. The backward and the forward sweep never run at once, and members take turns: they share them. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { slotLength } from "../../host/pool.ts";
import { aligned } from "../slices.ts";
import type { SolveContext } from "./context.ts";
import type { ElementBytes, Field } from "./fields.ts";

/** How many work fields something needs. */
export interface ScratchNeed {
  /** Fields of one state per node. */
  readonly states: number;
  /** Fields of one f32 per node or per face of an axis (`slotLength`). */
  readonly floats: number;
}

/** Workgroups of a sum at most, and bytes of their partial sums: four pairs each. */
export const mostGroups = 1024;
export const partialBytes: number = mostGroups * 4 * 8;

/** What serves several users in turn. */
export function largestNeed(needs: readonly ScratchNeed[]): ScratchNeed {
  return {
    states: Math.max(...needs.map(({ states }) => states)),
    floats: Math.max(...needs.map(({ floats }) => floats)),
  };
}

/** Bytes of the work fields. */
export function scratchBytes(d: Discretisation, need: ScratchNeed, stateBytes: ElementBytes): number {
  const state = aligned(stateBytes * d.grid.points);
  return need.states * state + need.floats * aligned(4 * slotLength(d)) + partialBytes;
}

export interface Scratch {
  readonly states: readonly Field[];
  readonly floats: readonly Field[];
  readonly partials: Field;
}

/** Makes the work fields; raises MFGPU_DEVICE_MEMORY. */
export async function makeScratch(
  { store, stateBytes }: SolveContext,
  d: Discretisation,
  need: ScratchNeed,
): Promise<Scratch> {
  const states: Field[] = [];
  for (let i = 0; i < need.states; i++) states.push(await store.field(`state ${i}`, stateBytes * d.grid.points));
  const floats: Field[] = [];
  for (let i = 0; i < need.floats; i++) floats.push(await store.field(`work field ${i}`, 4 * slotLength(d)));
  return { states, floats, partials: await store.fixed("partial sums", partialBytes) };
}
