/** The forward sweep of a member in one workgroup: as many stored intervals a dispatch as it may hold, then the reports of all levels. */
import { hasExit, type Discretisation } from "../../../scheme/discretisation.ts";
import { rkl2, rklStages } from "../../../scheme/diffusion.ts";
import type { IntervalCounts } from "../../host/intervalCounts.ts";
import { axisRadius } from "../../host/stepLimits.ts";
import { packStruct, structOf, type StructLayout } from "../struct.ts";
import type { FieldContext } from "./context.ts";
import { type IntervalEntries, joinSpans, listOf, type Span, SpanQueue } from "./entryLists.ts";
import { limiterGuard32 } from "./densityKernels.ts";
import { nearest, recordsFlux, substepCounts } from "./densitySteps.ts";
import { DensityTally, type GpuDensityReport } from "./densityTally.ts";
import { solveShaderText } from "./kernels.ts";
import type { LineKernels } from "./lineKernels.ts";
import type { LineMember } from "./lineMembers.ts";
import { jobLimits, type LineRunner } from "./lineRunner.ts";
import type { Collected } from "./recorder.ts";
import { densityHasStages, type StageTable } from "./stageTable.ts";

/** What becomes of the result of a piece, and where the piece stands, in shaders/sweep_density_entry.wgsl. */
const outcome = { replaces: 0, isCoarse: 1, goesOn: 2, isCorrected: 3 } as const;
const place = { beginsSubstep: 1, beginsInterval: 2, beginsSweep: 4, reports: 8 } as const;
/** Words of an interval's report: limited cells, lines done again, mass and cost that have left. */
const intervalWords = 6;
/** Words of a level's report: two sums as pairs, the first bad index, the least entry. */
const levelWords = 6;

/** A Strang step, or an implicit one, of one sub-step. */
interface Piece {
  readonly k: number;
  readonly start: number;
  readonly dt: number;
  /** When leavers pay: the middle of the sub-step. */
  readonly paid: number;
  readonly stages: number;
  readonly weight: number;
  readonly outcome: number;
  readonly place: number;
}

/** What an interval's pieces left, over all jobs that it took. */
interface IntervalReport {
  limited: number;
  /** Four words. */
  outflow: readonly number[];
}

export class LineDensitySweep {
  readonly #context: FieldContext;
  readonly #member: LineMember;
  readonly #d: Discretisation;
  readonly #kernels: LineKernels;
  readonly #runner: LineRunner;
  readonly #stages: StageTable;
  readonly #strang: StructLayout;
  readonly #passage: StructLayout;
  /** What decides how the sub-steps of an interval are packed, but for their number. */
  readonly #kind: string;
  /** Where two members of the struct Passage stand, in words. */
  readonly #placeAt: number;
  readonly #wordAt: number;

