import { describe, expect, test } from "vitest";
import type { Epsilon, WenoVariant } from "../../src/scheme/options.ts";
import { wenoReconstruct } from "../../src/scheme/weno5.ts";
import { reconstructFaces } from "../../src/tiers/batched/reconstruct.ts";

const variants: readonly WenoVariant[] = ["js", "z", "m"];
const epsilons: readonly Epsilon[] = [
  { kind: "absolute", value: 1e-6 },
  { kind: "absolute", value: 1e-40 },
  { kind: "scaled", value: 1e-6 },
];
const data: Readonly<Record<string, (i: number) => number>> = {
  smooth: (i) => 1.5 + Math.sin(0.4 * i),
  rough: (i) => ((i * 7919) % 101) / 101,
  spike: (i) => (i === 12 ? 1 : 0),
  "thin tail": (i) => Math.exp(-0.05 * i * i),
  empty: () => 0,
};

describe.each(variants)("face fluxes, %s", (variant) => {
  test.each(epsilons)("epsilon $kind $value: both split fluxes as in the scheme", (epsilon) => {
    const faces = reconstructFaces(variant, epsilon);
    for (const [name, at] of Object.entries(data)) {
      for (const n of [7, 30]) {
        const m = Float64Array.from({ length: n + 6 }, (_, k) => at(k));
        const f = m.map((x, k) => x * Math.cos(0.3 * k));
        const speed = Float64Array.from({ length: n + 1 }, (_, j) => 1 + 0.5 * Math.sin(j));
        const out = new Float64Array(n + 3).fill(-7);
        faces(f, m, speed, n, out);
        const scale = Math.max(...m);
        for (let j = 0; j <= n; j++) {
          const plus = (k: number): number => (f[j + k]! + speed[j]! * m[j + k]!) / 2;
          const minus = (k: number): number => (f[j + k]! - speed[j]! * m[j + k]!) / 2;
          // Face j lies between the nodes at the padded indices j + 2 and j + 3.
          const wanted =
            wenoReconstruct(variant, epsilon, plus(0), plus(1), plus(2), plus(3), plus(4)) +
            wenoReconstruct(variant, epsilon, minus(5), minus(4), minus(3), minus(2), minus(1));
          expect(Math.abs(out[j]! - wanted), `${name}, face ${j}`).toBeLessThanOrEqual(1e-14 * scale);
        }
        expect([out[n + 1], out[n + 2]]).toEqual([-7, -7]);
      }
    }
  });
});
