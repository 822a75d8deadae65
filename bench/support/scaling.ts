/** How the native tier's time per point and stage grows with the grid. */
import { median } from "../../src/decision/statistics.ts";
import { loadCatalogueProblem } from "../../src/problem/catalogue.ts";
import { parseProblem } from "../../src/problem/schema.ts";
import { discretise } from "../../src/scheme/discretise.ts";
import { schemeDefaults } from "../../src/scheme/options.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import type { Workspace } from "../../src/tiers/tier.ts";

export interface ScalingRow {
  readonly grid: number;
  /** Sub-steps of one sweep: they must be alike on all grids, or the share of what is done once per interval is not. */
  readonly substeps: { readonly hjb: number; readonly fokkerPlanck: number };
  /** ns per point and Runge-Kutta stage: median and median absolute deviation. */
  readonly hjb: readonly [number, number];
  readonly fokkerPlanck: readonly [number, number];
}

/** Runge-Kutta stages of a sub-step: one whole step and two halves of three stages each. */
const stages = 9;

const spread = (samples: readonly number[]): [number, number] => {
  const middle = median(samples);
  return [middle, median(samples.map((x) => Math.abs(x - middle)))];
};

/**
 * Sweeps of a two-dimensional game without noise over one stored interval, whose length falls with the spacing so that every grid
 * takes as many sub-steps. All workspaces are open and warm, and rounds take them in turn.
 */
export async function scaling(grids: readonly number[], rounds: number): Promise<readonly ScalingRow[]> {
  const source = loadCatalogueProblem("torus-exact-2d").source as Record<string, unknown>;
  const opened: Workspace[] = [];
  try {
    for (const n of grids) {
      const problem = parseProblem({ ...source, volatility: 0, horizon: 8 / n });
      const d = discretise(problem, [n, n], 1, { ...schemeDefaults(), grading: 0 });
      const workspace = await rustTier.workspace([d], { precision: "f64", andersonDepth: 0, keepTransported: true });
      opened.push(workspace);
      await workspace.load(0, d.initialDensity);
    }
    const rows = grids.map((grid) => ({ grid, substeps: { hjb: 0, fokkerPlanck: 0 } }));
    const samples = grids.map(() => ({ hjb: [] as number[], fokkerPlanck: [] as number[] }));
    for (let round = -2; round < rounds; round++) {
      for (const [k, n] of grids.entries()) {
        for (const sweep of ["hjb", "fokkerPlanck"] as const) {
          const begun = performance.now();
          const { substeps, failure } = await opened[k]![sweep](0);
          const ms = performance.now() - begun;
          if (failure) throw new Error(`the sweep on ${n} x ${n} failed at level ${failure.level}`);
          rows[k]!.substeps[sweep] = substeps;
          // The first two rounds touch the memory and settle the counts of sub-steps.
          if (round >= 0) samples[k]![sweep].push((1e6 * ms) / (n * n * substeps * stages));
        }
      }
    }
    return rows.map((row, k) => ({
      ...row,
      hjb: spread(samples[k]!.hjb),
      fokkerPlanck: spread(samples[k]!.fokkerPlanck),
    }));
  } finally {
    for (const one of opened) await one[Symbol.asyncDispose]();
  }
}

/** The slowest grid over the fastest. */
function worstRatio(rows: readonly ScalingRow[], sweep: "hjb" | "fokkerPlanck"): number {
  const times = rows.map((row) => row[sweep][0]);
  return Math.max(...times) / Math.min(...times);
}

/** A table for people. */
export function scalingText(rows: readonly ScalingRow[]): string {
  const of = ([middle, mad]: readonly [number, number]): string => `${middle.toFixed(2)} +- ${mad.toFixed(2)}`;
  return [
    "\nrust, all cores: ns per point and stage without noise (goal: within 1.3 x)",
    ...rows.map(({ grid, substeps, hjb, fokkerPlanck }) => {
      const counts = `${substeps.hjb} and ${substeps.fokkerPlanck} sub-steps`;
      return `  ${grid} x ${grid}: hjb ${of(hjb)}, fokker-planck ${of(fokkerPlanck)} (${counts})`;
    }),
    ...(["hjb", "fokkerPlanck"] as const).map(
      (sweep) => `  slowest over fastest, ${sweep}: ${worstRatio(rows, sweep).toFixed(2)}`,
    ),
  ].join("\n");
}
