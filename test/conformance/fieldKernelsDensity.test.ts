/** The field kernels of the density, against formulas worked out a second time. */
import { describe, expect, test } from "vitest";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import type { Walls } from "../../src/tiers/host/fieldKernels.ts";
import { randomNumbers, sum, worst } from "../scheme/fixtures.ts";
import {
  diffusiveFlux6,
  faceDriftAt,
  facesOfAxis,
  highFlux,
  lowFlux,
  meanSlopeAt,
  speedAt,
  type Face,
} from "./bruteForce.ts";
import { denseSolve, legendreStep, limitedFluxes, transported } from "./bruteForceSteps.ts";
import { cases, emptyFaces, makers, relative, roughData } from "./cases.ts";

const tolerance = 1e-11;

/** b = -H_p at the nodes, one field per axis. */
function nodeDrift(d: Discretisation, u: Float64Array, walls: Walls): Float64Array[] {
  const drift = d.grid.shape.map(() => new Float64Array(d.grid.points));
  for (let node = 0; node < d.grid.points; node++) {
    speedAt(d, node, meanSlopeAt(d, u, walls, node)).forEach((value, a) => (drift[a]![node] = -value));
  }
  return drift;
}

/** Fluxes by face, into the layout of `Faces`. */
function laidOut(d: Discretisation, faces: readonly Face[], flux: readonly number[]): Float64Array[] {
  const out = emptyFaces(d);
  faces.forEach((face, f) => face.at.forEach((at) => (out[face.axis]![at] = flux[f]!)));
  return out;
}

const hasExitOn = (d: Discretisation, axis: number): boolean =>
  d.boundaries[axis]!.lower.kind === "exit" || d.boundaries[axis]!.upper.kind === "exit";

/** A density with empty stretches and jumps. */
function boxProfile(d: Discretisation): Float64Array {
  const random = randomNumbers(5);
  return Float64Array.from({ length: d.grid.points }, (_, i) => (i % 11 < 5 ? 0 : 1 + random()));
}

