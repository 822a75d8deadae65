/** The density side of the GPU workspace, operation by operation, for tests: f64 arrays in, f64 arrays out. */
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { lineStart, lineCount } from "../../src/scheme/grid.ts";
import type { Walls } from "../../src/tiers/host/fieldKernels.ts";
import type { Device } from "../../src/tiers/webgpu/device.ts";
import {
  MemberData,
  type SolveContext,
  stateBytesOf,
  type StoredMoment,
} from "../../src/tiers/webgpu/solve/context.ts";
import {
  type DensityFields,
  densityScratch,
  densityStates,
  type LineLimits,
  makeDensityFields,
} from "../../src/tiers/webgpu/solve/densityFields.ts";
import { DensityKernels } from "../../src/tiers/webgpu/solve/densityKernels.ts";
import { DensitySweep } from "../../src/tiers/webgpu/solve/densitySweep.ts";
import { type Field, FieldStore } from "../../src/tiers/webgpu/solve/fields.ts";
import { Recorder } from "../../src/tiers/webgpu/solve/recorder.ts";
import { Reductions } from "../../src/tiers/webgpu/solve/reductions.ts";
import { makeScratch, type Scratch } from "../../src/tiers/webgpu/solve/scratch.ts";
import { downloadStates, uploadFloats, uploadStates } from "../../src/tiers/webgpu/solve/transfer.ts";
import type { Precision } from "../../src/tiers/tier.ts";

/** The moment of the first stored level, whose walls hold what a test put there. */
export const firstLevel: StoredMoment = { first: 0, weights: [1, 0, 0, 0] };

export interface DensityRig {
  readonly d: Discretisation;
  readonly context: SolveContext;
  readonly fields: DensityFields;
  readonly kernels: DensityKernels;
  sweep(): Promise<DensitySweep>;
  readonly scratch: Scratch;
  /** A new field of states that holds `values`. */
  state(values: Float64Array): Promise<Field>;
  read(field: Field): Promise<Float64Array>;
  /** Time-integrated fluxes in the host's layout, from and to a field of all faces in units of the density. */
  writeFaces(field: Field, faces: readonly Float64Array[]): Promise<void>;
  /** Fluxes J, as the frozen ones are held. */
  writeFrozen(faces: readonly Float64Array[]): Promise<void>;
  readFrozen(): Promise<Float64Array[]>;
  readFaces(field: Field): Promise<Float64Array[]>;
  close(): void;
}

/** The walls of a problem put into its stored exit values, at every level. */
export function withWalls(d: Discretisation, walls: Walls): Discretisation {
  const held = (values: Float64Array | undefined): Float64Array | undefined => {
    if (!values) return undefined;
    const out = new Float64Array((d.steps + 1) * values.length);
    for (let k = 0; k <= d.steps; k++) out.set(values, k * values.length);
    return out;
  };
  return {
    ...d,
    boundaries: d.boundaries.map(({ lower, upper }, a) => ({
      lower: { kind: lower.kind, exitValue: held(walls[a]!.lower) },
      upper: { kind: upper.kind, exitValue: held(walls[a]!.upper) },
    })),
  };
}

export async function densityRig(
  device: Device,
  d: Discretisation,
  precision: Precision,
  limits?: LineLimits,
): Promise<DensityRig> {
  const store = new FieldStore(device);
  const recorder = await Recorder.make(device, undefined);
  const context: SolveContext = { device, precision, stateBytes: stateBytesOf(precision), recorder, store };
  const data = await MemberData.make(context, d);
  const need = densityScratch(d);
  const scratch = await makeScratch(context, d, need);
  const fields = await makeDensityFields(context, d, limits);
  const kernels = await DensityKernels.make(context, data, fields, scratch);

  /** Index in a field of all faces, of every face of an axis in the host's order. */
  const order = d.grid.shape.map((n, a) =>
    Array.from({ length: lineCount(d.grid, a) }, (_, line) => {
      const stride = d.grid.stride[a]!;
      const inner = line % stride;
      const first = fields.faces.at[a]! + lineStart(d.grid, a, line) + (line - inner);
      return Array.from({ length: n + 1 }, (__, j) => first + j * stride);
    }).flat(),
  );

  const write = async (field: Field, faces: readonly Float64Array[], integrated: boolean): Promise<void> => {
    const all = new Float64Array(fields.faces.count);
    order.forEach((indices, a) => {
      const unit = integrated ? d.grid.spacing[a]! : 1;
      indices.forEach((at, i) => (all[at] = faces[a]![i]! / unit));
    });
    await uploadFloats(device, field, all);
  };
  const read = async (field: Field, integrated: boolean): Promise<Float64Array[]> => {
    const all = new Float32Array(fields.faces.count);
    await device.staging.read(field.buffer, field.offset, all);
    return order.map((indices, a) => {
      const unit = integrated ? d.grid.spacing[a]! : 1;
      return Float64Array.from(indices, (at) => unit * all[at]!);
    });
  };

  return {
    d,
    context,
    fields,
    kernels,
    sweep: async () => {
      const reductions = await Reductions.make(context, d, scratch.partials);
      return DensitySweep.make(context, data, kernels, reductions, scratch);
    },
    scratch,
    state: async (values) => {
      const field = await store.field("test", context.stateBytes * values.length);
      await uploadStates(context, field, values);
      return field;
    },
    read: async (field) => {
      const out = new Float64Array(d.grid.points);
      await downloadStates(context, field, out);
      return out;
    },
    writeFaces: (field, faces) => write(field, faces, true),
    readFaces: (field) => read(field, true),
    writeFrozen: (faces) => write(fields.frozen, faces, false),
    readFrozen: () => read(fields.frozen, false),
    close: () => {
      store.destroy();
      recorder.destroy();
      data.destroy();
    },
  };
}

/** The field in which a test puts u at the moment of the drift. */
export function valueField(rig: DensityRig): Field {
  return rig.scratch.states[densityStates.value]!;
}
