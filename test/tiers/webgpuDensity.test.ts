/** The density's operations on the GPU against those of the batched tier, one by one. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Discretisation } from "../../src/scheme/discretisation.ts";
import { batchedFieldKernels } from "../../src/tiers/batched/fieldKernels.ts";
import { exitAxes } from "../../src/tiers/host/pool.ts";
import { type Device, openDevice } from "../../src/tiers/webgpu/device.ts";
import type { Precision } from "../../src/tiers/tier.ts";
import { type Case, cases, emptyFaces, relative, roughData } from "../conformance/cases.ts";
import { randomNumbers, sum } from "../scheme/fixtures.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { type DensityRig, densityRig, firstLevel, withWalls } from "../support/webgpuDensity.ts";

/** Each wall, dimension, variant, epsilon and Hamiltonian once; structures that share pipelines stand together. */
const chosen = [
  "7 periodic periodic",
  "7 exit exit",
  "10 reflecting exit",
  "11 exit open",
  "drift field, 1-D",
  "z, absolute epsilon",
  "js",
  "q = 3, 1-D",
  "2-D periodic x reflecting",
  "2-D exits on both axes",
  "drift field, 2-D",
  "unequal cells, no diffusion",
  "m, 2-D",
  "q = 1.5, 2-D",
  "3-D reflecting x exit x periodic",
];

/**
 * Drifts and fluxes are f32 products of numbers that are exact to 2^-24 of their size: a few roundings, of which WENO weights
 * and RKL2 stages make some ten, and those of a density that nearly vanishes count against the largest of its line.
 */
const fluxTolerance = 3e-6;
/** A state takes fluxes up in steps of tau/h < 1, so that their rounding counts less. */
const stateTolerance = 1e-6;
/** The recurrence of RKL2 adds up the rounding of its stages. */
const diffusedTolerance = 3e-6;

/** A density with empty stretches and jumps, all its numbers f32: what is 0 is 0 in every precision. */
function boxProfile(d: Discretisation): Float64Array {
  const random = randomNumbers(5);
  return Float64Array.from({ length: d.grid.points }, (_, i) => (i % 11 < 5 ? 0 : Math.fround(1 + random())));
}

