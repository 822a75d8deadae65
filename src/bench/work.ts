/**
 * Operations and bytes per point, as counted: docs/performance.md section 2, of the interval-shared forms that the tiers
 * use. They are the least that the work needs, so a share of a roof that is made of them is a share of what is possible.
 */

export interface CountedWork {
  /** Additions, products and divisions, each one operation. */
  readonly flop: number;
  /** Bytes that must pass between memory and processor, everything reused that can be. */
  readonly bytes: number;
}

type Stored = "f64" | "f32";
const sizeOf: Readonly<Record<Stored, number>> = { f64: 8, f32: 4 };

/**
 * Both one-sided derivatives along one axis: the interval-shared form, 67 operations with reciprocals (f32), 68 with common
 * denominators (f64) (section 2.2); one number in, two out.
 */
export function derivativeWork(stored: Stored): CountedWork {
  return { flop: stored === "f64" ? 68 : 67, bytes: 3 * sizeOf[stored] };
}

/**
 * Three indicators of one stencil, from first and second differences: 4 + 3 differences, 3 x 2 operations of the slopes
 * (one of them has 1), 3 x 5 of squares and sums; five numbers in, three out.
 */
export function smoothnessWork(stored: Stored): CountedWork {
  return { flop: 4 + 3 + 5 + 15, bytes: 8 * sizeOf[stored] };
}

/** Three weights of one stencil: sum with epsilon, square, quotient each; two additions; three quotients. */
export function weightsWork(stored: Stored): CountedWork {
  return { flop: 9 + 2 + 3, bytes: 6 * sizeOf[stored] };
}

/**
 * One explicit stage without diffusion and coupling: d x form + (6 d + 8) for Lax-Friedrichs + 4 for Runge-Kutta (section
 * 2.2); 8, 12 and 12 bytes of the three stages in f32 (section 2.1), their mean here.
 */
export function stageWork(dimension: number, stored: Stored): CountedWork {
  return { flop: dimension * derivativeWork(stored).flop + 6 * dimension + 8 + 4, bytes: (8 / 3) * sizeOf[stored] };
}
