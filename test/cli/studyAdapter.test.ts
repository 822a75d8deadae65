/** The adapter is a place: it is named for a study or for a worker, checked first, and no part of what a member is. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readRun } from "../../src/io/run.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { emptyFolder, mfgpu, problemWith } from "./mfgpu.ts";

function studyFile(folder: string, tier: string): string {
  const path = join(folder, "study.json");
  const study = {
    name: "placed",
    problem: problemWith({}),
    vary: { volatility: [0.4, 0.5] },
    solve: { grid: 16, steps: 6, tier, ...(tier === "webgpu" ? { precision: "f32" } : {}), tolerance: 1e-4 },
    measures: ["cost"],
    warmStart: "off",
  };
  writeFileSync(path, JSON.stringify(study));
  return path;
}

const noSuch = ["--adapter", "no such adapter", "--json"];

describe("an adapter that is not here", () => {
  test.each(["webgpu", "gpujs:webgpu", "auto"])(
    "of a study on %s: exit 4 with the mend, before anything",
    async (tier) => {
      const folder = emptyFolder();
      const out = join(folder, "out");
      const { code, stdout } = await mfgpu(["study", studyFile(folder, tier), "--out", out, ...noSuch]);
      expect(code).toBe(4);
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string; fix: string } };
      expect(error.code).toMatch(/^MFGPU_TIER_/);
      expect(error.fix).toMatch(/\S/);
      expect(() => readFileSync(join(out, "study.json"))).toThrow("ENOENT");
    },
  );

  test("of a worker: exit 4 with the mend, before the queue is asked", async () => {
    const queue = "postgres://u:sesame@127.0.0.1:9/x";
    const place = ["--adapter", "no such adapter"];
    const { code, stderr } = await mfgpu(["worker", "--queue", queue, "--out", emptyFolder(), ...place]);
    expect(code).toBe(4);
    expect(stderr).toContain("MFGPU_TIER_");
    expect(stderr).toContain("webgpu");
    expect(stderr).not.toContain("waiting");
  });

  test("a tier that uses none refuses one: exit 2", async () => {
    const folder = emptyFolder();
    const { code, stdout } = await mfgpu([
      "study",
      studyFile(folder, "batched"),
      "--out",
      join(folder, "out"),
      ...noSuch,
    ]);
    expect(code).toBe(2);
    expect(stdout).toContain("MFGPU_CONFIG_ADAPTER");
  });
});

describe.skipIf(whyNoGpu !== undefined)(
  `an adapter that is here${whyNoGpu === undefined ? "" : ` (${whyNoGpu})`}`,
  () => {
    test("named twice: a process each, the same members as by MFGPU_ADAPTER alone", async () => {
      const folder = emptyFolder();
      const file = studyFile(folder, "webgpu");
      const [named, unnamed] = [join(folder, "named"), join(folder, "unnamed")];
      const adapter = gpuPlace.adapter ?? "a";
      const place = ["--adapter", adapter, "--adapter", adapter];
      // Without the variable only --adapter can lead to a software adapter.
      const first = await mfgpu(["study", file, "--out", named, ...place, "--quiet"], { MFGPU_ADAPTER: "" });
      expect(first.stderr).toBe("");
      expect(first.code).toBe(0);
      expect((await mfgpu(["study", file, "--out", unnamed, "--workers", "1", "--quiet"])).code).toBe(0);
      const plan = (out: string): { workers: number; members: { id: string }[] } =>
        (
          JSON.parse(readFileSync(join(out, "study.json"), "utf8")) as {
            plan: { workers: number; members: { id: string }[] };
          }
        ).plan;
      expect(plan(named).workers).toBe(2);
      expect(plan(named).members).toEqual(plan(unnamed).members);
      expect(readFileSync(join(named, "study.json"), "utf8")).not.toContain('"adapter"');
      for (const { id } of plan(named).members) {
        const { record } = await readRun(join(named, "runs", `${id}.npz`));
        expect(record).toMatchObject({ tier: "webgpu" });
      }
    }, 240_000);
  },
);
