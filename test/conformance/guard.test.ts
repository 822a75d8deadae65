/** The guard is guarded: kernels with one wrong weight, and kernels that never launch, must both turn the suite red. */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Tests that the stencil suite passed and failed with the kernels of `batched` as they are or falsified. */
function suite(sabotage: string | undefined): { readonly passed: number; readonly failed: number } {
  const { VITEST: _vitest, MFGPU_TEST_SABOTAGE: _old, ...env } = process.env;
  const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
  const only = ["-t", "batched.*f64.*(weights are|counts its)", "--project", "fast", "--reporter=json"];
  const { stdout } = spawnSync(process.execPath, [vitest, "run", "test/conformance/stencilKernels.test.ts", ...only], {
    cwd: root,
    env: {
      ...env,
      MFGPU_EXPECT_TIERS: "batched",
      ...(sabotage === undefined ? {} : { MFGPU_TEST_SABOTAGE: sabotage }),
    },
    encoding: "utf8",
  });
  const report = JSON.parse(stdout) as { readonly numPassedTests: number; readonly numFailedTests: number };
  return { passed: report.numPassedTests, failed: report.numFailedTests };
}

test("true kernels pass, a weight off by 1e-3 and kernels that never launch fail", () => {
  expect(suite(undefined)).toEqual({ passed: 2, failed: 0 });
  expect(suite("weight")).toEqual({ passed: 1, failed: 1 });
  expect(suite("idle")).toEqual({ passed: 1, failed: 1 });
});
