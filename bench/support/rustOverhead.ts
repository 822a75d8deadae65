/** Whole sweeps of the native tier over the sum of its passes' own times. */
import { median } from "../../src/decision/statistics.ts";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import { discretise } from "../../src/scheme/discretise.ts";
import { schemeDefaults } from "../../src/scheme/options.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import type { RustWorkspace } from "../../src/tiers/rust/workspace.ts";

export interface OverheadCase {
  readonly problem: string;
  readonly grid: readonly number[];
  readonly steps: number;
}

export interface KernelShare {
  readonly kernel: string;
  readonly calls: number;
  readonly msPerCall: number;
  readonly totalMs: number;
}

export interface Overhead {
  readonly solveMs: number;
  /** The quietest round: where it is far below the median, the machine was disturbed and not the tier slow. */
  readonly quietestMs: number;
  readonly kernelsMs: number;
  readonly ratio: number;
  /** A metered round over the sum of its own passes, median of the rounds: what disturbs the machine disturbs both. */
  readonly sameRound: number;
  readonly parts: readonly KernelShare[];
}

/** Rounds with and without timing of passes, in turn. */
const rounds = 15;

/** A pass by the code that does it, without what all paths have in common. */
const nameOf = (path: string): string => path.replaceAll("mfgpu_native::", "").replaceAll("::{{closure}}", "");

/**
 * One iteration and its certificate, as `solve` asks for them, in a warm workspace. Every round does the same passes in the same
 * order, so that a pass's own time is the least of all rounds; the whole is the median of the rounds in which nothing is timed
 * inside. On a restless machine the least of a short pass is quieter than any whole; a round over its own passes is not.
 */
export async function rustOverhead({ problem, grid, steps }: OverheadCase, threads?: number): Promise<Overhead> {
  const d = discretise(loadCatalogueProblem(problem), grid, steps, schemeDefaults());
  await using workspace = (await rustTier.workspace([d], {
    precision: "f64",
    andersonDepth: 0,
    keepTransported: true,
    ...(threads !== undefined && { threads }),
  })) as RustWorkspace;
  const half = { kind: "blend", theta: 0.5 } as const;
  const iterate = async (): Promise<number> => {
    // Forgets the counts of sub-steps too.
    await workspace.load(0, d.initialDensity);
    const begun = performance.now();
    await workspace.hjb(0);
    await workspace.fokkerPlanck(0);
    await workspace.relax(0, half, half);
    await workspace.certify(0);
    return performance.now() - begun;
  };
  for (let k = 0; k < 2; k++) await iterate();
  const times: number[] = [];
  const sameRound: number[] = [];
  let own: number[] = [];
  let which: readonly number[] = [];
  let kernels: readonly string[] = [];
  for (let round = 0; round < rounds; round++) {
    workspace.meter(false);
    times.push(await iterate());
    workspace.meter(true);
    const metered = await iterate();
    const passes = workspace.passes();
    sameRound.push(metered / (1000 * passes.seconds.reduce((sum, seconds) => sum + seconds, 0)));
    if (round > 0 && passes.seconds.length !== own.length) throw new Error("two rounds did not do the same passes");
    own = passes.seconds.map((seconds, k) => Math.min(seconds, own[k] ?? Infinity));
    ({ which, kernels } = passes);
  }
  const parts = kernels.map((path, place) => {
    const mine = own.filter((_, k) => which[k] === place);
    const totalMs = 1000 * mine.reduce((sum, seconds) => sum + seconds, 0);
    return { kernel: nameOf(path), calls: mine.length, msPerCall: totalMs / mine.length, totalMs };
  });
  const kernelsMs = 1000 * own.reduce((sum, seconds) => sum + seconds, 0);
  const solveMs = median(times);
  const ratio = solveMs / kernelsMs;
  return { solveMs, quietestMs: Math.min(...times), kernelsMs, ratio, sameRound: median(sameRound), parts };
}
