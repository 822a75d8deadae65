/**
 * Studies through a queue on a real server while workers are killed, stopped and continued and the server is started anew. The
 * seed moves the moments; MFGPU_FAULT_SEEDS=1-20 tries many. The server is PostgreSQL, or MFGPU_FAULT_SERVER=redis.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyFolder, mfgpu, start, type Running } from "../cli/mfgpu.ts";
import { root } from "../house/imports.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";
import { secret, type Server } from "./server.ts";
import { otherRuns, random, runsOf, studyFile, summaryOf } from "./support.ts";

const members = 200;
const lock = "2";

let server: Server;
beforeAll(async () => {
  server = await (process.env["MFGPU_FAULT_SERVER"] === "redis" ? startRedis() : startPostgres());
}, 120_000);
afterAll(() => server[Symbol.asyncDispose]());

const seeds = ((): number[] => {
  const [first = 1, last = first] = (process.env["MFGPU_FAULT_SEEDS"] ?? "1").split("-").map(Number);
  return Array.from({ length: last - first + 1 }, (_, k) => first + k);
})();

function startWorker(out: string): Running {
  return start(["worker", "--queue", server.url, "--out", out, "--lock", lock]);
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
      const { ended } = start(["study", file, "--out", out, "--queue", server.url, "--workers", "2", "--json"]);
      const done = (): number => runsOf(out).filter((name) => name.endsWith(".npz")).length;
      const until = async (count: number): Promise<void> => {
        while (done() < count) await sleep(10);
      };
      await until(1 + Math.floor(next() * 20));
      workers[0]!.child.kill("SIGKILL");
      await until(25 + Math.floor(next() * 20));
      workers[1]!.child.kill("SIGSTOP");
      await until(60 + Math.floor(next() * 20));
      await server.restart();
      await sleep(next() * 300);
      workers[2]!.child.kill("SIGKILL");
      await until(100 + Math.floor(next() * 40));
      // Longer than a lock: its batch was given to another.
      await sleep(1.5 * Number(lock) * 1000);
      workers[1]!.child.kill("SIGCONT");
      const outcome = await ended;
      expect(outcome.stderr).not.toContain(secret);
      expect(JSON.parse(outcome.stdout)).toMatchObject({ total: members, settled: members, failed: 0 });
      expect(summaryOf(out)).toBe(summaryOf(calm));
      expect(runsOf(out)).toEqual(runsOf(calm));
      expect(otherRuns(out, calm)).toEqual([]);
      workers[3]!.child.kill("SIGTERM");
      expect((await workers[3]!.ended).code).toBe(0);
    },
    300_000,
  );

  test("cancel takes out what waits; an unreachable queue and a wrong address are exit 2 with no secret", async () => {
    const folder = emptyFolder();
    const out = join(folder, "out");
    const few = studyFile(folder, 8);
    const waiting = start(["study", few, "--out", out, "--queue", server.url]);
    await waiting.says("queued");
    const status = await mfgpu(["study", "status", out, "--queue", server.url, "--json"]);
    const { queue } = JSON.parse(status.stdout) as { queue: { waiting: number } };
    expect(queue.waiting).toBeGreaterThan(0);
    const cancelled = await mfgpu(["study", "cancel", out, "--queue", server.url, "--json"]);
    expect(cancelled.stderr).toBe("");
    expect(JSON.parse(cancelled.stdout)).toEqual({ study: "storm", cancelled: queue.waiting });
    waiting.child.kill("SIGINT");
    expect((await waiting.ended).code).toBe(130);

    const dead = await mfgpu(["worker", "--queue", "postgres://u:sesame@127.0.0.1:9/x", "--out", out]);
    expect(dead.code).toBe(2);
    expect(dead.stderr).toContain("MFGPU_CONFIG_QUEUE_UNREACHABLE");
    expect(dead.stderr).not.toContain("sesame");
    const wrong = await mfgpu(["worker", "--queue", "http://u:sesame@host/x", "--out", out]);
    expect(wrong.stderr).toContain("MFGPU_CONFIG_QUEUE");
    expect(wrong.stderr).not.toContain("sesame");
  });
});
