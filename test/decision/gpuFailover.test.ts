/** A real device that fails in mid-solve: `auto` goes on elsewhere, and says why. */
import { describe, expect, test } from "vitest";
import { machineOf } from "../../src/decision/fingerprint.ts";
import { planSolve } from "../../src/decision/planner.ts";
import { solve, type AutoOptions } from "../../src/decision/solve.ts";
import { Wisdom } from "../../src/decision/wisdom.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import type { Tier } from "../../src/tiers/tier.ts";
import { type Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import { openWorkspace } from "../../src/tiers/webgpu/solve/openWorkspace.ts";
import { webgpuTier } from "../../src/tiers/webgpu/tier.ts";
import { worst } from "../support/exact.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { r1 } from "../solver/support.ts";

const run = { grid: 16, steps: 16, tolerance: 1e-6 } as const;

interface Fault {
  readonly what: string;
  readonly code: string;
  /** Iterations that were finished when it happened. */
  readonly finished: number;
  readonly bindingLimit?: number;
  /** Done to the device before the workspace is made. */
  readonly atFirst?: (device: Device) => void;
  /** Done to it while a backward sweep runs, counted from 1. */
  readonly inSweep?: (sweep: number, device: Device) => void;
}

const faults: readonly Fault[] = [
  {
    what: "destroyed in mid-sweep",
    code: "MFGPU_DEVICE_LOST",
    finished: 3,
    inSweep: (sweep, device) => {
      if (sweep === 4) device.gpu.destroy();
    },
  },
  { what: "a buffer beyond the limit", code: "MFGPU_DEVICE_MEMORY", finished: 0, bindingLimit: 500 },
  {
    what: "a shader that does not compile",
    code: "MFGPU_DEVICE_SHADER",
    finished: 0,
    atFirst: (device) => {
      const real = device.pipeline.bind(device);
      const broken = "@compute @workgroup_size(1) fn main() { let x: u32 = 0.5; }";
      let asked = 0;
      device.pipeline = (request) => real(++asked === 9 ? { ...request, text: broken } : request);
    },
  },
];

/** The real tier on a device of its own that has this fault; it passes for hardware, since software is never chosen. */
function failing({ atFirst, inSweep, bindingLimit }: Fault): Tier {
  return {
    ...webgpuTier,
    refinement: () => undefined,
    probe: async () => {
      const found = await webgpuTier.probe(gpuPlace);
      return found.state === "available" ? { ...found, software: false } : found;
    },
    workspace: async (members, options) => {
      const device = await openDevice({ ...gpuPlace, ...(bindingLimit === undefined ? {} : { bindingLimit }) });
      atFirst?.(device);
      const workspace = await openWorkspace(device, members, options);
      const hjb = workspace.hjb.bind(workspace);
      let sweeps = 0;
      workspace.hjb = (member) => {
        const sweep = hjb(member);
        inSweep?.(++sweeps, device);
        return sweep;
      };
      const dispose = workspace[Symbol.asyncDispose].bind(workspace);
      workspace[Symbol.asyncDispose] = async () => {
        await dispose();
        device.close();
      };
      return workspace;
    },
  };
}

/** Options under which the planner takes that tier first: its known costs say that it is fast. */
async function preferring(tier: Tier): Promise<AutoOptions> {
  const wisdom = Wisdom.inMemory();
  const tiers = [tier, batchedTier];
  const options = { ...run, ...gpuPlace, tiers, wisdom, planMode: "estimate" } as const;
  const { ranked, plan } = await planSolve([r1], options, { mode: "estimate", tiers, wisdom });
  for (const { candidate, parts } of ranked) {
    const { model } = parts[0]!;
    // Far apart, or what both take for other things than sweeps makes them equal.
    const cost = candidate.tier === tier ? 1e-9 : 1e-3;
    const sweep = { ...model.hjb, latency: cost, advection: cost, diffusion: cost, spread: 0.01 };
    const quick = { ...model, hjb: sweep, fokkerPlanck: sweep, cold: 0, setup: { fixed: 0, each: 0 } };
    const machine = machineOf(candidate);
    await wisdom.learn([{ kind: "model", candidate: candidate.name, mode: plan.kind, machine, model: quick }]);
  }
  return options;
}

describe.skipIf(whyNoGpu !== undefined)("a fault of the GPU", () => {
  test.each(faults)(
    "$what: auto goes on elsewhere from the last finished sweep, and the record tells it",
    async (fault) => {
      const { record, density } = await solve(r1, await preferring(failing(fault)));
      expect(record).toMatchObject({ tier: "batched", stopReason: "tolerance" });
      expect(record.plan!.chosen).toBe("webgpu compensated");
      const [failure] = record.plan!.failures;
      expect(failure).toMatchObject({ candidate: "webgpu compensated", code: fault.code, iterations: fault.finished });
      // What the device held is gone: the densities read between iterations are what the next candidate goes on from.
      expect(failure!.resumedAfter).toBeGreaterThanOrEqual(Math.min(1, fault.finished));
      expect(record.iterations).toBeGreaterThan(fault.finished);
      expect(record.history.map(({ iteration }) => iteration)).toEqual(record.history.map((_, i) => i + 1));
      const exact = await solve(r1, { ...run, tier: "batched" });
      expect(worst(density, exact.density)).toBeLessThan(1e-4);
    },
    240_000,
  );
});
