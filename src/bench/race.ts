/** One race: contestants of one operation at one size, checked, timed against each other, and written down as rows. */
import type { Clock } from "../decision/clock.ts";
import { measure, type Contestant, type Timing } from "../decision/measure.ts";
import type { Phases } from "../tiers/tier.ts";
import { computingTime, type ComputingTime } from "./computing.ts";
import type { Contender } from "./contenders.ts";
import type { Energy } from "./energy.ts";
import { type BenchRow, type LeftOut, rowKey, type SectionName } from "./report.ts";
import { type MachineRoofs, roofPlace, storedPrecision } from "./roofs.ts";
import { timesOf } from "./times.ts";
import type { CountedWork } from "./work.ts";

/** What all sections are given. */
export interface Course {
  readonly clock: Clock;
  readonly roofs: MachineRoofs;
  readonly energy: Energy;
  readonly rounds: number;
  readonly samples: number;
  /** Milliseconds of a stretch, at least, and of a sample: see `MeasureOptions`. */
  readonly stretchMs: number;
  readonly sampleMs: number;
  /** Relative deviation above which a round takes more samples: see `MeasureOptions`. */
  readonly spread: number;
  /** What earlier rounds found, by `rowKey`. */
  readonly known: Map<string, Earlier>;
  readonly signal: AbortSignal | undefined;
  readonly onRow: (row: BenchRow) => void;
}

/**
 * Someone's last timing; the computing alone, which is timed once, since what else the machine does is in no such time; energy; and
 * the first check's difference, which is of all that was computed.
 */
interface Earlier extends Timing {
  readonly difference: number | undefined;
  readonly computing: ComputingTime | undefined;
  readonly joules: number | null;
}

/** A contender with the work of this race. */
export interface Racer {
  readonly contender: Contender;
  readonly run: () => unknown;
  /** Difference from the reference after a run, relative to the largest value; undefined where there is nothing to check. */
  readonly error?: () => number | Promise<number>;
  /** See `Contestant`. */
  readonly spoil?: () => void;
  readonly bound: number;
  readonly work: CountedWork | undefined;
  /** Points times stages of one run; undefined where nothing is computed. */
  readonly pointStages: number | undefined;
  /** Bytes that one run moves in and out, where that can be told. */
  readonly moved?: { readonly in: number; readonly out: number };
  readonly phases?: () => Phases | undefined;
  readonly duration?: () => number;
}

export interface RaceResult {
  readonly rows: readonly BenchRow[];
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
}

/** Milliseconds of work that energy is read over: its counters are slow. */
const energyMs = 300;
/** Milliseconds that the computing alone is timed over, at most, and runs of it, at least. */
const computingMs = 300;
const fewestRuns = 3;
/** Digits of a sample that a document holds. */
const keptDigits = 6;
/** Share of a race's time that the computing alone may take. Energy is read while some of the time is left. */
const computingShare = 0.4;

/** Runs one race. */
export async function race(
  section: SectionName,
  operation: string,
  shape: readonly number[],
  racers: readonly Racer[],
  course: Course,
  budgetMs: number,
): Promise<RaceResult> {
  const { clock, energy } = course;
  const begun = clock.now();
  const keyOf = (contestant: string): string => rowKey({ section, operation, shape, contestant });
  const known = new Map(
    racers.flatMap(({ contender: { name } }) => {
      const earlier = course.known.get(keyOf(name));
      return earlier ? [[name, earlier] as const] : [];
    }),
  );
  const tellers = racers.filter(({ phases, contender }) => phases && !known.has(contender.name)).length;
  const reserved = Math.min(tellers * computingMs, computingShare * budgetMs);
  const errors = new Map<string, number>();
  const before = new Map<string, Phases>();
  const contestants = racers.map((racer): Contestant => {
    const { name } = racer.contender;
    const begin = (): void => {
      const phases = racer.phases?.();
      if (phases && !before.has(name)) before.set(name, { ...phases });
    };
    // The first run of all, with what it sets up, is in the first round, and counts for nothing.
    if (known.has(name)) begin();
    return {
      name,
      run: racer.run,
      check: async () => {
        begin();
        if (!racer.error) return undefined;
        const error = await racer.error();
        if (!errors.has(name)) errors.set(name, error);
        return error <= racer.bound
          ? undefined
          : `its ${operation} differs from the reference by ${error.toExponential(1)} (bound ${racer.bound})`;
      },
      ...(racer.spoil && { spoil: racer.spoil }),
      ...(racer.duration && { duration: racer.duration }),
    };
  });
  const done = await measure(contestants, {
    clock,
    samples: course.samples,
    stretchMs: course.stretchMs,
    sampleMs: course.sampleMs,
    spread: course.spread,
    known,
    budgetMs: budgetMs - reserved,
    ...(course.signal && { signal: course.signal }),
  });
  const rows: BenchRow[] = [];
  // Of several rounds the spread tells.
  const notes = [...done.notes, ...(course.rounds === 1 ? done.doubts : [])];
  for (const timing of done.timings) {
    const racer = racers.find(({ contender }) => contender.name === timing.name)!;
    const shares = phaseShares(racer.phases?.(), before.get(timing.name));
    const earlier = known.get(timing.name);
    const computing = earlier
      ? earlier.computing
      : await computingOf(racer, timing, course, reserved / tellers).catch((error: unknown) => {
          course.signal?.throwIfAborted();
          notes.push(`${timing.name}: its computing alone could not be timed: ${String(error)}`);
          return undefined;
        });
    const joules = earlier?.joules ?? (await energyOf(racer, timing, energy, begun + budgetMs - clock.now()));
    const difference = earlier ? earlier.difference : errors.get(timing.name);
    course.known.set(keyOf(timing.name), { ...timing, computing, joules, difference });
    const row = rowOf(section, operation, shape, racer, timing, course.roofs, {
      shares,
      computing,
      joules,
      error: difference,
    });
    rows.push(row);
    course.onRow(row);
  }
  const leftOut = done.excluded.map(({ name, kind, reason }): LeftOut => {
    return { section, operation, shape, contestant: name, kind, reason };
  });
  const where = `${operation} ${shape.join("x")}`;
  return { rows, leftOut, notes: notes.map((note) => `${where}: ${note}`) };
}

