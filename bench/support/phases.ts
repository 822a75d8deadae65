/** What the calls of a tier that moves data are made of. */
import type { Kernels, Phases } from "../../src/tiers/tier.ts";

/** Mean phases of some calls, in ns per item; undefined where data stay where they are. */
export async function phasesOf(
  kernels: Kernels,
  items: number,
  repeats: number,
  call: () => Promise<void>,
): Promise<Phases | undefined> {
  const before = kernels.phases;
  if (before === undefined) return undefined;
  for (let k = 0; k < repeats; k++) await call();
  const after = kernels.phases!;
  const share = (phase: keyof Phases): number => ((after[phase] - before[phase]) / repeats / items) * 1e6;
  return { upload: share("upload"), kernel: share("kernel"), download: share("download") };
}

/** Phases for a person; empty where there are none. */
export function phasesText(phases: Phases | undefined): string {
  if (phases === undefined) return "";
  const { upload, kernel, download } = phases;
  return `  upload ${upload.toFixed(2)}, kernel ${kernel.toFixed(2)}, download ${download.toFixed(2)}`;
}
