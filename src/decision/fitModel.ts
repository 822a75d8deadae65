/** Fits the cost model of a candidate to what was measured of it. */
import { fitNonNegative, relativeErrors } from "./fit.ts";
import {
  bytesPerNumber,
  features,
  sweepTime,
  type Affine,
  type CandidateModel,
  type SweepCosts,
  type Ratio,
} from "./model.ts";
import { median } from "./statistics.ts";
import type { IterationWork } from "./work.ts";

/** What was measured of one candidate at one size. */
export interface Sample {
  readonly points: number;
  readonly workspaceBytes: number;
  /** Numbers in one history. */
  readonly numbers: number;
  readonly setup: number;
  readonly load: number;
  readonly read: number;
  readonly hjb: number;
  readonly fokkerPlanck: number;
  /** Shares of them in which data moved between memories. */
  readonly moving: { readonly hjb: number; readonly fokkerPlanck: number };
  readonly relax: number;
  /** Undefined where it was not measured. */
  readonly certify: number | undefined;
  /** Milliseconds per number and column of Anderson steps, where they were measured. */
  readonly column: number | undefined;
  /** Time of two members beside each other over twice one member's; undefined where members take turns. */
  readonly beside: number | undefined;
  readonly work: IterationWork;
  /** What the first calls cost more than the later ones. */
  readonly firstExcess: number;
  readonly noise: number;
}

/** A saturation must make the fit this much better than none, or it is noise that it follows. */
const worthSaturation = 0.7;
const sizesForSaturation = 4;
/** So must proportions of the two kinds of stages that are the samples' own. */
const worthProportions = 0.5;
const samplesForProportions = 4;

/** Latency and the costs of both kinds of stages; with a prior, those keep its proportions. */
function fitStages(
  samples: readonly Sample[],
  part: "hjb" | "fokkerPlanck",
  saturation: number,
  prior?: SweepCosts,
): SweepCosts {
  const targets = samples.map((sample) => sample[part]);
  const all = samples.map((sample) => features(sample.work[part], sample.points, saturation));
  const rows = prior
    ? all.map(([stages = 0, a = 0, d = 0]) => [stages, a * prior.advection + d * prior.diffusion])
    : all;
  const x = fitNonNegative(rows, targets);
  const errors = relativeErrors(rows, targets, x);
  const spread = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
  const [latency = 0, first = 0, second = 0] = x;
  const costs = prior
    ? { advection: first * prior.advection, diffusion: first * prior.diffusion }
    : { advection: first, diffusion: second };
  return { latency, ...costs, saturation, ratios: [], spread };
}

/** Keeps what was found below a break up to it: between sizes on both sides of one nothing lies in between. */
function upToBreaks(ratios: readonly Ratio[], breaks: readonly number[]): readonly Ratio[] {
  const held = breaks.flatMap((at) => {
    const below = ratios.findLast(({ points }) => points < at - 1);
    return below && ratios.some(({ points }) => points >= at) ? [{ points: at - 1, ratio: below.ratio }] : [];
  });
  return [...ratios, ...held].toSorted((a, b) => a.points - b.points);
}

function fitSweep(samples: readonly Sample[], part: "hjb" | "fokkerPlanck", prior?: SweepCosts): SweepCosts {
  const [only] = samples;
  if (!only) throw new Error("a sweep without samples cannot be fitted");
  if (prior && samples.length === 1) {
    const times = only[part] / sweepTime(prior, only.work[part], only.points);
    const { latency, advection, diffusion } = prior;
    return { ...prior, latency: times * latency, advection: times * advection, diffusion: times * diffusion };
  }
  const sizes = [...new Set(samples.map((sample) => sample.points))].toSorted((a, b) => a - b);
  let kept = prior;
  let best = fitStages(samples, part, 0, prior);
  if (prior && samples.length >= samplesForProportions) {
    const own = fitStages(samples, part, 0);
    if (own.spread < worthProportions * best.spread) {
      best = own;
      kept = undefined;
    }
  }
  for (const saturation of sizes.length >= sizesForSaturation ? sizes.slice(1, -1) : []) {
    const next = fitStages(samples, part, saturation, kept);
    if (next.spread < worthSaturation * best.spread) best = next;
  }
  const ratios = sizes.map((points) => {
    const here = samples.filter((sample) => sample.points === points);
    return { points, ratio: median(here.map((sample) => sample[part] / sweepTime(best, sample.work[part], points))) };
  });
  return { ...best, ratios };
}

function fitAffine(units: readonly number[], times: readonly number[]): Affine {
  const [fixed = 0, each = 0] = fitNonNegative(
    units.map((unit) => [1, unit]),
    times.map((time) => Math.max(time, 1e-6)),
  );
  return { fixed, each };
}

/**
 * The model of a candidate from what was measured of it, one sample per size or more.
 *
 * @param prior what is believed of its costs' proportions; used where one size does not tell them
 * @param breaks points from which on its tier works another way
 */
export function fitModel(
  samples: readonly Sample[],
  prior?: CandidateModel,
  breaks: readonly number[] = [],
): CandidateModel {
  const sweep = (part: "hjb" | "fokkerPlanck"): SweepCosts => {
    const costs = fitSweep(samples, part, prior?.[part]);
    return { ...costs, ratios: upToBreaks(costs.ratios, breaks) };
  };
  const of = (read: (sample: Sample) => number): number[] => samples.map(read);
  const numbers = of((sample) => sample.numbers);
  // A certificate is a backward sweep and some sums over the histories.
  const sums = samples.flatMap(({ certify, hjb, numbers: n }) =>
    certify === undefined ? [] : [Math.max(0, certify - hjb) / n],
  );
  const columns = samples.flatMap((sample) => (sample.column === undefined ? [] : [sample.column]));
  return {
    setup: fitAffine(
      of((sample) => sample.workspaceBytes),
      of((sample) => sample.setup),
    ),
    cold: Math.max(0, ...of((sample) => sample.firstExcess)),
    upload: fitAffine(
      numbers.map((n) => n * bytesPerNumber),
      of((sample) => sample.load),
    ),
    download: fitAffine(
      numbers.map((n) => n * bytesPerNumber),
      of((sample) => sample.read),
    ),
    hjb: sweep("hjb"),
    fokkerPlanck: sweep("fokkerPlanck"),
    moving: {
      hjb: median(of((sample) => sample.moving.hjb)),
      fokkerPlanck: median(of((sample) => sample.moving.fokkerPlanck)),
    },
    relax: fitAffine(
      numbers,
      of((sample) => sample.relax),
    ),
    // One call each, so the least disturbed one.
    column: Math.min(Infinity, ...columns) === Infinity ? 0 : Math.min(...columns),
    certify: { sweeps: 1, each: sums.length > 0 ? median(sums) : 0 },
    beside: upToBreaks(
      samples.flatMap(({ points, beside }) => (beside === undefined ? [] : [{ points, ratio: beside }])),
      breaks,
    ),
    fewest: Math.min(...of((sample) => sample.points)),
    most: Math.max(...of((sample) => sample.points)),
    noise: median(of((sample) => sample.noise)),
  };
}
