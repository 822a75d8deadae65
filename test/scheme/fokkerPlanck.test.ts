import { describe, expect, test } from "vitest";
import {
  bernoulli,
  changCooperWeight,
  crossingSpeed,
  fluxExitLower,
  fluxExitUpper,
  fluxScharfetterGummel,
  fluxUpwind,
  fluxWeno,
  splitSpeed,
} from "../../src/scheme/fokkerPlanck.ts";
import { randomNumbers } from "./fixtures.ts";

describe("Bernoulli function", () => {
  test("B(0) = 1, B(-z) = z + B(z), B(-z) = e^z B(z), to round-off over the whole range", () => {
    expect(bernoulli(0)).toBe(1);
    for (let z = 1e-12; z < 600; z *= 1.21) {
      expect(Math.abs(bernoulli(-z) / (z + bernoulli(z)) - 1)).toBeLessThan(1e-15);
      expect(Math.abs((bernoulli(z) * Math.exp(z)) / bernoulli(-z) - 1)).toBeLessThan(1e-15);
    }
    expect(bernoulli(1000)).toBe(0);
    expect(bernoulli(-1000)).toBe(1000);
    // (13.1) of any table: 1/(e - 1).
    expect(bernoulli(1)).toBeCloseTo(0.5819767068693265, 15);
  });
});

describe("two-point fluxes", () => {
  const random = randomNumbers(3);

  test("Scharfetter-Gummel is Chang-Cooper", () => {
    for (let trial = 0; trial < 500; trial++) {
      const [nu, h, b] = [10 ** (2 - 5 * random()), 10 ** (-3 * random()), 20 * random() - 10];
      const [left, right] = [random(), random()];
      const delta = changCooperWeight((b * h) / nu);
      const flux = b * ((1 - delta) * left + delta * right) - (nu * (right - left)) / h;
      const scale = Math.abs(b) + nu / h;
      expect(Math.abs(fluxScharfetterGummel(nu, h, b, left, right) - flux) / scale).toBeLessThan(3e-14);
    }
  });

  test("the flux of e^(-u/nu) vanishes to round-off", () => {
    for (let trial = 0; trial < 500; trial++) {
      const [nu, h] = [10 ** (1 - 3 * random()), 0.01];
      const step = 60 * nu * (random() - 0.5);
      // The density itself is only known to the rounding of its exponent.
      const flux = fluxScharfetterGummel(nu, h, -step / h, 1, Math.exp(-step / nu));
      expect(Math.abs(flux) / crossingSpeed(nu, h, -step / h)).toBeLessThan(1e-15 + (2.3e-16 * Math.abs(step)) / nu);
    }
  });

  test("the limits: upwind as nu falls to 0, diffusion as b does", () => {
    for (const b of [-3, -1e-9, 0, 2e-5, 7]) {
      for (const nu of [0, 1e-300, 1e-12 * Math.abs(b)]) {
        expect(fluxScharfetterGummel(nu, 0.1, b, 2, 5)).toBeCloseTo(fluxUpwind(b, 2, 5), 13);
      }
    }
    expect(fluxScharfetterGummel(0.3, 0.1, 0, 2, 5)).toBeCloseTo((-0.3 * 3) / 0.1, 12);
    expect(fluxUpwind(2, 3, 5)).toBe(6);
    expect(fluxUpwind(-2, 3, 5)).toBe(-10);
  });

  test("crossing speeds are finite and not negative, and differ by b", () => {
    for (let trial = 0; trial < 2000; trial++) {
      const nu = random() < 0.1 ? 0 : 10 ** (20 * random() - 15);
      const h = 10 ** (-6 * random());
      const b = 10 ** (12 * random() - 6);
      const [along, against] = [crossingSpeed(nu, h, b), crossingSpeed(nu, h, -b)];
      expect(along).toBeGreaterThanOrEqual(b * (1 - 1e-15));
      expect(against).toBeGreaterThanOrEqual(0);
      expect(Math.abs(along - against - b)).toBeLessThanOrEqual(6e-16 * (along + against));
    }
  });

  test("at an exit mass only leaves, by the flux over the half cell to m = 0", () => {
    for (const nu of [0, 0.01, 1]) {
      for (const b of [-5, 0, 5]) {
        expect(fluxExitLower(nu, 0.1, b, 2)).toBeLessThanOrEqual(0);
        expect(fluxExitUpper(nu, 0.1, b, 2)).toBeGreaterThanOrEqual(0);
        expect(fluxExitUpper(nu, 0.1, b, 2)).toBeCloseTo(fluxScharfetterGummel(nu, 0.05, b, 2, 0), 13);
        expect(fluxExitLower(nu, 0.1, b, 2)).toBeCloseTo(fluxScharfetterGummel(nu, 0.05, b, 0, 2), 13);
      }
    }
    expect(fluxExitUpper(1, 0.1, 0, 2)).toBeCloseTo(2 * 2 * 10, 12);
  });
});

