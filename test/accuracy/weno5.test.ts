import { describe, expect, test } from "vitest";
import type { Epsilon, WenoVariant } from "../../src/scheme/options.ts";
import { candidates, linearWeights, oneSidedDerivatives, weno5 } from "../../src/scheme/weno5.ts";
import { henrickMap } from "../../src/scheme/weno5.ts";
import type { Stencil7, ZPower } from "../../src/scheme/weno5.ts";
import type { DerivativeLayout } from "../../src/tiers/tier.ts";
import { kernelTiers } from "../support/kernelTiers.ts";

const sizes = [20, 40, 80, 160, 320, 640];

/** Henrick's test function, whose first derivative vanishes at places where the third does not. */
function slope(x: number): number {
  return Math.sin(Math.PI * x - Math.sin(Math.PI * x) / Math.PI);
}

/** Nodes and weights of the five-point Gauss rule on [-1, 1]. */
const gauss = [
  [0, 128 / 225],
  [Math.sqrt(5 - 2 * Math.sqrt(10 / 7)) / 3, (322 + 13 * Math.sqrt(70)) / 900],
  [-Math.sqrt(5 - 2 * Math.sqrt(10 / 7)) / 3, (322 + 13 * Math.sqrt(70)) / 900],
  [Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3, (322 - 13 * Math.sqrt(70)) / 900],
  [-Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3, (322 - 13 * Math.sqrt(70)) / 900],
] as const;

/** u with u_x = slope at x_i = -1 + i 2/n, from integrals over the cells in sixteen pieces each. */
function henrickSamples(n: number): Float64Array {
  const u = new Float64Array(n);
  const pieces = 16;
  const half = 1 / (n * pieces);
  for (let i = 1; i < n; i++) {
    let integral = 0;
    for (let k = 0; k < pieces; k++) {
      const middle = -1 + (2 * (i - 1)) / n + (2 * k + 1) * half;
      for (const [node, weight] of gauss) integral += weight * half * slope(middle + half * node);
    }
    u[i] = u[i - 1]! + integral;
  }
  return u;
}

function largestError(pMinus: ArrayLike<number>): number {
  const n = pMinus.length;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(pMinus[i]! - slope(-1 + (2 * i) / n)));
  return largest;
}

interface Row {
  readonly name: string;
  readonly variant: WenoVariant;
  readonly epsilon: number;
  readonly power: ZPower;
  readonly errors: readonly number[];
}

/** Largest errors of p- (docs/numerics.md section 9.5, after Henrick et al. 2005). */
const table: readonly Row[] = [
  {
    name: "JS 1e-40",
    variant: "js",
    epsilon: 1e-40,
    power: 2,
    errors: [1.74e-3, 6.29e-5, 2.03e-6, 1.04e-7, 5.9e-9, 3.67e-10],
  },
  {
    name: "JS 1e-6",
    variant: "js",
    epsilon: 1e-6,
    power: 2,
    errors: [1.74e-3, 6.29e-5, 2.02e-6, 9.51e-8, 3.21e-9, 6.47e-11],
  },
  {
    name: "M 1e-40",
    variant: "m",
    epsilon: 1e-40,
    power: 2,
    errors: [4.61e-4, 1.51e-5, 4.85e-7, 1.53e-8, 4.78e-10, 1.49e-11],
  },
  {
    name: "Z1 1e-40",
    variant: "z",
    epsilon: 1e-40,
    power: 1,
    errors: [4.47e-4, 1.51e-5, 4.85e-7, 1.53e-8, 4.78e-10, 1.49e-11],
  },
  {
    name: "Z2 1e-40",
    variant: "z",
    epsilon: 1e-40,
    power: 2,
    errors: [4.32e-4, 1.51e-5, 4.85e-7, 1.53e-8, 4.78e-10, 1.49e-11],
  },
];

function checkErrors(found: readonly number[], wanted: readonly number[]): void {
  for (const [k, error] of found.entries()) {
    expect(Math.abs(error / wanted[k]! - 1), `N = ${sizes[k]}: ${error}`).toBeLessThan(0.02);
  }
}

describe("T3: critical points, Henrick's function", () => {
  test.each(table)("the scheme, $name", ({ variant, epsilon, power, errors }) => {
    const found = sizes.map((n) => {
      const u = henrickSamples(n);
      const at = (i: number): Stencil7 =>
        [-3, -2, -1, 0, 1, 2, 3].map((k) => u[(i + k + n) % n]!) as unknown as Stencil7;
      const e: Epsilon = { kind: "absolute", value: epsilon };
      return largestError(Array.from({ length: n }, (_, i) => oneSidedDerivatives(variant, e, at(i), 2 / n, power)[0]));
    });
    checkErrors(found, errors);
  });

  describe.each(kernelTiers.filter((tier) => tier.precision === "f64"))("$name", (tier) => {
    test.each(table.filter((row) => row.power === 2))("$name", async ({ variant, epsilon, errors }) => {
      await using kernels = await tier.open();
      const found: number[] = [];
      for (const n of sizes) {
        const layout: DerivativeLayout = {
          shape: [n],
          axis: 0,
          spacing: 2 / n,
          lower: "periodic",
          upper: "periodic",
          variant,
          epsilon: { kind: "absolute", value: epsilon },
        };
        const pMinus = tier.array(n);
        await kernels.derivatives(henrickSamples(n), layout, pMinus, tier.array(n));
        found.push(largestError(pMinus));
      }
      checkErrors(found, errors);
    });
  });
});

describe("the scheme", () => {
  test("says what it is and cannot be changed", () => {
    const scheme = weno5("z", { kind: "scaled", value: 1e-6 });
    expect(scheme).toEqual({
      name: "weno5",
      variant: "z",
      order: 5,
      ghosts: 3,
      epsilon: { kind: "scaled", value: 1e-6 },
    });
    expect(Object.isFrozen(scheme) && Object.isFrozen(scheme.epsilon)).toBe(true);
  });

  test("Henrick's mapping at the spot values of the literature", () => {
    const spots = [
      [0.05, 0.0975],
      [0.1, 0.1],
      [0.2, 0.105882352941],
      [0.5, 0.256097560976],
    ] as const;
    for (const [w, g] of spots) expect(henrickMap(w, 0.1)).toBeCloseTo(g, 12);
  });

  test("linear weights combine the candidates to fifth order", () => {
    // Averages of x^4 over the cells [k, k + 1], reconstructed at 3.
    const mean = (k: number): number => ((k + 1) ** 5 - k ** 5) / 5;
    const q = candidates(mean(0), mean(1), mean(2), mean(3), mean(4));
    const combined = linearWeights[0] * q[0] + linearWeights[1] * q[1] + linearWeights[2] * q[2];
    expect(combined).toBeCloseTo(81, 10);
    expect(Math.abs(q[0] - 81)).toBeGreaterThan(0.1);
  });
});
