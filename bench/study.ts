/**
 * Members per second of a study of small problems, beside a plain loop of single solves on the same tier, in one run; the fields
 * are compared first.
 *
 *   npx tsx bench/study.ts [--members 1000] [--grid 200] [--steps 100] [--loop 60] [--warm off|on|auto] [--json]
 *
 * The study runs as a user runs it, by the command line in processes of its own; the loop is a program of its own, too, and
 * solves every k-th member, so that both see the same mixture. `npm run -s setup` must have built dist.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openStudy, runPath } from "../src/batch/study.ts";
import { readRun } from "../src/io/run.ts";
import { solve } from "../src/solver/solve.ts";
import type { SolveOptions } from "../src/solver/options.ts";
import type { CandidateText } from "../src/tiers/candidate.ts";

const { values: flags } = parseArgs({
  options: {
    members: { type: "string", default: "1000" },
    grid: { type: "string", default: "200" },
    steps: { type: "string", default: "100" },
    loop: { type: "string", default: "60" },
    warm: { type: "string", default: "auto" },
    tier: { type: "string", default: "auto" },
    json: { type: "boolean", default: false },
  },
});

/** The larger factor of the pair nearest to a square: exactly so many members, whatever their number. */
function columnsOf(count: number): number {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`--members ${flags.members}: give a whole number, 1 or more`);
  let rows = Math.floor(Math.sqrt(count));
  while (count % rows !== 0) rows--;
  return count / rows;
}

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mfgpu-bench-study-"));
try {
  const file = join(folder, "study.json");
  const out = join(folder, "out");
  const [grid, steps] = [Number(flags.grid), Number(flags.steps)];
  const columns = columnsOf(Number(flags.members));
  const study = {
    name: "bench",
    problem: "two-crowds-1d",
    vary: {
      volatility: { from: 0.6, to: 1.4, count: columns },
      "coupling.strength": { from: 0.1, to: 10, count: Number(flags.members) / columns, scale: "log" },
    },
    solve: { grid, steps, ...(flags.tier === "auto" ? {} : { tier: flags.tier }) },
    warmStart: flags.warm,
  };
  writeFileSync(file, JSON.stringify(study));
  const run = spawnSync(process.execPath, [main, "study", file, "--out", out, "--json"], { encoding: "utf8" });
  // 3: a member did not converge; that is told at the end.
  if (run.status !== 0 && run.status !== 3) throw new Error(run.stderr + run.stdout);
  const outcome = JSON.parse(run.stdout) as {
    total: number;
    converged: number;
    membersPerSecond: number;
    seconds: number;
  };

  const { members, plan } = await openStudy(out);
  const options = (index: number): SolveOptions => ({
    ...members[index]?.options,
    tier: plan.tier as CandidateText,
    precision: plan.precision,
  });
  const every = Math.max(1, Math.floor(members.length / Number(flags.loop)));
  const sample = members.filter(({ index }) => index % every === 0);
  let worst = 0;
  // The first solve compiles and loads.
  await solve(members[0]?.problem, options(0));
  const begun = performance.now();
  const singles = [];
  for (const { index, problem } of sample) singles.push(await solve(problem, options(index)));
  const seconds = (performance.now() - begun) / 1000;
  let bitwise = 0;
  for (const [i, { index }] of sample.entries()) {
    const stored = await readRun(runPath(out, plan.members[index]?.id ?? ""));
    const single = singles[i];
    const scale = single?.density.reduce((most, m) => Math.max(most, m), 0) ?? 1;
    const difference =
      stored.density.reduce((most, m, k) => Math.max(most, Math.abs(m - (single?.density[k] ?? 0))), 0) / scale;
    worst = Math.max(worst, difference);
    if (difference === 0) bitwise++;
  }
  const loopRate = sample.length / seconds;
  const result = {
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    load: loadavg()[0],
    members: outcome.total,
    converged: outcome.converged,
    grid,
    steps,
    tier: plan.tier,
    precision: plan.precision,
    warm: plan.warm,
    trial: plan.trial,
    studySeconds: outcome.seconds,
    studyRate: outcome.total / outcome.seconds,
    loopMembers: sample.length,
    loopRate,
    ratio: outcome.total / outcome.seconds / loopRate,
    worstDifference: worst,
    bitwiseEqual: bitwise,
  };
  if (flags.json) console.log(JSON.stringify(result, undefined, 2));
  else {
    console.log(`node ${result.node}, ${result.cpu}, ${result.cores} cores, load ${result.load?.toFixed(1)}`);
    console.log(
      `${result.members} members, ${grid} x ${steps}, ${plan.tier} ${plan.precision}, warm starts ${plan.warm ? "on" : "off"}`,
    );
    console.log(
      `  study ${result.studyRate.toFixed(1)} members/s (${outcome.seconds.toFixed(1)} s; ${outcome.converged} converged)`,
    );
    console.log(`  loop  ${loopRate.toFixed(1)} members/s (${sample.length} of them, one after the other, all cores)`);
    console.log(
      `  ratio ${result.ratio.toFixed(2)} (goal >= 2); largest difference of densities ${worst.toExponential(1)}, ${bitwise} of ${sample.length} bitwise equal`,
    );
  }
  // Kept readable for whoever asks why.
  if (outcome.converged < outcome.total) console.error(readFileSync(join(out, "summary.csv"), "utf8").slice(0, 2000));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
