import { describe, expect, test } from "vitest";
import type { DiscreteHamiltonian } from "../../src/scheme/discretisation.ts";
import {
  dissipation,
  faceDrift,
  godunov,
  hamiltonian,
  hamiltonianSlope,
  laxFriedrichs,
  runningCost,
} from "../../src/scheme/hamiltonian.ts";
import { randomNumbers } from "./fixtures.ts";

const make = (exponent: number, dimension: number, drift?: readonly number[]): DiscreteHamiltonian => ({
  kind: exponent === 2 ? "quadratic" : "power",
  control: 0.7,
  exponent,
  drift: drift?.map((b) => Float64Array.of(b)),
  separable: exponent === 2 || dimension === 1,
});

const cases = [1, 2, 3].flatMap((dimension) => [
  ...[1.3, 2, 3.5].map((q) => ({ name: `q = ${q}, ${dimension}-D`, h: make(q, dimension), dimension })),
  { name: `drift, ${dimension}-D`, h: make(2, dimension, [0.4, -1.1, 2].slice(0, dimension)), dimension },
]);

/** An independent H: the formula of the problem, nothing shared. */
const textbook = (h: DiscreteHamiltonian, p: readonly number[]): number =>
  (h.control / h.exponent) * Math.hypot(...p) ** h.exponent +
  p.reduce((s, v, a) => s + v * (h.drift?.[a]?.[0] ?? 0), 0);

/** Points of [a, b] with the ends, and 0 and the minimum -b/c where they lie inside. */
const points = (a: number, b: number, special: readonly number[], count: number): number[] => [
  ...Array.from({ length: count + 1 }, (_, k) => a + ((b - a) * k) / count),
  ...special.filter((s) => s > a && s < b),
];

describe.each(cases)("$name", ({ h, dimension }) => {
  const random = randomNumbers(11);
  const vector = (): number[] => Array.from({ length: dimension }, () => 4 * random() - 2);
  const slopeOf = (p: readonly number[]): Float64Array => {
    const out = new Float64Array(dimension);
    hamiltonianSlope(h, 0, p, out);
    return out;
  };

  test("H, H_p and L", () => {
    for (let trial = 0; trial < 50; trial++) {
      const p = vector();
      expect(hamiltonian(h, 0, p)).toBeCloseTo(textbook(h, p), 12);
      const slope = slopeOf(p);
      p.forEach((_, a) => {
        const moved = (by: number): number =>
          textbook(
            h,
            p.map((v, j) => (j === a ? v + by : v)),
          );
        expect(slope[a]!).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
      });
      const work = p.reduce((s, v, a) => s + v * slope[a]!, 0);
      expect(runningCost(h, p)).toBeCloseTo(work - textbook(h, p), 11);
      const across = p.slice(1).reduce((s, v) => s + v * v, 0);
      expect(faceDrift(h, p[0]!, across, h.drift?.[0]?.[0] ?? 0)).toBeCloseTo(-slope[0]!, 12);
    }
  });

  test("nothing blows up at p = 0", () => {
    const zero = new Array<number>(dimension).fill(0);
    expect([...slopeOf(zero)]).toEqual(zero.map((_, a) => h.drift?.[a]?.[0] ?? 0));
    expect(hamiltonian(h, 0, zero)).toBe(0);
    const alpha = new Float64Array(dimension);
    dissipation(h, 0, zero, zero, alpha);
    alpha.forEach((value, a) => expect(value).toBe(Math.abs(h.drift?.[a]?.[0] ?? 0)));
  });

  test("the dissipation is the largest |H_p| over the box of slopes, found by search", () => {
    const alpha = new Float64Array(dimension);
    for (let trial = 0; trial < 8; trial++) {
      const minus = vector();
      const plus = vector();
      dissipation(h, 0, minus, plus, alpha);
      const largest = new Float64Array(dimension);
      const search = (p: number[]): void => {
        if (p.length === dimension) {
          slopeOf(p).forEach((value, a) => (largest[a] = Math.max(largest[a]!, Math.abs(value))));
          return;
        }
        const a = p.length;
        const [low, high] = [Math.min(minus[a]!, plus[a]!), Math.max(minus[a]!, plus[a]!)];
        for (const value of points(low, high, [0], 12)) search([...p, value]);
      };
      search([]);
      alpha.forEach((value, a) => expect(value).toBeCloseTo(largest[a]!, 12));
    }
  });

  test("Godunov is the nested extremum over the slopes, found by search", () => {
    for (let trial = 0; trial < 10; trial++) {
      const minus = vector();
      const plus = vector();
      const search = (p: number[]): number => {
        if (p.length === dimension) return textbook(h, p);
        const a = p.length;
        const lowest = -(h.drift?.[a]?.[0] ?? 0) / h.control;
        const [low, high] = [Math.min(minus[a]!, plus[a]!), Math.max(minus[a]!, plus[a]!)];
        const values = points(low, high, [lowest], 12).map((value) => search([...p, value]));
        return minus[a]! <= plus[a]! ? Math.min(...values) : Math.max(...values);
      };
      expect(godunov(h, 0, minus, plus)).toBeCloseTo(search([]), 12);
    }
  });

  test("numerical Hamiltonians are consistent, and rise with p-, fall with p+", () => {
    const alpha = new Float64Array(dimension);
    for (let trial = 0; trial < 50; trial++) {
      const p = vector();
      dissipation(h, 0, p, p, alpha);
      expect(laxFriedrichs(h, 0, p, p, alpha)).toBeCloseTo(textbook(h, p), 12);
      expect(godunov(h, 0, p, p)).toBeCloseTo(textbook(h, p), 12);
      const minus = vector();
      const plus = vector();
      const a = trial % dimension;
      const raised = (v: readonly number[], by: number): number[] => v.map((x, j) => (j === a ? x + by : x));
      expect(godunov(h, 0, raised(minus, 0.3), plus)).toBeGreaterThanOrEqual(godunov(h, 0, minus, plus) - 1e-13);
      expect(godunov(h, 0, minus, raised(plus, 0.3))).toBeLessThanOrEqual(godunov(h, 0, minus, plus) + 1e-13);
      // With one alpha for all slopes in play (GLF) Lax-Friedrichs is monotone too; below q = 2 its largest |H_p| is not
      // where all slopes are largest.
      if (h.exponent < 2 && dimension > 1) continue;
      const everywhere = vector().map(() => 3);
      dissipation(
        h,
        0,
        everywhere.map((v) => -v),
        everywhere,
        alpha,
      );
      const reference = laxFriedrichs(h, 0, minus, plus, alpha);
      expect(laxFriedrichs(h, 0, raised(minus, 0.3), plus, alpha)).toBeGreaterThanOrEqual(reference - 1e-13);
      expect(laxFriedrichs(h, 0, minus, raised(plus, 0.3), alpha)).toBeLessThanOrEqual(reference + 1e-13);
    }
  });
});

test("|p|^2/2 by Godunov is max(pos(p-)^2, neg(p+)^2)/2", () => {
  const h: DiscreteHamiltonian = { kind: "quadratic", control: 1, exponent: 2, drift: undefined, separable: true };
  const random = randomNumbers(5);
  for (let trial = 0; trial < 100; trial++) {
    const [minus, plus] = [2 * random() - 1, 2 * random() - 1];
    const formula = Math.max(Math.max(minus, 0) ** 2, Math.min(plus, 0) ** 2) / 2;
    expect(godunov(h, 0, [minus], [plus])).toBeCloseTo(formula, 15);
  }
});
