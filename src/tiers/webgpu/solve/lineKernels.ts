/** The kernels with a workgroup per member, specialised to one member's structure. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type { FieldContext } from "./context.ts";
import type { LineDevice } from "./densityFields.ts";
import type { Field } from "./fields.ts";
import { loadPipeline } from "./kernels.ts";
import type { LineMember } from "./lineMembers.ts";
import { densityLinePlan } from "./linePlan.ts";
import type { LineKernel } from "./lineRunner.ts";
import { valueLinePlan } from "./valueLine.ts";

export interface LineKernels {
  /** Sources from the density, and from the transported density. */
  readonly sources: LineKernel;
  readonly response: LineKernel;
  readonly value: LineKernel;
  readonly speeds: LineKernel;
  readonly density: LineKernel;
  readonly levels: LineKernel;
  readonly certificates: LineKernel;
  readonly gains: LineKernel;
  /** On whole histories, for relaxation and Anderson. */
  readonly additions: LineKernel;
  readonly residuals: LineKernel;
  readonly combinations: LineKernel;
  readonly products: LineKernel;
}

/** @param plan what of the device decides how lines stand in workgroup memory */
export async function loadLineKernels(
  context: FieldContext,
  plan: LineDevice,
  { d, slice }: LineMember,
): Promise<LineKernels> {
  const { values, densities, transported, sources, scratch, histories } = slice.buffers;
  const load = async (
    name: string,
    constants: Readonly<Record<string, number>>,
    perLevel: boolean,
    bound: Readonly<Record<string, Field>>,
  ): Promise<LineKernel> => {
    const pipeline = await loadPipeline(context.device, d, context.precision, name, constants);
    return { label: name, pipeline, bound, perLevel };
  };
  const back = valueLinePlan(plan, d)!;
  const line = densityLinePlan(plan, d);
  const mode = d.scheme.fokkerPlanck === "fdm" ? "sweep_implicit" : "sweep_density";
  const sweep = line.held === line.slots ? mode : `${mode}_spilled`;
  const smooth = smoothLength(d);
  const source = { line_length: smooth, line_numbers: smooth };
  const length = 64 * Math.ceil(d.grid.points / 64);
  const found = await Promise.all([
    load("all_sources", source, true, { densities, sources }),
    load("all_sources", source, true, { densities: transported, sources }),
    load("sweep_value", { lanes: back.lanes, line_length: back.length, line_numbers: back.numbers }, false, {
      values,
      sources,
    }),
    load("all_speeds", { lanes: Math.min(line.lanes, 64) }, true, { values }),
    load(
      sweep,
      {
        lanes: line.lanes,
        line_length: line.length,
        held_slots: line.held,
        line_numbers: Math.max(1, line.held * line.length),
      },
      false,
      { values, transported, scratch },
    ),
    load("all_levels", {}, true, { densities, transported }),
    load("all_certificates", { line_length: length, line_numbers: 3 * length }, true, {
      values,
      densities,
      transported,
    }),
    load("all_gains", {}, true, { values, densities }),
    load("all_additions", {}, true, { densities, transported, histories }),
    load("all_residuals", {}, true, { densities, transported, histories }),
    load("all_combinations", {}, true, { histories }),
    load("all_products", {}, true, { histories }),
  ] as const);
  const [own, response, value, speeds, density, levels, certificates, gains, additions, ...anderson] = found;
  const [residuals, combinations, products] = anderson;
  return {
    sources: own,
    response,
    value,
    speeds,
    density,
    levels,
    certificates,
    gains,
    additions,
    residuals,
    combinations,
    products,
  };
}

/** Numbers of workgroup memory in which a nonlocal coupling keeps a level. */
function smoothLength(d: Discretisation): number {
  return d.coupling.kind === "nonlocal" ? 64 * Math.ceil(d.grid.points / 64) : 1;
}
