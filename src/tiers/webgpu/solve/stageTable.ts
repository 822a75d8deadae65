/** Coefficients of RKL2 on the device, for kernels that run all stages by themselves. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { rkl2, rklStages } from "../../../scheme/diffusion.ts";
import { axisRadius } from "../../host/stepLimits.ts";
import { aligned } from "../slices.ts";
import type { Field, FieldStore } from "./fields.ts";
import type { Device } from "../device.ts";
import { uploadFloats } from "./transfer.ts";

/** Where the coefficients of RKL2 with 3, 5, ... stages begin, in entries of four numbers. */
export interface ValueStages {
  readonly field: Field;
  at(stages: number): number;
}

/** Entries before those of an odd number of stages: each has one less than it has stages. */
const stagesBefore = (stages: number): number => ((stages - 3) / 2) * ((stages - 3) / 2 + 1);

/** The most stages that a sub-step of this problem can take: half of its longest interval. */
function mostStages(d: Discretisation): number {
  if (d.nu === 0 || d.scheme.splitting === "explicit") return 1;
  let longest = 0;
  for (let k = 0; k < d.steps; k++) longest = Math.max(longest, d.levels[k + 1]! - d.levels[k]!);
  return Math.max(...d.grid.shape.map((_, a) => rklStages(longest / 2, axisRadius(d, a))));
}

export function valueStagesBytes(d: Discretisation): number {
  return aligned(16 * Math.max(1, stagesBefore(mostStages(d) + 2)));
}

/**
 * The numbers of the recurrence in differences (shaders/diffuse_value_stage.wgsl) for every number of stages that can come up,
 * worked out in f64.
 */
export async function makeValueStages(device: Device, store: FieldStore, d: Discretisation): Promise<ValueStages> {
  const field = await store.field("stage coefficients of u", valueStagesBytes(d));
  const most = mostStages(d);
  const table = new Float64Array(4 * stagesBefore(most + 2));
  for (let stages = 3, at = 0; stages <= most; stages += 2) {
    const { mu, nu, muTilde, gammaTilde } = rkl2(stages);
    for (let j = 2; j <= stages; j++, at += 4)
      table.set([-nu[j]!, mu[j]! + nu[j]! - 1, muTilde[j]!, gammaTilde[j]!], at);
  }
  if (table.length > 0) await uploadFloats(device, field, table);
  return { field, at: stagesBefore };
}
