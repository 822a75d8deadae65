/** Workers of a queue on each server that is here: killed, drained, with a wrong clock, of another version, without secrets. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { batchJob, batchJobId, queueProtocol, StudyQueue, takeBatches } from "../../src/batch/queue.ts";
import { keyOfStudy } from "../../src/batch/queueStudy.ts";
import { openOrCreateStudy, readStudyFile } from "../../src/batch/study.ts";
import { gpuPlace, whyNoGpu } from "../support/webgpu.ts";
import { emptyFolder, mfgpu, type Running, start } from "../cli/mfgpu.ts";
import { startPostgres } from "./postgres.ts";
import { startRedis, whyNoRedis } from "./redis.ts";
import { secret, type Server } from "./server.ts";
import { jumpingClock, otherRuns, runsOf, studyFile, summaryOf } from "./support.ts";

/** Numbers of PostgreSQL's bigint come as text. */
type Row = Readonly<Record<string, string>>;

const servers = [
  { name: "PostgreSQL", begin: startPostgres, absent: undefined },
  { name: "Redis", begin: startRedis, absent: whyNoRedis },
];

const heading = servers.map((server) => ({
  ...server,
  title: server.absent === undefined ? server.name : `${server.name} (${server.absent})`,
}));

describe.each(heading)("workers of a queue on $title", ({ name, begin, absent }) => {
  const here = absent === undefined;
  let server: Server;
  beforeAll(async () => {
    if (here) server = await begin();
  }, 120_000);
  afterAll(() => (here ? server[Symbol.asyncDispose]() : undefined));

  const worker = (out: string, env: Readonly<Record<string, string>> = {}): Running =>
    start(["worker", "--queue", server.url, "--out", out, "--lock", "2"], env);

  const serverNow = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
  const query = async (text: string, values: readonly unknown[] = []): Promise<pg.QueryResult<Row>> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return await client.query<Row>(text, [...values]);
    } finally {
      await client.end();
    }
  };

  test.runIf(here)(
    "one killed, clocks that jump by an hour: every member once, the fields of one machine, no secret",
    async () => {
      const folder = emptyFolder();
      const file = studyFile(folder, 40);
      const [calm, out] = [join(folder, "calm"), join(folder, "out")];
      await mfgpu(["study", file, "--out", calm, "--workers", "1", "--quiet"]);
      const workers = [worker(out), worker(out, jumpingClock(3_600_000)), worker(out, jumpingClock(-3_600_000))];
      const study = start(["study", file, "--out", out, "--queue", server.url, "--workers", "1", "--json"]);
      while (runsOf(out).length < 3) await sleep(10);
      workers[0]!.child.kill("SIGKILL");
      const { code, stdout, stderr } = await study.ended;
      expect(stderr).not.toContain(secret);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ total: 40, settled: 40, failed: 0 });
      expect(summaryOf(out)).toBe(summaryOf(calm));
      expect(otherRuns(out, calm)).toEqual([]);
      for (const { child } of workers.slice(1)) child.kill("SIGTERM");
      for (const { ended } of workers.slice(1)) {
        const end = await ended;
        expect(end.code).toBe(0);
        expect(end.stderr).not.toContain(secret);
      }
      expect(readFileSync(join(out, "study.json"), "utf8")).not.toContain(secret);
    },
    120_000,
  );

  test.runIf(here && name === "PostgreSQL")(
    "a look for dead workers that is an hour ahead: a dead worker's batch is taken in the ordinary time",
    async () => {
      const job = batchJob("00000000000c10c4", 0);
      await using queue = await StudyQueue.connect(server.url);
      await queue.add([job]);
      await query(
        `UPDATE bullmq.job SET state = 'active', lock_token = 'of a dead worker', locked_until_ms = ${serverNow} WHERE id = $1`,
        [batchJobId(job.study, job.batch)],
      );
      await query(
        `INSERT INTO bullmq.meta VALUES ('mfgpu', 'stalled-check', ${serverNow} + 3600000)
         ON CONFLICT (queue, field) DO UPDATE SET value = EXCLUDED.value`,
      );
      const lockMs = 1000;
      const begun = performance.now();
      const takenMs: number[] = [];
      const { drain, closed } = await takeBatches(
        server.url,
        async ({ study }) => {
          if (study === job.study) takenMs.push(performance.now() - begun);
        },
        { lockMs },
      );
      while (takenMs.length === 0 && performance.now() - begun < 10 * lockMs) await sleep(10);
      await drain();
      await closed;
      // Two looks, each put off by no more than a round.
      expect(takenMs[0]).toBeLessThan(5 * lockMs);
      expect(await queue.pending(job.study)).toEqual([]);
    },
  );

  test.runIf(here && name === "PostgreSQL").each([3_600_000, -3_600_000])(
    "a worker whose clock is wrong by %i ms holds its batch, and looks for dead workers, by the server's clock",
    async (wrongMs) => {
      const job = batchJob("00000000000c10c4", 1);
      await using queue = await StudyQueue.connect(server.url);
      await queue.add([job]);
      const { now } = Date;
      vi.spyOn(Date, "now").mockImplementation(() => now() + wrongMs);
      onTestFinished(() => void vi.restoreAllMocks());
      const lockMs = 1000;
      const taken: number[] = [];
      const enough = new AbortController();
      const { drain, closed } = await takeBatches(
        server.url,
        async ({ study }) => {
          if (study !== job.study) return;
          taken.push(performance.now());
          await once(enough.signal, "abort");
        },
        { lockMs },
      );
      while (taken.length === 0) await sleep(10);
      // Long enough for two looks, which would give the batch out again if its lock had run out.
      await sleep(3 * lockMs);
      const { rows } = await query(
        `SELECT locked_until_ms - ${serverNow} AS "lockMs", ${serverNow} - value::bigint AS "lookMs"
           FROM bullmq.job JOIN bullmq.meta USING (queue) WHERE id = $1 AND state = 'active' AND field = 'stalled-check'`,
        [batchJobId(job.study, job.batch)],
      );
      enough.abort();
      await drain();
      await closed;
      const found = rows.map((row) => [Number(row.lockMs), Number(row.lookMs)])[0]!;
      expect(found[0]).toBeGreaterThan(0);
      expect(found[0]).toBeLessThanOrEqual(lockMs);
      expect(found[1]).toBeGreaterThanOrEqual(0);
      expect(found[1]).toBeLessThan(3 * lockMs);
      expect(taken).toHaveLength(1);
      expect(await queue.pending(job.study)).toEqual([]);
    },
  );

  test.runIf(here)(
    "SIGTERM in the midst of a batch: that batch is finished, no other is taken",
    async () => {
      const folder = emptyFolder();
      const out = join(folder, "out");
      // Long enough to be caught in the act: no member of a batch stands before all of them are solved.
      const file = studyFile(folder, 8, { solve: { grid: 96, steps: 64, tier: "batched", tolerance: 1e-8 } });
      const study = await openOrCreateStudy(await readStudyFile(file), out, { workers: 4 });
      const [first] = study.plan.batches;
      expect(study.plan.batches.length).toBe(4);
      const waiting = start(["study", file, "--out", out, "--queue", server.url]);
      await waiting.says("queued");
      const { child, ended } = worker(out);
      await using queue = await StudyQueue.connect(server.url);
      const key = await keyOfStudy(study);
      while ((await queue.running(key)).length === 0) await sleep(10);
      child.kill("SIGTERM");
      const end = await ended;
      expect(end.stderr).toContain("draining");
      expect(end.code).toBe(0);
      expect(runsOf(out)).toHaveLength(first!.members.length);
      const status = await mfgpu(["study", "status", out, "--queue", server.url, "--json"]);
      expect(JSON.parse(status.stdout)).toMatchObject({ settled: first!.members.length, queue: { waiting: 3 } });
      await mfgpu(["study", "cancel", out, "--queue", server.url]);
      waiting.child.kill("SIGINT");
      expect((await waiting.ended).code).toBe(130);
    },
    120_000,
  );

  test.runIf(here && whyNoGpu === undefined && gpuPlace.adapter !== undefined)(
    "--adapter of a worker: its solves run there, whatever the study was planned on",
    async () => {
      const folder = emptyFolder();
      const out = join(folder, "out");
      const file = studyFile(folder, 2, {
        solve: { grid: 16, steps: 6, tier: "webgpu", precision: "f32", tolerance: 1e-4 },
      });
      // Without the variable only --adapter can lead to a software adapter.
      const { child, ended } = start(
        ["worker", "--queue", server.url, "--out", out, "--adapter", gpuPlace.adapter ?? ""],
        { MFGPU_ADAPTER: "" },
      );
      const study = await mfgpu(["study", file, "--out", out, "--queue", server.url, "--workers", "1", "--json"]);
      expect(JSON.parse(study.stdout)).toMatchObject({ total: 2, settled: 2, failed: 0 });
      child.kill("SIGTERM");
      expect((await ended).code).toBe(0);
    },
    240_000,
  );

  test.runIf(here)("a wrong password is exit 2 and printed nowhere", async () => {
    const url = server.url.replace(secret, "sesame");
    const { code, stderr } = await mfgpu(["worker", "--queue", url, "--out", emptyFolder()]);
    expect(code).toBe(2);
    expect(stderr).toContain("MFGPU_CONFIG_QUEUE_UNREACHABLE");
    expect(stderr).not.toContain("sesame");
  });

  test.runIf(here)("jobs of another version: the worker ends with exit 2 and leaves them to others", async () => {
    await using queue = await StudyQueue.connect(server.url);
    const job = { ...batchJob("0123456789abcdef", 0), protocol: queueProtocol + 1 };
    await queue.add([job]);
    const { code, stderr } = await worker(emptyFolder()).ended;
    expect(code).toBe(2);
    expect(stderr).toContain("MFGPU_CONFIG_QUEUE_VERSION");
    expect(await queue.pending(job.study)).toEqual([0]);
    expect(await queue.cancel(job.study)).toBe(1);
  });

  test.runIf(here && name === "PostgreSQL")(
    "a look for dead workers that becomes impossible ends the worker",
    async () => {
      const rename = (from: string, to: string): Promise<unknown> =>
        query(`ALTER FUNCTION bullmq.${from} (text, integer, bigint, bigint) RENAME TO ${to}`);
      // Makes the tables where they are not there yet.
      await using _ = await StudyQueue.connect(server.url);
      await query("DELETE FROM bullmq.meta WHERE field = 'stalled-check'");
      const { ended } = worker(emptyFolder());
      const looked = async (): Promise<boolean> =>
        (await query("SELECT FROM bullmq.meta WHERE field = 'stalled-check'")).rowCount === 1;
      while (!(await looked())) await sleep(10);
      await rename("move_stalled_jobs_to_wait", "of_tomorrow");
      const { code, stderr } = await ended;
      await rename("of_tomorrow", "move_stalled_jobs_to_wait");
      expect(code).toBe(2);
      expect(stderr).toContain("MFGPU_CONFIG_QUEUE_VERSION");
      expect(stderr).not.toContain(secret);
    },
  );

  test.runIf(here && name === "PostgreSQL")("a database that a newer bullmq made is exit 2", async () => {
    const set = (version: number): Promise<unknown> =>
      query("UPDATE bullmq.migration SET min_client_version = $1", [version]);
    await set(99);
    const { code, stderr } = await mfgpu(["worker", "--queue", server.url, "--out", emptyFolder()]);
    await set(6);
    expect(code).toBe(2);
    expect(stderr).toContain("MFGPU_CONFIG_QUEUE_VERSION");
    expect(stderr).not.toContain(secret);
  });
});
