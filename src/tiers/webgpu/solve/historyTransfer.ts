/** Whole histories between JavaScript's memory and the device. */
import { checkWholeHistory } from "../../host/workspaceErrors.ts";
import type { FieldHistory } from "./fields.ts";
import { downloadStates, type StateHolder, uploadStates } from "./transfer.ts";

/** Writes a history: (levels, ...grid), refused where it is of another length; `name` is what it is called then. */
export async function uploadHistory(
  holder: StateHolder,
  history: FieldHistory,
  from: Float64Array,
  name: string,
  points: number,
): Promise<void> {
  checkWholeHistory(name, from, history.levels.length, points);
  for (const [k, level] of history.levels.entries())
    await uploadStates(holder, level, from.subarray(k * points, (k + 1) * points));
}

/** Writes what a solve starts from: one density for all levels, or a history. */
export async function uploadStart(
  holder: StateHolder,
  history: FieldHistory,
  density: Float64Array,
  points: number,
): Promise<void> {
  if (density.length !== points) return uploadHistory(holder, history, density, "density", points);
  for (const level of history.levels) await uploadStates(holder, level, density);
}

/** Reads levels `from` to `to - 1`, all where no range is given. */
export async function downloadHistory(
  holder: StateHolder,
  history: FieldHistory,
  points: number,
  { from = 0, to = history.levels.length }: { readonly from?: number; readonly to?: number } = {},
): Promise<Float64Array> {
  const out = new Float64Array((to - from) * points);
  for (let k = from; k < to; k++)
    await downloadStates(holder, history.levels[k]!, out.subarray((k - from) * points, (k - from + 1) * points));
  return out;
}
