/**
 * Studies through a queue on a real PostgreSQL while workers are killed, stopped and continued and the database is started
 * anew. The seed moves the moments; MFGPU_FAULT_SEEDS=1-20 tries many.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyFolder, mfgpu, problemWith, start, type Running } from "../cli/mfgpu.ts";
import { root } from "../house/imports.ts";
import { startPostgres, type Postgres } from "./postgres.ts";

const members = 200;
const lock = "2";

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
}, 120_000);
afterAll(() => postgres[Symbol.asyncDispose]());

const seeds = ((): number[] => {
  const [first = 1, last = first] = (process.env["MFGPU_FAULT_SEEDS"] ?? "1").split("-").map(Number);
  return Array.from({ length: last - first + 1 }, (_, k) => first + k);
})();

function studyFile(folder: string, count: number): string {
  const path = join(folder, "study.json");
  const study = {
    name: "storm",
    problem: problemWith({}),
    vary: { volatility: { from: 0.3, to: 0.9, count } },
    solve: { grid: 16, steps: 8, tier: "batched", tolerance: 1e-6 },
    measures: ["cost"],
  };
  writeFileSync(path, JSON.stringify(study));
  return path;
}

const summaryOf = (out: string): string => readFileSync(join(out, "summary.csv"), "utf8");
const runsOf = (out: string): string[] => readdirSync(join(out, "runs")).toSorted();

/** Everything of a run but its record, which holds times. */
function arraysOf(out: string, name: string): Buffer {
  const bytes = readFileSync(join(out, "runs", name));
  return bytes.subarray(0, bytes.indexOf("record.npy"));
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function startWorker(out: string): Running {
  return start(["worker", "--queue", postgres.url, "--out", out, "--lock", lock]);
}

describe("a study in a queue", () => {
  let calm: string;
  let file: string;
  beforeAll(async () => {
    // Not `emptyFolder`, which is gone after one test.
    const folder = mkdtempSync(join(tmpdir(), "mfgpu-storm-"));
    file = studyFile(folder, members);
    calm = join(folder, "calm");
    const args = [join(root, "dist/cli/main.js"), "study", file, "--out", calm, "--workers", "2", "--quiet"];
    if (spawnSync(process.execPath, args).status !== 0) throw new Error("the undisturbed run failed");
  }, 300_000);

  test.each(seeds)(
    "seed %i: workers killed, stopped and continued, the database started anew: every member once, the same fields",
    async (seed) => {
      const next = random(seed);
      const out = join(emptyFolder(), "out");
      const workers = Array.from({ length: 4 }, () => startWorker(out));
      const { ended } = start(["study", file, "--out", out, "--queue", postgres.url, "--workers", "2", "--json"]);
      const done = (): number => {
        try {
          return runsOf(out).filter((name) => name.endsWith(".npz")).length;
        } catch {
          return 0;
        }
      };
      const until = async (count: number): Promise<void> => {
        while (done() < count) await sleep(10);
      };
      await until(1 + Math.floor(next() * 20));
      workers[0]!.child.kill("SIGKILL");
      await until(25 + Math.floor(next() * 20));
      workers[1]!.child.kill("SIGSTOP");
      await until(60 + Math.floor(next() * 20));
      await postgres.restart();
      await sleep(next() * 300);
      workers[2]!.child.kill("SIGKILL");
      await until(100 + Math.floor(next() * 40));
      // Longer than a lock: its batch was given to another.
      await sleep(1.5 * Number(lock) * 1000);
      workers[1]!.child.kill("SIGCONT");
      const outcome = await ended;
      expect(outcome.stderr).not.toContain("not-to-be-printed");
      expect(JSON.parse(outcome.stdout)).toMatchObject({ total: members, settled: members, failed: 0 });
      expect(summaryOf(out)).toBe(summaryOf(calm));
      expect(runsOf(out).filter((name) => !name.startsWith("."))).toEqual(runsOf(calm));
      const torn = runsOf(calm).filter((name) => !arraysOf(out, name).equals(arraysOf(calm, name)));
      expect(torn).toEqual([]);
      workers[3]!.child.kill("SIGTERM");
      expect((await workers[3]!.ended).code).toBe(0);
    },
    300_000,
  );

  test("cancel takes out what waits; an unreachable queue and a wrong address are exit 2 with no secret", async () => {
    const folder = emptyFolder();
    const out = join(folder, "out");
    const few = studyFile(folder, 8);
    const waiting = start(["study", few, "--out", out, "--queue", postgres.url]);
    await waiting.says("queued");
    const status = await mfgpu(["study", "status", out, "--queue", postgres.url, "--json"]);
    const { queue } = JSON.parse(status.stdout) as { queue: { waiting: number } };
    expect(queue.waiting).toBeGreaterThan(0);
    const cancelled = await mfgpu(["study", "cancel", out, "--queue", postgres.url, "--json"]);
    expect(cancelled.stderr).toBe("");
    expect(JSON.parse(cancelled.stdout)).toEqual({ study: "storm", cancelled: queue.waiting });
    waiting.child.kill("SIGINT");
    expect((await waiting.ended).code).toBe(130);

    const begun = performance.now();
    const dead = await mfgpu(["worker", "--queue", "postgres://u:sesame@127.0.0.1:9/x", "--out", out]);
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(dead.code).toBe(2);
    expect(dead.stderr).toContain("MFGPU_CONFIG_QUEUE_UNREACHABLE");
    expect(dead.stderr).not.toContain("sesame");
    const wrong = await mfgpu(["worker", "--queue", "http://u:sesame@host/x", "--out", out]);
    expect(wrong.stderr).toContain("MFGPU_CONFIG_QUEUE");
    expect(wrong.stderr).not.toContain("sesame");
  });
});
