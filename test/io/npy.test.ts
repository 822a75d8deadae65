import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeNpy, encodeNpy, npyHeader, NpyReader } from "../../src/io/npy.ts";
import type { NpyArray } from "../../src/io/npy.ts";
import { MfgError } from "../../src/errors.ts";
import { failure } from "./support.ts";

const matrix: NpyArray = { shape: [2, 3], data: Float64Array.of(1, -0, Number.NaN, Infinity, 5e-324, 1.7e308) };

describe("encodeNpy", () => {
  it("writes the header of the format, padded to 64 bytes", () => {
    const bytes = encodeNpy(matrix);
    const text = new TextDecoder("latin1").decode(bytes.subarray(0, 128));
    expect([...bytes.subarray(0, 10)]).toStrictEqual([0x93, ...Buffer.from("NUMPY"), 1, 0, 118, 0]);
    expect(text.slice(10)).toMatch(/^\{'descr': '<f8', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/);
    expect(bytes.length).toBe(128 + 48);
  });

  it("writes the tuples of Python for 0 and 1 axes", () => {
    const text = (shape: number[]): string => new TextDecoder("latin1").decode(npyHeader("<f8", shape));
    expect(text([])).toContain("'shape': (), }");
    expect(text([7])).toContain("'shape': (7,), }");
  });

  it("refuses a shape of another size", async () => {
    await failure(() => encodeNpy({ shape: [2, 2], data: new Float64Array(3) }), "MFGPU_FILE_NPY_SHAPE");
  });
});

describe("encodeNpy and decodeNpy", () => {
  it.each<[string, NpyArray]>([
    ["float64", matrix],
    ["float32", { shape: [1, 2, 2], data: Float32Array.of(0.1, 2, -3, Number.NaN) }],
    ["int32", { shape: [2], data: Int32Array.of(-5, 2 ** 31 - 1) }],
    ["int64", { shape: [2], data: BigInt64Array.of(-5n, 2n ** 62n) }],
    ["a text", { shape: [], data: ['{"sigma": "\u03c3 \u{1d70e}"}'] }],
    ["texts", { shape: [3], data: ["", "ab", "c"] }],
    ["a long text", { shape: [], data: ["x\u{1f600}".repeat(50_000)] }],
    ["nothing", { shape: [0, 4], data: new Float64Array(0) }],
  ])("give back %s", (_, array) => {
    expect(decodeNpy(encodeNpy(array))).toStrictEqual(array);
  });

  it("give back a view that does not begin at the start of its memory", () => {
    const data = Float64Array.of(9, 1, 2, 9).subarray(1, 3);
    expect(decodeNpy(encodeNpy({ shape: [2], data })).data).toStrictEqual(Float64Array.of(1, 2));
  });
});

describe("decodeNpy", () => {
  it("reads versions 2 and 3, whose header has a 32-bit length", () => {
    const one = encodeNpy(matrix);
    for (const version of [2, 3]) {
      const bytes = new Uint8Array(one.length + 2);
      bytes.set(one.subarray(0, 6));
      bytes.set([version, 0, 118, 0, 0, 0], 6);
      bytes.set(one.subarray(10), 12);
      expect(decodeNpy(bytes)).toStrictEqual(matrix);
    }
  });

  it("reads a file in pieces of any size", () => {
    const bytes = encodeNpy(matrix);
    for (const size of [1, 7, 64, 129]) {
      const reader = new NpyReader(bytes.length, "pieces");
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      expect(reader.finish()).toStrictEqual(matrix);
    }
  });

  it("refuses every truncation and any extra byte", async () => {
    const bytes = encodeNpy(matrix);
    for (let length = 0; length < bytes.length; length++) {
      await failure(
        () => decodeNpy(bytes.subarray(0, length)),
        length < 128 ? "MFGPU_FILE_NOT_NPY" : "MFGPU_FILE_NPY_SIZE",
      );
    }
    await failure(() => decodeNpy(Uint8Array.of(...bytes, 0)), "MFGPU_FILE_NPY_SIZE");
  });

  it("refuses a shape that no memory holds before allocating it", async () => {
    await failure(() => decodeNpy(npyHeader("<f8", [2 ** 40, 8])), "MFGPU_FILE_NPY_SIZE");
    await failure(() => decodeNpy(npyHeader("<f8", [2 ** 40, 2 ** 40])), "MFGPU_FILE_NOT_NPY");
  });

  it("refuses text that is none", async () => {
    const bytes = encodeNpy({ shape: [], data: ["ab"] });
    bytes.fill(0xff, 128);
    await failure(() => decodeNpy(bytes), "MFGPU_FILE_NOT_NPY");
  });

  it("ends in an array or an MfgError for any damage to the header", () => {
    const good = encodeNpy(matrix);
    fc.assert(
      fc.property(fc.nat(127), fc.nat(255), fc.nat(127), fc.nat(255), (i, a, j, b) => {
        const bytes = Uint8Array.from(good);
        bytes[i] = a;
        bytes[j] = b;
        try {
          expect(decodeNpy(bytes).shape.length).toBeLessThan(10);
        } catch (error) {
          if (!(error instanceof MfgError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
