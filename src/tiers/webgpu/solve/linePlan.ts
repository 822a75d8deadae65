/**
 * Whether the members of a workspace are worked on by a workgroup each, all in one dispatch (the path `line`), or one after the other
 * with all workgroups on one grid (the path `grid`); and how a member's line stands in workgroup memory. The path follows from the
 * problem, its grid and the device, never from the number of members: a batch goes the way that each of its members goes alone.
 */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type { WorkspaceOptions } from "../../tier.ts";
import { aligned, type Range, sliceRanges } from "../slices.ts";
import { numberBytes, constantBytes, stateBytesOf } from "./context.ts";
import type { LineDevice } from "./densityFields.ts";
import type { EntryCache } from "./entryLists.ts";
import { type Field, historyBytes, levelStride } from "./fields.ts";
import { longestChunk } from "./hjbIntervals.ts";
import { type StageTable, stageTableBytes, valueHasStages, widestTable } from "./stageTable.ts";
import { gaussianBytes } from "./valueKernels.ts";
import { valueLinePlan } from "./valueLine.ts";

/** What of the options decides how long buffers are. */
export type LineOptions = Pick<WorkspaceOptions, "precision" | "andersonDepth">;

export type SolvePath = "line" | "grid";

/** Slots of a line that a forward sweep takes, see shaders/strang_steps.wgsl and shaders/implicit_density_line.wgsl. */
const densitySlots = { weno5: 13, fdm: 11 } as const;
/** Workgroup memory that sums and counters of these sweeps take besides, in numbers and per invocation. */
const reserve = { fixed: 16, perLane: 1 } as const;

/** Histories of f32 that Anderson of some depth keeps. */
export function andersonHistories(depth: number): number {
  return depth > 0 ? 2 * (depth + 1) : 0;
}

/** The bytes of one member in each buffer that members share. */
export interface LineBytes {
  readonly values: number;
  readonly densities: number;
  readonly transported: number;
  readonly sources: number;
  readonly numbers: number;
  readonly constants: number;
  readonly scratch: number;
  /** Plain histories of Anderson. */
  readonly histories: number;
}
export const lineBuffers: readonly (keyof LineBytes)[] = [
  "values",
  "densities",
  "transported",
  "sources",
  "numbers",
  "constants",
  "scratch",
  "histories",
];

/** The buffers of some members. */
export interface LineSlice {
  readonly buffers: Readonly<Record<keyof LineBytes, Field>>;
  /** Coefficients of RKL2 for all of them, among their numbers. */
  readonly stages: StageTable;
  /** Entries of their sweeps, which refer to those coefficients. */
  readonly cache: EntryCache;
}

/** How the line of a forward sweep stands in workgroup memory: what does not fit stands in storage. */
export interface DensityLinePlan {
  readonly lanes: number;
  readonly length: number;
  readonly slots: number;
  readonly held: number;
}

export function densityLinePlan({ gpu: { limits } }: LineDevice, d: Discretisation): DensityLinePlan {
  const n = d.grid.points;
  const lanes = n <= 96 ? 32 : n <= 384 ? 64 : Math.min(256, limits.maxComputeInvocationsPerWorkgroup);
  const room = Math.floor(limits.maxComputeWorkgroupStorageSize / 4) - reserve.perLane * lanes - reserve.fixed;
  const slots = densitySlots[d.scheme.fokkerPlanck];
  // Rounded up where there is room, so that grids of nearly one size share a pipeline.
  const rounded = 64 * Math.ceil((n + 1) / 64);
  const length = rounded * slots <= room ? rounded : n + 1;
  return { lanes, length, slots, held: Math.min(slots, Math.floor(room / length)) };
}

/** Levels of the best response that are kept at a time: a chunk of intervals and the level before it. */
export function responseRing(d: Discretisation): number {
  return Math.min(longestChunk + 1, d.steps + 1);
}

/** What one member takes of each shared buffer. */
export function lineBytes(device: LineDevice, d: Discretisation, { precision, andersonDepth }: LineOptions): LineBytes {
  const stateBytes = stateBytesOf(precision);
  const levels = d.steps + 1;
  const { points } = d.grid;
  const each = levelStride(points) * stateBytes;
  const whole = historyBytes(levels, points, stateBytes);
  const { slots, held, length } = densityLinePlan(device, d);
  return {
    // The field that the sweep works in, and the coarse result.
    values: whole + (responseRing(d) + 2) * each,
    densities: whole,
    transported: whole + each,
    sources: historyBytes(levels, points, 4),
    numbers: numberBytes(d) + gaussianBytes(d),
    constants: constantBytes(d, stateBytes),
    scratch: aligned(4 * (points + 1)) + aligned(16) + aligned(4 * (slots - held) * length),
    // A binding must not be empty.
    histories: Math.max(256, andersonHistories(andersonDepth) * historyBytes(levels, points, 4)),
  };
}

/** Bytes of the coefficients that the members of a slice share. */
function sharedBytes(members: readonly Discretisation[]): number {
  const widest = widestTable(members);
  return stageTableBytes(widest, valueHasStages(widest));
}

/** Bytes of the buffers of a slice. */
export function sliceBytes(device: LineDevice, members: readonly Discretisation[], options: LineOptions): LineBytes {
  const all = members.map((d) => lineBytes(device, d, options));
  const sum = (name: keyof LineBytes): number => all.reduce((total, bytes) => total + bytes[name], 0);
  const sums = Object.fromEntries(lineBuffers.map((name) => [name, sum(name)])) as Record<keyof LineBytes, number>;
  return { ...sums, numbers: sums.numbers + sharedBytes(members) };
}

/** Which members share buffers: as few slices as bindings allow. */
export function lineSlices(
  device: LineDevice,
  members: readonly Discretisation[],
  options: LineOptions,
): readonly Range[] {
  const all = members.map((d) => lineBytes(device, d, options));
  const widest = Math.max(...all.flatMap((bytes) => lineBuffers.map((name) => bytes[name])));
  return sliceRanges(members.length, widest, device.bindingLimit - sharedBytes(members)) ?? [];
}

/**
 * The path of these members: `line` where every one is one-dimensional, keeps the transported density, takes fluxes of u that need no
 * maxima of the grid and, in the mode weno5, a split density, and where its u fits into workgroup memory and its histories into
 * one binding each.
 */
export function pathOf(
  device: LineDevice,
  members: readonly Discretisation[],
  options: LineOptions & Pick<WorkspaceOptions, "keepTransported">,
): SolvePath {
  const fits = (d: Discretisation): boolean => {
    if (!options.keepTransported || !valueLinePlan(device, d)) return false;
    if (d.scheme.fokkerPlanck === "weno5" && d.scheme.splitting === "explicit") return false;
    return true;
  };
  return members.every(fits) && lineSlices(device, members, options).length > 0 ? "line" : "grid";
}
