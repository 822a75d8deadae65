import { expect, test } from "vitest";
import { crossingSpeed } from "../../src/scheme/fokkerPlanck.ts";
import { advectionStep, explicitStep, keepCount, needOf, positivityRate } from "../../src/scheme/substeps.ts";
import { randomNumbers } from "./fixtures.ts";

test("the advection step has the Courant number asked for at its end", () => {
  expect(advectionStep(4, 0, 0.5)).toBe(0.125);
  for (const [speed, growth] of [
    [0, 3],
    [2, 5],
    [100, 1e-3],
    [1e-8, 1e8],
  ] as const) {
    const dt = advectionStep(speed, growth, 0.7);
    expect((dt * (speed + growth * dt)) / 0.7).toBeCloseTo(1, 12);
  }
  expect(advectionStep(0, 0, 1)).toBe(Infinity);
});

test("rates of advection and diffusion add up", () => {
  const dt = explicitStep(0.01, 300);
  expect(1 / dt).toBeCloseTo(100 + 300 / 2.5127, 10);
  expect(explicitStep(Infinity, 0)).toBe(Infinity);
  expect(explicitStep(0.25, 0)).toBe(0.25);
});

test("the positivity rate bounds every cell's Scharfetter-Gummel outflow", () => {
  const random = randomNumbers(9);
  for (let trial = 0; trial < 500; trial++) {
    const nu = 10 ** (-4 * random());
    const h = 0.01 + random();
    const [left, right] = [4 * random() - 2, 4 * random() - 2];
    const exit = trial % 2 === 0;
    const exact =
      (crossingSpeed(nu, h, right) + (exit ? crossingSpeed(nu, h / 2, -left) : crossingSpeed(nu, h, -left))) / h;
    const outflow = (Math.max(right, 0) + Math.max(-left, 0)) / h;
    const rate = positivityRate(nu, [h], [exit], outflow);
    expect(exact).toBeLessThanOrEqual(rate * (1 + 1e-14));
    expect(rate).toBeLessThanOrEqual(exact + (3 * nu) / (h * h));
  }
});

test("needs are whole, at least 1, and not raised by round-off", () => {
  expect(needOf(1, 2)).toBe(1);
  expect(needOf(1, Infinity)).toBe(1);
  expect(needOf(1, 0.3)).toBe(4);
  expect(needOf(0.3, 0.1)).toBe(3);
  expect(needOf(0.1 * 3, 0.1)).toBe(3);
  expect(needOf(1, Number.NaN)).toBeNaN();
});

test("counts are kept while they serve and do not waste", () => {
  expect(keepCount(0, 4, "hjb")).toBe(5);
  expect(keepCount(4, 4, "hjb")).toBe(4);
  expect(keepCount(3, 4, "hjb")).toBe(5);
  expect(keepCount(9, 4, "hjb")).toBe(9);
  expect(keepCount(10, 4, "hjb")).toBe(5);
  expect(keepCount(6, 4, "fp")).toBe(6);
  expect(keepCount(7, 4, "fp")).toBe(5);
});
