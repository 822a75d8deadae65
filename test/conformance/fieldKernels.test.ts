/** The field kernels of the value function, against formulas worked out a second time. */
import { describe, expect, test } from "vitest";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import type { Walls } from "../../src/tiers/host/fieldKernels.ts";
import { discretisationOf, randomNumbers, sampled, worst } from "../scheme/fixtures.ts";
import { diffusionAt, faceDriftAt, facesOfAxis, lineThrough, meanSlopeAt, slopesAt, speedAt } from "./bruteForce.ts";
import { legendreStep } from "./bruteForceSteps.ts";
import { cases, makers, relative, roughData, wallsOf } from "./cases.ts";

/** Rough data amplify rounding: a slope divides by h, the weights by what is left of cancelling differences. */
const tolerance = 1e-11;

const everyNode = <T>(d: Discretisation, f: (node: number) => T): T[] =>
  Array.from({ length: d.grid.points }, (_, node) => f(node));

/** Largest |H_p| along each axis over the box of slopes: at a corner, at 0 or where another component vanishes. */
function alphaBySearch(d: Discretisation, node: number, minus: readonly number[], plus: readonly number[]): number[] {
  const alpha = minus.map(() => 0);
  const search = (p: readonly number[]): void => {
    const a = p.length;
    if (a === minus.length) {
      speedAt(d, node, p).forEach((value, k) => (alpha[k] = Math.max(alpha[k]!, Math.abs(value))));
      return;
    }
    const ends = [minus[a]!, plus[a]!];
    if (ends[0]! * ends[1]! < 0) ends.push(0);
    ends.forEach((value) => search([...p, value]));
  };
  search([]);
  return alpha;
}

function textbookHamiltonian(d: Discretisation, node: number, p: readonly number[]): number {
  const { control, exponent, drift } = d.hamiltonian;
  const along = p.reduce((s, v, a) => s + v * (drift?.[a]?.[node] ?? 0), 0);
  return (control / exponent) * Math.hypot(...p) ** exponent + along;
}

function godunovBySearch(d: Discretisation, node: number, minus: readonly number[], plus: readonly number[]): number {
  const search = (p: readonly number[]): number => {
    const a = p.length;
    if (a === minus.length) return textbookHamiltonian(d, node, p);
    const values = [minus[a]!, plus[a]!];
    const lowest = -(d.hamiltonian.drift?.[a]?.[node] ?? 0) / d.hamiltonian.control;
    if ((lowest - values[0]!) * (lowest - values[1]!) < 0) values.push(lowest);
    const found = values.map((value) => search([...p, value]));
    return minus[a]! <= plus[a]! ? Math.min(...found) : Math.max(...found);
  };
  return search([]);
}

/** -Hhat at all nodes, and the largest sum of alpha/h. */
function expectedHamiltonian(d: Discretisation, u: Float64Array, walls: Walls): { rate: number[]; fastest: number } {
  const flux = d.scheme.hamiltonianFlux;
  const slopes = everyNode(d, (node) => slopesAt(d, u, walls, node));
  const local = slopes.map(({ minus, plus }, node) => alphaBySearch(d, node, minus, plus));
  const global = d.grid.shape.map((_, a) => Math.max(...local.map((alpha) => alpha[a]!)));
  const alphas = flux === "glf" ? local.map(() => global) : local;
  const rate = slopes.map(({ minus, plus }, node) => {
    if (flux === "godunov") return -godunovBySearch(d, node, minus, plus);
    const mean = minus.map((p, a) => (p + plus[a]!) / 2);
    const dissipated = minus.reduce((s, p, a) => s + (alphas[node]![a]! * (plus[a]! - p)) / 2, 0);
    return dissipated - textbookHamiltonian(d, node, mean);
  });
  const fastest = Math.max(...alphas.map((alpha) => alpha.reduce((s, value, a) => s + value / d.grid.spacing[a]!, 0)));
  return { rate, fastest };
}

