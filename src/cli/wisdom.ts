import { Wisdom, wisdomPath } from "../decision/wisdom.ts";
import type { PlanMode } from "../decision/plan.ts";

export const planModes: readonly PlanMode[] = ["estimate", "measure", "patient", "wisdom-only"];

/** Where wisdom is kept: MFGPU_WISDOM, or the user's cache folder; undefined where MFGPU_WISDOM is `off`. */
export function chosenWisdomPath(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const given = env["MFGPU_WISDOM"];
  if (given === "off") return undefined;
  return given === undefined || given === "" ? wisdomPath(env) : given;
}

export async function openWisdom(): Promise<Wisdom> {
  const path = chosenWisdomPath();
  return path === undefined ? Wisdom.inMemory() : Wisdom.open(path);
}
