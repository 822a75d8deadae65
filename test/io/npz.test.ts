import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MfgError } from "../../src/errors.ts";
import { checkWritable, replaceFile } from "../../src/io/files.ts";
import { readNpz, writeNpz } from "../../src/io/npz.ts";
import type { NpyArray } from "../../src/io/npy.ts";
import { failure, hasPython, python, temporaryFolder } from "./support.ts";

const folder = temporaryFolder();
const fixture = (name: string): string => join(import.meta.dirname, "fixtures", name);
// More than one of the pieces in which arrays are written.
const large = Float64Array.from({ length: 150_000 }, (_, i) => Math.cos(i));
const arrays: Record<string, NpyArray> = {
  field: { shape: [300, 500], data: large },
  t: { shape: [3], data: Float64Array.of(0, 0.25, 1) },
  record: { shape: [], data: ['{"problem": "\u03c3"}'] },
};

describe("writeNpz and readNpz", () => {
  it.each([
    ["stored", {}],
    ["compressed", { compress: true }],
    ["zip64", { forceZip64: true }],
  ])("give back what was written, %s", async (name, options) => {
    const path = join(folder, `${name}.npz`);
    await writeNpz(path, arrays, options);
    const read = await readNpz(path);
    // Element by element takes seconds for the large one.
    expect(Buffer.from((read["field"]!.data as Float64Array).buffer).equals(Buffer.from(large.buffer))).toBe(true);
    expect(read["field"]?.shape).toStrictEqual([300, 500]);
    expect({ ...read, field: undefined }).toStrictEqual({ ...arrays, field: undefined });
    expect(await readNpz(path, ["t"])).toStrictEqual({ t: arrays["t"] });
  });

  it("write the same bytes at any hour, and leave nothing else in the folder", async () => {
    const mine = join(folder, "own");
    mkdirSync(mine);
    const path = join(mine, "a.npz");
    await writeNpz(path, arrays);
    const first = readFileSync(path);
    await writeNpz(path, arrays);
    expect(readFileSync(path).equals(first)).toBe(true);
    expect(readdirSync(mine)).toStrictEqual(["a.npz"]);
  });

  it("store plainly by default and deflate on request", async () => {
    const zeros = { zeros: { shape: [10_000], data: new Float64Array(10_000) } };
    const path = join(folder, "zeros.npz");
    await writeNpz(path, zeros);
    expect(statSync(path).size).toBeGreaterThan(80_000);
    await writeNpz(path, zeros, { compress: true });
    expect(statSync(path).size).toBeLessThan(1000);
    expect(await readNpz(path)).toStrictEqual(zeros);
  });
});

describe("a forced zip64 archive", () => {
  it("has the 64-bit end records and the 64-bit sizes of each entry", async () => {
    const path = join(folder, "structure.npz");
    await writeNpz(path, { t: arrays["t"]! }, { forceZip64: true });
    const bytes = readFileSync(path);
    // APPNOTE 6.3.10, sections 4.3.14 to 4.3.16 and 4.5.3.
    const end = bytes.length - 22;
    expect(bytes.readUInt32LE(end)).toBe(0x06054b50);
    expect(bytes.readUInt32LE(end + 16)).toBe(0xffffffff);
    expect(bytes.readUInt32LE(end - 20)).toBe(0x07064b50);
    const end64 = Number(bytes.readBigUInt64LE(end - 12));
    expect(bytes.readUInt32LE(end64)).toBe(0x06064b50);
    const directory = Number(bytes.readBigUInt64LE(end64 + 48));
    expect(bytes.readUInt32LE(directory)).toBe(0x02014b50);
    expect(bytes.readUInt32LE(directory + 24)).toBe(0xffffffff);
    const extra = directory + 46 + "t.npy".length;
    expect(bytes.readUInt16LE(extra)).toBe(1);
    expect(Number(bytes.readBigUInt64LE(extra + 4))).toBe(128 + 24);
  });
});

