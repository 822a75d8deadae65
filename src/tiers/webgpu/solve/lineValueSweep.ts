/** The backward sweep of a member in one workgroup: sources of all levels first, then as many intervals a dispatch as it may hold. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { packStruct, structOf, type StructLayout } from "../struct.ts";
import type { IntervalCounts } from "../../host/intervalCounts.ts";
import type { SweepReport } from "../../tier.ts";
import type { FieldContext } from "./context.ts";
import type { Field } from "./fields.ts";
import { type IntervalResult, longestChunk, needAt, sweepIntervals } from "./hjbIntervals.ts";
import { solveShaderText } from "./kernels.ts";
import type { LineKernels } from "./lineKernels.ts";
import type { LineMember } from "./lineMembers.ts";
import { jobLimits, type LineRunner } from "./lineRunner.ts";
import { uploadStates } from "./transfer.ts";
import { substepsOf, ValuePieces } from "./valuePieces.ts";

/** No level is completed, in shaders/sweep_value.wgsl. */
const none = 0xffffffff;
/** Words of a level's source, and of a completed level. */
const sourceWords = 2;
const levelWords = 2;

/** Where a sweep writes its levels, and what it answers. */
export interface ValueTarget {
  /** Level k in entry k modulo their number: the entries must be more than the longest chunk, or all levels. */
  readonly levels: readonly Field[];
  readonly flow: "density" | "transported";
}

/** An interval that is under way, and what was told of it so far. */
interface Interval {
  readonly k: number;
  readonly count: number;
  readonly speeds: { readonly rate: number; readonly dt: number }[];
  bad: number;
  need: number | undefined;
}

/** One entry of a list: a piece, and the level that it completes. */
interface Entry {
  readonly interval: Interval;
  readonly packed: ArrayBuffer;
  readonly dt: number;
  readonly completes: boolean;
  readonly runs: boolean;
}

export class LineValueSweep {
  readonly #context: FieldContext;
  readonly #member: LineMember;
  readonly #d: Discretisation;
  readonly #kernels: LineKernels;
  readonly #runner: LineRunner;
  readonly #pieces: ValuePieces;
  readonly #completion: StructLayout;
  readonly #growth: Float64Array;
  #floored = 0;

