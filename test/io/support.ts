import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { MfgError } from "../../src/errors.ts";
import type { RunFile } from "../../src/io/run.ts";

/** A folder of this test file's own, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mfgpu-io-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The MfgError that `action` ends with, its code checked. */
export async function failure(action: () => unknown, code: string): Promise<MfgError> {
  let thrown: unknown;
  try {
    await action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(MfgError);
  const error = thrown as MfgError;
  expect(`${error.code}: ${error.message}`).toContain(`${code}: `);
  expect(error.fix).toBeTruthy();
  return error;
}

/** What a Python script prints; throws with its complaint where it fails. */
export function python(script: string, ...args: readonly string[]): string {
  const result = spawnSync(pythonCommand, ["-c", script, ...args], { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`python: ${result.stderr}`);
  return result.stdout;
}

/** Whether Python can import a module here. */
export function hasPython(module: string): boolean {
  return spawnSync(pythonCommand, ["-c", `import ${module}`]).status === 0;
}

const pythonCommand = process.env["MFGPU_TEST_PYTHON"] ?? "python3";

/** A small run whose numbers are all different. */
export function sampleRun(shape: readonly number[], steps: number): RunFile {
  const points = shape.reduce((product, n) => product * n, 1);
  const size = points * (steps + 1);
  return {
    value: Float64Array.from({ length: size }, (_, i) => Math.sin(i) * 1e3),
    density: Float64Array.from({ length: size }, (_, i) => 1 / (1 + i)),
    t: Float64Array.from({ length: steps + 1 }, (_, k) => (k / steps) ** 2),
    coordinates: shape.map((n) => Float64Array.from({ length: n }, (_, i) => (i + 0.5) / n)),
    shape,
    record: { problem: "sample \u03c3", grid: shape, steps, history: [] },
  };
}
