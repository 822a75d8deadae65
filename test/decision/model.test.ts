/** The cost model: what it is fitted to it gives back, between and beyond the sizes that were measured. */
import { describe, expect, test } from "vitest";
import { fitModel, type Sample } from "../../src/decision/fitModel.ts";
import { predict, sweepTime, withoutTransfers, type CandidateModel } from "../../src/decision/model.ts";
import type { SweepWork } from "../../src/decision/work.ts";

const work = (advection: number, diffusion: number): SweepWork => ({
  substeps: advection / 9,
  advection,
  diffusion,
  levels: 4,
});

/** Milliseconds of a sweep of a machine that follows the model: 2 us a stage, 20 and 5 ns per point. */
function truth(points: number, { advection, diffusion, levels }: SweepWork): number {
  return 2e-3 * (advection + diffusion + levels) + 2e-5 * (advection + 2 * levels) * points + 5e-6 * diffusion * points;
}

function sampleAt(points: number, k: number, more: Partial<Sample> = {}): Sample {
  const hjb = work(90 + 20 * k, 300 - 40 * k);
  const fokkerPlanck = work(80 + 10 * k, 200 + 60 * k);
  const numbers = 5 * points;
  return {
    points,
    workspaceBytes: 8 * numbers,
    numbers,
    setup: 0.1 + 1e-7 * numbers,
    load: 0.01 + 1e-6 * numbers,
    read: 0.01 + 1e-6 * numbers,
    hjb: truth(points, hjb),
    fokkerPlanck: truth(points, fokkerPlanck),
    moving: { hjb: 0, fokkerPlanck: 0 },
    relax: 1e-3 + 1e-6 * numbers,
    certify: truth(points, hjb) + 3e-5 * numbers,
    column: 2e-6,
    beside: undefined,
    work: { hjb, fokkerPlanck },
    firstExcess: 3,
    noise: 0.01,
    ...more,
  };
}

const sizes = [50, 150, 500, 1500];
const samples = sizes.map((points, k) => sampleAt(points, k));

describe("a fit", () => {
  const model = fitModel(samples);
  test.each([80, 300, 1000, 4000])("gives the time of a sweep at %i points, whatever its mix of stages", (points) => {
    for (const mix of [work(900, 100), work(100, 900)])
      expect(sweepTime(model.hjb, mix, points) / truth(points, mix)).toBeCloseTo(1, 2);
  });
  test("a certificate is a backward sweep and sums", () => {
    expect(model.certify.sweeps).toBe(1);
    expect(model.certify.each).toBeCloseTo(3e-5, 9);
  });
  test("what is not linear in the size is kept by size: twice as fast beyond a break", () => {
    const half = (points: number): number => (points > 1000 ? 0.5 : 1);
    const broken = [...samples, sampleAt(1600, 1)].map((one) => ({
      ...one,
      hjb: one.hjb * half(one.points),
      fokkerPlanck: one.fokkerPlanck * half(one.points),
    }));
    const own = fitModel(broken);
    for (const points of [60, 400, 1550, 5000])
      expect(sweepTime(own.hjb, work(200, 200), points) / (half(points) * truth(points, work(200, 200)))).toBeCloseTo(
        1,
        0,
      );
    const at = (points: number): number => sweepTime(own.hjb, work(200, 200), points) / truth(points, work(200, 200));
    expect(at(5000) / at(400)).toBeCloseTo(0.5, 1);
  });
  test("with the break known, nothing lies between the sizes on its sides", () => {
    const half = (points: number): number => (points >= 1600 ? 0.5 : 1);
    const broken = [...samples.slice(0, 3), sampleAt(1600, 1)].map((one) => ({
      ...one,
      hjb: one.hjb * half(one.points),
      beside: 0.5 * half(one.points),
    }));
    const at = (own: CandidateModel, points: number): number =>
      sweepTime(own.hjb, work(200, 200), points) / truth(points, work(200, 200));
    const known = fitModel(broken, undefined, [1600]);
    expect(at(known, 1500) / at(known, 1600)).toBeGreaterThan(1.4);
    expect(known.beside.find(({ points }) => points === 1599)?.ratio).toBe(0.5);
    const unknown = fitModel(broken);
    expect(at(unknown, 1500) / at(unknown, 1600)).toBeLessThan(1.2);
  });
  test("one size alone takes the proportions from what is believed", () => {
    const prior = { ...model, hjb: { ...model.hjb, latency: 0, advection: 1e-6, diffusion: 0, ratios: [] } };
    const own = fitModel([sampleAt(50, 0)], prior);
    expect(own.hjb.latency).toBe(0);
    expect(sweepTime(own.hjb, samples[0]!.work.hjb, 50)).toBeCloseTo(samples[0]!.hjb, 9);
  });
});

describe("moving data", () => {
  const half = samples.map((one) => ({ ...one, moving: { hjb: 0.5, fokkerPlanck: 0.25 } }));
  const task = {
    points: 500,
    members: 1,
    steps: 4,
    iterations: 10,
    work: samples[2]!.work,
    workspaceBytes: 1e5,
    columns: 0,
    cold: false,
  };
  test("counts within sweeps as well, and is gone where it is taken to be nothing", () => {
    const model = fitModel(half);
    const { moving, parts } = predict(model, task);
    expect(moving).toBeCloseTo(parts.transfer + 0.5 * (parts.hjb + parts.certify) + 0.25 * parts.fokkerPlanck, 12);
    const free = predict(withoutTransfers(model), task);
    expect(free.moving).toBe(0);
    expect(free.parts.transfer).toBe(0);
    expect(free.parts.hjb).toBeCloseTo(0.5 * parts.hjb, 9);
    expect(free.parts.fokkerPlanck).toBeCloseTo(0.75 * parts.fokkerPlanck, 9);
  });
});
