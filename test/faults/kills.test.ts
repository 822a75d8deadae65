/**
 * A study on one machine, killed with -9 again and again and gone on with: the command, or one of its worker processes. The
 * moments are chance; MFGPU_KILLS=20 tries as many (default 3), MFGPU_FAULT_SEEDS=7 others. Its clock jumps by an hour all the
 * while.
 */
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { emptyFolder, mfgpu, start } from "../cli/mfgpu.ts";
import { jumpingClock, otherRuns, random, runsOf, studyFile, summaryOf } from "./support.ts";

const kills = Number(process.env["MFGPU_KILLS"] ?? "3");
const seed = Number((process.env["MFGPU_FAULT_SEEDS"] ?? "1").split("-")[0]);
/** More than a run settles before its kill, here and on machines that are faster. */
const members = 40 * (kills + 2);

/** Processes that a process has started. */
function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
        return Number(parent) === pid ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
}

test.skipIf(process.platform !== "linux")(
  `killed ${kills} times, by a clock that jumps: the summary and the fields of an undisturbed run`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "mfgpu-kills-"));
    const file = studyFile(folder, members, { solve: { grid: 32, steps: 16, tier: "batched", tolerance: 1e-6 } });
    const [calm, stormy] = [join(emptyFolder(), "calm"), join(emptyFolder(), "stormy")];
    const args = (out: string): string[] => ["study", file, "--out", out, "--workers", "2", "--quiet"];
    expect((await mfgpu(args(calm))).code).toBe(0);
    const next = random(seed);
    let landed = 0;
    for (let kill = 0; kill < kills; kill++) {
      const before = runsOf(stormy).length;
      const { child, ended } = start(args(stormy), jumpingClock(kill % 2 === 0 ? 3_600_000 : -3_600_000));
      const over = (): boolean => child.exitCode !== null;
      // Anywhere: while it starts, plans, or after some members of this run.
      const wanted = before + Math.floor(next() * 9);
      while (!over() && runsOf(stormy).length < wanted) await sleep(5);
      await sleep(next() * (wanted === before ? 1500 : 100));
      const workers = childrenOf(child.pid!);
      const own = next() < 0.4 ? workers[Math.floor(next() * workers.length)] : undefined;
      if (over()) break;
      landed++;
      if (own !== undefined) process.kill(own, "SIGKILL");
      await sleep(next() * 50);
      child.kill("SIGKILL");
      await ended;
    }
    expect(landed).toBe(kills);
    expect(runsOf(stormy).length).toBeLessThan(members);
    const last = await mfgpu(args(stormy), jumpingClock(3_600_000));
    expect(last.stderr).toBe("");
    expect(last.code).toBe(0);
    expect(summaryOf(stormy)).toBe(summaryOf(calm));
    expect(runsOf(stormy)).toEqual(runsOf(calm));
    expect(otherRuns(stormy, calm)).toEqual([]);
  },
  60_000 + 15_000 * kills,
);
