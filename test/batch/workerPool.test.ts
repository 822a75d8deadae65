import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openOrCreateStudy, readStudyFile } from "../../src/batch/study.ts";
import { WorkerDied, WorkerPool } from "../../src/batch/workerPool.ts";
import { emptyFolder, problemWith } from "../cli/mfgpu.ts";

/** A study of one member that takes minutes, and its folder. */
async function longStudy(): Promise<string> {
  const folder = emptyFolder();
  const file = join(folder, "study.json");
  writeFileSync(
    file,
    JSON.stringify({
      name: "long",
      problem: problemWith({}),
      vary: { volatility: [0.5] },
      solve: { grid: 4096, steps: 4096, tier: "scalar", maxIterations: 1000, tolerance: 1e-12 },
      measures: ["cost"],
    }),
  );
  const out = join(folder, "out");
  await openOrCreateStudy(await readStudyFile(file), out, { workers: 1, confirmed: true });
  return out;
}

/** What a process would leave that is killed while it writes a run. */
function halfWritten(runs: string, host: string, pid: number): string {
  mkdirSync(runs, { recursive: true });
  const name = `.a.npz.${host}-${pid}-0123abcd.tmp`;
  writeFileSync(join(runs, name), "half of it");
  return name;
}

test("a pool that ends leaves nothing half-written of its own processes, and nobody else's is touched", async () => {
  const out = await longStudy();
  const runs = join(out, "runs");
  const others = [halfWritten(runs, hostname(), process.pid)];
  {
    await using pool = new WorkerPool(out, 1);
    const run = pool.runOne(0);
    void run.catch(() => undefined);
    const [pid = 0] = pool.pids;
    halfWritten(runs, hostname(), pid);
    others.push(halfWritten(runs, "elsewhere", pid));
  }
  expect(readdirSync(runs).toSorted()).toEqual(others.toSorted());
});

test("a process that somebody kills leaves nothing half-written either", async () => {
  const out = await longStudy();
  const runs = join(out, "runs");
  await using pool = new WorkerPool(out, 1);
  const run = pool.runOne(0);
  const [pid = 0] = pool.pids;
  halfWritten(runs, hostname(), pid);
  process.kill(pid, "SIGKILL");
  await expect(run).rejects.toThrow(WorkerDied);
  expect(readdirSync(runs)).toEqual([]);
});