  constructor(context: FieldContext, member: LineMember, kernels: LineKernels, runner: LineRunner) {
    this.#context = context;
    this.#member = member;
    this.#d = member.d;
    this.#kernels = kernels;
    this.#runner = runner;
    this.#pieces = new ValuePieces(
      member.d,
      (t, k) => member.data.moment(t, k),
      member.slice.stages,
      context.precision,
    );
    this.#completion = structOf(solveShaderText("sweep_value", context.precision), "Completion");
    this.#growth = new Float64Array(member.d.steps + 1);
  }

  /** Fills the target's levels; `counts` as on the host. */
  async run(target: ValueTarget, counts: IntervalCounts): Promise<SweepReport> {
    await this.#sources(target.flow);
    return sweepIntervals(
      this.#d,
      {
        firstNeed: () => this.#firstNeed(target),
        run: (k, count) => this.#intervals(target, k, count, counts),
        floored: () => this.#floored,
      },
      counts,
    );
  }

  /** S of all levels, what slopes it makes grow, and where a log coupling used its floor. */
  async #sources(flow: ValueTarget["flow"]): Promise<void> {
    const { d, slice, row, density, transported } = this.#member;
    const kernel = flow === "density" ? this.#kernels.sources : this.#kernels.response;
    const start = this.#at((flow === "density" ? density : transported).levels[0]!);
    const spacing = d.grid.spacing[0]!;
    this.#floored = 0;
    const most = Math.floor(jobLimits.words / sourceWords);
    for (let first = 0; first <= d.steps; first += most) {
      const count = Math.min(most, d.steps + 1 - first);
      const job = { kernel, slice, member: row, first, count, words: sourceWords * count, start, work: d.grid.points };
      const collected = await this.#runner.run(job);
      for (let j = 0; j < count; j++) {
        this.#growth[first + j] = collected.float(sourceWords * j) / spacing ** 2;
        this.#floored += collected.word(sourceWords * j + 1);
      }
    }
  }

  /** Puts the terminal cost in its place and measures its speed. */
  async #firstNeed(target: ValueTarget): Promise<number> {
    const { steps, terminalCost } = this.#d;
    const last = entryOf(target, steps);
    await uploadStates(this.#context, last, terminalCost);
    const interval: Interval = { k: steps, count: 0, speeds: [], bad: 0, need: undefined };
    const packed = new ArrayBuffer(this.#pieces.bytes);
    await this.#flush(target, this.#at(last), [{ interval, packed, dt: 0, completes: true, runs: false }], 0);
    return interval.need!;
  }

  async #intervals(
    target: ValueTarget,
    from: number,
    firstCount: number,
    counts: IntervalCounts,
  ): Promise<readonly IntervalResult[]> {
    const { levels, grid } = this.#d;
    const { budget } = this.#runner;
    const longest = Math.min(longestChunk, target.levels.length - 1);
    const done: Interval[] = [];
    let start = this.#at(entryOf(target, from + 1));
    let entries: Entry[] = [];
    let work = 0;
    for (let k = from, count = firstCount; ; count = counts.planned(--k)) {
      const interval: Interval = { k, count, speeds: [], bad: 0, need: undefined };
      const substeps = substepsOf(levels[k + 1]!, levels[k]!, count);
      const each = this.#pieces.substep(substeps[0]!, k);
      const eachWork = each.reduce((sum, { passes }) => sum + passes * grid.points, 0);
      // What does not fit whole begins the next chunk.
      const fits = work + count * eachWork <= budget && entries.length + count * each.length <= jobLimits.entries;
      if (done.length > 0 && !fits) break;
      for (const [j, substep] of substeps.entries()) {
        if (entries.length > 0 && (work + eachWork > budget || entries.length + each.length > jobLimits.entries)) {
          await this.#flush(target, start, entries, work);
          start = this.#at(this.#member.work);
          entries = [];
          work = 0;
        }
        const pieces = j === 0 ? each : this.#pieces.substep(substep, k);
        for (const [p, { dt, packed }] of pieces.entries()) {
          const completes = j === count - 1 && p === pieces.length - 1;
          entries.push({ interval, packed, dt, completes, runs: true });
        }
        work += eachWork;
      }
      done.push(interval);
      if (k === 0 || counts.planned(k - 1) === 0 || done.length === longest) break;
    }
    await this.#flush(target, start, entries, work);
    return done;
  }

  /** Runs a list from the state at `start`, and tells each interval what the device found. */
  async #flush(target: ValueTarget, start: number, entries: readonly Entry[], work: number): Promise<void> {
    const { d, slice, row, data } = this.#member;
    let words = entries.length;
    const completions: { readonly interval: Interval; readonly word: number }[] = [];
    const packed = entries.map(({ interval, packed: piece, completes, runs }) => {
      const { k } = interval;
      const { first } = data.moment(d.levels[k]!, Math.min(k, d.steps - 1));
      const word = completes ? words : 0;
      if (completes) {
        completions.push({ interval, word });
        words += levelWords;
      }
      const completion = packStruct(this.#completion, {
        at_result: Array.from({ length: 4 }, (_, j) => (first + j === k ? 1 : 0)),
        first_level: first,
        level: completes ? this.#at(entryOf(target, k)) : none,
        word,
        measures: completes && k > 0 ? 1 : 0,
        runs: runs ? 1 : 0,
      });
      const entry = new Uint8Array(piece.byteLength + completion.byteLength);
      entry.set(new Uint8Array(piece));
      entry.set(new Uint8Array(completion), piece.byteLength);
      return entry.buffer;
    });
    const kernel = this.#kernels.value;
    const job = { kernel, slice, member: row, first: 0, count: 0, words, start, entries: packed, work };
    const collected = await this.#runner.run(job);
    entries.forEach(({ interval, dt, runs }, p) => {
      if (runs) interval.speeds.push({ rate: collected.float(p), dt });
    });
    for (const { interval, word } of completions) {
      const { k } = interval;
      interval.bad = collected.word(word);
      if (k === 0) continue;
      const growth = Math.max(this.#growth[k - 1]!, this.#growth[k]!);
      interval.need = needAt(d, k - 1, collected.float(word + 1), growth);
    }
  }

  /** Where a field of states begins in its buffer, in elements. */
  #at(field: Field): number {
    return field.offset / this.#context.stateBytes;
  }
}

function entryOf({ levels }: ValueTarget, k: number): Field {
  return levels[k % levels.length]!;
}