describe.each(makers)("field kernels of $name: the value function", ({ make }) => {
  describe.each(cases)("$name", ({ plan }) => {
    const { d, u, walls } = roughData(plan, 21);
    const kernels = make(d);

    test("hamiltonian: adds -Hhat and returns the largest sum of alpha/h", () => {
      const { rate, fastest } = expectedHamiltonian(d, u, walls);
      const out = new Float64Array(d.grid.points).fill(3);
      const returned = kernels.hamiltonian(u, walls, false, out);
      expect(
        relative(
          out,
          rate.map((value) => value + 3),
        ),
      ).toBeLessThan(tolerance);
      expect(returned / fastest).toBeCloseTo(1, 11);
    });

    test("hamiltonian: adds nu Lap6 where diffusion is asked for", () => {
      const { rate } = expectedHamiltonian(d, u, walls);
      const out = new Float64Array(d.grid.points);
      kernels.hamiltonian(u, walls, true, out);
      const expected = rate.map((value, node) =>
        d.grid.shape.reduce((s, _, axis) => s + diffusionAt(d, u, walls, axis, node), value),
      );
      expect(relative(out, expected)).toBeLessThan(tolerance);
    });

    test("driftSpeed heeds node and faces, runningCost is that of the mean slope", () => {
      const means = everyNode(d, (node) => meanSlopeAt(d, u, walls, node));
      const leaving = d.grid.shape.map((_, axis) => {
        const out = new Float64Array(d.grid.points);
        for (const face of facesOfAxis(d, axis)) {
          const b = faceDriftAt(d, u, walls, face);
          const donor = b > 0 ? face.left : face.right;
          if (donor >= 0) out[donor] = out[donor]! + Math.abs(b);
        }
        return out;
      });
      const speeds = means.map((p, node) =>
        speedAt(d, node, p).reduce(
          (s, value, a) => s + Math.max(Math.abs(value), leaving[a]![node]!) / d.grid.spacing[a]!,
          0,
        ),
      );
      expect(kernels.driftSpeed(u, walls) / Math.max(...speeds)).toBeCloseTo(1, 11);
      const cost = new Float64Array(d.grid.points);
      kernels.runningCost(u, walls, cost);
      const expected = means.map((p, node) => {
        const work = speedAt(d, node, p).reduce((s, value, a) => s + value * p[a]!, 0);
        return work - textbookHamiltonian(d, node, p);
      });
      expect(relative(cost, expected)).toBeLessThan(tolerance);
    });

    test.each([3, 7])("diffuseValue: RKL2 with %s stages, source and moving walls", (stages) => {
      const random = randomNumbers(31);
      const source = Float64Array.from({ length: d.grid.points }, () => random());
      const end = wallsOf(d, random);
      const start = u.slice();
      d.grid.shape.forEach((n, axis) => {
        const tau = (0.05 * (stages * stages + stages - 2) * d.grid.spacing[axis]! ** 2) / Math.max(d.nu, 1e-3);
        for (const given of [undefined, source]) {
          const advanced = start.slice();
          kernels.diffuseValue(advanced, axis, tau, stages, given, walls, end);
          const expected = new Float64Array(d.grid.points);
          for (let node = 0; node < d.grid.points; node++) {
            const { i, nodes } = lineThrough(d, axis, node);
            if (i !== 0) continue;
            // The time is the last entry of the state, so that walls may depend on it.
            const rate = (state: readonly number[]): number[] => {
              const field = start.slice();
              nodes.forEach((k, j) => (field[k] = state[j]!));
              const between = walls.map((wall, a) => ({
                lower: wall.lower?.map((w, l) => w + state[n]! * (end[a]!.lower![l]! - w)),
                upper: wall.upper?.map((w, l) => w + state[n]! * (end[a]!.upper![l]! - w)),
              }));
              return [...nodes.map((k) => diffusionAt(d, field, between, axis, k) + (given?.[k] ?? 0)), 1 / tau];
            };
            const after = legendreStep(rate, [...nodes.map((k) => start[k]!), 0], tau, stages);
            nodes.forEach((k, j) => (expected[k] = after[j]!));
          }
          expect(relative(advanced, expected)).toBeLessThan(tolerance);
        }
      });
    });
  });

  test("walls and a source that rise alike carry a constant exactly: stages stand at their own times", () => {
    const d = discretisationOf({ axes: [{ n: 9, lower: "exit" }], nu: 1 });
    const at = (w: number): Walls => wallsOf(d, () => w);
    const u = new Float64Array(9).fill(2);
    make(d).diffuseValue(u, 0, 0.3, 31, new Float64Array(9).fill(10), at(2), at(5));
    expect(worst(u, new Float64Array(9).fill(5))).toBeLessThan(1e-12);
  });

  test.each(["reflecting", "open", "exit"] as const)("Hhat and Lap6 converge on smooth data, %s walls", (kind) => {
    // Even about the walls for the mirror; nothing special for the others. Cubic ghosts leave Lap6 at second order there.
    const f = (x: number): number => (kind === "reflecting" ? Math.cos(Math.PI * x) : Math.exp(0.7 * x));
    const slope = (x: number): number =>
      kind === "reflecting" ? -Math.PI * Math.sin(Math.PI * x) : 0.7 * Math.exp(0.7 * x);
    const error = (n: number): number => {
      const d = discretisationOf({ axes: [{ n, lower: kind }] });
      const walls = [
        {
          lower: d.boundaries[0]!.lower.exitValue && Float64Array.of(f(0)),
          upper: d.boundaries[0]!.upper.exitValue && Float64Array.of(f(1)),
        },
      ];
      const rate = new Float64Array(n);
      make(d).hamiltonian(
        sampled(d, ([x]) => f(x!)),
        walls,
        false,
        rate,
      );
      return worst(
        rate,
        sampled(d, ([x]) => -(slope(x!) ** 2) / 2),
      );
    };
    const order = Math.log2(error(32) / error(64));
    expect(order).toBeGreaterThan(kind === "reflecting" ? 4.7 : 2.8);
  });

  test("a value that is not finite spoils its stencil and nothing else", () => {
    const d = discretisationOf({ axes: [{ n: 12 }] });
    const u = new Float64Array(12);
    u[5] = Number.NaN;
    const rate = new Float64Array(12);
    make(d).hamiltonian(
      u,
      wallsOf(d, () => 0),
      true,
      rate,
    );
    expect(Array.from(rate, Number.isNaN)).toEqual(Array.from(rate, (_, i) => Math.abs(i - 5) <= 3));
  });
});
