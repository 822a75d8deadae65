/** One-sided slopes of the value function and the optimal drift -H_p that follows from them, at nodes and on faces. */
import { ghostWidth } from "../../scheme/boundary.ts";
import type { Discretisation } from "../../scheme/discretisation.ts";
import { driftAt, faceDrift, hamiltonianSlope } from "../../scheme/hamiltonian.ts";
import { oneSidedDerivatives, type Stencil7 } from "../../scheme/weno5.ts";
import type { Walls } from "../host/fieldKernels.ts";
import { forEachLine, isPeriodic, valueLine } from "./lines.ts";

/** p- and p+ at all nodes, one field per axis. */
export interface OneSidedSlopes {
  readonly minus: readonly Float64Array[];
  readonly plus: readonly Float64Array[];
}

export function oneSidedSlopes(d: Discretisation, u: Float64Array, walls: Walls): OneSidedSlopes {
  const { grid, scheme } = d;
  const minus = grid.shape.map(() => new Float64Array(grid.points));
  const plus = grid.shape.map(() => new Float64Array(grid.points));
  grid.shape.forEach((n, axis) => {
    const h = grid.spacing[axis]!;
    forEachLine(d, axis, (line, start, stride) => {
      const values = valueLine(d, u, walls, axis, line);
      for (let i = 0; i < n; i++) {
        const [pMinus, pPlus] = oneSidedDerivatives(scheme.weno, scheme.epsilon, stencilOf(values, i + ghostWidth), h);
        minus[axis]![start + i * stride] = pMinus;
        plus[axis]![start + i * stride] = pPlus;
      }
    });
  });
  return { minus, plus };
}

function stencilOf(line: Float64Array, i: number): Stencil7 {
  return [line[i - 3]!, line[i - 2]!, line[i - 1]!, line[i]!, line[i + 1]!, line[i + 2]!, line[i + 3]!];
}

/** The optimal drift of a value function. */
export interface OptimalDrift {
  /** b = -H_p at the mean of the one-sided slopes: one field per axis. */
  readonly nodes: readonly Float64Array[];
  /** Sum over the other axes of the squared mean slope: one field per axis. */
  readonly transverse: readonly Float64Array[];
}

export function optimalDrift(d: Discretisation, u: Float64Array, walls: Walls): OptimalDrift {
  const { grid, hamiltonian } = d;
  const { minus, plus } = oneSidedSlopes(d, u, walls);
  const axes = grid.shape.map((_, axis) => axis);
  const nodes = axes.map(() => new Float64Array(grid.points));
  const transverse = axes.map(() => new Float64Array(grid.points));
  const speed = new Float64Array(axes.length);
  for (let i = 0; i < grid.points; i++) {
    const mean = axes.map((a) => (minus[a]![i]! + plus[a]![i]!) / 2);
    hamiltonianSlope(hamiltonian, i, mean, speed);
    for (const a of axes) {
      nodes[a]![i] = -speed[a]!;
      for (const other of axes) if (other !== a) transverse[a]![i] = transverse[a]![i]! + mean[other]! ** 2;
    }
  }
  return { nodes, transverse };
}

/** Sum over the other axes of the squared mean slope, where the drift through a face of `axis` depends on it. */
export function transverseSlopes(d: Discretisation, u: Float64Array, walls: Walls, axis: number): Float64Array {
  return d.hamiltonian.separable ? new Float64Array(d.grid.points) : optimalDrift(d, u, walls).transverse[axis]!;
}

/**
 * The drift through every face of one axis, from the slope of u across it (section 5.1): at an exit over the half cell to
 * the wall, on other walls 0.
 */
export function faceDrifts(
  d: Discretisation,
  u: Float64Array,
  walls: Walls,
  axis: number,
  transverse: Float64Array,
): Float64Array {
  const { grid, hamiltonian, boundaries } = d;
  const n = grid.shape[axis]!;
  const h = grid.spacing[axis]!;
  const { lower, upper } = boundaries[axis]!;
  const faces = new Float64Array((grid.points / n) * (n + 1));
  const between = (left: number, right: number): number =>
    faceDrift(
      hamiltonian,
      (u[right]! - u[left]!) / h,
      (transverse[left]! + transverse[right]!) / 2,
      (driftAt(hamiltonian, axis, left) + driftAt(hamiltonian, axis, right)) / 2,
    );
  const atWall = (node: number, slope: number): number =>
    faceDrift(hamiltonian, slope, transverse[node]!, driftAt(hamiltonian, axis, node));

  forEachLine(d, axis, (line, start, stride) => {
    const first = line * (n + 1);
    const last = start + (n - 1) * stride;
    for (let j = 1; j < n; j++) faces[first + j] = between(start + (j - 1) * stride, start + j * stride);
    if (isPeriodic(d, axis)) {
      faces[first] = between(last, start);
      faces[first + n] = faces[first]!;
    }
    if (lower.kind === "exit") {
      faces[first] = atWall(start, (2 * (u[start]! - walls[axis]!.lower![line]!)) / h);
    }
    if (upper.kind === "exit") {
      faces[first + n] = atWall(last, (2 * (walls[axis]!.upper![line]! - u[last]!)) / h);
    }
  });
  return faces;
}
