/** Every tier, variant, precision and number of threads at hand, as those who take part in the race of kernels. */
import { candidateText } from "../tiers/candidate.ts";
import type { Available, Kernels, Tier, TierPlace } from "../tiers/tier.ts";
import { contenderName, fits } from "./names.ts";

/** Who runs, and where. */
export interface Contender {
  /** `rust:native f32 x2`. */
  readonly name: string;
  readonly tier: string;
  readonly variant: string | undefined;
  readonly precision: "f64" | "f32" | "compensated";
  readonly threads: number | undefined;
  readonly found: Available;
}

/** A contender of the kernels, open. */
export interface KernelContender extends Contender {
  readonly precision: "f64" | "f32";
  readonly kernels: Kernels;
}

export interface Absent {
  readonly name: string;
  readonly kind: "absent" | "failed";
  readonly reason: string;
}

export interface OpenedKernels extends AsyncDisposable {
  readonly contenders: readonly KernelContender[];
  readonly absent: readonly Absent[];
}

/**
 * Opens the kernels of these tiers: the native tier on one thread and on all.
 *
 * @param only part of a name; all where it is not given
 */
export async function openKernels(
  tiers: readonly Tier[],
  adapter: string | undefined,
  only: string | undefined,
): Promise<OpenedKernels> {
  const contenders: KernelContender[] = [];
  const absent: Absent[] = [];
  for (const tier of tiers) {
    for (const variant of tier.variants.length > 0 ? tier.variants : [undefined]) {
      const place: TierPlace = {
        ...(variant === undefined ? {} : { variant }),
        ...(adapter === undefined ? {} : { adapter }),
      };
      const text = candidateText({ ...tier, residencies: ["resident"] }, { variant, residency: undefined });
      const found = await tier.probe(place);
      if (found.state === "unavailable") {
        if (fits(text, only)) absent.push({ name: text, kind: "absent", reason: found.why });
        continue;
      }
      const cores = found.facts?.["cores"];
      const counts = typeof cores === "number" ? [...new Set([1, cores])] : [undefined];
      for (const precision of tier.precisions) {
        if (precision === "compensated") continue;
        for (const threads of counts) {
          const name = contenderName(text, precision, threads);
          if (!fits(name, only)) continue;
          try {
            const own = threads === undefined ? place : { ...place, threads };
            const kernels = await tier.kernels({ ...own, precision });
            contenders.push({ name, tier: tier.name, variant, precision, threads, found, kernels });
          } catch (error) {
            absent.push({ name, kind: "failed", reason: error instanceof Error ? error.message : String(error) });
          }
        }
      }
    }
  }
  return {
    contenders,
    absent,
    async [Symbol.asyncDispose]() {
      for (const { kernels } of contenders) await kernels[Symbol.asyncDispose]();
    },
  };
}
