/**
 * High-order advective face fluxes of the Fokker-Planck equation along one line: flux splitting and conservative WENO5
 * (docs/numerics.md section 5.2).
 *
 * The symmetric part of both reconstructions is made of f+ + f- = f alone; what remains are the two corrections, in the
 * units of weno5.ts with h = 1: indicators four times those of 2.1, corrections twelve times Phi. All loops work on f +
 * alpha m and f - alpha m, twice the split fluxes, so guards carry another factor 4. The loops are written out, maxima
 * included: V8 inlines two corrections into a loop, but nothing beyond them, and a call that is not inlined costs more
 * than its arithmetic.
 */
import type { Epsilon, WenoVariant } from "../../scheme/options.ts";
import { mappedCorrection, scaledFloor, smallestGuard } from "./weno5.ts";

/**
 * Writes the flux on every face of one line.
 *
 * @param f drift times density, padded: n + 6 entries, node i at index i + 3
 * @param m density, padded likewise
 * @param speed Lax-Friedrichs speed alpha >= |b| of each face, n + 1 entries; face j lies between nodes j - 1 and j
 * @param out n + 1 fluxes
 */
export type ReconstructFaces = (
  f: Float64Array,
  m: Float64Array,
  speed: Float64Array,
  n: number,
  out: Float64Array,
) => void;

type Loop = (
  f: Float64Array,
  m: Float64Array,
  speed: Float64Array,
  n: number,
  scale: number,
  floor: number,
  out: Float64Array,
) => void;

/** 12 Phi of the second-difference form, from the four differences a, b, c, d of the five values in reading order. */
type Correction = (a: number, b: number, c: number, d: number, guard: number) => number;

/**
 * The face function of a variant (Z with power 2) and an epsilon; `scaled` follows the largest squared value of the
 * stencil.
 */
export function reconstructFaces(variant: WenoVariant, epsilon: Epsilon): ReconstructFaces {
  const loop = loops[variant];
  const absolute = epsilon.kind === "absolute";
  const scale = absolute ? 0 : 4 * epsilon.value;
  const floor = 16 * (absolute ? Math.max(epsilon.value, smallestGuard) : scaledFloor);
  return (f, m, speed, n, out) => loop(f, m, speed, n, scale, floor, out);
}

const jsCorrection: Correction = (a, b, c, d, guard) => {
  const t0 = a - b;
  const t1 = b - c;
  const t2 = c - d;
  const f0 = a - 3 * b;
  const f1 = b + c;
  const f2 = 3 * c - d;
  const b0 = (13 / 3) * t0 * t0 + f0 * f0 + guard;
  const b1 = (13 / 3) * t1 * t1 + f1 * f1 + guard;
  const b2 = (13 / 3) * t2 * t2 + f2 * f2 + guard;
  const g12 = b1 * b2;
  const g02 = b0 * b2;
  const g01 = b0 * b1;
  const p12 = g12 * g12;
  const p01 = g01 * g01;
  const q1 = t1 - t2;
  return (4 * p12 * (t0 - t1) + 6 * p01 * q1) / (p12 + 6 * g02 * g02 + 3 * p01) - q1;
};

const zCorrection: Correction = (a, b, c, d, guard) => {
  const t0 = a - b;
  const t1 = b - c;
  const t2 = c - d;
  const f0 = a - 3 * b;
  const f1 = b + c;
  const f2 = 3 * c - d;
  const b0 = (13 / 3) * t0 * t0 + f0 * f0 + guard;
  const b1 = (13 / 3) * t1 * t1 + f1 * f1 + guard;
  const b2 = (13 / 3) * t2 * t2 + f2 * f2 + guard;
  const g01 = b0 * b1;
  const r = (b0 - b2) / (g01 * b2);
  const z0 = b1 * b2 * r;
  const z1 = b0 * b2 * r;
  const z2 = g01 * r;
  const w0 = 1 + z0 * z0;
  const w2 = 1 + z2 * z2;
  const q1 = t1 - t2;
  return (4 * w0 * (t0 - t1) + 6 * w2 * q1) / (w0 + (6 + 6 * z1 * z1) + 3 * w2) - q1;
};

const mCorrection: Correction = (a, b, c, d, guard) => {
  const t0 = a - b;
  const t1 = b - c;
  const t2 = c - d;
  const f0 = a - 3 * b;
  const f1 = b + c;
  const f2 = 3 * c - d;
  const b0 = (13 / 3) * t0 * t0 + f0 * f0 + guard;
  const b1 = (13 / 3) * t1 * t1 + f1 * f1 + guard;
  const b2 = (13 / 3) * t2 * t2 + f2 * f2 + guard;
  const g12 = b1 * b2;
  const g02 = b0 * b2;
  const g01 = b0 * b1;
  const q1 = t1 - t2;
  return mappedCorrection(g12 * g12, 6 * g02 * g02, 3 * g01 * g01, t0 - t1, q1) - q1;
};

