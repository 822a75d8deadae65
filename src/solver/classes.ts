/** The parts of the solve under the names that users of the Python solver know. */
import { MfgError } from "../errors.ts";
import type { Problem } from "../problem/types.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import { coordinates } from "../scheme/grid.ts";
import { findTier } from "../tiers/registry.ts";
import type { SweepReport, Workspace } from "../tiers/tier.ts";
import { discretisationOf, problemOf, tierNameOf } from "./configure.ts";
import type { SolveOptions, SolveResult, TierChoice } from "./options.ts";
import { solve } from "./solve.ts";
import type { Epsilon, HamiltonianFlux, Splitting, WenoVariant } from "../scheme/options.ts";

/** Where a single sweep runs. */
export interface SweepOptions {
  readonly grid?: number | readonly number[];
  readonly steps?: number;
  readonly tier?: TierChoice;
}

/** One history on the grid: (steps + 1) x shape in C order. */
export interface SweepResult {
  readonly history: Float64Array;
  readonly t: Float64Array;
  readonly coordinates: readonly Float64Array[];
  readonly shape: readonly number[];
  readonly report: SweepReport;
}

export interface HjbWenoOptions {
  /** `weno5` is the variant of Jiang & Shu, `weno-z` that of Borges et al., `weno-m` the mapped one of Henrick et al. */
  readonly variant?: "weno5" | "weno-z" | "weno-m";
  readonly epsilon?: Epsilon;
  readonly flux?: HamiltonianFlux;
  readonly splitting?: Splitting;
  readonly cfl?: number;
  /** Uniform unless asked otherwise. */
  readonly timeLevels?: "graded" | "uniform" | number;
}

const variants: Readonly<Record<NonNullable<HjbWenoOptions["variant"]>, WenoVariant>> = {
  weno5: "js",
  "weno-z": "z",
  "weno-m": "m",
};

/**
 * The backward equation: value history from a density history, by WENO5.
 *
 * @example
 * const hjb = new HjbWenoSolver(problem, { variant: "weno5" });
 * const { history } = await hjb.solve(density, { grid: 100, steps: 50 });
 */
export class HjbWenoSolver {
  readonly problem: Problem;
  /** What this part contributes to the options of a solve. */
  readonly options: SolveOptions;

  constructor(problem: unknown, options: HjbWenoOptions = {}) {
    this.problem = problemOf(problem);
    const { variant = "weno5", epsilon, flux, splitting, cfl, timeLevels = "uniform" } = options;
    const weno = variants[variant];
    if (weno === undefined) {
      throw new MfgError({
        code: "MFGPU_CONFIG_OPTION",
        message: `There is no WENO variant ${variant}.`,
        fix: `Use one of ${Object.keys(variants).join(", ")}.`,
        path: "variant",
        value: variant,
      });
    }
    this.options = {
      weno,
      timeLevels,
      ...(epsilon && { epsilon }),
      ...(flux && { hamiltonianFlux: flux }),
      ...(splitting && { splitting }),
      ...(cfl !== undefined && { cfl }),
    };
  }

  /**
   * @param density (steps + 1) x points, or one slice held for all levels
   * @throws MFGPU_TIER_ARGUMENT where the length fits neither; MFGPU_CONFIG_* for grid and steps
   */
  solve(density: Float64Array, options: SweepOptions = {}): Promise<SweepResult> {
    return sweep(this.problem, { ...this.options, ...options }, async (workspace) => {
      await workspace.load(0, density);
      return [await workspace.hjb(0), await workspace.read(0, "value")];
    });
  }
}

/**
 * The forward equation by implicit finite differences (mode `fdm`): density history from a value history, positive and
 * exact in mass for every time step.
 *
 * @example
 * const fp = new FpFdmSolver(problem, { substeps: 2 });
 * const { history } = await fp.solve(value, { grid: 100, steps: 50 });
 */
export class FpFdmSolver {
  readonly problem: Problem;
  readonly options: SolveOptions;

  constructor(
    problem: unknown,
    options: { readonly substeps?: number; readonly timeLevels?: "graded" | "uniform" | number } = {},
  ) {
    this.problem = problemOf(problem);
    this.options = {
      fokkerPlanck: "fdm",
      timeLevels: options.timeLevels ?? "uniform",
      ...(options.substeps !== undefined && { fdmSubsteps: options.substeps }),
    };
  }

  /** @param value (steps + 1) x points */
  solve(value: Float64Array, options: SweepOptions = {}): Promise<SweepResult> {
    return sweep(this.problem, { ...this.options, ...options }, async (workspace, d) => {
      await workspace.load(0, d.initialDensity);
      await workspace.loadValue(0, value);
      return [await workspace.fokkerPlanck(0), await workspace.read(0, "transported")];
    });
  }
}

/**
 * The coupling of the two.
 *
 * @example
 * const iterator = new FixedPointIterator(problem, new HjbWenoSolver(problem, { variant: "weno5" }), new FpFdmSolver(problem));
 * const { record, value, density } = await iterator.solve({ maxIterations: 10 });
 */
export class FixedPointIterator {
  readonly problem: Problem;
  readonly hjb: HjbWenoSolver;
  readonly fokkerPlanck: FpFdmSolver;

  constructor(problem: unknown, hjb: HjbWenoSolver, fokkerPlanck: FpFdmSolver) {
    this.problem = problemOf(problem);
    this.hjb = hjb;
    this.fokkerPlanck = fokkerPlanck;
    if (hjb.options.timeLevels !== fokkerPlanck.options.timeLevels) {
      throw new MfgError({
        code: "MFGPU_CONFIG_OPTION",
        message: `The HJB solver stores ${hjb.options.timeLevels} time levels, the Fokker-Planck solver ${fokkerPlanck.options.timeLevels} ones.`,
        fix: "Give both the same timeLevels.",
        path: "timeLevels",
        value: fokkerPlanck.options.timeLevels,
      });
    }
  }

  /** Options given here come before those of the two parts. */
  solve(options: SolveOptions = {}): Promise<SolveResult> {
    return solve(this.problem, { ...this.hjb.options, ...this.fokkerPlanck.options, ...options });
  }
}

async function sweep(
  problem: Problem,
  options: SolveOptions,
  run: (workspace: Workspace, d: Discretisation) => Promise<[SweepReport, Float64Array]>,
): Promise<SweepResult> {
  const d = discretisationOf(problem, options);
  const { tier, variant, residency } = await findTier(tierNameOf(options));
  await using workspace = await tier.workspace([d], {
    precision: tier.solvePrecisions(residency)[0],
    residency,
    ...(variant === undefined ? {} : { variant }),
    andersonDepth: 0,
    keepTransported: true,
  });
  const [report, history] = await run(workspace, d);
  return {
    history,
    report,
    t: d.levels.slice(),
    coordinates: d.grid.shape.map((_, a) => coordinates(d.grid, a)),
    shape: d.grid.shape,
  };
}
