/** How the memory is spent: the deepest Anderson that fits, else three histories, else two in place. */
import { freemem } from "node:os";
import { MfgError } from "../errors.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import type { FoundTier } from "../tiers/registry.ts";
import type { Precision, Tier, TierPlace, WorkspaceOptions } from "../tiers/tier.ts";
import type { MemoryPlan, SolveOptions } from "./options.ts";

/** Deepest Anderson acceleration; more gained nothing in the measurements of docs/numerics.md section 7.1. */
export const deepestAnderson = 20;
/** Below this, differences are forgotten faster than they help. */
export const shallowestAnderson = 3;
const freeShare = 0.7;

/** The way on a tier that was chosen. */
export type Way = Pick<FoundTier, "variant" | "residency">;

/** The place on a tier that the options and the way name. */
function placeOf({ adapter, threads }: SolveOptions, { variant }: Way): TierPlace {
  return {
    ...(variant === undefined ? {} : { variant }),
    ...(adapter === undefined ? {} : { adapter }),
    ...(threads === undefined ? {} : { threads }),
  };
}

/**
 * Chooses the method that fits the budget.
 *
 * @throws MFGPU_MEMORY_BUDGET with the numbers where not even two histories fit
 */
export async function planMemory(
  tier: Tier,
  members: readonly Discretisation[],
  precision: Precision,
  options: SolveOptions,
  way: Way,
): Promise<MemoryPlan> {
  // Offload keeps its state in this process's memory, whatever memory the tier has.
  const own = way.residency === "offload" ? undefined : await tier.memoryFree?.(placeOf(options, way));
  const free = own ?? freemem();
  const budget = options.memoryBytes ?? freeShare * free;
  const need = (andersonDepth: number, keepTransported: boolean): ReturnType<Tier["memoryNeed"]> =>
    tier.memoryNeed(members, workspaceOptions({ andersonDepth, inPlace: !keepTransported }, precision, options, way));
  const relaxation = options.relaxation ?? "anderson";
  const simple = typeof relaxation === "number" ? "relaxation" : "fictitious";
  if (relaxation === "anderson") {
    for (let depth = options.andersonDepth ?? deepestAnderson; depth >= shallowestAnderson; depth--) {
      const found = need(depth, true);
      if (found.bytes <= budget) return { ...found, budget, method: "anderson", andersonDepth: depth, inPlace: false };
    }
  }
  const apart = need(0, true);
  if (apart.bytes <= budget) return { ...apart, budget, method: simple, andersonDepth: 0, inPlace: false };
  const least = need(0, false);
  if (least.bytes <= budget) return { ...least, budget, method: simple, andersonDepth: 0, inPlace: true };
  throw new MfgError({
    code: "MFGPU_MEMORY_BUDGET",
    message:
      `The solve needs at least ${bytes(least.bytes)} (${least.histories} histories of ${bytes(least.historyBytes)} and ` +
      `${least.fields.toFixed(1)} fields of ${bytes(least.fieldBytes)}); the budget is ${bytes(budget)}.`,
    fix: "Use a smaller grid, fewer steps, or a larger --memory.",
    path: "memory",
    value: budget,
  });
}

export function workspaceOptions(
  plan: Pick<MemoryPlan, "andersonDepth" | "inPlace">,
  precision: Precision,
  options: SolveOptions,
  way: Way,
): WorkspaceOptions {
  return {
    ...placeOf(options, way),
    precision,
    residency: way.residency,
    andersonDepth: plan.andersonDepth,
    keepTransported: !plan.inPlace,
    ...(options.signal ? { signal: options.signal } : {}),
  };
}

function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  return `${(count / 1000 ** power).toPrecision(4)} ${units[power]}`;
}
