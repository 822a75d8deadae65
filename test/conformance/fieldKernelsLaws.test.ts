/** What the field kernels must obey whatever the formulas: mass, sign, exact solutions, order. */
import { describe, expect, test } from "vitest";
import type { BoundaryKind } from "../../src/problem/types.ts";
import { diffusionRadius, rklStages } from "../../src/scheme/diffusion.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import type { Walls } from "../../src/tiers/host/fieldKernels.ts";
import { discretisationOf, randomNumbers, sampled, sum, worst, type Plan } from "../scheme/fixtures.ts";
import { facesOfAxis } from "./bruteForce.ts";
import { emptyFaces, makers, wallsOf } from "./cases.ts";

const TAU = 2 * Math.PI;

/** Mass (in cells) that time-integrated fluxes have carried out of the box. */
function outflowOf(d: Discretisation, flux: readonly Float64Array[]): number {
  let total = 0;
  d.grid.shape.forEach((_, axis) => {
    for (const face of facesOfAxis(d, axis)) {
      const through = flux[axis]![face.at[0]!]! / d.grid.spacing[axis]!;
      if (face.left < 0) total -= through;
      if (face.right < 0) total += through;
    }
  });
  return total;
}

const noWalls = (d: Discretisation): Walls => wallsOf(d, () => 0);

const profiles: Readonly<Record<string, (x: readonly number[]) => number>> = {
  box: (x) => (x.every((v) => v > 0.3 && v < 0.6) ? 1 : 0),
  spike: (x) => (x.every((v) => v > 0.45 && v < 0.51) ? 1 : 0),
  "spike at the wall": (x) => (x.every((v) => v < 0.055) ? 1 : 0),
  // Falls through the whole range of numbers, those below the normal range included.
  "thin Gaussian": (x) => Math.exp(-900 * x.reduce((s, v) => s + (v - 0.02) ** 2, 0)),
};

const kinds: readonly BoundaryKind[] = ["periodic", "reflecting", "open", "exit"];
const boxes: readonly (Plan & { name: string })[] = [
  ...kinds.map((lower) => ({ name: lower, axes: [{ n: 20, lower }] })),
  {
    name: "exit x reflecting",
    axes: [
      { n: 20, lower: "exit", upper: "reflecting" },
      { n: 20, lower: "reflecting" },
    ],
  },
];

