/** The backward sweep of a member in one workgroup: sources of all levels first, then as many intervals a dispatch as it may hold. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { packStruct, structOf, type StructLayout, type StructValues } from "../struct.ts";
import type { IntervalCounts } from "../../host/intervalCounts.ts";
import type { SweepReport } from "../../tier.ts";
import type { FieldContext } from "./context.ts";
import type { Field } from "./fields.ts";
import { type IntervalEntries, joinSpans, type Span, SpanQueue } from "./entryLists.ts";
import { excessAt, type IntervalResult, longestChunk, needAt, sweepIntervals } from "./hjbIntervals.ts";
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

export class LineValueSweep {
  readonly #context: FieldContext;
  readonly #member: LineMember;
  readonly #d: Discretisation;
  readonly #kernels: LineKernels;
  readonly #runner: LineRunner;
  readonly #pieces: ValuePieces;
  readonly #completion: StructLayout;
  readonly #growth: Float64Array;
  /** What decides how the sub-steps of an interval are packed, but for their number. */
  readonly #kind: string;
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
    this.#kind = `u ${member.slice.cache.timesOf(member.d)} ${member.d.scheme.splitting}`;
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
    const bytes = new Uint8Array(this.#pieces.bytes + this.#completion.bytes);
    const entries = { count: 1, bytes, perSubstep: 1, passes: 0, lengths: new Float64Array(1) };
    await this.#flush(target, this.#at(last), [{ of: interval, entries, from: 0, to: 1 }], 0);
    return interval.need!;
  }

  async #intervals(
    target: ValueTarget,
    from: number,
    firstCount: number,
    counts: IntervalCounts,
  ): Promise<readonly IntervalResult[]> {
    const { points } = this.#d.grid;
    const budget = (): number => this.#runner.budget / points;
    const longest = Math.min(longestChunk, target.levels.length - 1);
    const done: Interval[] = [];
    let start = this.#at(entryOf(target, from + 1));
    const queue = new SpanQueue<Interval>(jobLimits.entries, async (spans, passes) => {
      await this.#flush(target, start, spans, passes * points);
      start = this.#at(this.#member.work);
    });
    for (let k = from, count = firstCount; ; count = counts.planned(--k)) {
      const interval: Interval = { k, count, speeds: [], bad: 0, need: undefined };
      const entries = this.#entries(k, count);
      // What does not fit whole begins the next chunk.
      if (done.length > 0 && !queue.fits(entries, budget())) break;
      await queue.add(interval, entries, budget);
      done.push(interval);
      if (k === 0 || counts.planned(k - 1) === 0 || done.length === longest) break;
    }
    await queue.flush();
    return done;
  }

  /** All pieces of an interval; the last one does not know yet that it completes a level. */
  #entries(k: number, count: number): IntervalEntries {
    const { d, slice, data } = this.#member;
    const [to, from] = [d.levels[k]!, d.levels[k + 1]!];
    const stages = this.#pieces.stagesOf((from - to) / count);
    return slice.cache.get(`${this.#kind} ${k} ${count} ${stages}`, () => {
      const completion = this.#completed({ first_level: data.moment(to, k).first, level: none, runs: 1 });
      const pieces = substepsOf(from, to, count).flatMap((substep) => this.#pieces.substep(substep, k, stages));
      const each = this.#pieces.bytes + completion.byteLength;
      const bytes = new Uint8Array(pieces.length * each);
      pieces.forEach(({ packed }, p) => {
        bytes.set(new Uint8Array(packed), p * each);
        bytes.set(completion, p * each + packed.byteLength);
      });
      const passes = pieces.reduce((sum, piece) => sum + piece.passes, 0) / count;
      const lengths = Float64Array.from(pieces, ({ dt }) => dt);
      return { count: pieces.length, bytes, perSubstep: pieces.length / count, passes, lengths };
    });
  }

  #completed(values: StructValues): Uint8Array {
    return new Uint8Array(packStruct(this.#completion, { at_result: [0, 0, 0, 0], word: 0, measures: 0, ...values }));
  }

  /** Runs a list from the state at `start`, and tells each interval what the device found. */
  async #flush(target: ValueTarget, start: number, spans: readonly Span<Interval>[], work: number): Promise<void> {
    const { d, slice, row, data } = this.#member;
    const { cfl } = d.scheme;
    // A word of each entry, then two of each completed level.
    let words = spans.reduce((sum, { from, to }) => sum + to - from, 0);
    const completions: { readonly interval: Interval; readonly word: number }[] = [];
    const entries = joinSpans(spans, ({ of: interval, entries: { count }, to }, last) => {
      if (to < count) return;
      const { k } = interval;
      const { first } = data.moment(d.levels[k]!, Math.min(k, d.steps - 1));
      const completion = this.#completed({
        at_result: Array.from({ length: 4 }, (_, j) => (first + j === k ? 1 : 0)),
        first_level: first,
        level: this.#at(entryOf(target, k)),
        word: words,
        measures: k > 0 ? 1 : 0,
        runs: interval.count > 0 ? 1 : 0,
      });
      last.set(completion, last.byteLength - completion.byteLength);
      completions.push({ interval, word: words });
      words += levelWords;
    });
    const kernel = this.#kernels.value;
    const collected = await this.#runner.run({
      kernel,
      slice,
      member: row,
      first: 0,
      count: 0,
      words,
      start,
      entries,
      work,
    });
    let word = 0;
    for (const { of: interval, entries: own, from, to } of spans) {
      for (let p = from; p < to; p++) {
        const [rate, dt] = [collected.float(word++), own.lengths[p]!];
        if (interval.count > 0 && !(excessAt(rate, dt, cfl) <= 1)) interval.speeds.push({ rate, dt });
      }
    }
    for (const { interval, word: at } of completions) {
      const { k } = interval;
      interval.bad = collected.word(at);
      if (k === 0) continue;
      const growth = Math.max(this.#growth[k - 1]!, this.#growth[k]!);
      interval.need = needAt(d, k - 1, collected.float(at + 1), growth);
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
