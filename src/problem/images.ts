import { MfgError } from "../errors.ts";
import type { FillFunction } from "./compile.ts";
import { notFinite, pointText } from "./point.ts";

/** Shift of a periodic image along x, y and z, in the units of the domain; 0 beyond the dimension. */
export type Image = readonly [number, number, number];

/** What periodic images need to know of a problem. */
export interface ProblemBox {
  readonly axes: readonly { readonly from: number; readonly to: number; readonly periodic: boolean }[];
  readonly horizon: number;
}

// An image below this share of the sum at every probe is lost in round-off there.
const negligible = 1e-17;
// Images this far out are always looked at, so that a bump that lies outside the box is found.
const certainShells = 3;
// Farthest images tried per number of periodic axes: beyond, a formula does not decay for our purposes.
const mostShells = [0, 64, 12, 6] as const;
const probesPerAxis = [0, 129, 33, 13] as const;

/**
 * The periodic images of a field that contribute to its sum on the box: shells of images outwards until a whole shell is
 * negligible at every probe, looked at on a lattice that includes both ends of each axis, at t = 0, T/2 and T.
 *
 * @throws MfgError MFGPU_PROBLEM_PERIODIZE where the sum does not converge, MFGPU_PROBLEM_NOT_FINITE at NaN or Infinity.
 */
export function imagesOf(
  field: { readonly fill: FillFunction; readonly dependsOnTime: boolean; readonly path: string },
  box: ProblemBox,
): readonly Image[] {
  const dimension = box.axes.length as 1 | 2 | 3;
  const probes = probesPerAxis[dimension];
  const lattice = box.axes.map(({ from, to }) =>
    Float64Array.from({ length: probes }, (_, i) => from + ((to - from) * i) / (probes - 1)),
  );
  const times = field.dependsOnTime ? [0, box.horizon / 2, box.horizon] : [0];
  const sums = times.map((t) => ({ t, sum: new Float64Array(probes ** dimension) }));
  const term = new Float64Array(probes ** dimension);
  const images: Image[] = [];

  const contributes = (image: Image): boolean => {
    const moved = lattice.map((positions, a) => positions.map((x) => x + (image[a] ?? 0)));
    let counts = false;
    for (const { t, sum } of sums) {
      field.fill(moved, t, term);
      for (const [p, value] of term.entries()) {
        if (!Number.isFinite(value)) throw notFinite(value, field.path, `at ${pointText(moved, p)}, a periodic image,`);
        const total = (sum[p] ?? 0) + value;
        sum[p] = total;
        if (Math.abs(value) > negligible * Math.abs(total)) counts = true;
      }
    }
    return counts;
  };

  const most = mostShells[box.axes.filter((axis) => axis.periodic).length as 1 | 2 | 3];
  for (let shell = 0; shell <= most; shell++) {
    const kept = shellOf(box, shell).filter(contributes);
    images.push(...kept);
    if (shell >= certainShells && kept.length === 0) return images;
  }
  throw new MfgError({
    code: "MFGPU_PROBLEM_PERIODIZE",
    message: `${field.path}: the sum over periodic images still changes after ${most} periods; the formula does not decay fast enough.`,
    fix: 'Remove "periodize": true and write a formula that is periodic by itself.',
    path: `${field.path}.periodize`,
    value: true,
  });
}

/** The images whose farthest shift is exactly `shell` periods, in a fixed order. */
function shellOf(box: ProblemBox, shell: number): Image[] {
  const steps = Array.from({ length: 2 * shell + 1 }, (_, i) => i - shell);
  const shifts = (a: number): readonly { readonly periods: number; readonly shift: number }[] => {
    const axis = box.axes[a];
    if (!axis?.periodic) return [{ periods: 0, shift: 0 }];
    return steps.map((periods) => ({ periods: Math.abs(periods), shift: periods * (axis.to - axis.from) }));
  };
  const images: Image[] = [];
  for (const x of shifts(0)) {
    for (const y of shifts(1)) {
      for (const z of shifts(2)) {
        if (Math.max(x.periods, y.periods, z.periods) === shell) images.push([x.shift, y.shift, z.shift]);
      }
    }
  }
  return images;
}