/** How the time since `before` was shared between moving in, computing and moving out; undefined where nothing moved. */
function phaseShares(after: Phases | undefined, before: Phases | undefined): Phases | undefined {
  if (!after || !before) return undefined;
  const spent = {
    upload: after.upload - before.upload,
    kernel: after.kernel - before.kernel,
    download: after.download - before.download,
  };
  const whole = spent.upload + spent.kernel + spent.download;
  if (!(whole > 0)) return undefined;
  return { upload: spent.upload / whole, kernel: spent.kernel / whole, download: spent.download / whole };
}

/** The computing alone of one that tells it. */
async function computingOf(
  { run, phases }: Racer,
  { median }: Timing,
  { samples, signal }: Course,
  mostMs: number,
): Promise<ComputingTime | undefined> {
  const runs = Math.max(fewestRuns, Math.min(samples, Math.floor(mostMs / median)));
  return phases && computingTime(run, phases, runs, signal);
}

/** What is known of a timed racer besides its time. */
interface Findings {
  readonly shares: Phases | undefined;
  readonly computing: ComputingTime | undefined;
  readonly joules: number | null;
  readonly error: number | undefined;
}

async function energyOf(
  { contender, run }: Racer,
  timing: Timing,
  energy: Energy,
  leftMs: number,
): Promise<number | null> {
  const onCard = contender.tier === "webgpu" || contender.variant === "webgpu";
  const meter = onCard && !contender.found.software ? energy.card : energy.processor;
  if (!meter) return null;
  // The work must last as long as a reading.
  const ms = Math.max(energyMs, meter.readingMs);
  if (ms > leftMs) return null;
  const runs = Math.max(1, Math.round(ms / timing.median));
  const joules = await meter.measure(async () => {
    for (let k = 0; k < runs; k++) await run();
  });
  return Number.isFinite(joules) ? joules / runs : null;
}

function rowOf(
  section: SectionName,
  operation: string,
  shape: readonly number[],
  { contender, work, pointStages, moved, duration }: Racer,
  { samples: measured, repeats, first }: Timing,
  roofs: MachineRoofs,
  { shares, computing, joules, error }: Findings,
): BenchRow {
  const each = (ms: number): number | null => (pointStages === undefined ? null : (ms * 1e6) / pointStages);
  const samples = measured.map((ms) => Number(ms.toPrecision(keptDigits)));
  const figure = duration ? "median" : "least";
  const times = timesOf([samples], figure);
  const ns = each(times.time);
  const alone = computing === undefined ? null : each(computing.median);
  const place = roofPlace(contender);
  const roof = roofs.find((candidate) => candidate.place === place);
  const computed = alone ?? ns;
  // Per nanosecond is 10^9 per second.
  const share = (perPoint: number | undefined, perSecond: number | null | undefined): number | null =>
    !computed || perPoint === undefined || !perSecond ? null : ((perPoint / computed) * 1e9) / perSecond;
  const speed = (bytes: number | undefined, part: number | undefined): number | null =>
    !bytes || !part ? null : bytes / (part * times.time * 1e6);
  return {
    section,
    operation,
    shape,
    contestant: contender.name,
    tier: contender.tier,
    precision: contender.precision,
    threads: contender.threads ?? null,
    device: contender.found.device,
    software: contender.found.software,
    ...times,
    figure,
    samples: [samples],
    repeats,
    first,
    pointStages: pointStages ?? null,
    nsPerPoint: ns,
    nsSpread: each(times.spread),
    pointsPerSecond: ns === null ? null : 1e9 / ns,
    nsWithoutTransfers: alone,
    nsWithoutTransfersMad: computing === undefined ? null : each(computing.mad),
    flopPerPoint: work?.flop ?? null,
    bytesPerPoint: work?.bytes ?? null,
    bandwidthShare: share(work?.bytes, roof?.bandwidth),
    arithmeticShare: share(work?.flop, roof?.arithmetic[storedPrecision(contender.precision)]),
    uploadGBs: speed(moved?.in, shares?.upload),
    readbackGBs: speed(moved?.out, shares?.download),
    joules,
    error: error ?? null,
  };
}

/**
 * Largest difference over the largest wanted number; NaN of what is not a number.
 *
 * @param stride of what was got only every so many-th number is wanted, from the first on
 */
export function relativeDifference(
  got: readonly ArrayLike<number>[],
  wanted: readonly ArrayLike<number>[],
  stride: number = 1,
): number {
  let worst = 0;
  let scale = Number.MIN_VALUE;
  for (const [k, expected] of wanted.entries()) {
    const values = got[k];
    if (values === undefined || Math.ceil(values.length / stride) !== expected.length) return Number.NaN;
    for (let i = 0; i < expected.length; i++) {
      const off = Math.abs(values[i * stride]! - expected[i]!);
      const size = Math.abs(expected[i]!);
      if (Number.isNaN(off)) return off;
      if (off > worst) worst = off;
      if (size > scale) scale = size;
    }
  }
  return worst / scale;
}