describe("files made by NumPy", () => {
  it("are read, all element types", async () => {
    expect(await readNpz(fixture("numpy.npz"))).toStrictEqual({
      f8: { shape: [2, 3], data: Float64Array.of(0, 0.125, 0.25, 0.375, 0.5, 0.625) },
      f4: { shape: [2], data: Float32Array.of(1.5, -2.25) },
      i4: { shape: [2, 1], data: Int32Array.of(1, -2) },
      i8: { shape: [2], data: BigInt64Array.of(2n ** 53n + 1n, -3n) },
      scalar: { shape: [], data: Float64Array.of(0.1) },
      empty: { shape: [0, 3], data: new Float64Array(0) },
      text: { shape: [], data: ['{"problem": "caf\u00e9 \u{1d70e}"}'] },
      bytes: { shape: [], data: ['{"a": 1}'] },
      words: { shape: [3], data: ["ab", "c", ""] },
    });
    expect(await readNpz(fixture("numpy-compressed.npz"))).toStrictEqual({
      f8: { shape: [40, 50], data: new Float64Array(2000) },
    });
  });

  it.each([
    ["fortran", "MFGPU_FILE_NPY_ORDER"],
    ["big", "MFGPU_FILE_NPY_TYPE"],
    ["flag", "MFGPU_FILE_NPY_TYPE"],
    ["record", "MFGPU_FILE_NPY_TYPE"],
    ["complexes", "MFGPU_FILE_NPY_TYPE"],
  ])("are refused by name where they hold another kind of array: %s", async (name, code) => {
    const error = await failure(() => readNpz(fixture("numpy-foreign.npz"), [name]), code);
    expect(error.message).toContain(`numpy-foreign.npz: ${name}.npy`);
  });
});

describe("files opened by Python", () => {
  const path = join(folder, "python.npz");

  it.skipIf(!hasPython("zipfile")).each([{}, { compress: true }, { forceZip64: true }])(
    "pass the checksums of zipfile: %o",
    async (options) => {
      await writeNpz(path, arrays, options);
      const script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *z.namelist())";
      expect(python(script, path).trim()).toBe("None field.npy t.npy record.npy");
    },
  );

  it.skipIf(!hasPython("numpy")).each([{}, { compress: true }, { forceZip64: true }])(
    "load with numpy.load (skipped where NumPy is missing): %o",
    async (options) => {
      await writeNpz(path, arrays, options);
      const script = `
import sys, json, numpy
f = numpy.load(sys.argv[1])
assert f["field"].dtype == numpy.float64 and f["field"].shape == (300, 500)
assert abs(f["field"][1, 2] - numpy.cos(502.0)) < 1e-15
print(json.loads(f["record"].item())["problem"] == chr(0x3c3), f["t"].tolist())`;
      expect(python(script, path).trim()).toBe("True [0.0, 0.25, 1.0]");
    },
  );
});

