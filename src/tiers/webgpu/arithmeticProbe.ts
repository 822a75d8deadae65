/**
 * What a device really does with compensated arithmetic: WGSL promises nothing (docs/numerics.md section 8.3), so it is
 * measured, and a path is used only where all of its parts pass.
 */
import type { Device } from "./device.ts";
import { deviceError } from "./deviceErrors.ts";
import type { PipelineRequest } from "./pipelines.ts";

/** One part: how many results were looked at and how many were wrong. */
export interface ArithmeticPart {
  readonly checked: number;
  readonly wrong: number;
}

export interface Arithmetic {
  /** Sums of 2^16 pairs, many of them with cancellation, and of (1, 2^-30), with what rounding takes from them. */
  readonly twoSum: ArithmeticPart;
  /** The same in the update of a state, with the increment computed in place. */
  readonly update: ArithmeticPart;
  /** Differences of states whose leading parts nearly cancel. */
  readonly difference: ArithmeticPart;
  /** 10,000 increments of 2^-30 onto 1, and the like. */
  readonly accumulation: ArithmeticPart;
  /** Neumaier's sum of (2^24, 1, -2^24), and the like. */
  readonly neumaier: ArithmeticPart;
  readonly twoProductFused: ArithmeticPart;
  readonly twoProductSplit: ArithmeticPart;
  /** 16th powers of pairs by those products, in a loop. */
  readonly powerFused: ArithmeticPart;
  readonly powerSplit: ArithmeticPart;
}

const pairCount = 2 ** 16;
/** Results of an invocation, pairs of numbers each. */
const resultsPerPair = 5;
const chainCount = 64;
const increments = 10_000;

/** Numbers between -1 and 1 that are the same on every machine. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(1_664_525, state) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Pairs whose sum and product are exact in f64: exponents within 20 of each other, and every other one nearly cancels. */
function pairs(): Float32Array {
  const random = noise(1);
  const numbers = new Float32Array(2 * pairCount);
  for (let i = 0; i < pairCount; i++) {
    const a = Math.fround(random() * 2 ** Math.round(10 * random()));
    const near = -a * (1 + Math.round(8 * random()) * 2 ** -20);
    numbers[2 * i] = a;
    numbers[2 * i + 1] = i % 2 === 0 ? near : random() * 2 ** Math.round(10 * random());
  }
  numbers.set([1, 2 ** -30]);
  return numbers;
}

/** Chains: start and increment, then factors (1 + small, smaller), then large and small terms. */
function chains(): Float32Array {
  const random = noise(2);
  const numbers = new Float32Array(6 * chainCount);
  for (let k = 0; k < chainCount; k++) {
    numbers.set([1 + (k % 8), 2 ** -(24 + (k % 7))], 2 * k);
    numbers.set([1 + 0.05 * random(), 2 ** -26 * random()], 2 * (chainCount + k));
    numbers.set([2 ** (24 + (k % 6)), 1 + (k % 2)], 2 * (2 * chainCount + k));
  }
  numbers[1] = 2 ** -30;
  return numbers;
}

async function run(
  device: Device,
  request: PipelineRequest,
  numbers: Float32Array,
  results: number,
): Promise<Float32Array> {
  const pipeline = await device.pipeline(request);
  const input = await device.buffer("numbers", numbers.byteLength);
  const output = await device.buffer("results", 8 * results);
  const group = await device.bind(pipeline, { numbers: input, results: output });
  await device.staging.upload(input, 0, numbers);
  device.submit(pipeline.label, (encoder) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline.gpu);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(numbers.length / 2 / 64));
    pass.end();
  });
  const out = new Float32Array(2 * results);
  await device.staging.read(output, 0, out);
  input.destroy();
  output.destroy();
  return out;
}

/** Counts the results for which `right` does not hold; anything that is not a number is wrong. */
function count(checked: number, right: (k: number) => boolean): ArithmeticPart {
  let wrong = 0;
  for (let k = 0; k < checked; k++) if (!right(k)) wrong++;
  return { checked, wrong };
}

/**
 * Measures a device's arithmetic.
 *
 * @param text the shader's text, where it is not that of the file: tests spoil it
 */
