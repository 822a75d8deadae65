/** `mfgpu bench` as data: every tier at hand on the same work, checked, timed against each other, under measured roofs. */
import { candidatesFor } from "../decision/candidates.ts";
import { systemClock, type Clock } from "../decision/clock.ts";
import { referenceOf } from "../decision/workload.ts";
import { MfgError } from "../errors.ts";
import { tiers as registered } from "../tiers/registry.ts";
import type { Tier } from "../tiers/tier.ts";
import { openKernels, type OpenedKernels } from "./contenders.ts";
import { findEnergy, type Energy } from "./energy.ts";
import { KernelFields } from "./kernelFields.ts";
import { benchKernels, kernelCases, type KernelCase, type SectionResult } from "./kernels.ts";
import { benchLatency } from "./latency.ts";
import { fits } from "./names.ts";
import { lookAtPlace } from "./place.ts";
import type { Course } from "./race.ts";
import {
  benchFormat,
  type BenchReport,
  type BenchRow,
  type LeftOut,
  type SectionName,
  sectionNames,
} from "./report.ts";
import { measureRoofs } from "./roofs.ts";
import { mergeRounds } from "./rounds.ts";
import { Schedule } from "./schedule.ts";
import { benchSolve, type Game, largeGames, solveShapes, type Truth } from "./solve.ts";
import { benchTransfer, transferSizes } from "./transfer.ts";

export interface BenchOptions {
  /** Default: all. */
  readonly sections?: readonly SectionName[];
  /** Small sizes and few samples. */
  readonly quick?: boolean;
  /** Contestants whose names hold one of these comma-separated parts. */
  readonly only?: string;
  readonly adapter?: string;
  /** Seconds for everything, shared out between the sections. Default 265, quick 40. */
  readonly timeLimit?: number;
  readonly signal?: AbortSignal;
  /** Called for every row of every round once it is known. */
  readonly onRow?: (row: BenchRow) => void;
  readonly onSection?: (section: SectionName) => void;
  /** For tests: other tiers, sizes, clock, energy. */
  readonly tiers?: readonly Tier[];
  readonly clock?: Clock;
  readonly cases?: readonly KernelCase[];
  readonly shapes?: readonly (readonly number[])[];
  readonly games?: readonly Game[];
  readonly sizes?: readonly number[];
  readonly energy?: Energy;
}

/** Parts of the time that the sections get. */
const weights: Readonly<Record<SectionName, number>> = { kernels: 46, solve: 45, transfer: 7, latency: 2 };
const limits = { whole: 265, quick: 40 } as const;
/** How often everything is run, if time allows; each of a GPU's large games, which are long to set up, in the first round alone. */
const roundCounts = { whole: 12, quick: 1 } as const;
/** Shares of the time that the first round gets, with large games and without, where each of the others gets one. */
const firstShares = { large: 12, usual: 6 } as const;
const samples = { whole: 3, quick: 5 } as const;
/** Rounds show more than further samples within one. */
const spread = { whole: Infinity, quick: 0.05 } as const;
/**
 * Milliseconds of a stretch, at least, and of a sample, which is its quietest stretch: what disturbs comes and goes within microseconds,
 * too. One round alone has stretches that are long enough to average over that.
 */
const stretchMs = { whole: 0.1, quick: 2 } as const;
const sampleMs = { whole: 8, quick: 0 } as const;

/**
 * Runs the benchmarks.
 *
 * @returns every row, who was left out and why, the machine and its roofs
 * @throws MFGPU_CONFIG_BENCH where nothing fits `only`; the signal's reason once it is aborted
 *
 * @example
 * const { rows } = await bench({ sections: ["kernels"], quick: true, only: "batched,rust" });
 */