describe("readNpz refuses", () => {
  const path = join(folder, "bad.npz");

  it("a file that is not there, and a folder", async () => {
    const error = await failure(() => readNpz(join(folder, "none.npz")), "MFGPU_FILE_MISSING");
    expect(error.path).toContain("none.npz");
    await failure(() => readNpz(folder), "MFGPU_FILE_MISSING");
  });

  it("an array that is not there, saying what is", async () => {
    await writeNpz(path, { t: arrays["t"]! });
    const error = await failure(() => readNpz(path, ["t", "value"]), "MFGPU_FILE_NO_ARRAY");
    expect(error.message).toContain("no array value; it holds t");
  });

  it("every truncation", async () => {
    const whole = join(folder, "whole.npz");
    await writeNpz(whole, { t: arrays["t"]!, record: arrays["record"]! });
    const bytes = readFileSync(whole);
    for (let length = 0; length < bytes.length; length += 5) {
      writeFileSync(path, bytes.subarray(0, length));
      await failure(() => readNpz(path), "MFGPU_FILE_NOT_NPZ");
    }
  });

  it("a flipped bit in the data, by its checksum", async () => {
    await writeNpz(path, { t: arrays["t"]! });
    const bytes = readFileSync(path);
    const at = bytes.indexOf(Buffer.from(Float64Array.of(0.25).buffer));
    bytes[at + 3]! ^= 1;
    writeFileSync(path, bytes);
    const error = await failure(() => readNpz(path), "MFGPU_FILE_CHECKSUM");
    expect(error.message).toContain("t.npy");
  });

  it("a zip of something else under an array's name", async () => {
    await writeNpz(path, { note: { shape: [], data: ["hello"] } });
    const bytes = readFileSync(path);
    bytes.write("PICKLE", bytes.indexOf("NUMPY") - 1, "latin1");
    writeFileSync(path, bytes);
    await failure(() => readNpz(path, ["note"]), "MFGPU_FILE_NOT_NPY");
  });

  it("any bytes, and any damaged archive, with an MfgError", async () => {
    const whole = join(folder, "damaged.npz");
    await writeNpz(whole, { t: arrays["t"]!, record: arrays["record"]! }, { compress: true });
    const bytes = readFileSync(whole);
    const outcome = async (content: Uint8Array): Promise<string> => {
      writeFileSync(path, content);
      try {
        await readNpz(path);
        return "read";
      } catch (error) {
        return error instanceof MfgError ? error.code : `not an MfgError: ${String(error)}`;
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (content) => {
        expect(await outcome(content)).toBe("MFGPU_FILE_NOT_NPZ");
      }),
      { numRuns: 50 },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, byte) => {
        const content = Uint8Array.from(bytes);
        content[at] = byte;
        expect(await outcome(content)).toMatch(/^(read|MFGPU_FILE_\w+)$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe("checkWritable", () => {
  it("accepts a new and an old file", async () => {
    const path = join(folder, "old.npz");
    await expect(checkWritable(path)).resolves.toBeUndefined();
    writeFileSync(path, "old");
    await expect(checkWritable(path)).resolves.toBeUndefined();
    expect(readFileSync(path, "utf8")).toBe("old");
  });

  it("refuses a folder that does not exist, or is a file", async () => {
    const error = await failure(() => checkWritable(join(folder, "none", "a.npz")), "MFGPU_FILE_NO_FOLDER");
    expect(error.message).toContain("does not exist");
    writeFileSync(join(folder, "plain"), "");
    await failure(() => checkWritable(join(folder, "plain", "a.npz")), "MFGPU_FILE_NO_FOLDER");
  });

  it("refuses a folder and a device as the file", async () => {
    await failure(() => checkWritable(folder), "MFGPU_FILE_NOT_WRITABLE");
    await failure(() => checkWritable(join(folder, "new/")), "MFGPU_FILE_NOT_WRITABLE");
    if (process.platform !== "win32") await failure(() => checkWritable("/dev/null"), "MFGPU_FILE_NOT_WRITABLE");
  });
});

describe("replaceFile", () => {
  it("leaves the old file and nothing else where writing fails half-way", async () => {
    const mine = join(folder, "half");
    mkdirSync(mine);
    const path = join(mine, "a.npz");
    writeFileSync(path, "old");
    const error = await failure(
      () =>
        replaceFile(path, async (stream) => {
          stream.write("half of it");
          await new Promise((resolve) => setTimeout(resolve, 20));
          expect(readdirSync(mine)).toHaveLength(2);
          throw new Error("ENOSPC: no space left on device");
        }),
      "MFGPU_FILE_WRITE",
    );
    expect(error.message).toContain("no space left");
    expect(readdirSync(mine)).toStrictEqual(["a.npz"]);
    expect(readFileSync(path, "utf8")).toBe("old");
  });
});
