import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DoctorReport } from "../../src/decision/doctor.ts";
import { tierNames } from "../../src/tiers/candidate.ts";
import type { AdapterSurvey } from "../../src/tiers/webgpu/survey.ts";
import { root } from "../house/imports.ts";
import { mfgpu } from "./mfgpu.ts";

describe("doctor", () => {
  test("--json is one document: machine, every tier with its answer, every absent one with what mends it", async () => {
    const { code, stdout } = await mfgpu(["doctor", "--json"]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as DoctorReport;
    expect(report.node).toBe(process.versions.node);
    expect(report.processor.cores).toBeGreaterThan(0);
    expect(report.processor.memoryBytes).toBeGreaterThan(report.processor.freeBytes);
    const names = report.tiers.map(({ tier }) => tier);
    expect(tierNames.filter((name) => names.includes(name))).toEqual([...new Set(names)]);
    expect(names).toContain("webgpu");
    const silent = report.tiers.filter(({ answer }) =>
      answer.state === "available" ? answer.device === "" : answer.why === "" || answer.fix === "",
    );
    expect(silent).toEqual([]);
  });

  test("an adapter that is not there is exit 4, and nothing is measured in its place", async () => {
    const { code, stdout } = await mfgpu(["doctor", "--adapter", "no such adapter", "--json"]);
    expect(code).toBe(4);
    const report = JSON.parse(stdout) as DoctorReport;
    expect(report.adapters.filter((adapter) => !("why" in adapter))).toEqual([]);
    expect(report.tiers.find(({ tier }) => tier === "webgpu")?.answer.state).toBe("unavailable");
  });
});

/** As a person types it: without the environment that the software adapter needs. */
function asTyped(args: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  const { VK_DRIVER_FILES: _, VK_ICD_FILENAMES: __, LD_LIBRARY_PATH: ___, MFGPU_ADAPTER: ____, ...env } = process.env;
  return spawnSync(process.execPath, [join(root, "dist/cli/main.js"), ...args], { env, encoding: "utf8" });
}

describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("--adapter software", () => {
  test("brings the adapter of the development packages, measures it and never calls it a GPU", () => {
    const { status, stdout } = asTyped(["doctor", "--adapter", "software", "--json"]);
    expect(status).toBe(0);
    const report = JSON.parse(stdout) as DoctorReport;
    expect(report.tiers.find(({ tier }) => tier === "webgpu")?.answer).toMatchObject({ software: true });
    expect(report.adapters).toHaveLength(1);
    const adapter = report.adapters[0] as AdapterSurvey;
    expect(adapter).toMatchObject({ software: true, compensated: true, name: "SwiftShader" });
    expect(adapter.arithmetic.twoSum).toEqual({ checked: 65_536, wrong: 0 });
    for (const figure of ["uploadGBs", "readbackGBs", "roundTripUs", "bindingBytes"] as const) {
      expect(adapter[figure]).toBeGreaterThan(0);
    }
    expect(adapter.timestampGrainNs).toBeLessThan(65_536);
    expect(report.drivers[0]).toMatchObject({ library: expect.stringMatching(/swiftshader/) });
  });

  test("a person reads what it is", () => {
    const { status, stdout } = asTyped(["doctor", "--adapter=software"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/webgpu +available: SwiftShader \(software, no GPU\)/);
    expect(stdout).toMatch(/arithmetic +.*twoSum exact.*twoProductFused .*wrong/);
    expect(stdout).toMatch(/compensated available/);
  });
});