function jsFaces(
  f: Float64Array,
  m: Float64Array,
  speed: Float64Array,
  n: number,
  scale: number,
  floor: number,
  out: Float64Array,
): void {
  for (let j = 0; j <= n; j++) {
    const a = speed[j]!;
    const f1 = f[j + 1]!;
    const f2 = f[j + 2]!;
    const f3 = f[j + 3]!;
    const f4 = f[j + 4]!;
    const g1 = a * m[j + 1]!;
    const g2 = a * m[j + 2]!;
    const g3 = a * m[j + 3]!;
    const g4 = a * m[j + 4]!;
    const r0 = f[j]! + a * m[j]!;
    const r1 = f1 + g1;
    const r2 = f2 + g2;
    const r3 = f3 + g3;
    const r4 = f4 + g4;
    const l1 = f1 - g1;
    const l2 = f2 - g2;
    const l3 = f3 - g3;
    const l4 = f4 - g4;
    const l5 = f[j + 5]! - a * m[j + 5]!;
    const rOuter = Math.max(Math.max(r0 * r0, r1 * r1), Math.max(r3 * r3, r4 * r4));
    const rGuard = scale * Math.max(rOuter, r2 * r2) + floor;
    const lOuter = Math.max(Math.max(l5 * l5, l4 * l4), Math.max(l2 * l2, l1 * l1));
    const lGuard = scale * Math.max(lOuter, l3 * l3) + floor;
    const right = jsCorrection(r1 - r0, r2 - r1, r3 - r2, r4 - r3, rGuard);
    const left = jsCorrection(l4 - l5, l3 - l4, l2 - l3, l1 - l2, lGuard);
    out[j] = (7 * (f2 + f3) - (f1 + f4)) * (1 / 12) - (right + left) * (1 / 24);
  }
}

function zFaces(
  f: Float64Array,
  m: Float64Array,
  speed: Float64Array,
  n: number,
  scale: number,
  floor: number,
  out: Float64Array,
): void {
  for (let j = 0; j <= n; j++) {
    const a = speed[j]!;
    const f1 = f[j + 1]!;
    const f2 = f[j + 2]!;
    const f3 = f[j + 3]!;
    const f4 = f[j + 4]!;
    const g1 = a * m[j + 1]!;
    const g2 = a * m[j + 2]!;
    const g3 = a * m[j + 3]!;
    const g4 = a * m[j + 4]!;
    const r0 = f[j]! + a * m[j]!;
    const r1 = f1 + g1;
    const r2 = f2 + g2;
    const r3 = f3 + g3;
    const r4 = f4 + g4;
    const l1 = f1 - g1;
    const l2 = f2 - g2;
    const l3 = f3 - g3;
    const l4 = f4 - g4;
    const l5 = f[j + 5]! - a * m[j + 5]!;
    const rOuter = Math.max(Math.max(r0 * r0, r1 * r1), Math.max(r3 * r3, r4 * r4));
    const rGuard = scale * Math.max(rOuter, r2 * r2) + floor;
    const lOuter = Math.max(Math.max(l5 * l5, l4 * l4), Math.max(l2 * l2, l1 * l1));
    const lGuard = scale * Math.max(lOuter, l3 * l3) + floor;
    const right = zCorrection(r1 - r0, r2 - r1, r3 - r2, r4 - r3, rGuard);
    const left = zCorrection(l4 - l5, l3 - l4, l2 - l3, l1 - l2, lGuard);
    out[j] = (7 * (f2 + f3) - (f1 + f4)) * (1 / 12) - (right + left) * (1 / 24);
  }
}

function mFaces(
  f: Float64Array,
  m: Float64Array,
  speed: Float64Array,
  n: number,
  scale: number,
  floor: number,
  out: Float64Array,
): void {
  for (let j = 0; j <= n; j++) {
    const a = speed[j]!;
    const f1 = f[j + 1]!;
    const f2 = f[j + 2]!;
    const f3 = f[j + 3]!;
    const f4 = f[j + 4]!;
    const g1 = a * m[j + 1]!;
    const g2 = a * m[j + 2]!;
    const g3 = a * m[j + 3]!;
    const g4 = a * m[j + 4]!;
    const r0 = f[j]! + a * m[j]!;
    const r1 = f1 + g1;
    const r2 = f2 + g2;
    const r3 = f3 + g3;
    const r4 = f4 + g4;
    const l1 = f1 - g1;
    const l2 = f2 - g2;
    const l3 = f3 - g3;
    const l4 = f4 - g4;
    const l5 = f[j + 5]! - a * m[j + 5]!;
    const rOuter = Math.max(Math.max(r0 * r0, r1 * r1), Math.max(r3 * r3, r4 * r4));
    const rGuard = scale * Math.max(rOuter, r2 * r2) + floor;
    const lOuter = Math.max(Math.max(l5 * l5, l4 * l4), Math.max(l2 * l2, l1 * l1));
    const lGuard = scale * Math.max(lOuter, l3 * l3) + floor;
    const right = mCorrection(r1 - r0, r2 - r1, r3 - r2, r4 - r3, rGuard);
    const left = mCorrection(l4 - l5, l3 - l4, l2 - l3, l1 - l2, lGuard);
    out[j] = (7 * (f2 + f3) - (f1 + f4)) * (1 / 12) - (right + left) * (1 / 24);
  }
}

const loops: Readonly<Record<WenoVariant, Loop>> = { js: jsFaces, z: zFaces, m: mFaces };
