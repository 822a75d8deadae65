/** The field kernels know no axis, no direction and no box by name. */
import { describe, expect, test } from "vitest";
import type { BoundaryKind } from "../../src/problem/types.ts";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import type { Walls } from "../../src/tiers/host/fieldKernels.ts";
import { discretisationOf, indicesOf, randomNumbers, type Plan } from "../scheme/fixtures.ts";
import { emptyFaces, makers, relative, roughData, wallsOf } from "./cases.ts";

const noWalls = (d: Discretisation): Walls => wallsOf(d, () => 0);

describe.each(makers)("symmetries of the field kernels of $name", ({ make }) => {
  test("permuting the axes permutes every result", () => {
    const axes = [
      { n: 7, lower: "exit" },
      { n: 8, to: 1.3 },
      { n: 9, lower: "reflecting", upper: "open" },
    ] as const;
    const order = [2, 0, 1];
    for (const exponent of [2, 3]) {
      const { d, u, m, walls } = roughData({ axes, exponent }, 41);
      const there = discretisationOf({ axes: order.map((a) => axes[a]!), exponent });
      const turned = (field: Float64Array): Float64Array =>
        Float64Array.from({ length: field.length }, (_, node) => {
          const indices = indicesOf(there, node);
          return field[order.reduce((s, a, k) => s + indices[k]! * d.grid.stride[a]!, 0)]!;
        });
      // Lines along axis 0 are numbered by the axes (1, 2); after the turn, where it is axis 1, by (2, 1).
      const turnedWall = (wall: Float64Array): Float64Array =>
        Float64Array.from({ length: wall.length }, (_, l) => wall[(l % 8) * 9 + Math.floor(l / 8)]!);
      const thereWalls = order.map((a) => ({
        lower: walls[a]!.lower && turnedWall(walls[a]!.lower),
        upper: walls[a]!.upper && turnedWall(walls[a]!.upper),
      }));
      const results = (
        on: Discretisation,
        value: Float64Array,
        density: Float64Array,
        w: Walls,
        which: readonly number[],
      ): Float64Array[] => {
        const k = make(on);
        const rate = new Float64Array(value.length);
        const fastest = k.hamiltonian(value, w, true, rate);
        const out = new Float64Array(value.length);
        k.densityStage({
          m: density,
          u: value,
          walls: w,
          tau: 1e-3,
          diffusion: true,
          frozen: undefined,
          out,
          flux: undefined,
          fluxWeight: 1,
        });
        const perAxis = which.flatMap((axis) => {
          const diffused = value.slice();
          k.diffuseValue(diffused, axis, 0.02, 5, value, w, w);
          const blended = density.slice();
          k.diffuseDensity({
            m: blended,
            axis,
            tau: 0.02,
            stages: 5,
            balance: undefined,
            flux: undefined,
            fluxWeight: 1,
          });
          const implicit = density.slice();
          k.implicitDensity(implicit, value, axis, 0.1, w, undefined);
          return [diffused, blended, implicit];
        });
        return [rate, out, ...perAxis, Float64Array.of(fastest, k.driftSpeed(value, w))];
      };
      const here = results(d, u, m, walls, [0, 1, 2]);
      const turnedResults = results(
        there,
        turned(u),
        turned(m),
        thereWalls,
        [0, 1, 2].map((a) => order.indexOf(a)),
      );
      here.forEach((result, r) => {
        const expected = result.length === 2 ? result : turned(result);
        expect(relative(turnedResults[r]!, expected)).toBeLessThan(1e-12);
      });
    }
  });

  test("mirroring an axis mirrors every result, and turns fluxes round", () => {
    const plan = (lower: BoundaryKind, upper: BoundaryKind): Plan => ({ axes: [{ n: 8 }, { n: 11, lower, upper }] });
    const { d, u, m, walls } = roughData(plan("exit", "open"), 42);
    const there = discretisationOf(plan("open", "exit"));
    const mirrored = (field: Float64Array): Float64Array => {
      const out = new Float64Array(field.length);
      for (let i = 0; i < 8; i++) for (let j = 0; j < 11; j++) out[i * 11 + j] = field[i * 11 + 10 - j]!;
      return out;
    };
    const mirroredFaces = (faces: Float64Array): Float64Array =>
      Float64Array.from({ length: faces.length }, (_, at) => -faces[at - (at % 12) + 11 - (at % 12)]!);
    const results = (on: Discretisation, value: Float64Array, density: Float64Array, w: Walls) => {
      const k = make(on);
      const rate = new Float64Array(88);
      k.hamiltonian(value, w, true, rate);
      const out = new Float64Array(88);
      const flux = emptyFaces(on);
      k.densityStage({
        m: density,
        u: value,
        walls: w,
        tau: 2e-3,
        diffusion: true,
        frozen: undefined,
        out,
        flux,
        fluxWeight: 1,
      });
      const blended = density.slice();
      const passed = emptyFaces(on)[1]!;
      k.diffuseDensity({ m: blended, axis: 1, tau: 0.05, stages: 7, balance: undefined, flux: passed, fluxWeight: 1 });
      const implicit = density.slice();
      k.implicitDensity(implicit, value, 1, 0.1, w, passed);
      return { fields: [rate, out, blended, implicit], faces: [flux[1]!, passed] };
    };
    const here = results(d, u, m, walls);
    const other = results(there, mirrored(u), mirrored(m), [
      walls[0]!,
      { lower: walls[1]!.upper, upper: walls[1]!.lower },
    ]);
    here.fields.forEach((field, r) => expect(relative(other.fields[r]!, mirrored(field))).toBeLessThan(1e-12));
    here.faces.forEach((faces, r) => expect(relative(other.faces[r]!, mirroredFaces(faces))).toBeLessThan(1e-12));
  });

  test("between reflecting walls everything is half of an even periodic problem", () => {
    const n = 12;
    const half = discretisationOf({ axes: [{ n, lower: "reflecting" }], nu: 0.05 });
    const whole = discretisationOf({ axes: [{ n: 2 * n, to: 2 }], nu: 0.05 });
    const doubled = (field: Float64Array): Float64Array =>
      Float64Array.from({ length: 2 * n }, (_, i) => field[i < n ? i : 2 * n - 1 - i]!);
    const random = randomNumbers(43);
    const u = Float64Array.from({ length: n }, () => random());
    const m = Float64Array.from({ length: n }, () => random() + 0.5);
    const results = (d: Discretisation, value: Float64Array, density: Float64Array): Float64Array[] => {
      const k = make(d);
      const w = noWalls(d);
      const rate = new Float64Array(value.length);
      k.hamiltonian(value, w, true, rate);
      const out = new Float64Array(value.length);
      k.densityStage({
        m: density,
        u: value,
        walls: w,
        tau: 1e-3,
        diffusion: true,
        frozen: undefined,
        out,
        flux: undefined,
        fluxWeight: 1,
      });
      const diffused = value.slice();
      k.diffuseValue(diffused, 0, 0.1, 7, undefined, w, w);
      const blended = density.slice();
      k.diffuseDensity({
        m: blended,
        axis: 0,
        tau: 0.1,
        stages: 7,
        balance: undefined,
        flux: undefined,
        fluxWeight: 1,
      });
      const implicit = density.slice();
      k.implicitDensity(implicit, value, 0, 0.1, w, undefined);
      return [rate, out, diffused, blended, implicit];
    };
    const periodic = results(whole, doubled(u), doubled(m));
    results(half, u, m).forEach((result, r) => expect(relative(periodic[r]!, doubled(result))).toBeLessThan(1e-13));
  });
});
