/** How fast the fields of a problem move: from the histories of a solve, or from the data alone. */
import { couplingSlice } from "../scheme/coupling.ts";
import { hasExit, type Discretisation } from "../scheme/discretisation.ts";
import { driftAt, speedPerSlope } from "../scheme/hamiltonian.ts";
import { slopeGrowth } from "../tiers/host/stepLimits.ts";

/** How fast a problem's fields move, level by level, on the grid they were looked at; what sub-step counts are made of. */
export interface Rates {
  readonly t: readonly number[];
  /** max over the nodes of sum_a |H_p|_a / h_a, in 1/time. */
  readonly speed: readonly number[];
  /** Growth of the slope from the source, inside and at exits, in the units of `slopeGrowth`. */
  readonly inner: readonly number[];
  readonly atExits: readonly number[];
  /** sum_a 1/h_a of that grid. */
  readonly inverseSpacing: number;
  /** What the rates are multiplied by so that the counts become those that were seen. */
  readonly hjbFactor: number;
  readonly densityFactor: number;
  /** Exponents of how many times finer a grid is, by which its rates grow beyond 1/spacing. */
  readonly hjbTrend: number;
  readonly densityTrend: number;
}

export function inverseSpacing(d: Discretisation): number {
  return d.grid.spacing.reduce((sum, h) => sum + 1 / h, 0);
}

/** max over the nodes of sum_a |H_p|_a / h_a for a value slice, from central differences (one-sided at walls). */
export function fieldSpeed(d: Discretisation, u: Float64Array): number {
  const { grid, hamiltonian, boundaries } = d;
  const { shape, stride, spacing, points } = grid;
  const slopes = new Float64Array(shape.length);
  let fastest = 0;
  for (let node = 0; node < points; node++) {
    let squared = 0;
    for (let a = 0; a < shape.length; a++) {
      const n = shape[a] ?? 1;
      const s = stride[a] ?? 1;
      const i = Math.floor(node / s) % n;
      const wraps = boundaries[a]?.lower.kind === "periodic";
      const before = i > 0 ? node - s : wraps ? node + (n - 1) * s : node;
      const after = i < n - 1 ? node + s : wraps ? node - (n - 1) * s : node;
      const apart = before === node || after === node ? 1 : 2;
      const p = ((u[after] ?? 0) - (u[before] ?? 0)) / (apart * (spacing[a] ?? 1));
      slopes[a] = p;
      squared += p * p;
    }
    const factor = speedPerSlope(hamiltonian, squared);
    let speed = 0;
    for (let a = 0; a < shape.length; a++)
      speed += Math.abs(factor * (slopes[a] ?? 0) + driftAt(hamiltonian, a, node)) / (spacing[a] ?? 1);
    if (speed > fastest) fastest = speed;
  }
  return fastest;
}

interface Growth {
  readonly inner: number;
  readonly atExits: number;
  /** Difference of the source's largest and smallest value. */
  readonly range: number;
}

/** The two parts of `slopeGrowth`: what the source does inside, and what exits add. */
function growthOf(d: Discretisation, level: number, m: Float64Array): Growth {
  const { potential, grid } = d;
  const source = new Float64Array(grid.points);
  couplingSlice(d, level, m, source);
  const offset = potential.length > grid.points ? level * grid.points : 0;
  for (let i = 0; i < source.length; i++) source[i] = (source[i] ?? 0) + (potential[offset + i] ?? 0);
  const whole = slopeGrowth(d, source);
  const range = rangeOf(source);
  if (!hasExit(d)) return { inner: whole, atExits: 0, range };
  const closed = d.boundaries.map((axis) =>
    axis.lower.kind === "periodic"
      ? axis
      : {
          lower: { kind: "reflecting" as const, exitValue: undefined },
          upper: { kind: "reflecting" as const, exitValue: undefined },
        },
  );
  const inner = slopeGrowth({ ...d, boundaries: closed }, source);
  return { inner, atExits: whole - inner, range };
}

function rangeOf(numbers: Float64Array): number {
  let low = Infinity;
  let high = -Infinity;
  for (const x of numbers) {
    if (x < low) low = x;
    if (x > high) high = x;
  }
  return high - low;
}

const asTheyAre = { hjbFactor: 1, densityFactor: 1, hjbTrend: 0, densityTrend: 0 } as const;

/** Rates from both histories of a solve. */
export function ratesOfHistories(d: Discretisation, value: Float64Array, density: Float64Array): Rates {
  const { points } = d.grid;
  const slice = (history: Float64Array, k: number): Float64Array => history.subarray(k * points, (k + 1) * points);
  const growth = Array.from(d.levels, (_, k) => growthOf(d, k, slice(density, k)));
  return {
    t: [...d.levels],
    speed: Array.from(d.levels, (_, k) => fieldSpeed(d, slice(value, k))),
    inner: growth.map((part) => part.inner),
    atExits: growth.map((part) => part.atExits),
    inverseSpacing: inverseSpacing(d),
    ...asTheyAre,
  };
}

/** Share of the horizon after which value and density have mostly become what they will be; for rates from data alone. */
const maturing = 0.25;

/**
 * Rates from the problem's data alone, nothing computed: slopes of the terminal cost, and what the source adds to them. They
 * grow while H(p) is less than the source's range: there they stand, as those of a stationary solution do. The terminal cost's own
 * do not outlive the time in which something that moves with them has crossed the box. The source is that of the initial density
 * at first and of an even one later.
 */
export function ratesOfData(d: Discretisation): Rates {
  const { problem, grid, hamiltonian, initialDensity } = d;
  const { control, exponent } = hamiltonian;
  const mass = initialDensity.reduce((sum, m) => sum + m, 0);
  const early = growthOf(d, 0, initialDensity);
  const late = growthOf(d, d.steps, new Float64Array(initialDensity.length).fill(mass / initialDensity.length));
  const crossing = grid.shape.reduce((sum, n) => sum + n, 0);
  const t = Array.from({ length: 65 }, (_, k) => (k / 64) * problem.horizon);
  const mixed = (part: keyof Growth): number[] =>
    t.map((time) => {
      const share = Math.min(1, time / (maturing * problem.horizon));
      return (1 - share) * early[part] + share * late[part];
    });
  const [inner, atExits, range] = [mixed("inner"), mixed("atExits"), mixed("range")];
  const start = fieldSpeed(d, d.terminalCost);
  return {
    t,
    speed: t.map((time, k) => {
      const standing = ((exponent * (range[k] ?? 0)) / control) ** (1 / exponent);
      const most = speedPerSlope(hamiltonian, standing * standing) * standing * inverseSpacing(d);
      const grown = control * (inner[k] ?? 0) * Math.min(problem.horizon - time, maturing * problem.horizon);
      return Math.min(start, crossing / (problem.horizon - time)) + Math.min(most, grown);
    }),
    inner,
    atExits,
    inverseSpacing: inverseSpacing(d),
    ...asTheyAre,
  };
}