describe.each(makers)("laws of the field kernels of $name", ({ make }) => {
  describe.each(boxes)("$name", (plan) => {
    describe.each([0, 1e-3, 0.1, 10])("nu = %s", (nu) => {
      test.each(Object.keys(profiles))("%s: every density step keeps mass + outflow and sign", (profile) => {
        const d = discretisationOf({ ...plan, nu });
        const kernels = make(d);
        // A kink that drives apart in the middle, and a wave.
        const u = sampled(d, (x) => x.reduce((s, v) => s - Math.abs(v - 0.5) + 0.2 * Math.sin(TAU * v), 0));
        const walls = noWalls(d);
        const dimension = d.grid.shape.length;
        const speed = 2 * Math.max(1, ...d.grid.spacing.map(() => 2.3));
        const tau = 0.9 / d.grid.spacing.reduce((s, h) => s + speed / h, 0);
        const start = sampled(d, profiles[profile]!);
        const steps: readonly ((m: Float64Array, flux: Float64Array[]) => void)[] = [
          (m, flux) => {
            const out = new Float64Array(m.length);
            kernels.densityStage({
              m: m.slice(),
              u,
              walls,
              tau,
              diffusion: false,
              frozen: undefined,
              out,
              flux,
              fluxWeight: 1,
            });
            m.set(out);
          },
          (m, flux) => {
            const explicit = 1 / (1 / tau + d.grid.spacing.reduce((s, h) => s + (6 * nu) / h ** 2, 0));
            const out = new Float64Array(m.length);
            kernels.densityStage({
              m: m.slice(),
              u,
              walls,
              tau: explicit,
              diffusion: true,
              frozen: undefined,
              out,
              flux,
              fluxWeight: 1,
            });
            m.set(out);
          },
          ...(nu > 0
            ? [
                (m: Float64Array, flux: Float64Array[]): void => {
                  for (let axis = 0; axis < dimension; axis++) {
                    const stages = rklStages(tau, diffusionRadius(nu, d.grid.spacing[axis]!, 6, d.boundaries[axis]!));
                    kernels.diffuseDensity({
                      m,
                      axis,
                      tau,
                      stages,
                      balance: undefined,
                      flux: flux[axis]!,
                      fluxWeight: 1,
                    });
                  }
                },
              ]
            : []),
          (m, flux) => {
            for (let axis = 0; axis < dimension; axis++)
              kernels.implicitDensity(m, u, axis, 10 * tau, walls, flux[axis]);
          },
        ];
        for (const step of steps) {
          const m = start.slice();
          const flux = emptyFaces(d);
          for (let k = 0; k < 12; k++) {
            step(m, flux);
            expect(Math.min(...m)).toBeGreaterThanOrEqual(0);
          }
          expect(Math.abs(sum(m) + outflowOf(d, flux) - sum(start)) / sum(start)).toBeLessThan(4e-15);
          // Something must have happened; a drift towards the wall may leave a spike there alone.
          const moved = nu === 0 || profile === "spike at the wall" ? 1 : worst(m, start);
          expect(moved).toBeGreaterThan(1e-4);
        }
      });
    });
  });

  test.each([
    [{ axes: [{ n: 24, lower: "reflecting" }], nu: 0.1 }],
    [{ axes: [{ n: 24 }], nu: 0.02 }],
    [{ axes: [{ n: 9, lower: "reflecting" }, { n: 24 }], nu: 0.1 }],
    [{ axes: [{ n: 9 }, { n: 8, lower: "open" }, { n: 7 }], nu: 0.5 }],
  ] as const satisfies readonly [Plan][])("implicitDensity preserves e^(-u/nu) (%j)", (plan) => {
    const d = discretisationOf(plan);
    const u = sampled(d, (x) => 0.3 * x.reduce((s, v, a) => s + Math.cos(TAU * v + a), 0));
    const density = u.map((value) => Math.exp(-value / d.nu));
    for (const tau of [1e-3, 1, 1e3]) {
      for (let axis = 0; axis < d.grid.shape.length; axis++) {
        const m = density.slice();
        make(d).implicitDensity(m, u, axis, tau, noWalls(d), undefined);
        const error = Math.max(...m.map((value, i) => Math.abs(value / density[i]! - 1)));
        // At tau = 1000 the rounding of the fluxes, 1e-16 of nu m/h, adds up over the line.
        expect(error).toBeLessThan(tau > 1 ? 1e-12 : 1e-14);
      }
    }
  });

  test.each(["periodic", "reflecting", "exit"] as const)(
    "implicitDensity, %s: no sign is lost between 1e-300 and 1",
    (lower) => {
      const random = randomNumbers(44);
      for (let trial = 0; trial < 100; trial++) {
        const n = 30 + Math.floor(40 * random());
        const d = discretisationOf({ axes: [{ n, lower }], nu: 10 ** (-9 + 11 * random()) });
        const [wave, roughness] = [10 ** (-4 + 5 * random()), 10 ** (-6 + 5 * random())];
        const u = sampled(d, ([x]) => wave * Math.sin(TAU * x!) + roughness * random());
        const m = Float64Array.from({ length: n }, () => (random() < 0.9 ? 0 : 10 ** (-300 * random() ** 2)));
        make(d).implicitDensity(m, u, 0, 10 ** (-8 + 12 * random()), noWalls(d), undefined);
        expect(Math.min(...m)).toBeGreaterThanOrEqual(0);
      }
    },
  );

  test.each(["periodic", "reflecting"] as const)(
    "implicitDensity, %s: mass stays to the last digit over many long steps",
    (lower) => {
      const d = discretisationOf({ axes: [{ n: 500, lower }], nu: 10 });
      const u = sampled(d, ([x]) => 0.3 * Math.sin(3 * TAU * x!));
      const m = sampled(d, ([x]) => Math.exp(-100 * (x! - 0.4) ** 2) + 1e-3);
      const mass = sum(m);
      // Without its refinement the direct solve loses some 4e-15 here.
      for (let k = 0; k < 20; k++) make(d).implicitDensity(m, u, 0, 1, noWalls(d), undefined);
      expect(Math.abs(sum(m) / mass - 1)).toBeLessThan(1e-15);
    },
  );

  test.each(["periodic", "reflecting"] as const)(
    "one explicit stage is of fifth order on smooth data, and limits nothing (%s)",
    (lower) => {
      const error = (n: number): number => {
        const d = discretisationOf({ axes: [{ n, lower }], nu: 0.05 });
        const k = lower === "periodic" ? TAU : Math.PI;
        const u = sampled(d, ([x]) => 0.2 * Math.cos(k * x!));
        const m = sampled(d, ([x]) => 1 + 0.5 * Math.cos(k * x!));
        const out = new Float64Array(n);
        const tau = 1e-4 / n;
        const limited = make(d).densityStage({
          m,
          u,
          walls: noWalls(d),
          tau,
          diffusion: true,
          frozen: undefined,
          out,
          flux: undefined,
          fluxWeight: 1,
        });
        expect(limited).toBe(0);
        // (m u_x)_x + nu m_xx
        const exact = sampled(d, ([x]) => {
          const [c, s] = [Math.cos(k * x!), Math.sin(k * x!)];
          return 0.1 * k * k * s * s - 0.2 * k * k * c * (1 + 0.5 * c) - 0.025 * k * k * c;
        });
        return worst(
          out.map((value, i) => (value - m[i]!) / tau),
          exact,
        );
      };
      const [coarse, fine] = [error(24), error(48)];
      expect(Math.log2(coarse / fine)).toBeGreaterThan(4.6);
    },
  );

  test("between exits a sine decays as it must, and what is lost has passed the walls", () => {
    const error = (n: number): number => {
      const d = discretisationOf({ axes: [{ n, lower: "exit" }], nu: 0.1 });
      const m = sampled(d, ([x]) => Math.sin(Math.PI * x!));
      const flux = emptyFaces(d)[0]!;
      const tau = 0.02;
      const stages = rklStages(tau / 8, diffusionRadius(0.1, 1 / n, 6, d.boundaries[0]!)) + 4;
      for (let k = 0; k < 8; k++)
        make(d).diffuseDensity({ m, axis: 0, tau: tau / 8, stages, balance: undefined, flux, fluxWeight: 1 });
      const decay = Math.exp(-0.1 * Math.PI ** 2 * tau);
      const passed = (1 - decay) / Math.PI;
      expect(flux[n]!).toBeCloseTo(passed, 4);
      expect(flux[0]!).toBeCloseTo(-passed, 4);
      return worst(
        m,
        sampled(d, ([x]) => decay * Math.sin(Math.PI * x!)),
      );
    };
    expect(Math.log2(error(16) / error(32))).toBeGreaterThan(3);
  });
});
