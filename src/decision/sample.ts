/** The parts of a solve that a calibration times in one workspace, and what becomes of their times. */
import type { Discretisation } from "../scheme/discretisation.ts";
import type { Workspace } from "../tiers/tier.ts";
import type { PlanCandidate } from "./candidates.ts";
import type { Clock } from "./clock.ts";
import type { Contestant, Timing } from "./measure.ts";
import type { Sample } from "./fitModel.ts";
import { ratesOfData } from "./rates.ts";
import { mean, quantile } from "./statistics.ts";
import { workOf } from "./work.ts";

export interface Entrant {
  readonly candidate: PlanCandidate;
  readonly workspace: Workspace;
  readonly setup: number;
  readonly workspaceBytes: number;
  readonly substeps: { readonly hjb: number; readonly fokkerPlanck: number };
  /** Milliseconds of the sweeps that were held to the reference. */
  readonly checked: Readonly<Record<"hjb" | "fokkerPlanck", number>>;
  /** Milliseconds of both sweeps: those that were held to the reference, or the fastest of the warm-up. */
  once: number;
  firstExcess: number;
  /** Milliseconds of all sweeps that were timed, and of moving data within them. */
  readonly swept: Record<"hjb" | "fokkerPlanck", { time: number; moved: number }>;
}
/** Milliseconds of two sweeps up to which Anderson steps are timed as well. */
const shortOnce = 40;
/** Milliseconds of two sweeps from which on a candidate that is far behind is timed once. */
export const longOnce = 15;
/** The same for one that is merely behind. */
export const veryLongOnce = 30;

/** What is kept of a timing. */
export type PartTime = Pick<Timing, "samples" | "median" | "first" | "error">;
/** Relative error that a single sample is taken to have. */
const singleError = 0.1;

export async function once({ run }: Contestant, clock: Clock): Promise<PartTime> {
  const begun = clock.now();
  await run();
  return single(clock.now() - begun);
}

/** What is known of a part that was timed once. */
export function single(time: number): PartTime {
  return { samples: [time], median: time, first: time, error: singleError };
}
export type Part = "load" | "hjb" | "fokkerPlanck" | "certify" | "relax" | "read";
/** In this order, so that relaxation does not change what the sweeps are timed on. */
export const parts: readonly Part[] = ["load", "hjb", "fokkerPlanck", "certify", "relax", "read"];

export const nothingSwept = (): Entrant["swept"] => ({
  hjb: { time: 0, moved: 0 },
  fokkerPlanck: { time: 0, moved: 0 },
});

/** Milliseconds in which a workspace has moved data so far. */
function movedBy({ phases }: Workspace): number {
  return phases === undefined ? 0 : phases.upload + phases.download;
}

export function contestantFor(entrant: Entrant, part: Part, d: Discretisation, clock: Clock): Contestant {
  const { candidate, workspace, swept } = entrant;
  const finite = (failure: unknown): void => {
    if (failure !== undefined) throw new Error("the sweep met a number that is not finite");
  };
  const sweep = async (of: "hjb" | "fokkerPlanck"): Promise<void> => {
    const moved = movedBy(workspace);
    const begun = clock.now();
    finite((await workspace[of](0)).failure);
    swept[of].time += clock.now() - begun;
    swept[of].moved += movedBy(workspace) - moved;
  };
  const work: Readonly<Record<Part, () => Promise<unknown>>> = {
    load: () => workspace.load(0, d.initialDensity),
    hjb: () => sweep("hjb"),
    fokkerPlanck: () => sweep("fokkerPlanck"),
    certify: () => workspace.certify(0),
    relax: () => workspace.relax(0, { kind: "blend", theta: 0.1 }, { kind: "blend", theta: 0.1 }),
    read: () => workspace.read(0, "value"),
  };
  return { name: candidate.name, run: work[part] };
}
const andersonRounds = 4;

/** What other processes add to a sample they never take away: below the median there is less of it. */
const lowerQuartile = ({ samples }: PartTime): number => quantile(samples, 0.25);

