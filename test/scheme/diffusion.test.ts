import { describe, expect, test } from "vitest";
import type { BoundaryKind } from "../../src/problem/types.ts";
import { densityGhostRule, fillGhosts, valueGhostRule, type GhostRule } from "../../src/scheme/boundary.ts";
import {
  diffusionRadius,
  faceSlope2,
  faceSlope4,
  faceSlope6,
  laplacian2,
  laplacian4,
  laplacian6,
  rkl1,
  rkl2,
  rklStages,
  type LaplacianOrder,
  type LegendreCoefficients,
} from "../../src/scheme/diffusion.ts";
import { randomNumbers, worst } from "./fixtures.ts";

const laplacians = { 2: laplacian2, 4: laplacian4, 6: laplacian6 };
const slopes = { 2: faceSlope2, 4: faceSlope4, 6: faceSlope6 };
const orders = [2, 4, 6] as const;

describe.each(orders)("Laplacian of order %s", (order) => {
  test("exact on polynomials up to degree order + 1", () => {
    const h = 0.5;
    for (let degree = 0; degree <= order + 1; degree++) {
      const line = Float64Array.from({ length: 7 }, (_, i) => ((i - 3) * h + 1) ** degree);
      expect(laplacians[order](line, 3, h)).toBeCloseTo(degree * (degree - 1), 10);
    }
  });

  test("is the divergence of its face slope", () => {
    const random = randomNumbers(2);
    const h = 0.3;
    for (let trial = 0; trial < 20; trial++) {
      const line = Float64Array.from({ length: 9 }, () => random());
      const divergence = (slopes[order](line, 5, h) - slopes[order](line, 4, h)) / h;
      expect(laplacians[order](line, 4, h)).toBeCloseTo(divergence, 10);
    }
  });

  test("its weights are those of the textbook", () => {
    const table = {
      2: [0, 0, 1, -2, 1, 0, 0],
      4: [0, -1, 16, -30, 16, -1, 0].map((w) => w / 12),
      6: [2, -27, 270, -490, 270, -27, 2].map((w) => w / 180),
    };
    table[order].forEach((weight, j) => {
      const line = new Float64Array(7);
      line[j] = 1;
      expect(laplacians[order](line, 3, 1)).toBeCloseTo(weight, 14);
    });
  });

  const kinds: readonly BoundaryKind[] = ["periodic", "reflecting", "open", "exit"];
  test.each(kinds)("no eigenvalue on a line with %s walls exceeds the spectral radius", (kind) => {
    const rules: readonly GhostRule[] = [valueGhostRule[kind], densityGhostRule[kind]];
    for (const rule of rules) {
      const radius = diffusionRadius(1, 1, order, {
        lower: { kind, exitValue: undefined },
        upper: { kind, exitValue: undefined },
      });
      for (const n of [7, 16, 33]) expect(powerIteration(order, n, rule)).toBeLessThan(radius * (1 + 1e-3));
    }
  });
});

/** Growth per application of Lap (h = 1, homogeneous walls): the modulus of its largest eigenvalue. */
function powerIteration(order: LaplacianOrder, n: number, rule: GhostRule): number {
  const random = randomNumbers(7);
  const line = new Float64Array(n + 6);
  for (let i = 0; i < n; i++) line[i + 3] = random() - 0.5;
  let logarithm = 0;
  const [warmUp, counted] = [600, 400];
  for (let k = 0; k < warmUp + counted; k++) {
    fillGhosts(line, n, rule, rule);
    const next = Float64Array.from({ length: n }, (_, i) => laplacians[order](line, i + 3, 1));
    const size = Math.hypot(...next);
    if (k >= warmUp) logarithm += Math.log(size);
    next.forEach((value, i) => (line[i + 3] = value / size));
  }
  return Math.exp(logarithm / counted);
}

