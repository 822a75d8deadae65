/**
 * What a queue costs: the share of a worker's time between batches, and how long it takes to put many members into it. A server of
 * its own is started for it.
 *
 *   npx tsx bench/queue.ts [--server postgres|redis] [--batches 12] [--members 10000] [--json]
 *
 * One worker solves batches of a second or more; all that is not solving from the first batch's begin to the last one's end is the
 * queue's. The same batches are then solved without a queue, in the same kind of process.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { batchJob, StudyQueue } from "../src/batch/queue.ts";
import { queueStudy } from "../src/batch/queueStudy.ts";
import { workQueue } from "../src/batch/queueWorker.ts";
import { runStudy } from "../src/batch/runStudy.ts";
import { openOrCreateStudy, type Study, studyRequest } from "../src/batch/study.ts";
import { startPostgres } from "../test/faults/postgres.ts";
import { startRedis } from "../test/faults/redis.ts";

const { values: flags } = parseArgs({
  options: {
    server: { type: "string", default: "postgres" },
    batches: { type: "string", default: "12" },
    members: { type: "string", default: "10000" },
    json: { type: "boolean", default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), "mfgpu-bench-queue-"));

/** Members of the size of the bench of studies; each batch of `workers` parts has a few. */
function study(name: string, out: string, count: number, workers: number, grid: number, steps: number): Promise<Study> {
  const input = {
    name,
    problem: "two-crowds-1d",
    vary: { volatility: { from: 0.6, to: 1.4, count } },
    solve: { grid, steps, tier: "batched" },
    warmStart: "off",
  } as const;
  return openOrCreateStudy(studyRequest(input), join(folder, out), { workers });
}

const server = await (flags.server === "redis" ? startRedis() : startPostgres());
try {
  const batches = Number(flags.batches);
  const queued = await study("overhead", "queued", 2 * batches, batches, 100, 50);
  const times: { readonly begin: number; readonly end: number }[] = [];
  const drain = new AbortController();
  const worker = workQueue(server.url, queued.folder, {
    drain: drain.signal,
    onBatch: (_, __, seconds) => {
      const end = performance.now() / 1000;
      times.push({ begin: end - seconds, end });
    },
  });
  await queueStudy(queued, server.url);
  drain.abort();
  await worker;
  // The first batch starts the process and compiles the code: it is no batch like the others.
  const counted = times.slice(1);
  const solving = counted.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const whole = (times.at(-1)?.end ?? 0) - (times[0]?.end ?? 0);
  const plain = await study("overhead", "plain", 2 * batches, batches, 100, 50);
  const alone = await runStudy(plain, { workers: 1 });

  await using queue = await StudyQueue.connect(server.url);
  const count = Number(flags.members);
  const begun = performance.now();
  await queue.add(Array.from({ length: count }, (_, batch) => batchJob("0123456789abcdef", batch)));
  const one = (performance.now() - begun) / 1000;
  const large = await study("enqueue", "enqueue", count, 2, 16, 8);
  let usual = Number.NaN;
  const stop = new AbortController();
  await queueStudy(large, server.url, {
    signal: stop.signal,
    onQueued: (_, seconds) => {
      usual = seconds;
      stop.abort();
    },
  });

  const result = {
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    load: loadavg()[0],
    server: flags.server,
    batches: counted.length,
    secondsPerBatch: solving / counted.length,
    overhead: (whole - solving) / solving,
    plainSeconds: alone.seconds,
    queuedSeconds: whole + (times[0] ? times[0].end - times[0].begin : 0),
    members: count,
    enqueueSeconds: usual,
    enqueueJobs: large.plan.batches.length,
    enqueueSecondsOneEach: one,
  };
  if (flags.json) console.log(JSON.stringify(result, undefined, 2));
  else {
    console.log(
      `node ${result.node}, ${result.cpu}, ${result.cores} cores, load ${result.load?.toFixed(1)}, ${flags.server}`,
    );
    console.log(
      `  overhead ${(100 * result.overhead).toFixed(2)} % of ${result.batches} batches of ${result.secondsPerBatch.toFixed(2)} s (goal <= 5 %)`,
    );
    console.log(
      `  all ${batches} batches: ${result.queuedSeconds.toFixed(1)} s by the queue, ${result.plainSeconds.toFixed(1)} s without`,
    );
    console.log(
      `  ${count} members queued in ${usual.toFixed(2)} s as ${result.enqueueJobs} batches, in ${one.toFixed(2)} s as a job each (goal < 10 s)`,
    );
  }
} finally {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}
