/**
 * The members of a workspace that are worked on by a workgroup each: what they hold stands one member after the other in buffers that
 * they share, as many members in one buffer as a binding may hold.
 */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { hasExit } from "../../../scheme/discretisation.ts";
import { packStruct, structOf } from "../struct.ts";
import { MemberData, type FieldContext } from "./context.ts";
import type { LineDevice } from "./densityFields.ts";
import { type ElementBytes, type Field, type FieldHistory, type FieldMaker, fieldOf, levelStride } from "./fields.ts";
import { EntryCache } from "./entryLists.ts";
import { gridBytes, gridUniform, wallLayout } from "./gridUniform.ts";
import { solveShaderText } from "./kernels.ts";
import {
  andersonHistories,
  densityLinePlan,
  type LineBytes,
  lineBuffers,
  type LineOptions,
  type LineSlice,
  lineSlices,
  responseRing,
  sliceBytes,
} from "./linePlan.ts";
import { memberBytes } from "./lineRunner.ts";
import { densityHasStages, makeStageTable, valueHasStages, widestTable } from "./stageTable.ts";
import { gaussianTable } from "./valueKernels.ts";
import { valueWays } from "./valuePieces.ts";

export interface LineMember {
  readonly d: Discretisation;
  readonly data: MemberData;
  readonly slice: LineSlice;
  /** What the device is told of it: its grid, and where its part of each buffer begins. */
  readonly row: Uint8Array;
  readonly value: FieldHistory;
  /** Value of a best response, level k in entry k modulo their number. */
  readonly response: readonly Field[];
  /** Where sweeps of u work. */
  readonly work: Field;
  readonly density: FieldHistory;
  readonly transported: FieldHistory;
  /** Plain histories of Anderson. */
  readonly plain: readonly FieldHistory[];
}

/** One shared buffer, handed out part by part. */
class Arena implements FieldMaker {
  readonly #whole: Field;
  #next = 0;

  constructor(whole: Field) {
    this.#whole = whole;
  }

  async field(_label: string, bytes: number): Promise<Field> {
    const field = fieldOf(this.#whole.buffer, this.#next, bytes);
    this.#next += 256 * Math.ceil(bytes / 256);
    return field;
  }

  async history(label: string, levels: number, points: number, elementBytes: ElementBytes): Promise<FieldHistory> {
    const stride = levelStride(points) * elementBytes;
    const slice = await this.field(label, levels * stride);
    const all = Array.from({ length: levels }, (_, k) =>
      fieldOf(slice.buffer, slice.offset + k * stride, points * elementBytes),
    );
    return { levels: all, slices: [slice] };
  }
}

/**
 * Makes the buffers and uploads what does not change. Raises MFGPU_DEVICE_MEMORY.
 *
 * @param plan what of the device decides how long buffers are and how lines stand in workgroup memory
 */
export async function makeLineMembers(
  context: FieldContext,
  plan: LineDevice,
  members: readonly Discretisation[],
  options: LineOptions,
): Promise<LineMember[]> {
  const { device, store } = context;
  const made: LineMember[] = [];
  try {
    for (const { from, to } of lineSlices(plan, members, options)) {
      const own = members.slice(from, to);
      const bytes = sliceBytes(plan, own, options);
      const buffers = {} as Record<keyof LineBytes, Field>;
      const arenas = {} as Record<keyof LineBytes, Arena>;
      for (const name of lineBuffers) {
        buffers[name] = await store.field(`${name} of members ${from}..${to - 1}`, bytes[name]);
        arenas[name] = new Arena(buffers[name]);
      }
      const widest = widestTable(own);
      const label = "stage coefficients";
      const stages = await makeStageTable(device, arenas.numbers, label, widest, valueHasStages(widest));
      const slice: LineSlice = { buffers, stages, cache: new EntryCache() };
      for (const d of own) made.push(await lineMember(context, plan, d, slice, arenas, options));
    }
  } catch (error) {
    for (const { data } of made) data.destroy();
    throw error;
  }
  return made;
}

async function lineMember(
  context: FieldContext,
  plan: LineDevice,
  d: Discretisation,
  slice: LineSlice,
  arenas: Readonly<Record<keyof LineBytes, Arena>>,
  { andersonDepth }: LineOptions,
): Promise<LineMember> {
  const { stateBytes } = context;
  const { points } = d.grid;
  const levels = d.steps + 1;
  const statics: FieldMaker = {
    field: (label, bytes) => arenas[isConstant(label) ? "constants" : "numbers"].field(label, bytes),
    history: (label, ...rest) => arenas[isConstant(label) ? "constants" : "numbers"].history(label, ...rest),
  };
  const data = await MemberData.make(context, d, statics);
  const gaussian = await gaussianTable({ ...context, store: statics }, d);
  const states = (name: keyof LineBytes): Promise<FieldHistory> =>
    arenas[name].history(name, levels, points, stateBytes);
  const state = async (name: keyof LineBytes): Promise<Field> =>
    (await arenas[name].history(name, 1, points, stateBytes)).levels[0]!;
  const value = await states("values");
  const response: Field[] = [];
  for (let k = 0; k < responseRing(d); k++) response.push(await state("values"));
  const work = await state("values");
  const coarse = await state("values");
  const density = await states("densities");
  const transported = await states("transported");
  const coarseDensity = await state("transported");
  const sources = await arenas.sources.history("sources", levels, points, 4);
  const { slots, held, length } = densityLinePlan(plan, d);
  const passed = await arenas.scratch.field("passed fluxes", 4 * (points + 1));
  const totals = await arenas.scratch.field("outflow", 16);
  const spilled = await arenas.scratch.field("line", 4 * (slots - held) * length);
  const at = (field: Field, bytes: number = stateBytes): number => field.offset / bytes;
  const { balanced, splits, diffusion } = valueWays(d);
  const staged = densityHasStages(d);
  const ways = [balanced, splits, diffusion, hasExit(d) && staged, staged, hasExit(d)];
  const offsets = packStruct(structOf(solveShaderText("all_levels", context.precision), "Offsets"), {
    drift: at(data.drift, 4),
    potential: at(data.potential[0]!, 4),
    coefficients: at(slice.stages.field, 4),
    potential_stride: data.potential.length > 1 ? levelStride(points) : 0,
    gaussian: gaussian ? at(gaussian.field, 4) : 0,
    reach: gaussian?.reach[0] ?? 0,
    goal: data.goal ? at(data.goal.levels[0]!) : 0,
    terminal: at(data.terminal),
    walls: at(data.walls),
    value: at(value.levels[0]!),
    work: at(work),
    coarse: at(coarse),
    density: at(density.levels[0]!),
    transported: at(transported.levels[0]!),
    coarse_density: at(coarseDensity),
    sources: at(sources.levels[0]!, 4),
    passed: at(passed, 4),
    totals: at(totals, 4),
    spilled: at(spilled, 4),
    level_stride: levelStride(points),
    ways: ways.reduce((bits, way, i) => bits | (way ? 1 << i : 0), 0),
  });
  const row = new Uint8Array(memberBytes);
  row.set(new Uint8Array(gridUniform(d, wallLayout(d, stateBytes))));
  row.set(new Uint8Array(offsets), gridBytes);
  const plain: FieldHistory[] = [];
  for (let j = 0; j < andersonHistories(andersonDepth); j++)
    plain.push(await arenas.histories.history("Anderson", levels, points, 4));
  return { d, data, slice, row, plain, value, response, work, density, transported };
}

/** What a member's data hold as states. */
function isConstant(label: string): boolean {
  return label === "target density" || label === "terminal cost" || label === "exit values";
}
