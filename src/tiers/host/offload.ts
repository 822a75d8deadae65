/**
 * Offload: the state of a solve stays in JavaScript memory, in f64, and the one-sided derivatives of the value function, the
 * hot kernel, are taken by a tier's `Kernels`. Nothing else moves. One workspace serves every tier that has kernels.
 */
import { MfgError } from "../../errors.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import type {
  Kernels,
  MemoryNeed,
  Phases,
  Precision,
  RunPlace,
  Tier,
  TierName,
  Workspace,
  WorkspaceOptions,
} from "../tier.ts";
import type { FieldKernels, SlopeFields } from "./fieldKernels.ts";
import { HostWorkspace, hostMemoryNeed } from "./hostWorkspace.ts";
import type { FieldPool } from "./pool.ts";
import { TakenSlopes } from "./slopes.ts";

/** Makes field kernels that read slopes taken elsewhere. */
export type SlopelessKernelMaker = (d: Discretisation, pool: FieldPool, taken: SlopeFields) => FieldKernels;

/** What a tier needs to solve by offload. */
export type KernelTier = Pick<Tier, "name" | "description" | "variants" | "precisions" | "probe" | "kernels">;

/** Precisions of stateless kernels. */
type KernelPrecision = Exclude<Precision, "compensated">;

/** A host workspace whose slopes come from another tier, whose name, place and precision it bears. */
export class OffloadWorkspace extends HostWorkspace {
  readonly #kernels: Kernels;
  readonly #slopes: TakenSlopes;

  /** Closes `kernels` with itself. */
  constructor(
    tier: TierName,
    kernels: Kernels,
    slopes: TakenSlopes,
    members: readonly Discretisation[],
    options: WorkspaceOptions,
    place: RunPlace,
    makeKernels: SlopelessKernelMaker,
  ) {
    const { precision } = options;
    const offloaded = (d: Discretisation, pool: FieldPool): FieldKernels => ({
      ...makeKernels(d, pool, slopes),
      prepare: (u, walls) => slopes.take(d, u, walls),
    });
    super(tier, members, options, offloaded, { precision, place });
    this.#kernels = kernels;
    this.#slopes = slopes;
  }

  get phases(): Phases {
    return this.#slopes.phases;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#kernels[Symbol.asyncDispose]();
  }
}

/**
 * A workspace with the derivatives of a tier's kernels, f64 or f32 as `options.precision` says.
 *
 * @throws MFGPU_TIER_UNAVAILABLE where the tier is not there
 */
export async function offloadWorkspace(
  tier: KernelTier,
  members: readonly Discretisation[],
  options: WorkspaceOptions,
  makeKernels: SlopelessKernelMaker,
): Promise<Workspace> {
  const { variant = tier.variants[0] } = options;
  const answer = await tier.probe({ ...options, ...(variant === undefined ? {} : { variant }) });
  if (answer.state === "unavailable") {
    throw new MfgError({ code: answer.code, message: answer.why, fix: answer.fix, path: "tier", value: tier.name });
  }
  const { device, software } = answer;
  const kernels = await tier.kernels(options);
  try {
    const slopes = new TakenSlopes(members[0]!, kernels, precisionOf(options));
    const place: RunPlace = { device, software, variant, residency: "offload" };
    return new OffloadWorkspace(tier.name, kernels, slopes, members, options, place, makeKernels);
  } catch (error) {
    await kernels[Symbol.asyncDispose]();
    throw error;
  }
}

/** `tier` with the residency `offload` beside its own, where it has kernels. */
export function withOffload(tier: KernelTier | Tier, makeKernels: SlopelessKernelMaker): Tier {
  const own = "workspace" in tier ? tier : undefined;
  const [first, ...others] = tier.precisions.filter((precision) => precision !== "compensated");
  if (first === undefined && own) return own;
  const precisions: readonly [Precision, ...Precision[]] = [first ?? "f32", ...others];
  const resident = own?.residencies.filter((residency) => residency !== "offload") ?? [];
  const [main, ...rest] = [...resident, "offload" as const];
  return {
    ...tier,
    residencies: [main ?? "offload", ...rest],
    solvePrecisions: (residency) => (residency === "offload" || !own ? precisions : own.solvePrecisions(residency)),
    memoryNeed: (members, options) =>
      isOffload(options, main) || !own ? offloadNeed(members, options) : own.memoryNeed(members, options),
    ...(own?.memoryFree ? { memoryFree: own.memoryFree.bind(own) } : {}),
    workspace: async (members, options) =>
      isOffload(options, main) || !own
        ? offloadWorkspace(tier, members, options, makeKernels)
        : own.workspace(members, options),
  };
}

function isOffload({ residency }: WorkspaceOptions, first: Tier["residencies"][0] | undefined): boolean {
  return (residency ?? first) === "offload";
}

function offloadNeed(members: readonly Discretisation[], options: WorkspaceOptions): MemoryNeed {
  const need = hostMemoryNeed(members, options);
  const bytes = TakenSlopes.bytes(members[0]!, precisionOf(options));
  return { ...need, bytes: need.bytes + bytes, fields: need.fields + bytes / need.fieldBytes };
}

function precisionOf({ precision }: WorkspaceOptions): KernelPrecision {
  return precision === "f32" ? "f32" : "f64";
}
