/** Every tier's hot kernels against each other, on the problem's own grid, held to the scalar tier before they are timed. */
import { candidateText, tierNames } from "../tiers/candidate.ts";
import type { Available, DerivativeLayout, KernelArray, Kernels, Phases, Tier, Unavailable } from "../tiers/tier.ts";
import type { Discretisation } from "../scheme/discretisation.ts";
import { systemClock, type Clock } from "./clock.ts";
import { measure, type Contestant, type Excluded, type Timing } from "./measure.ts";

/** The procedure's hot function (indicators, then weights), and the fused derivatives along the last axis. */
export type Operation = "weights" | "derivatives";

/** One row of the comprehensive table; times of one call in microseconds. */
export interface KernelRow {
  readonly name: string;
  readonly tier: string;
  readonly precision: "f64" | "f32";
  readonly operation: Operation;
  readonly device: string;
  readonly software: boolean;
  readonly total: number;
  readonly mad: number;
  readonly n: number;
  readonly first: number;
  /** Parts of the total; null where the data stay where they are. */
  readonly upload: number | null;
  readonly kernel: number | null;
  readonly download: number | null;
  /** Largest difference from the scalar tier in f64, relative to the largest value. */
  readonly error: number;
}

export interface KernelRace {
  readonly rows: readonly KernelRow[];
  readonly excluded: readonly Excluded[];
  /** Tiers and variants that are not here, and why. */
  readonly absent: readonly { readonly name: string; readonly tier: string; readonly reason: string }[];
  readonly notes: readonly string[];
}

export interface RaceOptions {
  readonly clock?: Clock;
  readonly budgetMs?: number;
  readonly samples?: number;
  readonly signal?: AbortSignal;
}

/** What a result may differ from the scalar tier's, relative to the largest value: another order of operations, or f32. */
const bounds = { f64: 1e-10, f32: 1e-3 } as const;
const linearWeights = [0.1, 0.6, 0.3];
const epsilon = 1e-6;

/** Data of both operations in one precision, and where results go. */
interface Data {
  readonly stencils: KernelArray;
  readonly linear: KernelArray;
  readonly field: KernelArray;
  readonly layout: DerivativeLayout;
  readonly beta: KernelArray;
  readonly weights: KernelArray;
  readonly pMinus: KernelArray;
  readonly pPlus: KernelArray;
}

/** Data from the problem's own terminal cost and initial density, so that weights are neither all smooth nor all rough. */
export function raceData(d: Discretisation, precision: "f64" | "f32"): Data {
  const { points, shape, spacing } = d.grid;
  const make = (length: number): KernelArray =>
    precision === "f64" ? new Float64Array(length) : new Float32Array(length);
  const field = make(points);
  for (let i = 0; i < points; i++) field[i] = (d.terminalCost[i] ?? 0) + (d.initialDensity[i] ?? 0);
  const stencils = make(5 * points);
  for (let i = 0; i < points; i++) {
    for (let k = 0; k < 5; k++) {
      const left = field[(i + k) % points] ?? 0;
      stencils[5 * i + k] = (field[(i + k + 1) % points] ?? 0) - left;
    }
  }
  const axis = shape.length - 1;
  const walls = d.boundaries[axis];
  const linear = make(3);
  linear.set(linearWeights);
  return {
    stencils,
    linear,
    field,
    layout: {
      shape,
      axis,
      spacing: spacing[axis] ?? 1,
      lower: walls?.lower.kind ?? "periodic",
      upper: walls?.upper.kind ?? "periodic",
      variant: "js",
      epsilon: { kind: "absolute", value: epsilon },
    },
    beta: make(3 * points),
    weights: make(3 * points),
    pMinus: make(points),
    pPlus: make(points),
  };
}

/** One call of an operation. */
export async function callKernel(kernels: Kernels, operation: Operation, data: Data): Promise<void> {
  if (operation === "derivatives") return kernels.derivatives(data.field, data.layout, data.pMinus, data.pPlus);
  await kernels.smoothness(data.stencils, data.beta);
  await kernels.weights(data.beta, data.linear, epsilon, data.weights);
}

const resultsOf = (operation: Operation, data: Data): readonly KernelArray[] =>
  operation === "derivatives" ? [data.pMinus, data.pPlus] : [data.weights];

interface Entrant {
  readonly name: string;
  readonly tier: Tier;
  readonly precision: "f64" | "f32";
  readonly found: Available;
  readonly kernels: Kernels;
  readonly data: Data;
}

