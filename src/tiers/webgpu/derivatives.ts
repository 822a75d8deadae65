/** Calls of shaders/derivatives.wgsl: constants, parameters and workgroups of a layout. */
import type { BoundaryKind } from "../../problem/types.ts";
import { valueGhostRule } from "../../scheme/boundary.ts";
import type { AxisLayout } from "../host/arguments.ts";
import type { DerivativeLayout } from "../tier.ts";
import { axisSlices, gather, scatter, sliceSize, target, type AxisSlice } from "./axisSlices.ts";
import { deviceError } from "./deviceErrors.ts";
import type { Groups } from "./dispatch.ts";
import type { KernelRunner } from "./kernelRun.ts";

/** Numbers of walls in shaders. */
export const wallNumber: Readonly<Record<BoundaryKind, number>> = { periodic: 0, reflecting: 1, open: 2, exit: 3 };

/** Numbers of shaders/weno5_interval.wgsl. */
export const wenoVariantNumber = { js: 0, z: 1, m: 2 } as const;

/** Indicators of the shader over Osher & Fedkiw's. */
const indicatorScale = 12;

/** Least epsilon in f32: what is smaller is not a normal number once it is multiplied. */
export const leastEpsilon = 1e-30;

/** Invocations of a workgroup. */
const groupSize = 64;
/** Workgroups per dimension that every device allows; the shader strides over the rest. */
const mostGroups = 65_535;

/** Epsilon in the units of the shader's indicators: a share of the largest squared slope, and a floor. */
export function wenoGuard(epsilon: DerivativeLayout["epsilon"]): { readonly scale: number; readonly floor: number } {
  return epsilon.kind === "absolute"
    ? { scale: 0, floor: indicatorScale * Math.max(epsilon.value, leastEpsilon) }
    : { scale: indicatorScale * epsilon.value, floor: indicatorScale * leastEpsilon };
}

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
      ...plan(layout, slice),
      inputs: { field: gather(field, axis, slice, rules) },
      outputs: { p_minus: minus, p_plus: plus },
    });
    if (target(pMinus, axis, slice)) continue;
    scatter(minus, axis, slice, pMinus);
    scatter(plus, axis, slice, pPlus);
  }
}

/** Pipeline, workgroups and parameters of a slice. */
function plan(
  layout: DerivativeLayout,
  { blocks, nodes, columns, margin }: AxisSlice,
): Pick<Parameters<KernelRunner["run"]>[0], "request" | "groups" | "params"> {
  const n = nodes.to - nodes.from;
  const stride = columns.to - columns.from;
  const outer = blocks.to - blocks.from;
  const contiguous = stride === 1;
  const intervals = n + 1;
  const [x, y, z] = contiguous ? [intervals, outer, 1] : [stride, intervals, outer];
  const groupX = Math.min(groupSize, 2 ** Math.ceil(Math.log2(x)));
  const groupY = groupSize / groupX;
  const groups: Groups = [
    Math.min(Math.ceil(x / groupX), mostGroups),
    Math.min(Math.ceil(y / groupY), mostGroups),
    Math.min(z, mostGroups),
  ];
  return {
    request: {
      shader: "derivatives",
      entry: "main",
      constants: {
        weno: wenoVariantNumber[layout.variant],
        lower_wall: wallNumber[layout.lower],
        upper_wall: wallNumber[layout.upper],
        contiguous: Number(contiguous),
        group_x: groupX,
        group_y: groupY,
      },
    },
    groups,
    params: { n, stride, outer, margin, inverse_spacing: 1 / layout.spacing, ...wenoGuard(layout.epsilon) },
  };
}