  constructor(context: FieldContext, member: LineMember, kernels: LineKernels, runner: LineRunner) {
    this.#context = context;
    this.#member = member;
    this.#d = member.d;
    this.#kernels = kernels;
    this.#runner = runner;
    this.#stages = member.slice.stages;
    const text = solveShaderText("sweep_density", context.precision);
    this.#strang = structOf(text, "Strang");
    this.#passage = structOf(text, "Passage");
    const wordOf = (name: string): number => this.#passage.members.find((entry) => entry.name === name)!.at;
    this.#placeAt = wordOf("place");
    this.#wordAt = wordOf("word");
    const { fokkerPlanck, splitting } = this.#d.scheme;
    const flags = [recordsFlux(this.#d), densityHasStages(this.#d), hasExit(this.#d)].map(Number).join("");
    this.#kind = `m ${member.slice.cache.timesOf(this.#d)} ${fokkerPlanck} ${splitting} ${flags}`;
  }

  /**
   * Transports the density of level 0 into the transported history and compares it with the density.
   *
   * @param counts those of the last sweep, renewed
   */
  async run(counts: IntervalCounts): Promise<GpuDensityReport> {
    const { steps } = this.#d;
    const tally = new DensityTally(this.#d);
    const failed = substepCounts(this.#d, counts, await this.#speeds());
    const end = failed ?? steps;
    const reports = Array.from({ length: steps + 1 }, (): IntervalReport => ({ limited: 0, outflow: [0, 0, 0, 0] }));
    const { points } = this.#d.grid;
    const queue = new SpanQueue<number>(jobLimits.entries, (spans, passes) =>
      this.#flush(spans, passes * points, reports),
    );
    for (let k = 0; k < end; k++) {
      const count = counts.last[k]!;
      await queue.add(k, this.#entries(k, count), () => this.#runner.budget / points);
      tally.substeps += count;
    }
    await queue.flush();
    await this.#measure(end, reports, tally);
    if (failed !== undefined) tally.failure ??= { level: failed + 1, index: 0, field: "density" };
    return tally.report();
  }

  /** The rate at which the drift empties cells, at each stored level; none where nobody asks. */
  async #speeds(): Promise<Float64Array> {
    const { steps, scheme, grid } = this.#d;
    const speeds = new Float64Array(steps + 1);
    if (scheme.fokkerPlanck === "fdm") return speeds;
    for (let first = 0; first <= steps; first += jobLimits.words) {
      const count = Math.min(jobLimits.words, steps + 1 - first);
      const collected = await this.#levels(this.#kernels.speeds, first, count, count, grid.points);
      for (let j = 0; j < count; j++) speeds[first + j] = collected.float(j);
    }
    return speeds;
  }

  /** All pieces of an interval; none reports yet. */
  #entries(k: number, count: number): IntervalEntries {
    const { levels } = this.#d;
    const dt = (levels[k + 1]! - levels[k]!) / count;
    const stages = densityHasStages(this.#d) ? rklStages(dt / 2, axisRadius(this.#d, 0)) : 0;
    return this.#member.slice.cache.get(`${this.#kind} ${k} ${count} ${stages}`, () => {
      const pieces = Array.from({ length: count }, (_, j) =>
        this.#substep(k, levels[k]! + j * dt, dt, stages, k === 0 && j === 0, j === 0),
      ).flat();
      const perSubstep = pieces.length / count;
      const lengths = Float64Array.from(pieces, () => dt);
      return {
        ...listOf(pieces.map((piece) => this.#packed(piece))),
        perSubstep,
        passes: perSubstep * this.#passesOf(stages),
        lengths,
      };
    });
  }

  #substep(
    k: number,
    start: number,
    dt: number,
    stages: number,
    beginsSweep: boolean,
    beginsInterval: boolean,
  ): Piece[] {
    const { fokkerPlanck, splitting } = this.#d.scheme;
    const first =
      place.beginsSubstep + (beginsInterval ? place.beginsInterval : 0) + (beginsSweep ? place.beginsSweep : 0);
    const paid = start + dt / 2;
    const common = { k, paid, stages };
    if (fokkerPlanck === "fdm" || splitting === "strang") {
      const weight = recordsFlux(this.#d) ? 1 : 0;
      return [{ ...common, start, dt, weight, outcome: outcome.replaces, place: first }];
    }
    const half = { ...common, dt: dt / 2, weight: 1 / 3, place: 0 };
    return [
      { ...common, start, dt, weight: -1 / 3, outcome: outcome.isCoarse, place: first },
      { ...half, start, outcome: outcome.goesOn },
      { ...half, start: paid, outcome: outcome.isCorrected },
    ];
  }

  /** The five kernels of each of three stages and two diffusions, or cyclic reduction both ways, four times. */
  #passesOf(stages: number): number {
    const { grid, scheme } = this.#d;
    return scheme.fokkerPlanck === "fdm" ? 8 * Math.log2(grid.points) : 15 + 2 * stages;
  }

  async #flush(spans: readonly Span<number>[], work: number, reports: readonly IntervalReport[]): Promise<void> {
    const { slice, row, value } = this.#member;
    // The last entry of each interval in the list reports, whether the interval ends there or goes on in the next list.
    let words = 0;
    const entries = joinSpans(spans, (_, last) => {
      const numbers = new Uint32Array(last.buffer, last.byteOffset + last.byteLength - this.#passage.bytes);
      numbers[this.#placeAt] = numbers[this.#placeAt]! + place.reports;
      numbers[this.#wordAt] = words;
      words += intervalWords;
    });
    const collected = await this.#runner.run({
      kernel: this.#kernels.density,
      slice,
      member: row,
      first: 0,
      count: 0,
      words,
      start: value.levels[0]!.offset / this.#context.stateBytes,
      entries,
      work,
    });
    spans.forEach(({ of: k }, i) => {
      const word = intervalWords * i;
      const report = reports[k + 1]!;
      report.limited += collected.word(word);
      report.outflow = Array.from({ length: 4 }, (_, j) => collected.float(word + 2 + j));
    });
  }

  #packed(piece: Piece): ArrayBuffer {
    const { data } = this.#member;
    const { k, start, dt, stages, weight } = piece;
    const { fokkerPlanck, splitting } = this.#d.scheme;
    const moments = [start, start + dt, start + dt / 2].map((t) => data.moment(t, k));
    const [atStart, atEnd, atMiddle] = moments.map(({ weights }) => weights);
    const implicit = fokkerPlanck === "fdm";
    const strang = packStruct(this.#strang, {
      at_start: atStart!,
      at_end: atEnd!,
      at_middle: atMiddle!,
      near: [...moments.map(({ weights }) => nearest(weights)), 0],
      flux_weights: [weight, weight / 6, (2 * weight) / 3, 0],
      axis: 0,
      dt,
      tau: implicit ? dt : dt / 2,
      first: stages > 0 ? rkl2(stages).first : 0,
      coefficients_at: stages > 0 ? this.#stages.at(stages) : 0,
      balanced: hasExit(this.#d) && densityHasStages(this.#d) && splitting !== "explicit" ? 1 : 0,
      record: weight === 0 ? 0 : 1,
      guard: limiterGuard32,
      word: 0,
    });
    const passage = packStruct(this.#passage, {
      paid_at: data.moment(piece.paid, k).weights,
      first_level: moments[0]!.first,
      level: k + 1,
      word: 0,
      stages,
      outcome: piece.outcome,
      place: piece.place,
    });
    const entry = new Uint8Array(strang.byteLength + passage.byteLength);
    entry.set(new Uint8Array(strang));
    entry.set(new Uint8Array(passage), strang.byteLength);
    return entry.buffer;
  }

  /** Adds up what the levels 0..end say. */
  async #measure(end: number, reports: readonly IntervalReport[], tally: DensityTally): Promise<void> {
    const most = Math.floor(jobLimits.words / levelWords);
    for (let first = 0; first <= end; first += most) {
      const count = Math.min(most, end + 1 - first);
      const own = await this.#levels(this.#kernels.levels, first, count, levelWords * count, this.#d.grid.points);
      for (let j = 0; j < count; j++) {
        const { limited, outflow } = reports[first + j]!;
        const said: Collected = {
          word: (i) => (i < levelWords ? own.word(levelWords * j + i) : limited),
          float: (i) => (i < levelWords ? own.float(levelWords * j + i) : outflow[i - levelWords]!),
        };
        const words = { sums: 0, report: 4, outflow: levelWords, limited: levelWords + outflow.length };
        tally.add(said, { level: first + j, ...words });
      }
    }
  }

  #levels(
    kernel: LineKernels["levels"],
    first: number,
    count: number,
    words: number,
    work: number,
  ): Promise<Collected> {
    const { slice, row, value } = this.#member;
    const start = value.levels[0]!.offset / this.#context.stateBytes;
    return this.#runner.run({ kernel, slice, member: row, first, count, words, start, work });
  }
}
