/** The two roofs of every place that contestants run on, measured by micro-kernels in the run itself. */
import { systemClock, type Clock } from "../decision/clock.ts";
import { measureRoof } from "../decision/roof.ts";
import { MfgError } from "../errors.ts";
import { openDevice } from "../tiers/webgpu/device.ts";
import { measureAdapterRoof } from "../tiers/webgpu/roofs.ts";
import type { Contender } from "./contenders.ts";
import { copyBandwidth } from "./copyRoof.ts";

/** The roofs of one place; `place` says which contestants stand under them. */
export interface PlaceRoof {
  /** `javascript`, `processor x2` (so many threads), or `adapter NAME`. */
  readonly place: string;
  readonly software: boolean;
  /** Bytes per second of a copy, read and write counted. */
  readonly bandwidth: number;
  /** Floating-point operations per second; null where no micro-kernel measures them: vectors on the processor. */
  readonly arithmetic: number | null;
}

export type MachineRoofs = readonly PlaceRoof[];

/** The place whose roofs a contestant stands under; undefined where none are measured for it. */
export function roofPlace({ tier, variant, threads, found }: Contender): string | undefined {
  if (tier === "scalar" || tier === "batched" || variant === "cpu") return "javascript";
  if (tier === "webgpu" || variant === "webgpu") return `adapter ${found.device}`;
  return tier === "rust" && variant === "native" ? `processor x${threads ?? 1}` : undefined;
}

/**
 * Measures the roofs of all places that these contestants run on; a fraction of a second each.
 *
 * @returns the roofs, and what could not be measured and why
 */
export async function measureRoofs(
  contenders: readonly Contender[],
  adapter: string | undefined,
  clock: Clock = systemClock,
): Promise<{ readonly roofs: MachineRoofs; readonly notes: readonly string[] }> {
  const roofs: PlaceRoof[] = [];
  const notes: string[] = [];
  const done = new Set<string>();
  for (const contender of contenders) {
    const place = roofPlace(contender);
    if (place === undefined || done.has(place)) continue;
    done.add(place);
    try {
      roofs.push({ place, software: contender.found.software, ...(await roofOf(place, contender, adapter, clock)) });
    } catch (error) {
      if (!(error instanceof MfgError)) throw error;
      notes.push(`The roofs of ${place} could not be measured: ${error.message}`);
    }
  }
  return { roofs, notes };
}

async function roofOf(
  place: string,
  { threads }: Contender,
  adapter: string | undefined,
  clock: Clock,
): Promise<Pick<PlaceRoof, "bandwidth" | "arithmetic">> {
  if (place === "javascript") return measureRoof(clock);
  if (place.startsWith("processor")) return { bandwidth: await copyBandwidth(threads ?? 1), arithmetic: null };
  await using device = await openDevice(adapter === undefined ? {} : { adapter });
  // Awaited here: the device closes when this function is left.
  const roof = await measureAdapterRoof(device);
  return roof;
}
