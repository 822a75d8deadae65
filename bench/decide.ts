/**
 * Whether `mfgpu decide` answers alike every time: three times on a machine as it is, once while a core is kept busy by
 * another program. Run: npx tsx bench/decide.ts [--problem two-crowds-1d] [--grid 100] [--json]
 *
 * Every run starts without wisdom and without hysteresis, as on the first day. Exit 1 where an answer changed and nothing said so.
 */
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { decide } from "../src/decision/decide.ts";
import type { Decision } from "../src/decision/decision.ts";
import { Wisdom } from "../src/decision/wisdom.ts";
import { resolveProblem } from "../src/problem/catalogue.ts";

const { values: flags } = parseArgs({
  options: {
    problem: { type: "string", default: "two-crowds-1d" },
    grid: { type: "string", default: "100" },
    json: { type: "boolean", default: false },
  },
});

/** What of a decision says that it may not hold. */
const doubtful = /noisy|busy|close|changed|settle|time limit/;

interface Answer {
  readonly when: string;
  readonly seconds: number;
  readonly simplest: string | null;
  readonly fastest: string | null;
  readonly verdicts: string;
  readonly doubts: readonly string[];
}

async function answer(when: string): Promise<Answer> {
  const { recommendation, rungs, notes, seconds }: Decision = await decide(
    resolveProblem(flags.problem),
    { grid: Number(flags.grid) },
    { all: true, wisdom: Wisdom.inMemory() },
  );
  const { simplest, fastest } = recommendation;
  const verdicts = rungs.map(({ tier, verdict }) => `${tier} ${verdict}`).join(", ");
  return { when, seconds, simplest, fastest, verdicts, doubts: notes.filter((line) => doubtful.test(line)) };
}

const answers: Answer[] = [];
const tell = (one: Answer): void => {
  answers.push(one);
  if (flags.json) return;
  console.log(`${one.when.padEnd(12)} ${one.seconds.toFixed(1)} s  simplest ${one.simplest}, fastest ${one.fastest}`);
  console.log(`             ${one.verdicts}`);
  for (const doubt of one.doubts) console.log(`             note: ${doubt}`);
};

for (const k of [1, 2, 3]) tell(await answer(`as it is ${k}`));
const busy = new Worker("for (;;) Math.sqrt(Math.random())", { eval: true });
try {
  tell(await answer("a core busy"));
} finally {
  await busy.terminate();
}

const [first] = answers;
const alike = (one: Answer): boolean => one.simplest === first?.simplest && one.fastest === first?.fastest;
const silent = answers.filter((one) => !alike(one) && one.doubts.length === 0);
const report = {
  processor: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  node: process.version,
  load: loadavg()[0],
  answers,
  alike: answers.every(alike),
  changedInSilence: silent.length,
  slowest: Math.max(...answers.map(({ seconds }) => seconds)),
};
if (flags.json) console.log(JSON.stringify(report, undefined, 2));
else {
  console.log(`\n${report.processor}, ${report.cores} cores, Node ${report.node}`);
  console.log(`${report.alike ? "every answer is the same" : "answers differ"}; ${silent.length} changed in silence`);
  console.log(`slowest ${report.slowest.toFixed(1)} s (target 60 s)`);
}
if (silent.length > 0) process.exitCode = 1;
