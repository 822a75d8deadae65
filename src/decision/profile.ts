/** Where the time of a real solve goes: V8's own sampling profiler, read function by function. */
import { Session } from "node:inspector/promises";
import type { Profiler } from "node:inspector";
import { solveOnTier } from "../solver/solve.ts";
import type { SolveOptions } from "../solver/options.ts";
import type { Tier } from "../tiers/tier.ts";

/** One function of a profile. */
export interface ProfiledFunction {
  readonly name: string;
  /** File from the code's root, and line. */
  readonly place: string;
  /** Seconds in the function itself, and with all that it called. */
  readonly self: number;
  readonly cumulative: number;
  /** Calls in the first iteration; null where V8 did not count them. */
  readonly calls: number | null;
  readonly hot: boolean;
}

export interface SolveProfile {
  readonly tier: string;
  /** Seconds that were sampled, and iterations that were finished in them. */
  readonly seconds: number;
  readonly iterations: number;
  /** The largest by their own time first. */
  readonly functions: readonly ProfiledFunction[];
  /** Share of the time inside the hot kernel: the WENO derivatives, with all that they call. */
  readonly hotShare: number;
  /** What V8 recorded, as a `.cpuprofile` file holds it. */
  readonly raw: Profiler.Profile;
}

/** Files of the hot kernel: indicators, weights and one-sided derivatives. */
const hotFiles = /\/(?:scheme|tiers\/\w+)\/weno5\w*\.[jt]s$/;
const samplingMicroseconds = 500;

/**
 * Profiles a solve, cut off after a time limit.
 *
 * @param limitMs milliseconds to sample; the solve is stopped at the next pause after them
 */
export async function profileSolve(
  tier: Tier,
  problem: unknown,
  options: SolveOptions,
  limitMs: number,
): Promise<SolveProfile> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    // Counting calls slows the code down, so the counts come from a run of their own.
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    await cutOff(tier, problem, { ...options, maxIterations: 1 }, limitMs / 4);
    const coverage = await session.post("Profiler.takePreciseCoverage");
    await session.post("Profiler.stopPreciseCoverage");

    await session.post("Profiler.setSamplingInterval", { interval: samplingMicroseconds });
    await session.post("Profiler.start");
    const iterations = await cutOff(tier, problem, options, limitMs);
    const { profile } = await session.post("Profiler.stop");
    const { functions, seconds, hotShare } = readProfile(profile, callCounts(coverage.result));
    return { tier: tier.name, seconds, iterations, functions, hotShare, raw: profile };
  } finally {
    session.disconnect();
  }
}

/** Runs a solve for so long; returns the iterations that it finished. */
async function cutOff(tier: Tier, problem: unknown, options: SolveOptions, limitMs: number): Promise<number> {
  const signal = AbortSignal.timeout(limitMs);
  try {
    const [result] = await solveOnTier(tier, [problem], { ...options, signal });
    return result?.record.iterations ?? 0;
  } catch (error) {
    if (signal.aborted) return 0;
    throw error;
  }
}

function callCounts(scripts: readonly Profiler.ScriptCoverage[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { url, functions } of scripts) {
    for (const { functionName, ranges } of functions) {
      const count = ranges[0]?.count ?? 0;
      if (functionName === "" || count === 0) continue;
      const key = `${url} ${functionName}`;
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  return counts;
}

interface Sums {
  readonly name: string;
  readonly url: string;
  readonly line: number;
  self: number;
  cumulative: number;
}

/** Adds up a profile by function; recursion is counted once. */
export function readProfile(
  profile: Profiler.Profile,
  calls: ReadonlyMap<string, number> = new Map(),
): Pick<SolveProfile, "functions" | "seconds" | "hotShare"> {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])));
  const time = new Map<number, number>();
  const { samples = [], timeDeltas = [] } = profile;
  for (const [i, id] of samples.entries()) {
    // A delta is the time since the sample before: it belongs to that one.
    const lasted = timeDeltas[i + 1] ?? 0;
    time.set(id, (time.get(id) ?? 0) + Math.max(0, lasted) / 1e6);
  }
  const sums = new Map<string, Sums>();
  let seconds = 0;
  let hotSeconds = 0;
  for (const [id, spent] of time) {
    const leaf = nodes.get(id);
    if (!leaf || leaf.callFrame.functionName === "(idle)") continue;
    seconds += spent;
    const onStack = new Set<string>();
    let hot = false;
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = nodes.get(at);
      if (!node) break;
      const { functionName, url, lineNumber } = node.callFrame;
      const key = `${url} ${functionName} ${lineNumber}`;
      hot ||= hotFiles.test(url);
      const sum = sums.get(key) ?? {
        name: functionName || "(anonymous)",
        url,
        line: lineNumber + 1,
        self: 0,
        cumulative: 0,
      };
      sums.set(key, sum);
      if (at === id) sum.self += spent;
      if (!onStack.has(key)) sum.cumulative += spent;
      onStack.add(key);
    }
    if (hot) hotSeconds += spent;
  }
  const functions = [...sums.values()]
    .filter(({ name }) => name !== "(root)" && name !== "(program)")
    .toSorted((a, b) => b.self - a.self)
    .map(({ name, url, line, self, cumulative }) => ({
      name,
      place: url === "" ? "V8" : `${shortened(url)}:${line}`,
      self,
      cumulative,
      calls: calls.get(`${url} ${name}`) ?? null,
      hot: hotFiles.test(url),
    }));
  return { functions, seconds, hotShare: seconds > 0 ? hotSeconds / seconds : 0 };
}

/** A file's path from src or dist on, or its last two parts. */
function shortened(url: string): string {
  const inside = /\/(?:src|dist)\/(.*)$/.exec(url)?.[1];
  return inside ?? url.split("/").slice(-2).join("/");
}
