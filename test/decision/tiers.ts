/** Tiers for tests: real ones that fail at a chosen moment, that answer wrongly, or that only pretend to be there. */
import { MfgError } from "../../src/errors.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import type { Available, Phases, Tier, TierName, Unavailable, Workspace } from "../../src/tiers/tier.ts";

export interface Behaviour {
  /** The name it goes by. Default webgpu. */
  readonly name?: TierName;
  /** The sweep, counted over all workspaces, in which it fails; and with what. */
  readonly failsInSweep?: number;
  readonly failsWith?: () => Error;
  /** Fails while its workspace is made. */
  readonly failsAtOnce?: () => Error;
  /** Answers that it read after a failure: an error, zeros, or what was there. */
  readonly afterwards?: "throws" | "zeros" | "reads";
  /** Multiplies the value history that is read. */
  readonly wrongBy?: number;
  /** True for a device with memory of its own. */
  readonly device?: boolean;
  readonly software?: boolean;
  readonly found?: Available | Unavailable;
  readonly log?: string[];
}

export function deviceLost(): MfgError {
  return new MfgError({ code: "MFGPU_DEVICE_LOST", message: "The device was lost.", fix: "Start again." });
}

/** The batched tier under another name, with these faults. */
export function faulty(behaviour: Behaviour): Tier {
  const { name = "webgpu", failsInSweep = Infinity, failsWith = deviceLost, wrongBy = 1, log } = behaviour;
  let sweeps = 0;
  let lost = false;
  const found: Available | Unavailable = behaviour.found ?? {
    state: "available",
    device: `Pretended ${name}`,
    software: behaviour.software ?? false,
  };
  return {
    ...batchedTier,
    name,
    description: `pretended ${name}`,
    residencies: ["resident"],
    probe: async () => found,
    workspace: async (members, options) => {
      if (behaviour.failsAtOnce) throw behaviour.failsAtOnce();
      const inner = await batchedTier.workspace(members, options);
      const sweep = <T>(work: () => Promise<T>): Promise<T> => {
        sweeps++;
        log?.push(`${name} sweep ${sweeps}`);
        if (sweeps >= failsInSweep) {
          lost = true;
          throw failsWith();
        }
        return work();
      };
      const phases: Phases = { upload: 0, kernel: 0, download: 0 };
      const workspace: Workspace = {
        tier: name,
        precision: inner.precision,
        place: { ...inner.place, device: `Pretended ${name}`, software: behaviour.software ?? false },
        members: inner.members,
        ...((behaviour.device ?? true) && { phases, onDevice: true }),
        load: (member, density) => inner.load(member, density),
        loadValue: (member, value) => inner.loadValue(member, value),
        hjb: async (member) => sweep(() => inner.hjb(member)),
        fokkerPlanck: async (member, inPlace) => sweep(() => inner.fokkerPlanck(member, inPlace)),
        relax: (member, step, fallback) => inner.relax(member, step, fallback),
        settle: (member, afresh) => inner.settle(member, afresh),
        certify: (member) => inner.certify(member),
        read: async (member, field, range) => {
          const history = await inner.read(member, field, range);
          if (lost && behaviour.afterwards === "throws") throw failsWith();
          if (lost && behaviour.afterwards === "zeros") return history.fill(0);
          return field === "value" && wrongBy !== 1 ? history.map((x) => x * wrongBy) : history;
        },
        take: (member, field) => inner.take(member, field),
        [Symbol.asyncDispose]: async () => {
          if (lost && behaviour.afterwards === "throws") throw failsWith();
        },
      };
      return workspace;
    },
  };
}