export async function probeArithmetic(device: Device, text?: string): Promise<Arithmetic> {
  const shader = { shader: "arithmetic_probe", ...(text === undefined ? {} : { text }) };
  const numbers = pairs();
  const of = await run(device, { ...shader, entry: "pairs" }, numbers, resultsPerPair * pairCount);
  const links = chains();
  const chain = await run(device, { ...shader, entry: "chains" }, links, 4 * chainCount);
  const a = (i: number): number => numbers[2 * (i % pairCount)]!;
  const b = (i: number): number => numbers[2 * (i % pairCount) + 1]!;
  /** Entry `at` of the results is the rounded value, the next one the error term. */
  const exact = (results: Float32Array, at: number, wanted: number): boolean => {
    const value = results[at]!;
    return value === Math.fround(wanted) && results[at + 1] === wanted - value;
  };
  const each = 2 * resultsPerPair;
  const power =
    (entry: number) =>
    (k: number): boolean => {
      const factor = links[2 * (chainCount + k)]! + links[2 * (chainCount + k) + 1]!;
      const wanted = factor ** 16;
      const got = chain[8 * k + 2 * entry]! + chain[8 * k + 2 * entry + 1]!;
      return Math.abs(got - wanted) <= 2 ** -42 * Math.abs(wanted);
    };
  return {
    twoSum: count(pairCount, (i) => exact(of, each * i, a(i) + b(i))),
    twoProductFused: count(pairCount, (i) => exact(of, each * i + 2, a(i) * b(i))),
    twoProductSplit: count(pairCount, (i) => exact(of, each * i + 4, a(i) * b(i))),
    update: count(pairCount, (i) => {
      // The increment may be rounded in any order, but nothing more may be lost.
      const parts = [b(i) * 2 ** -25, a(i + 1) * 0.25 * b(i), a(i + 1) * 0.25 * b(i + 1)];
      const size = parts.reduce((sum, part) => sum + Math.abs(part), 0);
      const wanted = a(i) + parts.reduce((sum, part) => sum + part, 0);
      const hi = of[each * i + 6]!;
      const got = hi + of[each * i + 7]!;
      return Math.abs(got - wanted) <= 2 ** -21 * size && hi === Math.fround(got);
    }),
    difference: count(pairCount, (i) => {
      const hi = a(i) + b(i);
      const lo = [a(i + 1), b(i + 1)].map((part) => part * 2 ** -30);
      const wanted = hi + (lo[1]! - lo[0]!);
      const size = Math.abs(hi) + Math.abs(lo[0]!) + Math.abs(lo[1]!);
      return Math.abs(of[each * i + 8]! - wanted) <= 2 ** -22 * size;
    }),
    accumulation: count(chainCount, (k) => exact(chain, 8 * k, links[2 * k]! + increments * links[2 * k + 1]!)),
    powerFused: count(chainCount, power(1)),
    powerSplit: count(chainCount, power(2)),
    neumaier: count(chainCount, (k) => chain[8 * k + 6] === links[2 * (2 * chainCount + k) + 1]),
  };
}

/** What `compensated` stands on: sums only, no product. */
export const compensatedParts = ["twoSum", "update", "difference", "accumulation"] as const;

/** The parts of `compensated` that are wrong on a device; none where it can be offered. */
export function failedParts(arithmetic: Arithmetic): readonly (typeof compensatedParts)[number][] {
  return compensatedParts.filter((part) => arithmetic[part].wrong > 0);
}

const known = new Map<string, Promise<Arithmetic>>();

/** The arithmetic of a device's adapter, measured once per process. */
export async function arithmeticOf(device: Device): Promise<Arithmetic> {
  const { name, description } = device.adapter;
  const key = `${name}\n${description}`;
  let measured = known.get(key);
  if (!measured) {
    measured = probeArithmetic(device);
    known.set(key, measured);
    // A device that was lost meanwhile says nothing of the adapter.
    measured.catch(() => known.delete(key));
  }
  return measured;
}

/** Raises MFGPU_DEVICE_ARITHMETIC where the device does not keep what `compensated` stands on. */
export async function checkCompensated(device: Device): Promise<void> {
  const arithmetic = await arithmeticOf(device);
  const failed = failedParts(arithmetic);
  if (failed.length === 0) return;
  const list = failed.map((part) => `${part} (${arithmetic[part].wrong} of ${arithmetic[part].checked} wrong)`);
  throw deviceError(
    "MFGPU_DEVICE_ARITHMETIC",
    `${device.adapter.name} does not keep compensated sums: ${list.join(", ")}.`,
  );
}
