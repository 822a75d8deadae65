/** Section `transfer`: how fast data reach an adapter and come back, through the buffers that the kernels use. */
import { MfgError } from "../errors.ts";
import { type Device, openDevice } from "../tiers/webgpu/device.ts";
import type { Contender, KernelContender } from "./contenders.ts";
import { finiteError, type KernelData } from "./kernelData.ts";
import { KernelFields } from "./kernelFields.ts";
import { type SectionResult, spoil } from "./kernels.ts";
import { race, relativeDifference, type Course, type Racer } from "./race.ts";
import type { BenchRow, LeftOut } from "./report.ts";
import { type Schedule, softwareReason, standsIn } from "./schedule.ts";
import { derivativeWork } from "./work.ts";

/** Bytes of one transfer. */
export function transferSizes(quick: boolean): readonly number[] {
  return quick ? [2 ** 16] : [2 ** 12, 2 ** 16, 2 ** 20, 2 ** 24, 2 ** 26];
}

/** Bytes of the field above which no calls are timed: the kernels' largest sizes tell the same. */
const mostCallBytes = 2 ** 24;

/** Where an adapter's own transfers and latencies are measured; undefined where no adapter takes part. */
export function adapterContender(contenders: readonly KernelContender[]): Contender | undefined {
  const found = contenders.find(({ tier }) => tier === "webgpu");
  return found && { ...found, name: `webgpu ${found.found.device}` };
}

/**
 * Runs the section: uploads and read-backs of the adapter, what was read held to what was written; and copies into and out
 * of the memory of every contender that has one of its own, by its count of phases, in calls of the derivatives.
 *
 * @param fields what earlier rounds made
 */
export async function benchTransfer(
  contenders: readonly KernelContender[],
  adapter: string | undefined,
  sizes: readonly number[],
  course: Course,
  schedule: Schedule,
  fields: KernelFields = new KernelFields(),
): Promise<SectionResult> {
  const rows: BenchRow[] = [];
  const leftOut: LeftOut[] = [];
  const notes: string[] = [];
  const contender = adapterContender(contenders);
  const moving = contenders.filter(({ kernels }) => kernels.phases);
  const suits = (mover: Contender, size: number): boolean => size === sizes[0] || !standsIn(mover, contenders);
  const calls = sizes.filter((bytes) => bytes <= mostCallBytes).map((bytes) => ({ bytes, own: undefined }));
  const races = [...calls, ...(contender ? sizes.map((bytes) => ({ bytes, own: contender })) : [])];
  const leaveOut = (operation: string, shape: readonly number[], contestant: string): void => {
    leftOut.push({ section: "transfer", operation, shape, contestant, kind: "slow", reason: softwareReason });
  };
  const take = ({ rows: more, leftOut: out, notes: words }: SectionResult): void => {
    rows.push(...more);
    leftOut.push(...out);
    notes.push(...words);
  };
  const link = new Link(adapter, course);
  try {
    for (const { index, budgetMs } of schedule.turns(races.map(() => 1))) {
      const { bytes, own } = races[index]!;
      if (!own) {
        // The field and both derivatives, three arrays.
        const shape = [Math.max(16, Math.round(bytes / 4))];
        const racing = moving.filter((mover) => suits(mover, bytes));
        const data = new Map(
          [...new Set(racing.map(({ precision }) => precision))].map((precision) => [
            precision,
            fields.data("derivatives", shape, precision),
          ]),
        );
        const racers = racing.map((mover) => callRacer(mover, data.get(mover.precision)!));
        for (const mover of moving.filter((other) => !suits(other, bytes))) leaveOut("call", shape, mover.name);
        take(await race("transfer", "call", shape, racers, course, budgetMs));
      } else if (suits(own, bytes)) take(await link.race(own, bytes, budgetMs));
      else for (const operation of ["upload", "readback"]) leaveOut(operation, [bytes], own.name);
    }
  } finally {
    await link[Symbol.asyncDispose]();
  }
  return { rows, leftOut, notes };
}

/** The way to the adapter and back, open from its first race on. */
class Link implements AsyncDisposable {
  readonly #adapter: string | undefined;
  readonly #course: Course;
  #device: Device | undefined;
  /** Whether it has failed: then it is not tried again. */
  #lost = false;

  constructor(adapter: string | undefined, course: Course) {
    this.#adapter = adapter;
    this.#course = course;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#device?.[Symbol.asyncDispose]();
  }

  /** Uploads and read-backs of one size; neither rows nor reasons for more than a buffer may hold. */
  async race(contender: Contender, bytes: number, budgetMs: number): Promise<SectionResult> {
    const nothing = { rows: [], leftOut: [], notes: [] };
    if (this.#lost) return nothing;
    try {
      this.#device ??= await openDevice(this.#adapter === undefined ? {} : { adapter: this.#adapter });
      if (bytes > this.#device.bindingLimit) return nothing;
      return await bothWays(this.#device, contender, bytes, this.#course, budgetMs);
    } catch (error) {
      if (!(error instanceof MfgError)) throw error;
      this.#lost = true;
      const lost = { section: "transfer", operation: "upload", shape: [], kind: "failed" } as const;
      return { ...nothing, leftOut: [{ ...lost, contestant: contender.name, reason: error.message }] };
    }
  }
}

async function bothWays(
  device: Device,
  contender: Contender,
  bytes: number,
  course: Course,
  budgetMs: number,
): Promise<SectionResult> {
  const sent = new Uint32Array(bytes / 4);
  for (let i = 0; i < sent.length; i++) sent[i] = Math.imul(i, 2_654_435_761);
  const got = new Uint32Array(sent.length);
  const buffer = await device.buffer("transfer", bytes);
  const base = { contender, bound: 0, work: undefined, pointStages: undefined } as const;
  const upload: Racer = {
    ...base,
    run: async () => {
      await device.staging.upload(buffer, 0, sent);
      await device.done();
    },
    error: async () => {
      await device.staging.read(buffer, 0, got);
      return relativeDifference([got], [sent]);
    },
  };
  const readback: Racer = {
    ...base,
    run: async () => {
      got.fill(0);
      await device.staging.read(buffer, 0, got);
    },
    error: async () => relativeDifference([got], [sent]),
  };
  try {
    const up = await race("transfer", "upload", [bytes], [upload], course, budgetMs / 2);
    const down = await race("transfer", "readback", [bytes], [readback], course, budgetMs / 2);
    const speed = ({ time }: BenchRow): number => bytes / (time * 1e6);
    return {
      rows: [
        ...up.rows.map((row) => ({ ...row, uploadGBs: speed(row) })),
        ...down.rows.map((row) => ({ ...row, readbackGBs: speed(row) })),
      ],
      leftOut: [...up.leftOut, ...down.leftOut],
      notes: [...up.notes, ...down.notes],
    };
  } finally {
    buffer.destroy();
  }
}

function callRacer(contender: KernelContender, data: KernelData): Racer {
  const { kernels, precision } = contender;
  const { outputs } = data;
  return {
    contender,
    run: () => data.call(kernels, outputs),
    spoil: () => spoil(outputs, 1),
    error: () => finiteError(outputs),
    bound: 0,
    work: derivativeWork(precision),
    pointStages: data.pointStages,
    phases: () => kernels.phases,
    moved: { in: data.input.byteLength, out: outputs.reduce((sum, array) => sum + array.byteLength, 0) },
  };
}
