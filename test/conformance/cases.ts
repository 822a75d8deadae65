/** The tiers under test and the problems they are tried on. */
import type { BoundaryKind } from "../../src/problem/types.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { batchedFieldKernels } from "../../src/tiers/batched/fieldKernels.ts";
import type { FieldKernels, Walls } from "../../src/tiers/host/fieldKernels.ts";
import { scalarFieldKernels } from "../../src/tiers/scalar/fieldKernels.ts";
import { discretisationOf, randomNumbers, type AxisPlan, type Plan } from "../scheme/fixtures.ts";

export interface Maker {
  readonly name: string;
  readonly make: (d: Discretisation) => FieldKernels;
}

export const makers: readonly Maker[] = [
  { name: "scalar", make: scalarFieldKernels },
  { name: "batched", make: (d) => batchedFieldKernels(d) },
];

const axis = (n: number, lower: BoundaryKind = "periodic", upper: BoundaryKind = lower): AxisPlan => ({
  n,
  lower,
  upper,
});

export interface Case {
  readonly name: string;
  readonly plan: Plan;
}

const onLine: readonly Case[] = [
  [axis(7)],
  [axis(12)],
  [axis(13, "reflecting")],
  [axis(7, "reflecting")],
  [axis(12, "open")],
  [axis(13, "exit")],
  [axis(7, "exit")],
  [axis(10, "reflecting", "exit")],
  [axis(11, "exit", "open")],
  [axis(9, "open", "reflecting")],
].map((axes) => ({ name: axes.map((a) => `${a.n} ${a.lower} ${a.upper}`).join(" x "), plan: { axes } }));

const inSpace: readonly Case[] = [
  { name: "2-D periodic x reflecting", plan: { axes: [axis(7), axis(9, "reflecting")] } },
  { name: "2-D exit x reflecting", plan: { axes: [axis(8, "exit"), axis(7, "reflecting")] } },
  { name: "2-D exits on both axes", plan: { axes: [axis(8, "exit", "reflecting"), axis(7, "open", "exit")] } },
  { name: "3-D periodic x open x exit", plan: { axes: [axis(7), axis(8, "open"), axis(7, "exit", "reflecting")] } },
  { name: "3-D reflecting x exit x periodic", plan: { axes: [axis(7, "reflecting"), axis(7, "exit"), axis(8)] } },
];

const wave = (x: readonly number[]): number => Math.sin(5 * x[0]! + 1) + 0.3;
const otherWave = (x: readonly number[]): number => Math.cos(4 * x[0]! - 3 * (x[1] ?? 0));

const variations: readonly Case[] = [
  { name: "drift field, 1-D", plan: { axes: [axis(12, "reflecting", "exit")], drift: [wave] } },
  { name: "drift field, 2-D", plan: { axes: [axis(7, "exit"), axis(8)], drift: [wave, otherWave] } },
  { name: "q = 3, 1-D", plan: { axes: [axis(12, "exit")], exponent: 3, control: 0.8 } },
  { name: "q = 1.5, 2-D", plan: { axes: [axis(7), axis(8, "reflecting", "exit")], exponent: 1.5, control: 0.8 } },
  { name: "q = 3, 3-D", plan: { axes: [axis(7), axis(7, "open"), axis(7, "exit")], exponent: 3 } },
  { name: "q = 2 as a power, 2-D", plan: { axes: [axis(7), axis(8, "exit")], exponent: 2 } },
  { name: "js", plan: { axes: [axis(12, "exit", "reflecting")], scheme: { weno: "js" } } },
  { name: "m, 2-D", plan: { axes: [axis(7), axis(8)], scheme: { weno: "m" } } },
  { name: "z, absolute epsilon", plan: { axes: [axis(12)], scheme: { epsilon: { kind: "absolute", value: 1e-6 } } } },
  {
    name: "js, absolute epsilon",
    plan: { axes: [axis(12)], scheme: { weno: "js", epsilon: { kind: "absolute", value: 1e-4 } } },
  },
  ...(["glf", "godunov"] as const).flatMap((hamiltonianFlux) => [
    { name: `${hamiltonianFlux}, 2-D`, plan: { axes: [axis(7), axis(8, "exit")], scheme: { hamiltonianFlux } } },
    {
      name: `${hamiltonianFlux}, q = 1.5, 2-D`,
      plan: { axes: [axis(7), axis(8)], exponent: 1.5, scheme: { hamiltonianFlux } },
    },
    {
      name: `${hamiltonianFlux}, drift field, 2-D`,
      plan: { axes: [axis(7), axis(8, "open")], drift: [wave, otherWave], scheme: { hamiltonianFlux } },
    },
  ]),
  {
    name: "unequal cells, no diffusion",
    plan: {
      axes: [
        { n: 9, from: -2, to: 3 },
        { n: 7, to: 0.1, lower: "exit" },
      ],
      nu: 0,
    },
  },
  { name: "strong diffusion", plan: { axes: [axis(12, "exit")], nu: 10 } },
];

export const cases: readonly Case[] = [...onLine, ...inSpace, ...variations];

/** Numbers on the exit walls of a problem. */
export function wallsOf(d: Discretisation, value: () => number): Walls {
  return d.boundaries.map(({ lower, upper }, a) => {
    const length = d.grid.points / d.grid.shape[a]!;
    const numbers = (kind: BoundaryKind): Float64Array | undefined =>
      kind === "exit" ? Float64Array.from({ length }, value) : undefined;
    return { lower: numbers(lower.kind), upper: numbers(upper.kind) };
  });
}

/** A problem with rough data: u up to 1, m from 0.5 to 1.5. */
export function roughData(
  plan: Plan,
  seed: number,
): { d: Discretisation; u: Float64Array; m: Float64Array; walls: Walls } {
  const d = discretisationOf(plan);
  const random = randomNumbers(seed);
  const field = (): Float64Array => Float64Array.from({ length: d.grid.points }, () => random());
  return { d, u: field(), m: field().map((value) => value + 0.5), walls: wallsOf(d, random) };
}

/** New arrays of the layout `Faces`. */
export function emptyFaces(d: Discretisation): Float64Array[] {
  return d.grid.shape.map((n) => new Float64Array((d.grid.points / n) * (n + 1)));
}

/** Largest |a - b| in units of the largest |b|. */
export function relative(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let scale = 1e-300;
  let most = 0;
  for (let i = 0; i < b.length; i++) {
    scale = Math.max(scale, Math.abs(b[i]!));
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
  }
  return most / scale;
}