describe.skipIf(whyNoGpu !== undefined)("the density on the GPU", { timeout: 300_000 }, () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice(gpuPlace);
  }, 300_000);
  afterAll(() => device?.close(), 300_000);

  const wanted = cases.filter(({ name }) => chosen.includes(name));
  test("the cases are there", () => expect(wanted.map(({ name }) => name).toSorted()).toEqual(chosen.toSorted()));

  const everyCase = (precision: Precision, list: readonly Case[]): void => {
    describe.each(list)(`${precision}, $name`, ({ plan }) => {
      // A long horizon, so that every number of stages below can come up.
      const rough = roughData({ ...plan, horizon: 100 }, 22);
      const { u, m, walls } = rough;
      const d = withWalls(rough.d, walls);
      const host = batchedFieldKernels(d);
      const exits = exitAxes(d);
      const speed = host.driftSpeed(u, walls);
      // A step that the explicit Euler stage survives with any of its fluxes.
      const tau = 0.4 / (speed + 8 * d.nu * d.grid.spacing.reduce((s, h) => s + h ** -2, 0));
      const random = randomNumbers(23);
      const frozen = d.grid.shape.map((n, axis) => {
        const faces = emptyFaces(d)[axis]!;
        const { lower, upper } = d.boundaries[axis]!;
        return faces.map((_, i) => {
          const j = i % (n + 1);
          if ((j === 0 && lower.kind !== "exit") || (j === n && upper.kind !== "exit")) return 0;
          return 0.1 * random();
        });
      });
      /** Only the exit axes are frozen. */
      const frozenOfExits = frozen.map((faces, a) => (exits.includes(a) ? faces : new Float64Array(0)));
      let rig: DensityRig;

      beforeAll(async () => {
        rig = await densityRig(device, d, precision);
        rig.kernels.drift(await rig.state(u), firstLevel);
      }, 300_000);
      afterAll(() => rig?.close());

      const expectFaces = (actual: readonly Float64Array[], expected: readonly Float64Array[]): void => {
        expected.forEach((faces, a) => {
          if (faces.length > 0) expect(relative(actual[a]!, faces)).toBeLessThan(fluxTolerance);
        });
      };

      test("driftSpeed", async () => {
        const word = rig.kernels.driftSpeed();
        const collected = await rig.context.recorder.collect();
        expect(Math.abs(collected.float(word) / speed - 1)).toBeLessThan(fluxTolerance);
      });

      test.each([
        { form: "explicit mode", diffusion: true, balanced: false },
        { form: "advection", diffusion: false, balanced: false },
        { form: "balanced advection", diffusion: false, balanced: true },
      ])("densityStage, $form", async ({ diffusion, balanced }) => {
        if (balanced && rig.fields.frozen.bytes <= 4) return;
        if (balanced) await rig.writeFrozen(frozen);
        for (const density of [m, boxProfile(d)]) {
          const out = new Float64Array(d.grid.points);
          const flux = emptyFaces(d);
          const frozenFlux = balanced ? frozenOfExits : undefined;
          const stage = { m: density, u, walls, tau, diffusion, frozen: frozenFlux, out, flux, fluxWeight: 0.5 };
          const expected = host.densityStage(stage);
          const start = await rig.state(density);
          const first = await rig.state(new Float64Array(d.grid.points).fill(7));
          const limited = rig.context.recorder.words(1);
          rig.kernels.clearFlux();
          const step = { m: start, out: first, base: start, tau, diffusion, balanced, fluxWeight: 0.5 };
          rig.kernels.stage({ ...step, weight: 1, intoBase: false }, limited);
          const collected = await rig.context.recorder.collect();
          const state = await rig.read(first);
          expect(relative(state, out)).toBeLessThan(stateTolerance);
          expectFaces(await rig.readFaces(rig.fields.flux), flux);
          expect(Math.min(...state)).toBeGreaterThanOrEqual(0);
          // Where a box profile is 0, rounding decides whether a flux of 1e-9 counts as limited.
          expect(density === m ? collected.word(limited) : 0).toBe(density === m ? expected : 0);
          // What a stage of SSPRK3 makes of it, in place and in the base.
          const base = await rig.state(m);
          const again = await rig.state(density);
          rig.kernels.stage(
            { ...step, m: again, base, fluxWeight: 0, weight: 0.25, intoBase: true },
            rig.context.recorder.words(1),
          );
          rig.context.recorder.submit();
          const blended = m.map((value, i) => value + 0.25 * (out[i]! - value));
          expect(relative(await rig.read(base), blended)).toBeLessThan(stateTolerance);
        }
      });

      test("advectiveFlux", async () => {
        if (exits.length === 0 || rig.fields.frozen.bytes <= 4) return;
        const expected = emptyFaces(d);
        host.advectiveFlux(m, u, walls, expected);
        rig.kernels.freeze(await rig.state(m));
        rig.context.recorder.submit();
        const actual = await rig.readFrozen();
        for (const axis of exits) expect(relative(actual[axis]!, expected[axis]!)).toBeLessThan(fluxTolerance);
      });

      test.each([
        { stages: 3, balanced: false },
        { stages: 9, balanced: false },
        { stages: 5, balanced: true },
      ])("diffuseDensity, $stages stages, balanced: $balanced", async ({ stages, balanced }) => {
        if (d.nu === 0) return;
        if (balanced && exits.length > 0) await rig.writeFrozen(frozen);
        for (const axis of balanced ? exits : d.grid.shape.keys()) {
          const h = d.grid.spacing[axis]!;
          const stable = (0.9 * (stages * stages + stages - 2) * h * h) / (2 * 6.62 * d.nu);
          const step = balanced ? Math.min(stable, 0.25 / speed) : stable;
          for (const density of [m, boxProfile(d)]) {
            const out = density.slice();
            const flux = emptyFaces(d)[axis]!;
            const balance = balanced ? { frozen: frozen[axis]!, u, walls } : undefined;
            const expected = host.diffuseDensity({ m: out, axis, tau: step, stages, balance, flux, fluxWeight: -0.5 });
            const field = await rig.state(density);
            const limited = rig.context.recorder.words(2);
            rig.kernels.clearFlux();
            rig.kernels.diffuse({ m: field, axis, tau: step, stages, balanced, fluxWeight: -0.5 }, limited);
            const collected = await rig.context.recorder.collect();
            const state = await rig.read(field);
            const passed = (await rig.readFaces(rig.fields.flux))[axis]!;
            expect(Math.min(...state)).toBeGreaterThanOrEqual(0);
            // Where a box profile is 0, rounding decides which of the low-order steps a line takes.
            const smooth = density === m;
            expect(smooth ? relative(state, out) : 0).toBeLessThan(diffusedTolerance);
            expect(smooth ? relative(passed, flux) : 0).toBeLessThan(fluxTolerance);
            expect(smooth ? collected.word(limited) : 0).toBe(smooth ? expected : 0);
          }
        }
      });

      test("correctDensity", async () => {
        const density = boxProfile(d).map((value) => value + 0.0625);
        const asked = emptyFaces(d);
        asked.forEach((faces, a) => {
          const n = d.grid.shape[a]!;
          const { lower, upper } = d.boundaries[a]!;
          for (let i = 0; i < faces.length; i++) {
            const j = i % (n + 1);
            const shut = (j === 0 && lower.kind !== "exit") || (j === n && upper.kind !== "exit");
            faces[i] = shut ? 0 : Math.fround(0.4 * d.grid.spacing[a]! * (random() - 0.5));
          }
          if (lower.kind === "periodic") for (let i = 0; i < faces.length; i += n + 1) faces[i + n] = faces[i] = 0.125;
        });
        await rig.writeFaces(rig.fields.flux, asked);
        const out = density.slice();
        const expected = host.correctDensity(out, asked);
        const field = await rig.state(density);
        const limited = rig.context.recorder.words(1);
        rig.kernels.correct(field, await rig.state(density), limited);
        const collected = await rig.context.recorder.collect();
        const state = await rig.read(field);
        expect(relative(state, out)).toBeLessThan(stateTolerance);
        expect(Math.min(...state)).toBeGreaterThanOrEqual(0);
        expect(collected.word(limited)).toBe(expected);
        expect(expected).toBeGreaterThan(0);
        expectFaces(await rig.readFaces(rig.fields.antidiffusive), asked);
      });
    });
  };

  everyCase("compensated", wanted);
  everyCase(
    "f32",
    wanted.filter(({ name }) => ["10 reflecting exit", "2-D exits on both axes"].includes(name)),
  );

  describe.each(wanted.filter(({ name }) => !/weno|js|epsilon|m, 2-D/.test(name)))("fdm, $name", ({ plan }) => {
    test("implicitDensity keeps mass and sign, and hands out its fluxes", async () => {
      const rough = roughData({ ...plan, scheme: { ...plan.scheme, fokkerPlanck: "fdm" } }, 22);
      const { u, m, walls } = rough;
      const d = withWalls(rough.d, walls);
      const host = batchedFieldKernels(d);
      const rig = await densityRig(device, d, "compensated");
      rig.kernels.drift(await rig.state(u), firstLevel);
      for (const axis of d.grid.shape.keys()) {
        const step = 2 / (host.driftSpeed(u, walls) + 4 * d.nu * d.grid.spacing[axis]! ** -2);
        for (const density of [m, boxProfile(d)]) {
          const out = density.slice();
          const flux = emptyFaces(d)[axis]!;
          host.implicitDensity(out, u, axis, step, walls, flux);
          const field = await rig.state(density);
          const recorded = rig.fields.flux.bytes > 4;
          if (recorded) rig.kernels.clearFlux();
          rig.kernels.implicit(field, axis, step, recorded);
          rig.context.recorder.submit();
          const state = await rig.read(field);
          expect(relative(state, out)).toBeLessThan(stateTolerance);
          expect(Math.min(...state)).toBeGreaterThanOrEqual(0);
          const passed = recorded ? (await rig.readFaces(rig.fields.flux))[axis]! : flux;
          expect(relative(passed, flux)).toBeLessThan(fluxTolerance);
          const { lower, upper } = d.boundaries[axis]!;
          const closed = lower.kind !== "exit" && upper.kind !== "exit";
          // Pairs hold 48 bits; a correction of 2^-24 is solved for to 2^-24 of its size.
          expect(closed ? Math.abs(sum(state) / sum(density) - 1) : 0).toBeLessThan(1e-12);
        }
      }
      rig.close();
    });
  });

  test.each([
    { name: "7 exit exit", mode: "weno5" },
    { name: "7 periodic periodic", mode: "fdm" },
    { name: "2-D exits on both axes", mode: "weno5" },
  ] as const)("$mode, $name: lines too long for workgroup memory give the same numbers", async ({ name, mode }) => {
    const { plan } = cases.find((one) => one.name === name)!;
    const rough = roughData({ ...plan, horizon: 100, scheme: { fokkerPlanck: mode } }, 22);
    const d = withWalls(rough.d, rough.walls);
    const results: Float64Array[] = [];
    // In storage two lines at a time.
    for (const limits of [undefined, { workgroup: 0, storage: 2 * 4 * 64 * 11 }]) {
      const rig = await densityRig(device, d, "compensated", limits);
      expect(rig.fields.plan.inWorkgroup).toBe(limits === undefined);
      rig.kernels.drift(await rig.state(rough.u), firstLevel);
      const limited = rig.context.recorder.words(2);
      for (const density of [rough.m, boxProfile(d)]) {
        const field = await rig.state(density);
        const step = { m: field, tau: 0.05, stages: 5, balanced: false, fluxWeight: 0 };
        for (const axis of d.grid.shape.keys()) {
          if (mode === "fdm") rig.kernels.implicit(field, axis, 0.05, false);
          else rig.kernels.diffuse({ ...step, axis }, limited);
        }
        rig.context.recorder.submit();
        results.push(await rig.read(field));
      }
      rig.close();
    }
    expect(results[2]).toEqual(results[0]);
    expect(results[3]).toEqual(results[1]);
    expect(relative(results[0]!, rough.m)).toBeGreaterThan(0.01);
  });
});
