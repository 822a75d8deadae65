/** Lists of entries that the jobs of lines run through (lineRunner.ts), packed one behind the other. */
import type { Discretisation } from "../../../scheme/discretisation.ts";

export interface EntryList {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** One list of entries that were packed one by one, all of one length. */
export function listOf(entries: readonly ArrayBuffer[]): EntryList {
  const each = entries[0]?.byteLength ?? 0;
  const bytes = new Uint8Array(entries.length * each);
  entries.forEach((entry, i) => bytes.set(new Uint8Array(entry), i * each));
  return { count: entries.length, bytes };
}

/** The entries of a stored interval that is cut into some number of sub-steps, and how long each sub-step is. */
export interface IntervalEntries extends EntryList {
  readonly perSubstep: number;
  /** Passes over the nodes that one sub-step takes. */
  readonly passes: number;
  /** Length of the sub-step that an entry belongs to. */
  readonly lengths: Float64Array;
}

/** Some entries of an interval in a row. */
export interface Span<T> {
  readonly of: T;
  readonly entries: IntervalEntries;
  readonly from: number;
  readonly to: number;
}

/** Joins spans to one list; `patch` is called with the last entry of each. */
export function joinSpans<T>(spans: readonly Span<T>[], patch: (span: Span<T>, last: Uint8Array) => void): EntryList {
  const count = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  const each = spans[0]!.entries.bytes.byteLength / spans[0]!.entries.count;
  const bytes = new Uint8Array(count * each);
  let at = 0;
  for (const span of spans) {
    bytes.set(span.entries.bytes.subarray(span.from * each, span.to * each), at * each);
    at += span.to - span.from;
    patch(span, bytes.subarray((at - 1) * each, at * each));
  }
  return { count, bytes };
}

/**
 * Cuts the sub-steps of intervals into lists that keep to a budget of passes and a number of entries: `flush` is called with each
 * that is full. A sub-step stays whole, whatever it takes.
 */
export class SpanQueue<T> {
  readonly #mostEntries: number;
  readonly #flush: (spans: readonly Span<T>[], passes: number) => Promise<void>;
  #spans: Span<T>[] = [];
  #entries = 0;
  #passes = 0;

  constructor(mostEntries: number, flush: (spans: readonly Span<T>[], passes: number) => Promise<void>) {
    this.#mostEntries = mostEntries;
    this.#flush = flush;
  }

  /** Whether an interval fits beside what waits. */
  fits({ count, perSubstep, passes }: IntervalEntries, budget: number): boolean {
    return this.#passes + (count / perSubstep) * passes <= budget && this.#entries + count <= this.#mostEntries;
  }

  /** @param budget passes of a list, asked for again after each flush */
  async add(of: T, entries: IntervalEntries, budget: () => number): Promise<void> {
    const { count, perSubstep, passes } = entries;
    for (let from = 0; from < count;) {
      const room = Math.min(
        Math.floor((budget() - this.#passes) / passes),
        Math.floor((this.#mostEntries - this.#entries) / perSubstep),
      );
      if (room < 1 && this.#spans.length > 0) {
        await this.flush();
        continue;
      }
      const to = Math.min(count, from + Math.max(1, room) * perSubstep);
      this.#spans.push({ of, entries, from, to });
      this.#entries += to - from;
      this.#passes += ((to - from) / perSubstep) * passes;
      from = to;
    }
  }

  async flush(): Promise<void> {
    const [spans, passes] = [this.#spans, this.#passes];
    this.#spans = [];
    this.#entries = 0;
    this.#passes = 0;
    if (spans.length > 0) await this.#flush(spans, passes);
  }
}

/** Bytes that a cache holds before it begins anew. */
const mostBytes = 2 ** 26;

/**
 * Entries of intervals, made once for all members and sweeps that take the same ones: packing them is most of what the processor
 * does for a thousand problems at once.
 */
export class EntryCache {
  readonly #times = new Map<string, number>();
  readonly #entries = new Map<string, IntervalEntries>();
  #bytes = 0;

  /** A number for the stored levels and the interpolation between them. */
  timesOf({ levels, scheme }: Discretisation): number {
    const text = `${scheme.timeInterpolation} ${levels.join()}`;
    let id = this.#times.get(text);
    if (id === undefined) this.#times.set(text, (id = this.#times.size));
    return id;
  }

  /** @param key all that the entries follow from */
  get(key: string, make: () => IntervalEntries): IntervalEntries {
    let found = this.#entries.get(key);
    if (!found) {
      found = make();
      if (this.#bytes > mostBytes) {
        this.#entries.clear();
        this.#bytes = 0;
      }
      this.#entries.set(key, found);
      this.#bytes += found.bytes.byteLength;
    }
    return found;
  }
}