/** The stability polynomial: the scheme applied to y' = z y over a step of 1. */
function amplification(c: LegendreCoefficients, z: number): number {
  let before = 1;
  let state = 1 + c.first * z;
  for (let j = 2; j <= c.stages; j++) {
    const next =
      c.mu[j]! * state +
      c.nu[j]! * before +
      (1 - c.mu[j]! - c.nu[j]!) +
      c.muTilde[j]! * z * state +
      c.gammaTilde[j]! * z;
    before = state;
    state = next;
  }
  return state;
}

/** a + b P_s(1 + w z) with the Legendre polynomial P_s: what the recurrence adds up to. */
function legendrePolynomial(stages: number, x: number): number {
  let before = 1;
  let value = x;
  for (let j = 2; j <= stages; j++) [before, value] = [value, ((2 * j - 1) * x * value - (j - 1) * before) / j];
  return value;
}

describe.each([3, 5, 9, 31])("Runge-Kutta-Legendre, %s stages", (s) => {
  test("RKL2 is a + b P_s(1 + w z), RKL1 is P_s(1 + w z)", () => {
    const b = (s * s + s - 2) / (2 * s * (s + 1));
    for (let z = 0; z >= -(s * s + s - 2) / 2; z -= 0.37) {
      const second = 1 - b + b * legendrePolynomial(s, 1 + (4 * z) / (s * s + s - 2));
      expect(amplification(rkl2(s), z)).toBeCloseTo(second, 11);
      expect(amplification(rkl1(s), z)).toBeCloseTo(legendrePolynomial(s, 1 + (2 * z) / (s * s + s)), 11);
    }
  });

  test("second order, and stable up to the stated limit but not beyond", () => {
    const z = 1e-3;
    expect(Math.abs(amplification(rkl2(s), -z) - Math.exp(-z))).toBeLessThan(z ** 3);
    expect(Math.abs(amplification(rkl1(s), -z) - Math.exp(-z))).toBeLessThan(z ** 2);
    const limit = (s * s + s - 2) / 2;
    for (let x = 0; x <= limit; x += limit / 500) {
      expect(Math.abs(amplification(rkl2(s), -x))).toBeLessThanOrEqual(1 + 1e-12);
    }
    expect(Math.abs(amplification(rkl2(s), -1.5 * limit))).toBeGreaterThan(1);
  });

  test.each([rkl2, rkl1])("every stage of y' = 1 stands at its abscissa (%o)", (make) => {
    const c = make(s);
    let before = 0;
    let state = c.first;
    expect(state).toBeCloseTo(c.abscissa[1]!, 14);
    for (let j = 2; j <= s; j++) {
      const next = c.mu[j]! * state + c.nu[j]! * before + c.muTilde[j]! + c.gammaTilde[j]!;
      before = state;
      state = next;
      expect(state).toBeCloseTo(c.abscissa[j]!, 13);
    }
    expect(c.abscissa[s]).toBe(1);
  });
});

test("the number of stages is odd, at least 3, sufficient, and not two too many", () => {
  expect(rklStages(0, 1)).toBe(3);
  for (let product = 0.1; product < 1e6; product *= 1.37) {
    const s = rklStages(product, 1);
    expect(s % 2).toBe(1);
    expect(product).toBeLessThanOrEqual((s * s + s - 2) / 2);
    const fewer = s > 3 ? s - 2 : 0;
    expect(product).toBeGreaterThan((fewer * fewer + fewer - 2) / 2);
  }
});

test("Lap6 by first differences does not see a large mean", () => {
  const ripple = Float64Array.from({ length: 7 }, (_, i) => Math.fround(0.1 * Math.sin(i)) / 1024);
  const raised = ripple.map((value) => value + 1024);
  // The sum is rounded to 2^-43; the stencil must add nothing to that.
  expect(Math.abs(laplacian6(raised, 3, 1) - laplacian6(ripple, 3, 1))).toBeLessThan(6 * 2 ** -42);
  expect(laplacian6(new Float64Array(7).fill(1e300), 3, 1)).toBe(0);
  expect(worst([0], [laplacian4(new Float64Array(7).fill(1e300), 3, 1)])).toBe(0);
});
