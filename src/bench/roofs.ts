/** The two roofs of every place that contestants run on, measured by micro-kernels in the run itself. */
import { systemClock, type Clock } from "../decision/clock.ts";
import { measureRoof } from "../decision/roof.ts";
import { MfgError } from "../errors.ts";
import { measureProcessorRoof } from "../tiers/rust/roofs.ts";
import type { Precision } from "../tiers/tier.ts";
import { openDevice } from "../tiers/webgpu/device.ts";
import { measureAdapterRoof } from "../tiers/webgpu/roofs.ts";
import type { Contender } from "./contenders.ts";
import { copyBandwidth } from "./copyRoof.ts";

/** The roofs of one place; `place` says which contestants stand under them. */
export interface PlaceRoof {
  /** `javascript`, `processor x2` (so many threads), `webassembly x2`, or `adapter NAME`. */
  readonly place: string;
  readonly software: boolean;
  /** Bytes per second of a copy, read and write counted. */
  readonly bandwidth: number;
  /**
   * Floating-point operations per second of products and sums, fused ones counted as two; null where the place has no such
   * numbers. Of the native kernels slopes fuse some, so that a little more than half of theirs is what they can reach.
   */
  readonly arithmetic: Readonly<Record<StoredPrecision, number | null>>;
}

/** What numbers are computed in; of `compensated` f32. */
export type StoredPrecision = "f64" | "f32";

export function storedPrecision(precision: Precision): StoredPrecision {
  return precision === "f64" ? "f64" : "f32";
}

export type MachineRoofs = readonly PlaceRoof[];

/** The place whose roofs a contestant stands under; undefined where none are measured for it. */
export function roofPlace({ tier, variant, threads, found }: Contender): string | undefined {
  if (tier === "scalar" || tier === "batched" || variant === "cpu") return "javascript";
  if (tier === "webgpu" || variant === "webgpu") return `adapter ${found.device}`;
  if (tier !== "rust") return undefined;
  return `${variant === "wasm" ? "webassembly" : "processor"} x${threads ?? 1}`;
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
  { threads = 1, variant }: Contender,
  adapter: string | undefined,
  clock: Clock,
): Promise<Pick<PlaceRoof, "bandwidth" | "arithmetic">> {
  if (place === "javascript") {
    // Its numbers are f64; rounding them to f32 is one more operation that nobody counts.
    const { bandwidth, arithmetic } = measureRoof(clock);
    return { bandwidth, arithmetic: { f64: arithmetic, f32: arithmetic } };
  }
  if (!place.startsWith("adapter")) {
    const arithmetic = await measureProcessorRoof(threads, variant);
    return { bandwidth: await copyBandwidth(threads), arithmetic };
  }
  await using device = await openDevice(adapter === undefined ? {} : { adapter });
  // Awaited here: the device closes when this function is left.
  const { bandwidth, arithmetic } = await measureAdapterRoof(device);
  return { bandwidth, arithmetic: { f64: null, f32: arithmetic } };
}
