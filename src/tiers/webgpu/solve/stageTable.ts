/** Coefficients of RKL2 on the device, for kernels that run all stages by themselves. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { rkl2, rklStages } from "../../../scheme/diffusion.ts";
import { axisRadius } from "../../host/stepLimits.ts";
import { aligned } from "../slices.ts";
import type { Field, FieldMaker } from "./fields.ts";
import type { Device } from "../device.ts";
import { uploadFloats } from "./transfer.ts";

/** Where the coefficients of RKL2 with 3, 5, ... stages begin, in entries of four numbers. */
export interface StageTable {
  readonly field: Field;
  at(stages: number): number;
}

/** Entries before those of an odd number of stages: each has one less than it has stages. */
const stagesBefore = (stages: number): number => ((stages - 3) / 2) * ((stages - 3) / 2 + 1);

/** True where the value function is diffused by RKL2, apart from its advection. */
export function valueHasStages({ nu, scheme }: Discretisation): boolean {
  return nu > 0 && scheme.splitting !== "explicit";
}

/** True where the density is. */
export function densityHasStages(d: Discretisation): boolean {
  return valueHasStages(d) && d.scheme.fokkerPlanck === "weno5";
}

/** The most stages that a sub-step of this problem can take: half of its longest interval. */
function mostStages(d: Discretisation): number {
  let longest = 0;
  for (let k = 0; k < d.steps; k++) longest = Math.max(longest, d.levels[k + 1]! - d.levels[k]!);
  return Math.max(...d.grid.shape.map((_, a) => rklStages(longest / 2, axisRadius(d, a))));
}

/** Entries of the table of a sweep; none where it has no stages. */
function entriesOf(d: Discretisation, hasStages: boolean): number {
  return hasStages ? stagesBefore(mostStages(d) + 2) : 0;
}

/** Bytes of the table: one entry at least, since a binding must not be empty. */
export function stageTableBytes(d: Discretisation, hasStages: boolean): number {
  return aligned(16 * Math.max(1, entriesOf(d, hasStages)));
}

/** The member whose table of stages serves all. */
export function widestTable(members: readonly Discretisation[]): Discretisation {
  const bytes = members.map((d) => stageTableBytes(d, valueHasStages(d)));
  return members[bytes.indexOf(Math.max(...bytes))]!;
}

/**
 * The numbers of the recurrence in differences (shaders/diffuse_value_stage.wgsl, shaders/diffuse_density_line.wgsl) for every
 * number of stages that can come up: worked out in f64, since what they lack in digits acts as another diffusion.
 */
export async function makeStageTable(
  device: Device,
  store: FieldMaker,
  name: string,
  d: Discretisation,
  hasStages: boolean,
): Promise<StageTable> {
  const field = await store.field(name, stageTableBytes(d, hasStages));
  const table = new Float64Array(4 * entriesOf(d, hasStages));
  for (let stages = 3, at = 0; at < table.length; stages += 2) {
    const { mu, nu, muTilde, gammaTilde } = rkl2(stages);
    for (let j = 2; j <= stages; j++, at += 4)
      table.set([-nu[j]!, mu[j]! + nu[j]! - 1, muTilde[j]!, gammaTilde[j]!], at);
  }
  if (table.length > 0) await uploadFloats(device, field, table);
  return { field, at: stagesBefore };
}
