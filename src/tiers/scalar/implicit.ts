/** Implicit Euler along one line with positive two-point fluxes (section 5.1). */
import { factorTridiagonal, solveTridiagonal, tridiagonalScratch } from "../../scheme/tridiagonal.ts";

/**
 * Two-point fluxes of one line: through face j flows forward[j] m_{j-1} - backward[j] m_j, all speeds >= 0. At a wall only
 * what leaves the box is kept: backward[0] and forward[n]. On a periodic line face n is face 0.
 */
export interface CrossingSpeeds {
  readonly forward: Float64Array;
  readonly backward: Float64Array;
}

/** The fluxes of a density through the n + 1 faces of the line. */
export function crossingFluxes(speeds: CrossingSpeeds, m: Float64Array, periodic: boolean): Float64Array {
  const n = m.length;
  const { forward, backward } = speeds;
  return forward.map((_, j) => {
    const left = j > 0 || periodic ? forward[j]! * m[(j + n - 1) % n]! : 0;
    const right = j < n || periodic ? backward[j]! * m[j % n]! : 0;
    return left - right;
  });
}

/**
 * Solves m_new + (tau/h)(J_right - J_left)(m_new) = m along a line. The direct solve alone loses mass of the size of
 * round-off times the condition number; one refinement, its defect summed from face fluxes, brings it to round-off.
 */
export function implicitLine(m: Float64Array, speeds: CrossingSpeeds, ratio: number, periodic: boolean): Float64Array {
  const n = m.length;
  const { forward, backward } = speeds;
  const work = tridiagonalScratch(n);
  for (let j = 0; j < n; j++) {
    work.below[j] = ratio * forward[j + 1]!;
    work.above[j] = ratio * backward[j]!;
    work.excess[j] = 1;
  }
  if (!periodic) {
    // Through a wall mass leaves the system: it is no other row's.
    work.excess[0] = 1 + work.above[0]!;
    work.excess[n - 1] = 1 + work.below[n - 1]!;
    work.above[0] = 0;
    work.below[n - 1] = 0;
  }
  factorTridiagonal(n, work, periodic, work);
  const direct = m.slice();
  solveTridiagonal(n, work, periodic, work, direct);
  const flux = crossingFluxes(speeds, direct, periodic);
  const correction = m.map((value, i) => value - direct[i]! - ratio * (flux[i + 1]! - flux[i]!));
  solveTridiagonal(n, work, periodic, work, correction);
  // The direct solution is exact to rounding in every entry, however small: its correction cannot turn a sign.
  return direct.map((value, i) => value + correction[i]!);
}