const shareOf = ({ time, moved }: { readonly time: number; readonly moved: number }): number =>
  time > 0 ? Math.min(1, moved / time) : 0;

/** What was measured as one sample; undefined where a part is missing. */
export async function sampleOf(
  entrant: Entrant,
  times: ReadonlyMap<Part, PartTime>,
  d: Discretisation,
  clock: Clock,
  whole: boolean,
): Promise<Sample | undefined> {
  const { workspace, setup, workspaceBytes, substeps } = entrant;
  const [load, hjb, fokkerPlanck, certify, relax, read] = parts.map((part) => times.get(part));
  if (!load || !hjb || !fokkerPlanck || !relax || !read) return undefined;
  const numbers = (d.steps + 1) * d.grid.points;
  let column: number | undefined;
  if (whole && lowerQuartile(hjb) + lowerQuartile(fokkerPlanck) < shortOnce) {
    // A few real iterations, so that the Anderson step has columns to work with.
    for (let k = 1; k <= andersonRounds; k++) {
      await workspace.hjb(0);
      await workspace.fokkerPlanck(0);
      const start = clock.now();
      const done = await workspace.relax(0, { kind: "anderson", beta: 0.1 }, { kind: "blend", theta: 0.5 });
      const time = clock.now() - start;
      if (done.depth > 0) column = Math.max(0, time - relax.median) / (done.depth * numbers);
    }
  }
  const rates = ratesOfData(d);
  const beside = workspace.concurrent === true ? await timeBeside(entrant, d, clock, lowerQuartile(hjb)) : undefined;
  return {
    beside,
    points: d.grid.points,
    workspaceBytes,
    numbers,
    setup,
    load: lowerQuartile(load),
    read: lowerQuartile(read),
    hjb: lowerQuartile(hjb),
    fokkerPlanck: lowerQuartile(fokkerPlanck),
    moving: { hjb: shareOf(entrant.swept.hjb), fokkerPlanck: shareOf(entrant.swept.fokkerPlanck) },
    relax: lowerQuartile(relax),
    certify: certify && lowerQuartile(certify),
    column,
    work: workOf(d, rates, substeps),
    firstExcess:
      entrant.firstExcess +
      [certify, relax].reduce((sum, part) => sum + (part ? Math.max(0, part.first - part.median) : 0), 0),
    noise: mean([hjb.error, fokkerPlanck.error]),
  };
}

const besideRounds = 5;
const fewBesideRounds = 3;
/** Milliseconds of sweeps in a row, at least: handing work to threads must not be what is timed. */
const besideMs = 8;

/** Backward sweeps of two members beside each other, over those in turn. */
async function timeBeside({ candidate }: Entrant, d: Discretisation, clock: Clock, single: number): Promise<number> {
  // One thread runs one member at a time; what two of them save in a short sweep is the way there and back.
  if (candidate.place.threads === 1) return 1;
  await using pair = await candidate.tier.workspace([d, d], workspaceOptions(candidate));
  for (const member of [0, 1]) await pair.load(member, d.initialDensity);
  const repeats = Math.max(1, Math.ceil(besideMs / single));
  const inARow = async (member: number): Promise<void> => {
    for (let k = 0; k < repeats; k++) await pair.hjb(member);
  };
  const alone: number[] = [];
  const beside: number[] = [];
  for (let k = 0; k < (repeats > 1 ? besideRounds : fewBesideRounds); k++) {
    const begun = clock.now();
    await inARow(0);
    const between = clock.now();
    await Promise.all([inARow(0), inARow(1)]);
    alone.push(between - begun);
    beside.push(clock.now() - between);
  }
  return Math.min(1.2, quantile(beside, 0.25) / (2 * quantile(alone, 0.25)));
}
export function workspaceOptions(candidate: PlanCandidate): Parameters<PlanCandidate["tier"]["workspace"]>[1] {
  return {
    ...candidate.place,
    precision: candidate.precision,
    residency: candidate.residency,
    andersonDepth: andersonRounds,
    keepTransported: true,
  };
}
