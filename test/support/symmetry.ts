/** Games made of functions of a point, so that a map of the box gives the mapped game. */
import type { ProblemInput, WallInput } from "../../src/problem/input.ts";
import type { SolveResult } from "../../src/solver/options.ts";

export type Point = readonly number[];
type OfPoint = (p: Point) => number;

export interface PointGame {
  readonly walls: readonly (readonly [WallInput, WallInput])[];
  readonly hamiltonian?: { readonly kind: "power"; readonly control: number; readonly exponent: number };
  /** Drift field of a quadratic Hamiltonian. */
  readonly drift?: (p: Point) => Point;
  readonly coupling: NonNullable<ProblemInput["coupling"]>;
  readonly volatility: number;
  readonly horizon: number;
  readonly potential: OfPoint;
  readonly terminalCost: OfPoint;
  readonly initialDensity: OfPoint;
}

/** A map of the unit box to itself: where the mapped game at `p` reads the original, and what vectors become. */
export interface BoxMap {
  readonly name: string;
  readonly source: (p: Point) => Point;
  readonly vector: (v: Point) => Point;
  readonly walls: (walls: PointGame["walls"]) => PointGame["walls"];
}

export const identity: BoxMap = { name: "identity", source: (p) => p, vector: (v) => v, walls: (w) => w };

/** Moves everything on the torus by `shift`, a whole number of cells. */
export const translation = (shift: Point): BoxMap => ({
  name: `translation by ${shift.join(", ")}`,
  source: (p) => p.map((x, a) => x - shift[a]! - Math.floor(x - shift[a]!)),
  vector: (v) => v,
  walls: (w) => w,
});

/** Turns the axis round. */
export const reflection = (axis: number): BoxMap => ({
  name: `reflection of axis ${axis}`,
  source: (p) => p.map((x, a) => (a === axis ? (1 - x) % 1 : x)),
  vector: (v) => v.map((part, a) => (a === axis ? -part : part)),
  walls: (w) => w.map((sides, a) => (a === axis ? ([sides[1], sides[0]] as const) : sides)),
});

/** Axis a of the mapped game is axis order[a] of the original. */
export const permutation = (order: readonly number[]): BoxMap => ({
  name: `permutation ${order.join(", ")}`,
  source: (p) => order.map((_, b) => p[order.indexOf(b)]!),
  vector: (v) => order.map((b) => v[b]!),
  walls: (w) => order.map((b) => w[b]!),
});

/** The game seen through a map. */
export function mappedProblem(game: PointGame, map: BoxMap): ProblemInput {
  const dimension = game.walls.length;
  const at =
    (f: OfPoint) =>
    (x: number, y: number, z: number): number =>
      f(map.source([x, y, z].slice(0, dimension)));
  const drift = game.drift;
  return {
    name: "point game",
    domain: map.walls(game.walls).map(([lower, upper]) => ({ from: 0, to: 1, boundary: { lower, upper } })),
    horizon: game.horizon,
    volatility: game.volatility,
    hamiltonian: game.hamiltonian ?? {
      kind: "quadratic",
      control: 1,
      ...(drift && {
        drift: Array.from(
          { length: dimension },
          (_, a) => (x: number, y: number, z: number) =>
            map.vector(drift(map.source([x, y, z].slice(0, dimension))))[a]!,
        ),
      }),
    },
    coupling: game.coupling,
    potential: at(game.potential),
    terminalCost: at(game.terminalCost),
    initialDensity: at(game.initialDensity),
  };
}

/** Largest differences of value and density between a mapped result and the original one at the mapped points. */
export function mappedDifference(
  original: SolveResult,
  mapped: SolveResult,
  map: BoxMap,
): { value: number; density: number } {
  const { shape, coordinates } = mapped;
  const points = shape.reduce((product, n) => product * n, 1);
  const source = Int32Array.from({ length: points }, (_, node) => {
    let rest = node;
    const p = shape
      .map((n, a) => [n, a] as const)
      .toReversed()
      .map(([n, a]) => {
        const i = rest % n;
        rest = Math.floor(rest / n);
        return coordinates[a]![i]!;
      })
      .toReversed();
    return map.source(p).reduce((index, x, a) => {
      const axis = original.coordinates[a]!;
      const h = axis[1]! - axis[0]!;
      return index * axis.length + (Math.round((x - axis[0]!) / h) % axis.length);
    }, 0);
  });
  const difference = (a: Float64Array, b: Float64Array): number => {
    let most = 0;
    for (let i = 0; i < b.length; i++) {
      most = Math.max(most, Math.abs(b[i]! - a[i - (i % points) + source[i % points]!]!));
    }
    return most;
  };
  return { value: difference(original.value, mapped.value), density: difference(original.density, mapped.density) };
}
