/** A run on disk: the two histories, their grid in space and time, and the record, in one .npz file. */
import { MfgError } from "../errors.ts";
import { readNpz, writeNpz } from "./npz.ts";
import type { NpzOptions } from "./npz.ts";
import { reason } from "./files.ts";
import type { NpyArray } from "./npy.ts";

/** A solved problem, as it is stored. */
export interface RunFile {
  /** The value u, (steps + 1) x grid, in C order. */
  readonly value: Float64Array;
  /** The density m, (steps + 1) x grid, in C order. */
  readonly density: Float64Array;
  /** The steps + 1 stored times, 0 first, horizon last; not uniform where the levels are graded. */
  readonly t: Float64Array;
  /** Positions of the nodes along each axis. */
  readonly coordinates: readonly Float64Array[];
  /** Points per axis. */
  readonly shape: readonly number[];
  /** What was solved and how, as JSON. */
  readonly record: unknown;
}

/**
 * Writes a run as .npz: `value` and `density` of shape (steps + 1, ...grid), `t`, `x0` (`x1`, `x2`) and `record` as JSON
 * text, whole or not at all.
 *
 * @throws MFGPU_FILE_RUN where the parts do not fit each other, and what `writeNpz` throws
 * @example
 * await writeRun("run.npz", run);
 * // Python: json.loads(numpy.load("run.npz")["record"].item())
 */
export async function writeRun(path: string, run: RunFile, options: NpzOptions = {}): Promise<void> {
  checkRun(path, run);
  const shape = [run.t.length, ...run.shape];
  const entries: Record<string, NpyArray> = {
    value: { shape, data: run.value },
    density: { shape, data: run.density },
    t: { shape: [run.t.length], data: run.t },
  };
  run.coordinates.forEach((positions, axis) => {
    entries[`x${axis}`] = { shape: [positions.length], data: positions };
  });
  entries["record"] = { shape: [], data: [JSON.stringify(run.record ?? null)] };
  await writeNpz(path, entries, options);
}

/**
 * Reads a run that `writeRun` wrote, or one with the same arrays from NumPy (32-bit floats are widened).
 *
 * @throws MFGPU_FILE_RUN where the arrays do not make a run, and what `readNpz` throws
 * @example
 * const run = await readRun("run.npz");
 */
export async function readRun(path: string): Promise<RunFile> {
  const arrays = await readNpz(path, ["value", "density", "t", "x0", "record"]);
  const shape = arrays.value.shape.slice(1);
  if (shape.length < 1 || shape.length > 3) {
    throw notRun(path, `value has shape (${arrays.value.shape.join(", ")}), which is not (steps + 1, ...grid)`);
  }
  if (arrays.density.shape.join() !== arrays.value.shape.join()) {
    throw notRun(
      path,
      `value and density have shapes (${arrays.value.shape.join(", ")}) and (${arrays.density.shape.join(", ")})`,
    );
  }
  const otherAxes = shape.slice(1).map((_, axis) => `x${axis + 1}`);
  const positions = { x0: arrays.x0, ...(otherAxes.length > 0 ? await readNpz(path, otherAxes) : {}) };
  const run: RunFile = {
    value: floats(path, "value", arrays.value),
    density: floats(path, "density", arrays.density),
    t: floats(path, "t", arrays.t),
    coordinates: Object.entries(positions)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, array]) => floats(path, name, array)),
    shape,
    record: parseRecord(path, arrays.record),
  };
  checkRun(path, run);
  return run;
}

function checkRun(path: string, run: RunFile): void {
  const points = run.shape.reduce((product, n) => product * n, 1);
  if (run.shape.length < 1 || run.shape.length > 3) throw notRun(path, `its grid has ${run.shape.length} axes`);
  if (run.t.length < 2) throw notRun(path, "it has fewer than two times");
  for (const [name, data] of [
    ["value", run.value],
    ["density", run.density],
  ] as const) {
    if (data.length !== points * run.t.length) {
      throw notRun(path, `${name} has ${data.length} elements; ${run.t.length} x ${run.shape.join(" x ")} are needed`);
    }
  }
  if (run.coordinates.length !== run.shape.length) throw notRun(path, "it has not one set of positions per axis");
  if (!isIncreasing(run.t)) throw notRun(path, "t is not finite and increasing");
  run.coordinates.forEach((positions, axis) => {
    if (positions.length !== run.shape[axis]) {
      throw notRun(path, `x${axis} has ${positions.length} positions for ${run.shape[axis]} points`);
    }
    if (!isIncreasing(positions)) throw notRun(path, `x${axis} is not finite and increasing`);
  });
}

function isIncreasing(values: Float64Array): boolean {
  return values.every((x, i) => Number.isFinite(x) && (i === 0 || x > (values[i - 1] ?? Number.NaN)));
}

function floats(path: string, name: string, array: NpyArray): Float64Array {
  if (array.data instanceof Float64Array) return array.data;
  if (array.data instanceof Float32Array) return Float64Array.from(array.data);
  throw notRun(path, `${name} does not hold floating-point numbers`);
}

function parseRecord(path: string, array: NpyArray): unknown {
  const [text] = array.data;
  if (typeof text !== "string") throw notRun(path, "its record is not text");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notRun(path, `its record is not JSON (${reason(cause)})`, cause);
  }
}

function notRun(path: string, why: string, cause?: unknown): MfgError {
  return new MfgError({
    code: "MFGPU_FILE_RUN",
    message: `${path} does not hold a run: ${why}.`,
    fix: "Give a file that `mfgpu solve --out` wrote.",
    path,
    value: path,
    cause,
  });
}
