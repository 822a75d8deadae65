/** T29: the exact solutions E7 with exits and mixed walls (docs/numerics.md section 9.10). */
import { describe, expect, test } from "vitest";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve } from "../../src/solver/solve.ts";
import { errorsOf, lastOrder, meanOrder } from "../support/exact.ts";
import { type ExitKind, exitWave } from "../support/oracles.ts";
import { onEachTier } from "../support/solveTiers.ts";

interface Study {
  readonly value: number[];
  readonly density: number[];
  readonly limited: number[];
}

/** Errors of u(0) and m(T) over a row of grids; every run keeps mass + outflow and the sign. */
async function study(
  kind: ExitKind,
  game: { readonly nu?: number; readonly kappa: number },
  sizes: readonly number[],
  options: SolveOptions,
  stepsOf: (n: number) => number = (n) => n,
): Promise<Study> {
  const found: Study = { value: [], density: [], limited: [] };
  for (const n of sizes) {
    const exact = exitWave(kind, game);
    const result = await solve(exact.problem, { grid: n, steps: stepsOf(n), tolerance: 1e-10, ...options });
    const { record } = result;
    expect(record.stopReason).toBe("tolerance");
    for (const { massDrift, minDensity } of record.history) {
      expect(massDrift).toBeLessThanOrEqual(1e-12);
      expect(minDensity).toBeGreaterThanOrEqual(0);
    }
    const errors = errorsOf(result, exact);
    found.value.push(errors.firstValue);
    found.density.push(errors.lastDensity);
    found.limited.push(record.limitedCells);
  }
  return found;
}

const couplings = [
  { coupling: "f = 0", kappa: 0 },
  { coupling: "target coupling", kappa: 1 },
];
const lines = (["exits", "mixed"] as const).flatMap((kind) => couplings.map((c) => ({ kind, ...c })));

onEachTier((tier) => {
  describe("T29 in one dimension, nu = 0.05", () => {
    test.each(lines)("$kind, $coupling: explicit, order 3.5 or more in u", async ({ kind, kappa }) => {
      const { value, density } = await study(kind, { kappa }, [16, 32, 64, 128], { tier, splitting: "explicit" });
      expect(lastOrder(value)).toBeGreaterThanOrEqual(3.5);
      expect(meanOrder(value)).toBeGreaterThanOrEqual(3.5);
      expect(lastOrder(density)).toBeGreaterThanOrEqual(3.5);
    });

    test.each(lines)(
      "$kind, $coupling: default form, order 1.8 or more, and as good as section 5.2",
      async ({ kind, kappa }) => {
        const { value, density, limited } = await study(kind, { kappa }, [16, 32, 64, 128], { tier });
        expect(meanOrder(value)).toBeGreaterThanOrEqual(1.8);
        expect(meanOrder(density)).toBeGreaterThanOrEqual(1.8);
        // Section 5.2, f = 0, Richardson with balance at N = 128.
        expect(value.at(-1)).toBeLessThanOrEqual(9.9e-9);
        expect(density.at(-1)).toBeLessThanOrEqual(6.3e-8);
        expect(limited).toEqual([0, 0, 0, 0]);
      },
    );

    test.each(lines)("$kind, $coupling: fdm, order 1.8 or more where dt falls as h^2", async ({ kind, kappa }) => {
      const sizes = [16, 32, 64, 128];
      const { value, density } = await study(
        kind,
        { kappa },
        sizes,
        { tier, fokkerPlanck: "fdm" },
        (n) => (n * n) / 16,
      );
      expect(meanOrder(value)).toBeGreaterThanOrEqual(1.8);
      expect(meanOrder(density)).toBeGreaterThanOrEqual(1.8);
    });

    test.each([0.5, 5])(
      "strong noise, nu = %d: the default form converges at order 1.8 or more up to N = 256",
      async (nu) => {
        for (const kind of ["exits", "mixed"] as const) {
          const { value, density } = await study(kind, { kappa: 0, nu }, [32, 64, 128, 256], { tier });
          expect(meanOrder(value)).toBeGreaterThanOrEqual(1.8);
          expect(meanOrder(density)).toBeGreaterThanOrEqual(1.8);
        }
      },
    );
  });

  describe("T29 in two dimensions, exits x walls, nu = 0.05", () => {
    test.each(couplings)("$coupling: default form, order 1.8 or more", async ({ kappa }) => {
      const sizes = kappa === 0 ? [16, 32, 64] : [16, 32];
      const { value, density, limited } = await study("exits x walls", { kappa }, sizes, { tier });
      expect(meanOrder(value)).toBeGreaterThanOrEqual(1.8);
      expect(meanOrder(density)).toBeGreaterThanOrEqual(1.8);
      expect(limited).toEqual(sizes.map(() => 0));
    });

    test("explicit: order 3.5 or more in u", async () => {
      const { value } = await study("exits x walls", { kappa: 0 }, [16, 32], { tier, splitting: "explicit" });
      expect(lastOrder(value)).toBeGreaterThanOrEqual(3.5);
    });

    test.each(couplings)("$coupling: fdm, order 1.8 or more where dt falls as h^2", async ({ kappa }) => {
      const options = { tier, fokkerPlanck: "fdm", tolerance: 1e-8 } as const;
      const { value, density } = await study("exits x walls", { kappa }, [16, 32], options, (n) => (n * n) / 16);
      expect(meanOrder(value)).toBeGreaterThanOrEqual(1.8);
      expect(meanOrder(density)).toBeGreaterThanOrEqual(1.8);
    });
  });

  describe("T29 in two dimensions, exits on both axes, f = 0", () => {
    test.each([0.05, 0.5])("nu = %d: default form, order 2.5 or more, nothing limited", async (nu) => {
      const { value, density, limited } = await study("exits x exits", { kappa: 0, nu }, [16, 32, 64], { tier });
      expect(meanOrder(value)).toBeGreaterThanOrEqual(2.5);
      expect(meanOrder(density)).toBeGreaterThanOrEqual(2.5);
      expect(limited).toEqual([0, 0, 0]);
    });

    test("explicit: order 3.5 or more in u", async () => {
      const { value } = await study("exits x exits", { kappa: 0 }, [16, 32], { tier, splitting: "explicit" });
      expect(lastOrder(value)).toBeGreaterThanOrEqual(3.5);
    });

    test("fdm: order 1.8 or more where dt falls as h^2", async () => {
      const options = { tier, fokkerPlanck: "fdm" } as const;
      const { density } = await study("exits x exits", { kappa: 0 }, [16, 32], options, (n) => (n * n) / 16);
      expect(lastOrder(density)).toBeGreaterThanOrEqual(1.8);
    });
  });
});
