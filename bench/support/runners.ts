/** Every tier, variant and precision at hand as a contestant, and the check that comes before any timing. */
import { cpus } from "node:os";
import { candidateText } from "../../src/tiers/candidate.ts";
import { tiers } from "../../src/tiers/registry.ts";
import type { KernelArray, Kernels, Phases, Tier, TierPlace } from "../../src/tiers/tier.ts";

/** A tier's kernels as a contestant: name and where they run. */
export interface Runner {
  readonly name: string;
  readonly precision: "f64" | "f32";
  readonly kernels: Kernels;
}

export interface RunnerOptions {
  readonly wants: (name: string) => boolean;
  readonly adapter: string | undefined;
}

/** Kernels of every tier, variant and precision that is here; rust on one core and on all. */
export async function openRunners(options: RunnerOptions): Promise<readonly Runner[]> {
  const runners: Runner[] = [];
  for (const tier of tiers) {
    for (const variant of tier.variants.length > 0 ? tier.variants : [undefined]) {
      for (const threads of tier.name === "rust" && cpus().length > 1 ? [1, cpus().length] : [undefined])
        await openRunner(tier, variant, threads, options, runners);
    }
  }
  return runners;
}

async function openRunner(
  tier: Tier,
  variant: string | undefined,
  threads: number | undefined,
  { wants, adapter }: RunnerOptions,
  runners: Runner[],
): Promise<void> {
  const base = candidateText({ ...tier, residencies: ["resident"] }, { variant, residency: undefined });
  if (!wants(base)) return;
  const place: TierPlace = {
    ...(variant === undefined ? {} : { variant }),
    ...(threads === undefined ? {} : { threads }),
    ...(adapter === undefined ? {} : { adapter }),
  };
  const answer = await tier.probe(place);
  if (answer.state === "unavailable") {
    console.error(`${base} is missing: ${answer.why}`);
    return;
  }
  const software = answer.software ? " (software)" : "";
  for (const precision of tier.precisions) {
    if (precision === "compensated") continue;
    const name = `${base}${threads === undefined ? "" : ` x${threads}`}${precision === "f64" ? "" : ` ${precision}`}${software}`;
    runners.push({ name, precision, kernels: await tier.kernels({ ...place, precision }) });
  }
}

export async function closeRunners(runners: readonly Runner[]): Promise<void> {
  await Promise.all(runners.map(({ kernels }) => kernels[Symbol.asyncDispose]()));
}

/** Largest difference over the largest wanted number. */
export function relativeDifference(got: KernelArray, wanted: KernelArray): number {
  let worst = 0;
  let scale = 0;
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs(got[i]! - wanted[i]!);
    if (!(difference <= worst)) worst = difference;
    scale = Math.max(scale, Math.abs(wanted[i]!));
  }
  return worst / scale;
}

/** Refuses to time a wrong answer. */
export function verify(name: string, bound: number, got: readonly KernelArray[], wanted: readonly KernelArray[]): void {
  for (const [side, expected] of wanted.entries()) {
    const difference = relativeDifference(got[side]!, expected);
    if (!(difference <= bound)) throw new Error(`${name} differs from the reference by ${difference}; not timed`);
  }
}

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
