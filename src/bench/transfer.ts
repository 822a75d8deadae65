/** Section `transfer`: how fast data reach an adapter and come back, through the buffers that the kernels use. */
import { MfgError } from "../errors.ts";
import { openDevice } from "../tiers/webgpu/device.ts";
import type { Contender, KernelContender } from "./contenders.ts";
import { kernelData } from "./kernelData.ts";
import type { SectionResult } from "./kernels.ts";
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
 */
export async function benchTransfer(
  contenders: readonly KernelContender[],
  adapter: string | undefined,
  sizes: readonly number[],
  course: Course,
  schedule: Schedule,
): Promise<SectionResult> {
  const rows: BenchRow[] = [];
  const leftOut: LeftOut[] = [];
  const notes: string[] = [];
  const contender = adapterContender(contenders);
  const moving = contenders.filter(({ kernels }) => kernels.phases);
  const suits = (mover: Contender, size: number): boolean => size === sizes[0] || !standsIn(mover, contenders);
  const callSizes = sizes.filter((bytes) => bytes <= mostCallBytes);
  const races = callSizes.length + (contender ? sizes.length : 0);
  let run = 0;
  const leaveOut = (operation: string, shape: readonly number[], contestant: string): void => {
    leftOut.push({ section: "transfer", operation, shape, contestant, kind: "slow", reason: softwareReason });
  };
  const take = ({ rows: more, leftOut: out, notes: words }: SectionResult): void => {
    rows.push(...more);
    leftOut.push(...out);
    notes.push(...words);
    run++;
  };
  for (const bytes of callSizes) {
    // The field and both derivatives, three arrays.
    const shape = [Math.max(16, Math.round(bytes / 4))];
    const racers = moving.filter((mover) => suits(mover, bytes)).map((mover) => callRacer(mover, shape));
    for (const mover of moving.filter((other) => !suits(other, bytes))) leaveOut("call", shape, mover.name);
    take(await race("transfer", "call", shape, racers, course, schedule.share(races - run)));
  }
  if (!contender) return { rows, leftOut, notes };
  for (const bytes of sizes.filter((size) => !suits(contender, size)))
    for (const operation of ["upload", "readback"]) leaveOut(operation, [bytes], contender.name);
  try {
    await using device = await openDevice(adapter === undefined ? {} : { adapter });
    for (const bytes of sizes.filter((size) => size <= device.bindingLimit && suits(contender, size))) {
      const sent = Uint32Array.from({ length: bytes / 4 }, (_, i) => Math.imul(i, 2_654_435_761));
      const got = new Uint32Array(sent.length);
      const buffer = await device.buffer("transfer", bytes);
      const racerOf = (name: string, work: () => Promise<void>, error?: () => Promise<number>): Racer => ({
        contender: { ...contender, name },
        run: work,
        bound: 0,
        work: undefined,
        pointStages: undefined,
        ...(error && { error }),
      });
      const upload = racerOf(
        contender.name,
        async () => {
          await device.staging.upload(buffer, 0, sent);
          await device.done();
        },
        async () => {
          await device.staging.read(buffer, 0, got);
          return relativeDifference([got], [sent]);
        },
      );
      const readback = racerOf(
        contender.name,
        async () => {
          got.fill(0);
          await device.staging.read(buffer, 0, got);
        },
        async () => relativeDifference([got], [sent]),
      );
      const half = schedule.share(races - run) / 2;
      const up = await race("transfer", "upload", [bytes], [upload], course, half);
      const down = await race("transfer", "readback", [bytes], [readback], course, half);
      const speed = ({ median }: BenchRow): number => bytes / (median * 1e6);
      take({
        rows: [
          ...up.rows.map((row) => ({ ...row, uploadGBs: speed(row) })),
          ...down.rows.map((row) => ({ ...row, readbackGBs: speed(row) })),
        ],
        leftOut: [...up.leftOut, ...down.leftOut],
        notes: [...up.notes, ...down.notes],
      });
      buffer.destroy();
    }
  } catch (error) {
    if (!(error instanceof MfgError)) throw error;
    leftOut.push({
      section: "transfer",
      operation: "upload",
      shape: [],
      contestant: contender.name,
      kind: "failed",
      reason: error.message,
    });
  }
  return { rows, leftOut, notes };
}

function callRacer(contender: KernelContender, shape: readonly number[]): Racer {
  const { kernels, precision } = contender;
  const data = kernelData("derivatives", shape, precision);
  const out = data.make();
  return {
    contender,
    run: () => data.call(kernels, out),
    error: () => (out.every((array) => array.every(Number.isFinite)) ? 0 : Number.NaN),
    bound: 0,
    work: derivativeWork(precision),
    pointStages: data.pointStages,
    phases: () => kernels.phases,
    moved: { in: data.input.byteLength, out: out.reduce((sum, array) => sum + array.byteLength, 0) },
  };
}