describe.each(makers)("field kernels of $name: the density", ({ make }) => {
  describe.each(cases)("$name", ({ plan }) => {
    const { d, u, m, walls } = roughData(plan, 22);
    const kernels = make(d);
    const allFaces = d.grid.shape.flatMap((_, axis) => facesOfAxis(d, axis));
    const drift = nodeDrift(d, u, walls);
    const faceDrift = allFaces.map((face) => faceDriftAt(d, u, walls, face));
    // A step that the explicit Euler stage survives with any of its fluxes.
    const rate = Math.max(
      ...d.grid.spacing.map((h) => 8 * d.nu * h ** -2 + (4 * Math.max(...faceDrift.map(Math.abs))) / h),
    );
    const tau = 1 / (d.grid.shape.length * rate);
    const random = randomNumbers(23);
    const frozen = d.grid.shape.map((n, axis) =>
      hasExitOn(d, axis)
        ? laidOut(
            d,
            allFaces,
            allFaces.map((face) => (face.closed ? 0 : 0.1 * random())),
          )[axis]!
        : new Float64Array(0),
    );

    /** One Euler stage in full. */
    const expectedStage = (density: Float64Array, diffusion: boolean, balanced: boolean) => {
      const low = allFaces.map((face, f) => {
        if (balanced && frozen[face.axis]!.length > 0) return 0;
        return lowFlux(d, density, faceDrift[f]!, face, diffusion ? d.nu : 0);
      });
      const high = allFaces.map((face) => {
        const advective = highFlux(d, density, drift[face.axis]!, face);
        const held = balanced ? (frozen[face.axis]![face.at[0]!] ?? 0) : 0;
        return advective - held - (diffusion ? diffusiveFlux6(d, density, face) : 0);
      });
      const lowDensity = transported(d, density, allFaces, low, tau);
      const antidiffusive = high.map((value, f) => value - low[f]!);
      const { flux, limited } = limitedFluxes(d, lowDensity, allFaces, antidiffusive, tau);
      return {
        out: transported(d, lowDensity, allFaces, flux, tau),
        flux: low.map((value, f) => value + flux[f]!),
        limited,
      };
    };

    test.each([
      { form: "explicit mode", diffusion: true, balanced: false },
      { form: "advection", diffusion: false, balanced: false },
      { form: "balanced advection", diffusion: false, balanced: true },
    ])("densityStage, $form", ({ diffusion, balanced }) => {
      for (const density of [m, boxProfile(d)]) {
        const expected = expectedStage(density, diffusion, balanced);
        const out = new Float64Array(d.grid.points).fill(Number.NaN);
        const flux = emptyFaces(d).map((faces) => faces.fill(0.5));
        const limited = kernels.densityStage({
          m: density.slice(),
          u,
          walls,
          tau,
          diffusion,
          frozen: balanced ? frozen : undefined,
          out,
          flux,
          fluxWeight: 0.25,
        });
        expect(relative(out, expected.out)).toBeLessThan(tolerance);
        laidOut(d, allFaces, expected.flux).forEach((faces, axis) => {
          expect(
            relative(
              flux[axis]!,
              faces.map((value) => 0.5 + 0.25 * tau * value),
            ),
          ).toBeLessThan(tolerance);
        });
        // Where a box profile is 0, rounding decides whether a flux of 1e-17 counts as limited.
        expect(density === m ? limited : 0).toBe(density === m ? expected.limited : 0);
        expect(Math.min(...out)).toBeGreaterThanOrEqual(0);
      }
    });

    test("densityStage leaves fluxes alone that nobody asks for", () => {
      const expected = expectedStage(m, false, false);
      for (const flux of [undefined, d.grid.shape.map(() => new Float64Array(0))]) {
        const out = new Float64Array(d.grid.points);
        kernels.densityStage({
          m,
          u,
          walls,
          tau,
          diffusion: false,
          frozen: undefined,
          out,
          flux,
          fluxWeight: 1,
        });
        expect(relative(out, expected.out)).toBeLessThan(tolerance);
      }
    });

    test("advectiveFlux writes the axes with an exit", () => {
      const out = emptyFaces(d).map((faces) => faces.fill(7));
      kernels.advectiveFlux(m, u, walls, out);
      const expected = laidOut(
        d,
        allFaces,
        allFaces.map((face) => highFlux(d, m, drift[face.axis]!, face)),
      );
      out.forEach((faces, axis) => {
        const untouched = new Float64Array(faces.length).fill(7);
        expect(relative(faces, hasExitOn(d, axis) ? expected[axis]! : untouched)).toBeLessThan(tolerance);
      });
    });

    describe.each(d.grid.shape.map((_, axis) => axis))("axis %s", (axis) => {
      const faces = facesOfAxis(d, axis);
      const h = d.grid.spacing[axis]!;
      const drifts = faces.map((face) => faceDriftAt(d, u, walls, face));

      /** Y_s and the time-integrated fluxes of Y' = -div J(Y): the fluxes ride along in the state. */
      const diffused = (
        density: Float64Array,
        fluxes: (field: Float64Array) => number[],
        step: number,
        stages: number,
      ): { out: Float64Array; flux: number[] } => {
        const points = d.grid.points;
        // A constant flux Q makes the rate affine; a last entry 1 makes it linear.
        const constant = fluxes(new Float64Array(points));
        const state = legendreStep(
          (y) => {
            const one = y.at(-1)!;
            const field = Float64Array.from(y.slice(0, points));
            const rates = fluxes(field).map((value, f) => value - constant[f]! + constant[f]! * one);
            const change = transported(d, new Float64Array(points), faces, rates, 1);
            return [...change, ...rates, 0];
          },
          [...density, ...constant.map(() => 0), 1],
          step,
          stages,
        );
        return { out: Float64Array.from(state.slice(0, points)), flux: state.slice(points, -1) };
      };

      const expectedDiffusion = (density: Float64Array, step: number, stages: number, balanced: boolean) => {
        const held = (face: Face): number => (balanced ? frozen[axis]![face.at[0]!]! : 0);
        const high = diffused(
          density,
          (y) => faces.map((face) => held(face) - diffusiveFlux6(d, y, face)),
          step,
          stages,
        );
        const upwind = faces.map((face, f) => (balanced ? step * lowFlux(d, density, drifts[f]!, face, 0) : 0));
        const begun = transported(d, density, faces, upwind, 1);
        const lowDiffusive = (y: ArrayLike<number>): number[] => faces.map((face) => lowFlux(d, y, 0, face, d.nu));
        const low = diffused(begun, lowDiffusive, step, stages);
        const implicit = denseSolve(
          (x) =>
            transported(
              d,
              x,
              faces,
              lowDiffusive(x).map((value) => -value),
              step,
            ),
          begun,
        );
        const implicitFlux = lowDiffusive(implicit).map((value) => step * value);
        const lowOut = low.out.slice();
        const lowFluxes = faces.map((face, f) => {
          // A line with a negative entry is done again as a whole.
          const redone = face.nodes.some((node) => low.out[node]! < 0);
          if (redone) face.nodes.forEach((node) => (lowOut[node] = implicit[node]!));
          return upwind[f]! + (redone ? implicitFlux[f]! : low.flux[f]!);
        });
        const antidiffusive = high.flux.map((value, f) => value - lowFluxes[f]!);
        const { flux, limited } = limitedFluxes(d, lowOut, faces, antidiffusive, 1);
        return {
          out: transported(d, lowOut, faces, flux, 1),
          flux: lowFluxes.map((value, f) => value + flux[f]!),
          limited,
          redone: low.out.some((value) => value < 0),
        };
      };

      const forms = [
        { stages: 3, balanced: false },
        { stages: 5, balanced: true },
      ].filter(({ balanced }) => !balanced || hasExitOn(d, axis));
      test.each(forms)("diffuseDensity, $stages stages, balanced: $balanced", ({ stages, balanced }) => {
        // The upwind start of a balanced step is explicit.
        const stable = (0.9 * (stages * stages + stages - 2) * h * h) / (2 * 6.62 * Math.max(d.nu, 1e-3));
        const step = balanced ? Math.min(stable, h / (4 * Math.max(1e-3, ...drifts.map(Math.abs)))) : stable;
        const expected = expectedDiffusion(m, step, stages, balanced);
        const density = m.slice();
        const flux = emptyFaces(d)[axis]!.fill(0.5);
        const balance = balanced ? { frozen: frozen[axis]!, u, walls } : undefined;
        const limited = kernels.diffuseDensity({
          m: density,
          axis,
          tau: step,
          stages,
          balance,
          flux,
          fluxWeight: -0.5,
        });
        expect(relative(density, expected.out)).toBeLessThan(tolerance);
        const fluxes = laidOut(d, faces, expected.flux)[axis]!;
        expect(
          relative(
            flux,
            fluxes.map((value) => 0.5 - 0.5 * value),
          ),
        ).toBeLessThan(tolerance);
        expect(limited).toBe(expected.limited);
      });

      test("implicitDensity solves the dense system, keeps mass and sign, and hands out its fluxes", () => {
        const step = 10 * tau;
        const fluxesOf = (y: ArrayLike<number>): number[] =>
          faces.map((face, f) => lowFlux(d, y, drifts[f]!, face, d.nu));
        for (const density of [m, boxProfile(d)]) {
          const expected = denseSolve(
            (x) =>
              transported(
                d,
                x,
                faces,
                fluxesOf(x).map((v) => -v),
                step,
              ),
            density,
          );
          const out = density.slice();
          const flux = emptyFaces(d)[axis]!.fill(0.5);
          kernels.implicitDensity(out, u, axis, step, walls, flux);
          expect(relative(out, expected)).toBeLessThan(tolerance);
          expect(Math.min(...out)).toBeGreaterThanOrEqual(0);
          const passed = flux.map((value) => value - 0.5);
          const expectedFlux = laidOut(
            d,
            faces,
            fluxesOf(expected).map((value) => step * value),
          )[axis]!;
          expect(worst(passed, expectedFlux)).toBeLessThan(tolerance * Math.max(1, ...expectedFlux.map(Math.abs)));
        }
      });
    });

    test("correctDensity limits on all axes together and hands back what it let through", () => {
      // Some cells are left with too little for what their faces ask.
      const density = boxProfile(d).map((value) => value + 0.05);
      const asked = allFaces.map((face) => (face.closed ? 0 : 0.4 * d.grid.spacing[face.axis]! * (random() - 0.5)));
      const { flux, limited } = limitedFluxes(d, density, allFaces, asked, 1);
      const antidiffusive = laidOut(d, allFaces, asked);
      const out = density.slice();
      const returned = kernels.correctDensity(out, antidiffusive);
      expect(returned).toBe(limited);
      expect(limited).toBeGreaterThan(0);
      expect(relative(out, transported(d, density, allFaces, flux, 1))).toBeLessThan(tolerance);
      laidOut(d, allFaces, flux).forEach((faces, axis) => {
        expect(relative(antidiffusive[axis]!, faces)).toBeLessThan(tolerance);
      });
      expect(Math.min(...out)).toBeGreaterThanOrEqual(0);
      const outflow = allFaces.reduce((s, face, f) => {
        const through = flux[f]! / d.grid.spacing[face.axis]!;
        return s + (face.left < 0 ? -through : face.right < 0 ? through : 0);
      }, 0);
      expect(Math.abs(sum(out) + outflow - sum(density)) / sum(density)).toBeLessThan(1e-15 * 8);
    });
  });
});
