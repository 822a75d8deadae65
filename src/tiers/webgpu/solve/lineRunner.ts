/**
 * Runs jobs of members that are worked on by a workgroup each. Sweeps of different members run beside each other in JavaScript; what
 * they ask for within one turn of the event loop goes into one submit, and jobs of one kernel into one dispatch. What a member is
 * given does not depend on the company: its workgroup knows nothing of the others.
 */
import type { Device } from "../device.ts";
import { bindingAlignment, aligned } from "../slices.ts";
import type { Pipeline } from "../pipelines.ts";
import type { EntryList } from "./entryLists.ts";
import type { Field, FieldStore } from "./fields.ts";
import type { LineSlice } from "./linePlan.ts";
import type { Collected } from "./recorder.ts";

/** Entries of a list of pieces, words that are read back and bytes of an entry, of one job at most. */
export const jobLimits = { entries: 128, words: 1024, entryBytes: 176 } as const;
/** Bytes of the struct Job of shaders/sweep_member.wgsl: of its member, and of its own six numbers. */
export const memberBytes = 324;
const jobBytes = 352;
/** Dispatches of one submit at most: each of their two lists begins at a multiple of 256. */
const mostParts = 32;
/** Jobs of one submit at most, so that their lists and words fit into any binding. */
const mostJobs = 4096;

/** How long one submit should take, and how long it may before jobs are made shorter; nodes times passes that the first jobs together hold. */
const targetMs = 120;
const tooLongMs = 360;
const firstWork = 2 ** 20;
const leastWork = 2 ** 12;
const mostWork = 2 ** 26;

/** A kernel of which each job is one workgroup, or one per stored level. */
export interface LineKernel {
  readonly label: string;
  readonly pipeline: Pipeline;
  /** Buffers by the names of the shader, but for those that the runner knows. */
  readonly bound: Readonly<Record<string, Field>>;
  readonly perLevel: boolean;
}

export interface LineJob {
  readonly kernel: LineKernel;
  readonly slice: LineSlice;
  /** What the device is told of the member. */
  readonly member: Uint8Array;
  /** Stored levels, where the kernel has a workgroup per level. */
  readonly first: number;
  readonly count: number;
  readonly words: number;
  readonly start: number;
  readonly entries?: EntryList;
  /** Nodes times passes of the longest workgroup. */
  readonly work: number;
}

interface Waiting {
  readonly job: LineJob;
  readonly resolve: (collected: Collected) => void;
  readonly reject: (error: unknown) => void;
}

/** Jobs of one dispatch. */
interface Part {
  readonly kernel: LineKernel;
  readonly slice: LineSlice;
  /** How many jobs of a member come before those of this part. */
  readonly turn: number;
  readonly jobs: Waiting[];
}

/** Shared by the runners of a workspace: when the device was last seen to have done what it was given. */
export interface DeviceTurns {
  freeAt: number;
}

/** Bytes of the runner's own buffers for this many members. */
export function runnerBytes(members: number): number {
  return tableBytes(members) + aligned(wordBytes(members));
}

function tableBytes(members: number): number {
  const jobs = Math.min(members, mostJobs);
  return aligned(jobs * (jobLimits.entries * jobLimits.entryBytes + jobBytes)) + 2 * mostParts * bindingAlignment;
}

function wordBytes(members: number): number {
  return 4 * Math.min(members, mostJobs) * jobLimits.words;
}

export class LineRunner {
  readonly #device: Device;
  readonly #signal: AbortSignal | undefined;
  readonly #table: Field;
  readonly #words: Field;
  readonly #turns: DeviceTurns;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #running: Promise<void> = Promise.resolve();
  readonly #members: number;
  readonly #fixed: boolean;
  #work: number;
  #launches = 0;

  /**
   * @param budget of all jobs, where it is not to be learnt from how long submits take
   */
  static async make(
    device: Device,
    store: FieldStore,
    members: number,
    turns: DeviceTurns,
    signal: AbortSignal | undefined,
    budget?: number,
  ): Promise<LineRunner> {
    const table = await store.fixed("lists of sub-steps", tableBytes(members));
    const words = await store.fixed("words of lines", wordBytes(members));
    return new LineRunner(device, table, words, members, turns, signal, budget);
  }