/** Runs the race between these tiers. The scalar tier is both the yardstick and the reference. */
export async function raceKernels(
  tiers: readonly Tier[],
  scalar: Tier,
  d: Discretisation,
  options: RaceOptions = {},
): Promise<KernelRace> {
  const { clock = systemClock, budgetMs = 8000, samples = 9, signal } = options;
  const entrants: Entrant[] = [];
  const absent: KernelRace["absent"][number][] = [];
  const excluded: Excluded[] = [];
  const notes: string[] = [];
  const rows: KernelRow[] = [];
  try {
    for (const tier of tiers) await enter(tier, d, entrants, absent, excluded);
    const truth = raceData(d, "f64");
    await using reference = await scalar.kernels({ precision: "f64" });
    for (const operation of ["weights", "derivatives"] as const) {
      await callKernel(reference, operation, truth);
      const wanted = resultsOf(operation, truth);
      const errors = new Map<string, number>();
      const before = new Map<string, { phases: Phases | undefined; launches: number }>();
      const contestants = entrants
        .filter(({ name }) => !excluded.some((out) => out.name === name))
        .map((entrant): Contestant => {
          const { name, kernels, data, precision } = entrant;
          return {
            name,
            run: () => callKernel(kernels, operation, data),
            check: () => {
              before.set(name, before.get(name) ?? { phases: copy(kernels.phases), launches: 0 });
              const error = worst(resultsOf(operation, data), wanted);
              errors.set(name, error);
              return error <= bounds[precision]
                ? undefined
                : `its ${operation} differ from the scalar tier's by ${error.toExponential(1)} (bound ${bounds[precision]})`;
            },
          };
        });
      const done = await measure(contestants, {
        clock,
        samples,
        budgetMs: budgetMs / 2,
        ...(signal && { signal }),
      });
      excluded.push(...done.excluded);
      notes.push(...done.notes, ...done.doubts);
      for (const timing of done.timings) {
        const entrant = entrants.find(({ name }) => name === timing.name);
        if (!entrant) continue;
        rows.push(rowOf(entrant, operation, timing, before.get(timing.name)?.phases, errors.get(timing.name) ?? NaN));
      }
    }
    return { rows, excluded, absent, notes: [...new Set(notes)] };
  } finally {
    for (const { kernels } of entrants) await kernels[Symbol.asyncDispose]();
  }
}

const copy = (phases: Phases | undefined): Phases | undefined => phases && { ...phases };

/** Opens a tier's kernels in every variant, precision and number of threads. */
async function enter(
  tier: Tier,
  d: Discretisation,
  entrants: Entrant[],
  absent: KernelRace["absent"][number][],
  excluded: Excluded[],
): Promise<void> {
  for (const variant of tier.variants.length > 0 ? tier.variants : [undefined]) {
    const place = variant === undefined ? {} : { variant };
    const label = candidateText({ ...tier, residencies: ["resident"] }, { variant, residency: undefined });
    const found: Available | Unavailable = await tier.probe(place);
    if (found.state === "unavailable") {
      absent.push({ name: label, tier: tier.name, reason: found.why });
      continue;
    }
    const cores = found.facts?.["cores"];
    const threads = typeof cores === "number" && cores > 1 ? [1, cores] : [undefined];
    for (const precision of tier.precisions) {
      if (precision === "compensated") continue;
      for (const count of threads) {
        const name = `${label} ${precision}${count === undefined ? "" : ` x${count}`}`;
        try {
          const own = count === undefined ? place : { ...place, threads: count };
          const kernels = await tier.kernels({ ...own, precision });
          entrants.push({ name, tier, precision, found, kernels, data: raceData(d, precision) });
        } catch (error) {
          excluded.push({ name, kind: "failed", reason: error instanceof Error ? error.message : String(error) });
        }
      }
    }
  }
}

function rowOf(
  entrant: Entrant,
  operation: Operation,
  timing: Timing,
  before: Phases | undefined,
  error: number,
): KernelRow {
  const { name, tier, precision, found, kernels } = entrant;
  const total = 1000 * timing.median;
  const after = kernels.phases;
  // Phases are sums over all calls; what counts is how they share the time.
  const spent = after && {
    upload: after.upload - (before?.upload ?? 0),
    kernel: after.kernel - (before?.kernel ?? 0),
    download: after.download - (before?.download ?? 0),
  };
  const whole = spent ? spent.upload + spent.kernel + spent.download : 0;
  const share = (part: number | undefined): number | null =>
    part === undefined || whole <= 0 ? null : (total * part) / whole;
  return {
    name,
    tier: tier.name,
    precision,
    operation,
    device: found.device,
    software: found.software,
    total,
    mad: 1000 * timing.mad,
    n: timing.n,
    first: 1000 * timing.first,
    upload: share(spent?.upload),
    kernel: share(spent?.kernel),
    download: share(spent?.download),
    error,
  };
}

function worst(got: readonly KernelArray[], wanted: readonly KernelArray[]): number {
  let off = 0;
  let scale = Number.MIN_VALUE;
  for (const [k, expected] of wanted.entries()) {
    for (const [i, x] of expected.entries()) {
      const apart = Math.abs((got[k]?.[i] ?? Number.NaN) - x);
      if (!(apart <= off)) off = apart;
      scale = Math.max(scale, Math.abs(x));
    }
  }
  return off / scale;
}

/** The rungs of the procedure, cheapest to adopt first. */
export const rungOrder: readonly Tier["name"][] = ["scalar", "gpujs", "batched", "rust", "webgpu"];

/** The tiers in the order of the rungs. */
export function inRungOrder(tiers: readonly Tier[]): Tier[] {
  return tiers.toSorted(
    (a, b) =>
      rungOrder.indexOf(a.name) - rungOrder.indexOf(b.name) || tierNames.indexOf(a.name) - tierNames.indexOf(b.name),
  );
}
