/** Calls of shaders/derivatives.wgsl: constants, parameters and workgroups of a layout. */
import type { BoundaryKind } from "../../problem/types.ts";
import { valueGhostRule } from "../../scheme/boundary.ts";
import type { AxisLayout } from "../host/arguments.ts";
import type { DerivativeLayout } from "../tier.ts";
import { axisSlices, gather, scatter, sliceSize, target, type AxisSlice } from "./axisSlices.ts";
import { deviceError } from "./deviceErrors.ts";
import type { Groups } from "./dispatch.ts";
import { guardOf } from "./guard.ts";
import type { KernelDispatch, KernelRunner } from "./kernelRun.ts";

/** Numbers of walls in shaders. */
export const wallNumber: Readonly<Record<BoundaryKind, number>> = { periodic: 0, reflecting: 1, open: 2, exit: 3 };

/** Numbers of shaders/weno5_interval.wgsl. */
export const wenoVariantNumber = { js: 0, z: 1, m: 2 } as const;

/** Invocations of a workgroup. */
const groupSize = 64;
/** Workgroups per dimension that every device allows. */
const mostGroups = 65_535;

/** Takes the derivatives, slice by slice where the arrays are longer than a binding. */
export async function runDerivatives(
  runner: KernelRunner,
  bindingLimit: number,
  layout: DerivativeLayout,
  axis: AxisLayout,
  field: Float32Array,
  pMinus: Float32Array,
  pPlus: Float32Array,
): Promise<void> {
  const slices = axisSlices(axis, Math.floor(bindingLimit / 4));
  if (!slices) {
    throw deviceError(
      "MFGPU_DEVICE_MEMORY",
      `The device binds ${bindingLimit} bytes, less than one stencil of the field.`,
    );
  }
  const rules = { lower: valueGhostRule[layout.lower], upper: valueGhostRule[layout.upper] };
  for (const slice of slices) {
    const minus = target(pMinus, axis, slice) ?? new Float32Array(sliceSize(slice));
    const plus = target(pPlus, axis, slice) ?? new Float32Array(sliceSize(slice));
    await runner.run({
      shader: "derivatives",
      dispatches: dispatchesOf(layout, slice),
      inputs: { field: gather(field, axis, slice, rules) },
      outputs: { p_minus: minus, p_plus: plus },
    });
    if (target(pMinus, axis, slice)) continue;
    scatter(minus, axis, slice, pMinus);
    scatter(plus, axis, slice, pPlus);
  }
}

/** Intervals whose six nodes do not all stand in the array: three at each wall. */
const wallIntervals = 6;

/** Dispatches of a slice: the intervals inside, and those at the walls where their ghosts are not given. */
function dispatchesOf(
  layout: DerivativeLayout,
  { blocks, nodes, columns, margin }: AxisSlice,
): readonly KernelDispatch[] {
  const n = nodes.to - nodes.from;
  const stride = columns.to - columns.from;
  const outer = blocks.to - blocks.from;
  const inside = margin > 0 ? { count: n + 1, first: -1 } : { count: n + 1 - wallIntervals, first: 2 };
  const entries = [
    { entry: "inside", ...inside },
    ...(margin > 0 ? [] : [{ entry: "walls", count: wallIntervals, first: 0 }]),
  ];
  return entries.flatMap(({ entry, count, first }) => {
    const extent: Groups = stride === 1 ? [count, outer, 1] : [stride, count, outer];
    const groupX = Math.min(groupSize, 2 ** Math.ceil(Math.log2(extent[0])));
    const size: Groups = [groupX, groupSize / groupX, 1];
    const constants = {
      weno: wenoVariantNumber[layout.variant],
      lower_wall: wallNumber[layout.lower],
      upper_wall: wallNumber[layout.upper],
      contiguous: Number(stride === 1),
      group_x: size[0],
      group_y: size[1],
    };
    const params = { n, stride, outer, margin, count, first };
    const numbers = { inverse_spacing: 1 / layout.spacing, ...guardOf(layout.epsilon, layout.spacing ** 2) };
    return tilesOf(extent, size).map(({ origin, groups }) => ({
      entry,
      constants,
      groups,
      params: { origin, ...params, ...numbers },
    }));
  });
}

/** Dispatches of at most 65,535 workgroups a dimension that cover an extent of invocations. */
function tilesOf(extent: Groups, size: Groups): readonly { readonly origin: Groups; readonly groups: Groups }[] {
  const starts = ([0, 1, 2] as const).map((axis) => {
    const step = size[axis] * mostGroups;
    return Array.from({ length: Math.ceil(extent[axis] / step) }, (_, k) => k * step);
  });
  const groupsFrom = (start: number, axis: 0 | 1 | 2): number =>
    Math.min(Math.ceil((extent[axis] - start) / size[axis]), mostGroups);
  return starts[2]!.flatMap((z) =>
    starts[1]!.flatMap((y) =>
      starts[0]!.map((x) => ({
        origin: [x, y, z] as const,
        groups: [groupsFrom(x, 0), groupsFrom(y, 1), groupsFrom(z, 2)] as const,
      })),
    ),
  );
}