  private constructor(
    device: Device,
    table: Field,
    words: Field,
    members: number,
    turns: DeviceTurns,
    signal: AbortSignal | undefined,
    budget: number | undefined,
  ) {
    this.#device = device;
    this.#signal = signal;
    this.#table = table;
    this.#words = words;
    this.#turns = turns;
    this.#members = members;
    this.#fixed = budget !== undefined;
    this.#work = budget ?? Math.max(leastWork, firstWork / members);
  }

  /** Dispatches so far. */
  get launches(): number {
    return this.#launches;
  }

  /** Nodes times passes that one job should hold, so that a submit stays well under a second. */
  get budget(): number {
    return this.#work;
  }

  /** Does a job, together with all others asked for in this turn of the event loop; those of one member in their order. */
  run(job: LineJob): Promise<Collected> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#schedule();
    });
  }

  /** Until nothing is under way. */
  async settle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#scheduled) await new Promise((resolve) => setImmediate(resolve));
    await this.#running;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      void this.#running.then(() => {
        this.#scheduled = false;
        const all = this.#waiting;
        this.#waiting = [];
        this.#running = this.#flush(all);
      });
    });
  }

  async #flush(all: readonly Waiting[]): Promise<void> {
    try {
      for (const some of submitsOf(all, this.#members)) {
        this.#signal?.throwIfAborted();
        const { words, collected } = await this.#submit(some);
        this.#signal?.throwIfAborted();
        for (const { job, resolve } of some.flatMap(({ jobs }) => jobs)) {
          const first = words.get(job)!;
          resolve({
            word: (index) => collected.words[first + index]!,
            float: (index) => collected.floats[first + index]!,
          });
        }
      }
    } catch (error) {
      for (const { reject } of all) reject(error);
    }
  }

  async #submit(parts: readonly Part[]): Promise<{
    readonly words: ReadonlyMap<LineJob, number>;
    readonly collected: { readonly words: Uint32Array; readonly floats: Float32Array };
  }> {
    const { gpu } = this.#device;
    this.#device.check();
    const words = new Map<LineJob, number>();
    const wordCount = parts.reduce((sum, { jobs }) => sum + jobs.reduce((own, { job }) => own + job.words, 0), 0);
    const wordBinding = { buffer: this.#words.buffer, offset: 0, size: 4 * Math.max(1, wordCount) };
    let word = 0;
    let at = 0;
    let longest = 0;
    const encoder = gpu.createCommandEncoder({ label: "lines" });
    const dispatches: ((pass: GPUComputePassEncoder) => void)[] = [];
    for (const { kernel, slice, jobs } of parts) {
      const list = new Uint8Array(jobs.length * jobBytes);
      const entries = new Uint8Array(Math.max(4, entryBytesOf(jobs)));
      let entry = 0;
      let entryAt = 0;
      jobs.forEach(({ job }, i) => {
        words.set(job, word);
        list.set(job.member, i * jobBytes);
        const own = Uint32Array.of(job.first, job.count, word, job.start, entry, job.entries?.count ?? 0);
        list.set(new Uint8Array(own.buffer), i * jobBytes + memberBytes);
        word += job.words;
        if (job.entries) {
          entries.set(job.entries.bytes, entryAt);
          entryAt += job.entries.bytes.byteLength;
          entry += job.entries.count;
        }
        longest = Math.max(longest, job.work);
      });
      const listAt = at;
      const entriesAt = aligned(listAt + list.byteLength);
      at = aligned(entriesAt + entries.byteLength);
      gpu.queue.writeBuffer(this.#table.buffer, listAt, list);
      gpu.queue.writeBuffer(this.#table.buffer, entriesAt, entries);
      const buffers: Record<string, GPUBufferBinding> = {
        jobs: { buffer: this.#table.buffer, offset: listAt, size: list.byteLength },
        entries: { buffer: this.#table.buffer, offset: entriesAt, size: entries.byteLength },
        words: wordBinding,
        numbers: whole(slice.buffers.numbers),
        constants: whole(slice.buffers.constants),
      };
      for (const [name, field] of Object.entries(kernel.bound)) buffers[name] = whole(field);
      const group = gpu.createBindGroup({
        label: kernel.label,
        layout: kernel.pipeline.layouts[0]!,
        entries: kernel.pipeline.bindings.map(({ name, binding }) => ({ binding, resource: buffers[name]! })),
      });
      const most = Math.max(...jobs.map(({ job }) => job.count));
      dispatches.push((pass) => {
        pass.setPipeline(kernel.pipeline.gpu);
        pass.setBindGroup(0, group);
        if (kernel.perLevel) pass.dispatchWorkgroups(most, jobs.length);
        else pass.dispatchWorkgroups(jobs.length);
      });
    }
    encoder.clearBuffer(wordBinding.buffer, 0, wordBinding.size);
    const pass = encoder.beginComputePass({ label: "lines" });
    for (const dispatch of dispatches) dispatch(pass);
    pass.end();
    this.#launches += dispatches.length;
    const floats = new Float32Array(wordBinding.size / 4);
    const source = { source: wordBinding.buffer, offset: 0, bytes: wordBinding.size };
    const pending = await this.#device.staging.encodeRead(encoder, [source]);
    gpu.queue.submit([encoder.finish()]);
    const submitted = performance.now();
    await pending.finish([floats]);
    this.#device.check();
    const done = performance.now();
    this.#learn(longest, done - Math.max(submitted, this.#turns.freeAt));
    this.#turns.freeAt = done;
    return { words, collected: { floats, words: new Uint32Array(floats.buffer) } };
  }

  /**
   * Fits what a job may hold to how long the last submit took. What took a little long may have waited for JavaScript alone, busy with
   * another party; shorter jobs would only add to that.
   */
  #learn(longest: number, took: number): void {
    if (this.#fixed || longest < this.#work / 8 || (took > targetMs && took < tooLongMs)) return;
    const wanted = longest * (targetMs / Math.max(0.1, took));
    this.#work = Math.min(mostWork, Math.max(leastWork, Math.min(wanted, 4 * this.#work)));
  }
}

/** The dispatches of each submit: as many as the table and the words hold. */
function submitsOf(all: readonly Waiting[], members: number): Part[][] {
  const submits: Part[][] = [];
  let bytes = Infinity;
  let words = 0;
  for (const part of partsOf(all)) {
    const [own, ownWords] = needOf(part);
    if (bytes + own > tableBytes(members) || 4 * (words + ownWords) > wordBytes(members)) {
      submits.push([]);
      bytes = 0;
      words = 0;
    }
    submits.at(-1)!.push(part);
    bytes += own;
    words += ownWords;
  }
  return submits;
}

function entryBytesOf(jobs: readonly Waiting[]): number {
  return jobs.reduce((sum, { job }) => sum + (job.entries?.bytes.byteLength ?? 0), 0);
}

/** Bytes of the two lists of a part, and its words. */
function needOf({ jobs }: Part): readonly [number, number] {
  const entries = entryBytesOf(jobs);
  const words = jobs.reduce((sum, { job }) => sum + job.words, 0);
  return [aligned(jobs.length * jobBytes) + aligned(Math.max(4, entries)), words];
}

/** Jobs that one dispatch can do: the same kernel on the same buffers, and of each member the one whose turn it is. */
function partsOf(all: readonly Waiting[]): Part[] {
  const parts: Part[] = [];
  const turns = new Map<Uint8Array, number>();
  for (const waiting of all) {
    const { kernel, slice, member } = waiting.job;
    const turn = turns.get(member) ?? 0;
    turns.set(member, turn + 1);
    const same = (part: Part): boolean =>
      part.turn === turn &&
      part.jobs.length < mostJobs &&
      part.slice === slice &&
      part.kernel.pipeline === kernel.pipeline &&
      Object.entries(kernel.bound).every(([name, field]) => part.kernel.bound[name] === field);
    const part = parts.find(same);
    if (part) part.jobs.push(waiting);
    else parts.push({ kernel, slice, turn, jobs: [waiting] });
  }
  return parts.toSorted((a, b) => a.turn - b.turn);
}

function whole({ buffer, offset, bytes }: Field): GPUBufferBinding {
  return { buffer, offset, size: 4 * Math.ceil(bytes / 4) };
}
