/** Section `kernels`: smoothness indicators, weights and derivatives of every tier, against each other. */
import type { KernelContender } from "./contenders.ts";
import { type KernelData, type KernelOperation, pointsOf } from "./kernelData.ts";
import { type Field, KernelFields } from "./kernelFields.ts";
import type { KernelArray, Tier } from "../tiers/tier.ts";
import { race, relativeDifference, type Course, type Racer } from "./race.ts";
import { type BenchRow, type LeftOut, rowKey } from "./report.ts";
import type { Schedule } from "./schedule.ts";
import { derivativeWork, smoothnessWork, weightsWork } from "./work.ts";

export interface KernelCase {
  readonly operation: KernelOperation;
  readonly shape: readonly number[];
}

/** Sizes of a whole run and of a quick one, smallest first of each operation. */
export function kernelCases(quick: boolean): readonly KernelCase[] {
  const counts = quick ? [[1 << 12]] : [[1 << 12], [1 << 16], [1 << 20]];
  const grids = quick
    ? [[1 << 12], [64, 64], [16, 16, 16]]
    : [
        [1 << 12],
        [1 << 16],
        [1 << 20],
        [64, 64],
        [256, 256],
        [1024, 1024],
        [16, 16, 16],
        [40, 40, 40],
        [128, 128, 128],
      ];
  return [
    ...counts.map((shape) => ({ operation: "smoothness" as const, shape })),
    ...counts.map((shape) => ({ operation: "weights" as const, shape })),
    ...grids.map((shape) => ({ operation: "derivatives" as const, shape })),
  ];
}

/** Rounding of another order of operations; in f32 of every operation, on data that f32 holds. */
const bounds = { f64: 1e-12, f32: 1e-5 } as const;
const works = { smoothness: smoothnessWork, weights: weightsWork, derivatives: derivativeWork } as const;

export interface SectionResult {
  readonly rows: readonly BenchRow[];
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
}

/** Points times axes from which on `scalar` takes too long: there `batched` serves, which was held to it on the smaller ones. */
const longForScalar = 1 << 18;

/**
 * Runs the section. The reference is `scalar`, or `batched`: in f64, on the numbers that a precision stores.
 *
 * @param fields what earlier rounds made
 */
export async function benchKernels(
  contenders: readonly KernelContender[],
  scalar: Tier,
  cases: readonly KernelCase[],
  course: Course,
  schedule: Schedule,
  fields: KernelFields = new KernelFields(),
): Promise<SectionResult> {
  const rows: BenchRow[] = [];
  const leftOut: LeftOut[] = [];
  const notes: string[] = [];
  const wrong = new Set<string>();
  await using exact = await scalar.kernels({ precision: "f64" });
  const quick = contenders.find(({ tier, precision }) => tier === "batched" && precision === "f64");
  for (const { index, budgetMs } of schedule.turns(cases.map(() => 1))) {
    const { operation, shape } = cases[index]!;
    const pointStages = pointsOf(shape) * (operation === "derivatives" ? shape.length : 1);
    const { racing, slow } = schedule.choose(
      operation,
      pointStages,
      contenders.filter(({ name }) => !wrong.has(name)),
      budgetMs,
    );
    for (const { contender, reason } of slow)
      leftOut.push({ section: "kernels", operation, shape, contestant: contender.name, kind: "slow", reason });
    if (racing.length === 0) continue;
    const reference = quick && pointStages >= longForScalar && !wrong.has(quick.name) ? quick.kernels : exact;
    const known = racing.every(({ name }) =>
      course.known.has(rowKey({ section: "kernels", operation, shape, contestant: name })),
    );
    const field = new Map<"f64" | "f32", Field>();
    for (const precision of new Set(racing.map((contender) => contender.precision)))
      field.set(precision, await fields.field(operation, shape, precision, reference, !known));
    const racers = racing.map((contender) => racerOf(contender, operation, field.get(contender.precision)!));
    const done = await race("kernels", operation, shape, racers, course, budgetMs);
    rows.push(...done.rows);
    leftOut.push(...done.leftOut);
    notes.push(...done.notes);
    for (const { contestant } of done.leftOut) wrong.add(contestant);
    for (const row of done.rows) schedule.learn(operation, row.contestant, pointStages, row.median);
  }
  return { rows, leftOut, notes };
}

function racerOf(contender: KernelContender, operation: KernelOperation, { data, wanted, stride }: Field): Racer {
  const { kernels, precision } = contender;
  // One memory for all, so that nobody's is better placed.
  const { outputs } = data;
  return {
    contender,
    run: () => data.call(kernels, outputs),
    spoil: () => spoil(outputs, stride),
    error: () => relativeDifference(outputs, wanted, stride),
    bound: bounds[precision],
    work: works[operation](precision),
    pointStages: data.pointStages,
    ...(kernels.phases && {
      phases: () => kernels.phases,
      moved: movedBytes(operation, data),
    }),
  };
}

/** Makes every so many-th number none, so that what another one left there does not pass for a result. */
export function spoil(outputs: readonly KernelArray[], stride: number): void {
  for (const output of outputs) for (let i = 0; i < output.length; i += stride) output[i] = Number.NaN;
}

/** Bytes of one run into the tier's memory and out of it. */
function movedBytes(operation: KernelOperation, { input, outputs }: KernelData): { in: number; out: number } {
  const out = outputs.reduce((sum, array) => sum + array.byteLength, 0);
  return { in: input.byteLength * (operation === "derivatives" ? outputs.length / 2 : 1), out };
}
