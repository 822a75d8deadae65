/**
 * Whole-solve overhead: the time of a solve over the sum, over its kernels, of calls x the kernel's own time. Every sweep and
 * the certificate count. The batched tier's kernels are measured apart, the native tier's passes in place, each at its best
 * (bench/support/rustOverhead.ts). Goal: at most 1.3.
 *
 *   npm run -s bench:overhead -- [--json] [--only batched,rust]
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { loadCatalogueProblem } from "../src/problem/catalogue.ts";
import { couplingSlice } from "../src/scheme/coupling.ts";
import type { Discretisation } from "../src/scheme/discretisation.ts";
import { solveOnTier } from "../src/solver/solve.ts";
import { batchedFieldKernels } from "../src/tiers/batched/fieldKernels.ts";
import { batchedTier } from "../src/tiers/batched/tier.ts";
import type { FieldKernels } from "../src/tiers/host/fieldKernels.ts";
import { HostWorkspace } from "../src/tiers/host/hostWorkspace.ts";
import { rustTier } from "../src/tiers/rust/tier.ts";
import type { Tier } from "../src/tiers/tier.ts";
import { rustOverhead } from "./support/rustOverhead.ts";

const { values: flags } = parseArgs({
  options: { json: { type: "boolean", default: false }, only: { type: "string", default: "batched,rust" } },
});
const wants = (tier: string): boolean => flags.only.split(",").includes(tier);

const cases = [
  { problem: "r1", grid: [1000], steps: 10, iterations: 1 },
  { problem: "layers-1d", grid: [1000], steps: 10, iterations: 1 },
  { problem: "lq-2d", grid: [96, 96], steps: 10, iterations: 1 },
  { problem: "personal-space-2d", grid: [96, 96], steps: 10, iterations: 1 },
  { problem: "crowd-corridor-2d", grid: [48, 24], steps: 10, iterations: 1 },
] as const;

/** Milliseconds that each kernel is repeated for when it is measured apart. */
const sampleMs = 60;

interface Seen {
  calls: number;
  /** Repeats the call on a copy of the arguments of its first call. */
  readonly repeat: () => void;
}

/** Clones fields, so that a kernel measured apart works on its own data. */
function copy<T>(value: T): T {
  if (value instanceof Float64Array) return value.slice() as T;
  if (Array.isArray(value)) return value.map(copy) as T;
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)])) as T;
  }
  return value;
}

/** What tells two calls of one kernel apart in cost: axis, stages, whether optional parts are there. */
function kindOf(name: string, args: readonly unknown[]): string {
  const flat = args.flatMap((arg) =>
    arg !== null && typeof arg === "object" && !ArrayBuffer.isView(arg) && !Array.isArray(arg)
      ? Object.values(arg)
      : [arg],
  );
  const marks = flat.map((arg) =>
    typeof arg === "number" && Number.isInteger(arg)
      ? String(arg)
      : typeof arg === "boolean"
        ? String(arg)
        : arg === undefined
          ? "-"
          : "",
  );
  return `${name} ${marks.filter((mark) => mark !== "").join(" ")}`;
}

function counting(kernels: FieldKernels, seen: Map<string, Seen>): FieldKernels {
  return new Proxy(kernels, {
    get(target, property) {
      const method = Reflect.get(target, property) as unknown;
      if (typeof method !== "function") return method;
      const call = method as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const key = kindOf(String(property), args);
        const entry = seen.get(key);
        if (entry) entry.calls++;
        else {
          const kept = args.map(copy);
          seen.set(key, { calls: 1, repeat: () => void call(...kept) });
        }
        return call(...args);
      };
    },
  });
}

/** Median milliseconds of one call. */
function measure(repeat: () => void): number {
  for (let i = 0; i < 3; i++) repeat();
  const samples: number[] = [];
  const end = performance.now() + sampleMs;
  while (performance.now() < end || samples.length < 5) {
    const begun = performance.now();
    repeat();
    samples.push(performance.now() - begun);
  }
  return samples.toSorted((a, b) => a - b)[samples.length >> 1]!;
}

const rows = [];
for (const { problem, grid, steps, iterations } of wants("batched") ? cases : []) {
  const seen = new Map<string, Seen>();
  const tierWith = (make: typeof batchedFieldKernels): Tier => ({
    ...batchedTier,
    workspace: async (members, options) => new HostWorkspace("batched", members, options, make),
  });
  const options = { grid, steps, maxIterations: iterations, tolerance: 1e-14 };
  const input = loadCatalogueProblem(problem);
  let d: Discretisation | undefined;
  await solveOnTier(
    tierWith((member, pool) => ((d = member), counting(batchedFieldKernels(member, pool), seen))),
    [input],
    options,
  );
  const before = [...seen].map(([key, { repeat }]) => [key, measure(repeat)] as const);
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const [result] = await solveOnTier(tierWith(batchedFieldKernels), [input], options);
    const { hjb, fokkerPlanck, relax, certify } = result!.record.timings;
    times.push((hjb + fokkerPlanck + relax + certify) * 1000);
  }
  const after = new Map([...seen].map(([key, { repeat }]) => [key, measure(repeat)]));
  const out = new Float64Array(d!.grid.points);
  const coupling = measure(() => void couplingSlice(d!, 0, d!.initialDensity, out));
  // One source per level and HJB sweep; two couplings per level in the certificate, whose best response is one more sweep.
  const couplingCalls = (iterations + 1) * (steps + 1) + 2 * (steps + 1);
  let kernels = coupling * couplingCalls;
  const parts = before.map(([key, first]) => {
    const each = (first + after.get(key)!) / 2;
    const total = each * seen.get(key)!.calls;
    kernels += total;
    return { kernel: key, calls: seen.get(key)!.calls, msPerCall: each, totalMs: total };
  });
  const [quietest, solve] = times.toSorted((a, b) => a - b);
  const ratio = solve! / kernels;
  const measured = { solveMs: solve!, quietestMs: quietest!, kernelsMs: kernels, ratio, sameRound: null, parts };
  rows.push({ contestant: "batched x1", problem, grid: grid.join("x"), steps, ...measured });
}
if (wants("rust")) {
  const found = await rustTier.probe();
  if (found.state === "unavailable") throw new Error(`${found.why}; ${found.fix}`);
  // Grids that threads share as well: the small ones of above have one thread each.
  const shared = { problem: "lq-2d", grid: [256, 256], steps: 4 } as const;
  for (const one of [...cases, shared]) {
    for (const threads of one === shared ? new Set([1, cpus().length]) : [1]) {
      const measured = await rustOverhead(one, threads);
      const { problem, grid, steps } = one;
      rows.push({ contestant: `rust x${threads}`, problem, grid: grid.join("x"), steps, ...measured });
    }
  }
}
if (flags.json) console.log(JSON.stringify(rows, null, 1));
else {
  console.log("whole solve / sum of its kernels' own times (f64; goal: at most 1.3)");
  for (const { contestant, problem, grid, steps, solveMs, quietestMs, kernelsMs, ratio, sameRound } of rows) {
    const times = `solve ${solveMs.toFixed(1)} ms, kernels ${kernelsMs.toFixed(1)} ms`;
    const together = sameRound === null ? "" : `, of passes in the same round ${sameRound.toFixed(2)}`;
    const ratios = `ratio ${ratio.toFixed(2)}, of the quietest solve ${(quietestMs / kernelsMs).toFixed(2)}${together}`;
    console.log(`${contestant.padEnd(11)} ${problem.padEnd(18)} ${grid.padEnd(9)} x ${steps}: ${times}, ${ratios}`);
  }
}
