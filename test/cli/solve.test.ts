import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readRun } from "../../src/io/run.ts";
import { emptyFolder, mfgpu, problemFile } from "./mfgpu.ts";

interface RecordDocument {
  readonly problem: string;
  readonly converged: boolean;
  readonly stopReason: string;
  readonly iterations: number;
  readonly residual: number;
  readonly history: readonly { readonly iteration: number; readonly exploitability: number | null }[];
  readonly timings: Readonly<Record<string, number>>;
  readonly output: string | null;
}

const keys =
  "problem dimension grid steps tier adapter precision weno converged stopReason iterations residual exploitability " +
  "massDrift minDensity history timings output";

async function solved(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RecordDocument> {
  const { code, stdout, stderr } = await mfgpu(["solve", ...args, "--json"], env);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as RecordDocument;
}

describe("mfgpu solve", () => {
  test("--json prints the record, all of it, to the tolerance that was asked for", async () => {
    const record = await solved(["two-crowds-1d", "--grid", "32", "--steps", "16", "--tolerance", "1e-6"]);
    for (const key of keys.split(" ")) expect(record).toHaveProperty(key);
    expect(record).toMatchObject({
      problem: "two-crowds-1d",
      dimension: 1,
      grid: [32],
      steps: 16,
      precision: "f64",
      converged: true,
      stopReason: "tolerance",
      output: null,
    });
    expect(record.residual).toBeLessThanOrEqual(1e-6);
    expect(record.history).toHaveLength(record.iterations);
    expect(record.history.at(-1)).toMatchObject({ iteration: record.iterations, residual: record.residual });
    for (const part of ["setup", "hjb", "fokkerPlanck", "relax", "transfer", "total"]) {
      expect(record.timings[part]).toBeGreaterThanOrEqual(0);
    }
  });

  test("a name is enough: grid and steps have defaults", async () => {
    const record = await solved(["two-crowds-1d", "--tolerance", "1e-2"]);
    expect(record).toMatchObject({ grid: [100], steps: 50 });
  });

  test("every option reaches the solver", async () => {
    const args = "r1 --grid 24 --steps 12 --tier scalar --precision f64 --weno js --fokker-planck fdm --cfl 0.4";
    const more = "--hamiltonian-flux godunov --splitting strang --time-levels 0.5 --tolerance 1e-3 --relaxation 0.25";
    const record = await solved([...`${args} ${more}`.split(" "), "--max-iterations", "60", "--exploitability"]);
    expect(record).toMatchObject({ tier: "scalar", weno: "js" });
    expect(record.history.every((entry) => typeof entry.exploitability === "number")).toBe(true);
    const plain = await solved(["r1", "--grid", "24", "--steps", "12", "--tolerance", "1e-3"]);
    expect(plain.iterations).not.toBe(record.iterations);
  });

  test("a run that does not converge is exit 3, with its reason", async () => {
    const limited = await mfgpu(["solve", "r1", "--grid", "16", "--steps", "8", "--max-iterations", "2", "--json"]);
    expect(limited.code).toBe(3);
    expect(JSON.parse(limited.stdout)).toMatchObject({ converged: false, stopReason: "limit", iterations: 2 });
    const text = await mfgpu(["solve", "r1", "--grid", "16", "--steps", "8", "--max-iterations", "2"]);
    expect(text.code).toBe(3);
    expect(text.stdout).toContain("NOT converged");
  });

  test("a run that diverges is exit 3, with the sweep and the place", async () => {
    const folder = emptyFolder();
    const problem = problemFile(folder, { terminalCost: "1e200*cos(2*pi*x)" });
    const picture = join(folder, "run.svg");
    const args = ["solve", problem, "--grid", "16", "--steps", "4", "--plot", picture];
    const { code, stdout } = await mfgpu([...args, "--json"]);
    expect(code).toBe(3);
    const record = JSON.parse(stdout) as { stopReason: string; stopDetail: string };
    expect(record.stopReason).toBe("diverged");
    expect(record.stopDetail).toMatch(/HJB|value|Fokker-Planck|density/);
    expect(record.stopDetail).toMatch(/level \d+|t = [\d.]+/);
    const text = await mfgpu(args);
    expect(text.code).toBe(3);
    expect(text.stdout).toContain(record.stopDetail);
    expect(readdirSync(folder)).toEqual(["problem.json"]);
  });

  test("--out and --plot leave the run and the picture, and nothing else", async () => {
    const folder = emptyFolder();
    const run = join(folder, "run.npz");
    const picture = join(folder, "run.svg");
    const size = ["--grid", "20", "--steps", "6", "--tolerance", "1e-6"];
    const record = await solved([problemFile(folder), ...size, "--out", run, "--plot", picture]);
    expect(record.output).toBe(run);
    expect(readdirSync(folder).toSorted()).toEqual(["problem.json", "run.npz", "run.svg"]);
    expect(readFileSync(picture, "utf8")).toMatch(/^(<\?xml[^>]*>\s*)?<svg[\s\S]*<\/svg>\s*$/);
    const stored = await readRun(run);
    expect(stored.shape).toEqual([20]);
    expect(stored.t).toHaveLength(7);
    expect(stored.record).toEqual(record);

    const again = join(folder, "again.png");
    expect((await mfgpu(["plot", run, "--out", again])).code).toBe(0);
    expect(readFileSync(again).subarray(1, 4).toString("latin1")).toBe("PNG");
  });

  test("--warm-start: from a run it ends at once, from coarser grids it ends at the same place", async () => {
    const folder = emptyFolder();
    const run = join(folder, "run.npz");
    const args = [problemFile(folder), "--grid", "32", "--steps", "16", "--tolerance", "1e-7"];
    const cold = await solved([...args, "--out", run]);
    const warm = await solved([...args, "--warm-start", run]);
    expect(warm.iterations).toBeLessThanOrEqual(2);
    expect(warm.iterations).toBeLessThan(cold.iterations);
    const nested = await solved([...args, "--warm-start", "nested"]);
    expect(nested.residual).toBeLessThanOrEqual(1e-7);
    const missing = await mfgpu(["solve", ...args, "--warm-start", join(folder, "none.npz"), "--json"]);
    expect(missing.code).toBe(2);
  });

  test("says the need and the progress on stderr as plain lines, and the summary on stdout", async () => {
    const args = ["solve", "two-crowds-1d", "--grid", "32", "--steps", "16", "--tolerance", "1e-4"];
    const { code, stdout, stderr } = await mfgpu(args);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^memory: [\d.]+ \w?B of [\d.]+ \w?B \(\d+ histories of .*; anderson, depth \d+$/m);
    expect(stderr).toMatch(/^iteration 1 {2}residual [\d.e+-]+ .*mass drift .*min density .* s/m);
    expect(stderr).not.toContain("\u001B");
    for (const word of ["two-crowds-1d", "converged", "residual", "exploitability", "mass drift"]) {
      expect(stdout).toContain(word);
    }
    const quiet = await mfgpu([...args, "--quiet"]);
    expect(quiet.stderr).toBe("");
    expect(quiet.stdout).toContain("converged");
  });

  test("a memory budget that is too small is refused with the numbers", async () => {
    const args = "solve r1 --grid 256 --steps 64 --memory 10kB --json";
    const { code, stdout } = await mfgpu(args.split(" "));
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    expect(error.code).toMatch(/^MFGPU_MEMORY_/);
    expect(error.message).toMatch(/\d.*\d/);
  });
});

describe("tiers", () => {
  const args = ["r1", "--grid", "16", "--steps", "8", "--tolerance", "1e-3"];

  test("MFGPU_TIER forces one", async () => {
    for (const tier of ["scalar", "batched"]) {
      expect(await solved(args, { MFGPU_TIER: tier })).toMatchObject({ tier });
      expect(await solved([...args, "--tier", tier])).toMatchObject({ tier });
    }
  });
  test("an unknown one is exit 2 with the list", async () => {
    for (const [flags, env] of [
      [["--tier", "quantum"], {}],
      [[], { MFGPU_TIER: "quantum" }],
    ] as const) {
      const { code, stdout } = await mfgpu(["solve", ...args, ...flags, "--json"], env);
      expect(code).toBe(2);
      expect(JSON.parse(stdout)).toMatchObject({
        error: { code: "MFGPU_CONFIG_TIER_NAME", value: "quantum", fix: expect.stringContaining("scalar, batched") },
      });
    }
  });
  test.each([
    ["gpujs:webgpu", "gpujs"],
    ["webgpu", "webgpu"],
    ["webgpu/offload", "webgpu"],
  ] as const)("%s is not there: exit 4 with the reason, and no other tier runs", async (candidate, tier) => {
    const folder = emptyFolder();
    const out = ["--out", join(folder, "run.npz")];
    const place = ["--adapter", "no such adapter"];
    const { code, stdout } = await mfgpu(["solve", ...args, "--tier", candidate, ...place, ...out, "--json"]);
    expect(code).toBe(4);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string; fix: string } };
    expect(error.code).toMatch(/^MFGPU_(TIER|DEVICE)_/);
    expect(error.message).toContain(tier);
    expect(error.fix).toMatch(/\S/);
    expect(readdirSync(folder)).toEqual([]);
  });
  test("a precision that a tier has not, and an adapter for a tier without one, are exit 2", async () => {
    for (const flags of [
      ["--tier", "scalar", "--precision", "f32"],
      ["--tier", "batched", "--adapter", "gpu0"],
    ]) {
      expect((await mfgpu(["solve", ...args, ...flags, "--json"])).code).toBe(2);
    }
  });
});
