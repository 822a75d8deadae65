/** What a benchmark run is made of: plain data, so that it can be printed, stored and compared with another run. */
import type { Excluded } from "../decision/measure.ts";
import type { Precision } from "../tiers/tier.ts";
import type { Place } from "./place.ts";
import type { MachineRoofs } from "./roofs.ts";
import type { Figure, Times } from "./times.ts";

/** Version of the JSON document. */
export const benchFormat = 3;

export const sectionNames = ["kernels", "solve", "transfer", "latency"] as const;
export type SectionName = (typeof sectionNames)[number];

/**
 * One contestant at one size, over all its rounds (see `timesOf` and `mergeRounds`; a quick run has one). Times in milliseconds
 * of one run, unless the name says otherwise; null: does not apply.
 */
export interface BenchRow extends Times {
  readonly section: SectionName;
  /** `smoothness`, `weights`, `derivatives`, `hjb-stages`, `hjb-stages-llf`, `hjb`, `fokkerPlanck`, `upload`, `readback`, `round-trip`, `dispatch`, `call`. */
  readonly operation: string;
  /** Nodes per axis, the number of stencils, or the bytes that are moved. */
  readonly shape: readonly number[];
  /** `rust:native f32 x2`: tier, variant, residency, precision, threads. */
  readonly contestant: string;
  readonly tier: string;
  readonly precision: Precision | null;
  readonly threads: number | null;
  readonly device: string;
  /** True where a "GPU" is a program on the processor: left out of every comparison. */
  readonly software: boolean;
  /** What `time` is: the least of the quietest round, or the median of all samples. */
  readonly figure: Figure;
  /** Round by round. */
  readonly samples: readonly (readonly number[])[];
  readonly repeats: number;
  /** The first call: compilation, page faults, set-up. */
  readonly first: number;
  /** Points (stencils, nodes) times stages (axes, Runge-Kutta stages) of one run; null where nothing is computed. */
  readonly pointStages: number | null;
  /** ns per point and stage, by `time`; end to end, transfers included. */
  readonly nsPerPoint: number | null;
  readonly nsSpread: number | null;
  readonly pointsPerSecond: number | null;
  /**
   * ns per point and stage of the computing alone, where the tier tells computing and moving apart: by the timestamps of a
   * device that has them.
   */
  readonly nsWithoutTransfers: number | null;
  readonly nsWithoutTransfersMad: number | null;
  /** As counted, per point and stage; null where no count is known. */
  readonly flopPerPoint: number | null;
  readonly bytesPerPoint: number | null;
  /**
   * Share of the measured copy bandwidth and of the measured arithmetic of its own place and precision, of the computing alone
   * where that is told; null without count or roof.
   */
  readonly bandwidthShare: number | null;
  readonly arithmeticShare: number | null;
  /** 10^9 bytes per second. */
  readonly uploadGBs: number | null;
  readonly readbackGBs: number | null;
  /** Energy of one run in joules, of the whole processor package or graphics card; null where the system does not tell. */
  readonly joules: number | null;
  /** Largest difference from the reference, relative to the largest value, when it was first checked in that round. */
  readonly error: number | null;
}

/** A contestant that has no time, and why: wrong, failed, not here, or too slow for this size. */
export interface LeftOut {
  readonly section: SectionName;
  readonly operation: string;
  readonly shape: readonly number[];
  readonly contestant: string;
  readonly kind: Excluded["kind"] | "absent" | "slow";
  readonly reason: string;
}

export interface BenchReport {
  readonly format: typeof benchFormat;
  readonly place: Place;
  readonly options: {
    readonly sections: readonly SectionName[];
    readonly quick: boolean;
    readonly only: string | null;
    /** Seconds; null for the default. */
    readonly timeLimit: number | null;
  };
  readonly roofs: MachineRoofs;
  /** Where the energy figures come from, or why there are none. */
  readonly energy: string;
  readonly rows: readonly BenchRow[];
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
  readonly seconds: number;
}

/** What two runs must agree in for a row to be the same row. */
export function rowKey({
  section,
  operation,
  shape,
  contestant,
}: Pick<BenchRow, "section" | "operation" | "shape" | "contestant">): string {
  return [section, operation, shape.join("x"), contestant].join(" | ");
}
