import { describe, expect, it } from "vitest";
import { driftArrows, driftLaw, typicalLargest } from "../../src/plot/drift.ts";
import { recordOf } from "../../src/plot/record.ts";
import type { PlotAxis } from "../../src/plot/sampling.ts";

function axis(n: number, length: number, periodic = false): PlotAxis {
  return {
    nodes: Float64Array.from({ length: n }, (_, i) => ((i + (periodic ? 0 : 0.5)) * length) / n),
    from: 0,
    to: length,
    periodic,
  };
}

function sample([x, y]: readonly [PlotAxis, PlotAxis], u: (x: number, y: number) => number): Float64Array {
  return Float64Array.from([...x.nodes].flatMap((a) => [...y.nodes].map((b) => u(a, b))));
}

const lawOf = (hamiltonian: unknown): ReturnType<typeof driftLaw> => driftLaw(recordOf({ hamiltonian }));

describe("driftLaw is -H_p", () => {
  it.each([
    ["without a Hamiltonian, p^2/2", undefined, [-3, -4]],
    ["quadratic", { kind: "quadratic", control: 0.5 }, [-1.5, -2]],
    // control |p|^(q - 2) p with |p| = 5
    ["power 3", { kind: "power", control: 2, exponent: 3 }, [-30, -40]],
    ["power 3/2", { kind: "power", exponent: 1.5 }, [-3 / Math.sqrt(5), -4 / Math.sqrt(5)]],
    ["an exponent that a quadratic has no use for", { kind: "quadratic", exponent: 3 }, [-3, -4]],
    ["a drift of a number and a formula", { kind: "quadratic", drift: [1, "x*y"] }, [-4, -10]],
  ])("%s", (_, hamiltonian, [bx, by]) => {
    const law = lawOf(hamiltonian);
    const [x, y] = law.at(2, 3, 3, 4);
    expect(x).toBeCloseTo(bx!, 12);
    expect(y).toBeCloseTo(by!, 12);
    expect(law.complete).toBe(true);
  });

  it("is 0 at p = 0 for exponents below 2", () => {
    expect(lawOf({ kind: "power", exponent: 1.2 }).at(0, 0, 0, 0).map(Math.abs)).toStrictEqual([0, 0]);
  });

  it.each([["function"], [{ formula: "x", periodize: true }], ["no_such_name"]])(
    "says that it is not complete for a drift of %j",
    (drift) => {
      const law = lawOf({ kind: "quadratic", drift: [drift, 0] });
      expect(law.complete).toBe(false);
      expect(law.at(2, 3, 3, 4)).toStrictEqual([-3, -4]);
    },
  );
});

describe("driftArrows", () => {
  const law = lawOf({ kind: "quadratic", control: 2 });

  it("are exact for a value that is quadratic in the middle, and stand inside the frame", () => {
    const axes = [axis(20, 2), axis(30, 1)] as const;
    const arrows = driftArrows(
      sample(axes, (x, y) => x * x - 3 * x * y),
      axes,
      law,
      [0.2, 0.1],
    );
    expect(arrows).toHaveLength(90);
    for (const { x, y, bx, by } of arrows) {
      expect(bx).toBeCloseTo(-2 * (2 * x - 3 * y), 10);
      expect(by).toBeCloseTo(6 * x, 10);
      expect(Math.min(x, 2 - x)).toBeGreaterThan(0.07);
      expect(Math.min(y, 1 - y)).toBeGreaterThan(0.035);
    }
  });

  it("look around the corner of a periodic axis", () => {
    const axes = [axis(7, 1), axis(64, 1, true)] as const;
    const value = sample(axes, (_, y) => Math.sin(2 * Math.PI * y));
    const arrows = driftArrows(value, axes, law, [1, 1 / 80]);
    expect(arrows).toHaveLength(63);
    for (const { y, bx, by } of arrows) {
      expect(bx).toBeCloseTo(0, 12);
      expect(Math.abs(by + 4 * Math.PI * Math.cos(2 * Math.PI * y))).toBeLessThan(0.03);
    }
  });

  it("leave out what is not finite", () => {
    const axes = [axis(7, 1), axis(7, 1)] as const;
    const value = sample(axes, (x) => (x > 0.5 ? Number.NaN : x));
    const arrows = driftArrows(value, axes, law, [0.1, 0.1]);
    expect(arrows).toHaveLength(21);
    expect(driftArrows(value.fill(Number.NaN), axes, law, [0.1, 0.1])).toStrictEqual([]);
    expect(typicalLargest([])).toBe(0);
  });
});

describe("typicalLargest", () => {
  it("is not led by a single strong arrow", () => {
    const arrows = Array.from({ length: 100 }, (_, i) => ({ x: 0, y: 0, bx: i === 50 ? 1e6 : 3, by: 4 }));
    expect(typicalLargest(arrows)).toBe(5);
  });
});