describe("WENO flux", () => {
  const epsilon = { kind: "scaled", value: 1e-6 } as const;

  test("a constant drift and density give b m, whatever alpha", () => {
    const density = new Float64Array(6).fill(2);
    const product = density.map((m) => -3 * m);
    for (const alpha of [3, 10]) expect(fluxWeno("z", epsilon, product, density, alpha, 3)).toBeCloseTo(-6, 14);
  });

  test("its divergence is (b m)' to fifth order", () => {
    const error = (n: number): number => {
      const h = 1 / n;
      const b = (x: number): number => Math.sin(2 * Math.PI * x) + 0.3;
      const m = (x: number): number => 1 + 0.5 * Math.cos(2 * Math.PI * x + 1);
      const exact = (x: number): number =>
        2 * Math.PI * (Math.cos(2 * Math.PI * x) * m(x) - 0.5 * b(x) * Math.sin(2 * Math.PI * x + 1));
      let most = 0;
      for (let i = 0; i < n; i++) {
        const density = Float64Array.from({ length: 7 }, (_, j) => m((i + j - 3) * h));
        const product = density.map((value, j) => value * b((i + j - 3) * h));
        const flux = (face: number): number => fluxWeno("z", epsilon, product, density, 1.3, face);
        most = Math.max(most, Math.abs((flux(4) - flux(3)) / h - exact(i * h)));
      }
      return most;
    };
    expect(Math.log2(error(64) / error(128))).toBeGreaterThan(4.8);
  });

  test("mirrored data give the mirrored flux", () => {
    const random = randomNumbers(4);
    const density = Float64Array.from({ length: 6 }, () => random());
    const drift = Float64Array.from({ length: 6 }, () => random() - 0.5);
    const product = density.map((m, i) => m * drift[i]!);
    const flux = fluxWeno("js", epsilon, product, density, 0.5, 3);
    const mirrored = fluxWeno(
      "js",
      epsilon,
      product.toReversed().map((f) => -f),
      density.toReversed(),
      0.5,
      3,
    );
    expect(mirrored).toBeCloseTo(-flux, 15);
  });

  test("alpha is the largest |b| of the face's six nodes that exist", () => {
    const drift = Float64Array.of(1, -2, 3, -4, 5, -6, 7, -8, 9);
    expect(splitSpeed(drift, 9, false, 4)).toBe(7);
    expect(splitSpeed(drift, 9, false, 0)).toBe(3);
    expect(splitSpeed(drift, 9, false, 1)).toBe(4);
    expect(splitSpeed(drift, 9, false, 9)).toBe(9);
    expect(splitSpeed(drift, 9, true, 0)).toBe(9);
    expect(splitSpeed(drift, 9, true, 9)).toBe(9);
    expect(
      splitSpeed(
        drift.map((b, i) => (i === 8 ? 0 : b)),
        9,
        true,
        1,
      ),
    ).toBe(8);
  });
});