export async function bench(options: BenchOptions = {}): Promise<BenchReport> {
  const { sections = sectionNames, quick = false, only, adapter, clock = systemClock, tiers = registered } = options;
  const begun = clock.now();
  const extent = quick ? "quick" : "whole";
  const limitMs = 1000 * (options.timeLimit ?? limits[extent]);
  const scalar = tiers.find(({ name }) => name === "scalar") ?? registered[0]!;
  await using opened = await openKernels(tiers, adapter, only);
  const candidates = sections.includes("solve")
    ? await solveCandidates(tiers, adapter, only)
    : { able: [], absent: [], reference: undefined };
  if (opened.contenders.length === 0 && candidates.able.length === 0) throw nothingFits(opened, only);
  const { roofs, notes: roofNotes } = await measureRoofs(opened.contenders, adapter, clock);
  const energy = options.energy ?? (await findEnergy());
  const rounds = roundCounts[extent];
  const course: Course = {
    clock,
    roofs,
    energy,
    rounds,
    samples: samples[extent],
    stretchMs: stretchMs[extent],
    sampleMs: sampleMs[extent],
    spread: spread[extent],
    known: new Map(),
    signal: options.signal,
    onRow: (row) => options.onRow?.(row),
  };
  const rows: BenchRow[] = [];
  const leftOut: LeftOut[] = [];
  const notes: string[] = [...roofNotes];
  const games = options.games ?? (quick ? [] : largeGames(candidates.able));
  const firstShare = games.length > 0 ? firstShares.large : firstShares.usual;
  const results = new Map<SectionName, SectionResult[]>(sections.map((section) => [section, []]));
  const [fields, truths] = [new KernelFields(), new Map<string, Truth>()];
  const schedules = new Map(sections.map((section) => [section, new Schedule(clock)]));
  const parts = Array.from({ length: rounds }, (_, round) =>
    sections.map((section) => ({ section, round, share: weights[section] * (round === 0 ? firstShare : 1) })),
  ).flat();
  for (const [k, { section, round, share }] of parts.entries()) {
    options.onSection?.(section);
    const left = limitMs - (clock.now() - begun);
    const rest = parts.slice(k).reduce((sum, part) => sum + part.share, 0);
    const schedule = schedules.get(section)!;
    schedule.begin(Math.max(0, (left * share) / rest), round === rounds - 1);
    results.get(section)!.push(await runSection(section));

    async function runSection(name: SectionName): Promise<SectionResult> {
      switch (name) {
        case "kernels":
          return benchKernels(opened.contenders, scalar, options.cases ?? kernelCases(quick), course, schedule, fields);
        case "solve":
          return candidates.reference
            ? benchSolve(
                candidates.able,
                candidates.reference,
                options.shapes ?? solveShapes(quick),
                course,
                schedule,
                games,
                truths,
              )
            : { rows: [], leftOut: [], notes: ["No tier with solves in f64 is here: solves are not measured."] };
        case "transfer":
          return benchTransfer(
            opened.contenders,
            adapter,
            options.sizes ?? transferSizes(quick),
            course,
            schedule,
            fields,
          );
        case "latency":
          return benchLatency(opened.contenders, adapter, course, schedule);
      }
    }
  }
  for (const section of sections) {
    const done = mergeRounds(results.get(section)!);
    rows.push(...done.rows);
    leftOut.push(...done.leftOut);
    notes.push(...done.notes);
    for (const { name, kind, reason } of section === "solve" ? candidates.absent : opened.absent)
      leftOut.push({ section, operation: "all", shape: [], contestant: name, kind, reason });
  }
  const place = await lookAtPlace(tiers, adapter);
  if (place.load > place.cores)
    notes.push(
      `The machine was busy (load ${place.load.toFixed(1)} on ${place.cores} cores): times are of little worth.`,
    );
  return {
    format: benchFormat,
    place,
    options: { sections, quick, only: only ?? null, timeLimit: options.timeLimit ?? null },
    roofs,
    energy: energy.text,
    rows,
    leftOut,
    notes: [...new Set(notes)],
    seconds: (clock.now() - begun) / 1000,
  };
}

/** Candidates of whole solves that fit, and who is not here. */
async function solveCandidates(tiers: readonly Tier[], adapter: string | undefined, only: string | undefined) {
  const all = await candidatesFor({ tiers, ...(adapter === undefined ? {} : { adapter }) });
  const reference = referenceOf(all);
  const fitting = all.filter(({ name }) => fits(name, only));
  // Sweeps that call kernels from outside are measured with all threads alone.
  const most = Math.max(...fitting.map(({ place }) => place.threads ?? 0));
  const able = fitting.filter(
    ({ found, residency, place: { threads } }) =>
      found.state === "available" && (residency === "resident" || threads === undefined || threads === most),
  );
  const absent = fitting.flatMap(({ name, found }) =>
    found.state === "unavailable" ? [{ name, kind: "absent" as const, reason: found.why }] : [],
  );
  return { able, absent, reference };
}

function nothingFits({ absent }: OpenedKernels, only: string | undefined): MfgError {
  const reasons = absent.map(({ name, reason }) => `${name}: ${reason}`).join(" ");
  return new MfgError({
    code: "MFGPU_CONFIG_BENCH",
    message: `No contestant is here whose name holds ${only ?? "anything"}. ${reasons}`.trim(),
    fix: "Name parts of tiers and variants, such as --only batched,rust; mfgpu doctor lists what is here.",
    path: "only",
    value: only,
  });
}
