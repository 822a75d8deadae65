/** Work fields of the forward sweep beside those that it shares with the backward one. */
import { hasExit, type Discretisation } from "../../../scheme/discretisation.ts";
import { lineCount } from "../../../scheme/grid.ts";
import { aligned } from "../slices.ts";
import type { SolveContext } from "./context.ts";
import type { Field } from "./fields.ts";
import type { ScratchNeed } from "./scratch.ts";
import { densityHasStages, makeStageTable, stageTableBytes, type StageTable } from "./stageTable.ts";

/** Numbers of shared work fields in the forward sweep. */
export const densityStates = { value: 0, coarse: 1, first: 2, second: 3 } as const;
export const densityFloats = { share: 0 } as const;

/** Shared work fields of the forward sweep. */
export function densityScratch({ scheme }: Discretisation): ScratchNeed {
  return { states: scheme.fokkerPlanck === "fdm" ? 1 : 4, floats: 1 };
}

/** Slots of line memory that the diffusion and the implicit step take. */
const lineSlots = { diffuse: 8, strang: 13, implicit: 11 } as const;
/** Scratch of long lines, in bytes, beyond which they are done in several dispatches. */
const lineScratchBytes = 2 ** 26;

/** How the lines of an axis are worked on: one workgroup each. */
export interface LinePlan {
  /** Whether the scratch of a line fits into workgroup memory. */
  readonly inWorkgroup: boolean;
  /** Invocations of a workgroup. */
  readonly lanes: number;
  /** Entries of a slot, and of all slots. */
  readonly length: number;
  readonly numbers: number;
  /** Lines of one dispatch; all of them in workgroup memory. */
  readonly lines: number;
  /** Entries of a slot and of all slots of a whole Strang step in one workgroup: one dimension, where it fits. */
  readonly strang: { readonly length: number; readonly numbers: number } | undefined;
}

/** What of a device decides how lines are worked on. */
export interface LineDevice {
  readonly bindingLimit: number;
  readonly gpu: {
    readonly limits: Pick<GPUSupportedLimits, "maxComputeWorkgroupStorageSize" | "maxComputeInvocationsPerWorkgroup">;
  };
}

/** Bytes for the scratch of lines: of one line in workgroup memory, of those of one dispatch in storage. */
export interface LineLimits {
  readonly workgroup: number;
  readonly storage: number;
}

/** What a device allows; tests ask for less. */
export function lineLimits({ gpu, bindingLimit }: LineDevice): LineLimits {
  return {
    workgroup: gpu.limits.maxComputeWorkgroupStorageSize,
    storage: Math.min(lineScratchBytes, bindingLimit),
  };
}

/** One plan for all axes, so that they share a pipeline. */
export function linePlan(device: LineDevice, d: Discretisation, limits: LineLimits = lineLimits(device)): LinePlan {
  const longest = Math.max(...d.grid.shape);
  const lanes =
    longest <= 96 ? 32 : longest <= 384 ? 64 : Math.min(256, device.gpu.limits.maxComputeInvocationsPerWorkgroup);
  // Some is left for sums and counters.
  const room = Math.floor(limits.workgroup / 4) - lanes - 16;
  const least = longest + 1;
  // Rounded up, so that grids of nearly one size share a pipeline.
  const rounded = 64 * Math.ceil(least / 64);
  const memoryOf = (slots: number): { readonly length: number; readonly numbers: number } => {
    const length = rounded * slots <= room ? rounded : least;
    return { length, numbers: length * slots };
  };
  const { length, numbers } = memoryOf(d.scheme.fokkerPlanck === "fdm" ? lineSlots.implicit : lineSlots.diffuse);
  const inWorkgroup = numbers <= room;
  const most = Math.max(...d.grid.shape.map((_, a) => lineCount(d.grid, a)));
  const lines = inWorkgroup ? most : Math.min(most, Math.max(1, Math.floor(limits.storage / (4 * numbers))));
  const strang = memoryOf(lineSlots.strang);
  const fused = d.grid.shape.length === 1 && d.scheme.fokkerPlanck === "weno5" && d.scheme.splitting !== "explicit";
  return {
    inWorkgroup,
    lanes,
    length,
    numbers,
    lines,
    strang: fused && strang.numbers <= room ? strang : undefined,
  };
}

/** Where each axis begins in a field of faces, and how many faces there are in all. */
export function faceLayout({ grid }: Discretisation): { readonly at: readonly number[]; readonly count: number } {
  const at: number[] = [];
  let count = 0;
  grid.shape.forEach((n, a) => {
    at.push(count);
    count += lineCount(grid, a) * (n + 1);
  });
  return { at, count };
}

export interface DensityFields {
  readonly plan: LinePlan;
  readonly faces: ReturnType<typeof faceLayout>;
  /** b at the nodes, axis after axis. */
  readonly nodeDrift: Field;
  /** On the faces of all axes: b; low-order, antidiffusive and added fluxes as tau J/h; frozen ones as J. */
  readonly faceDrift: Field;
  readonly low: Field;
  readonly antidiffusive: Field;
  readonly flux: Field;
  readonly frozen: Field;
  /** Mass and cost of what left through exits, as pairs. */
  readonly outflow: Field;
  readonly lineScratch: Field;
  readonly stages: StageTable;
}

/** Which fields of faces a problem needs; the others are a few bytes. */
function wanted(d: Discretisation): { readonly blended: boolean; readonly flux: boolean; readonly frozen: boolean } {
  const blended = d.scheme.fokkerPlanck === "weno5";
  return {
    blended,
    flux: hasExit(d) || (blended && d.scheme.splitting === "richardson"),
    frozen: hasExit(d) && densityHasStages(d),
  };
}

function lineScratchOf(plan: LinePlan): number {
  return plan.inWorkgroup ? 4 : 4 * plan.lines * plan.numbers;
}

/** Bytes of the fields that `makeDensityFields` makes. */
export function densityFieldBytes(device: LineDevice, d: Discretisation): number {
  const { blended, flux, frozen } = wanted(d);
  const faces = 4 * faceLayout(d).count;
  const sizes = [
    4 * d.grid.points * d.grid.shape.length,
    faces,
    ...[blended, blended, flux, frozen].map((whole) => (whole ? faces : 4)),
    16,
    lineScratchOf(linePlan(device, d)),
    stageTableBytes(d, densityHasStages(d)),
  ];
  return sizes.reduce((sum, bytes) => sum + aligned(bytes), 0);
}

/** Makes the work fields; raises MFGPU_DEVICE_MEMORY. */
export async function makeDensityFields(
  context: SolveContext,
  d: Discretisation,
  limits: LineLimits = lineLimits(context.device),
): Promise<DensityFields> {
  const { store, device } = context;
  const { blended, flux, frozen } = wanted(d);
  const faces = faceLayout(d);
  const plan = linePlan(device, d, limits);
  const onFaces = (label: string, whole = true): Promise<Field> => store.field(label, whole ? 4 * faces.count : 4);
  return {
    plan,
    faces,
    nodeDrift: await store.field("node drift", 4 * d.grid.points * d.grid.shape.length),
    faceDrift: await onFaces("face drift"),
    low: await onFaces("low-order flux", blended),
    antidiffusive: await onFaces("antidiffusive flux", blended),
    flux: await onFaces("time-integrated flux", flux),
    frozen: await onFaces("frozen flux", frozen),
    outflow: await store.field("outflow", 16),
    lineScratch: await store.field("line scratch", lineScratchOf(plan)),
    stages: await makeStageTable(context.device, context.store, "stage coefficients", d, densityHasStages(d)),
  };
}
