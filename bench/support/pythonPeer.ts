/** The requests that bench/peers/weno5.py and bench/peers/hj_stage.py answer; their head comments are the protocols. */
import type { KernelOperation } from "../../src/bench/kernelData.ts";
import type { Peer } from "./peer.ts";

/** One operation on one array; `shape` is the grid or the number of stencils. */
export interface PythonTask {
  readonly operation: KernelOperation;
  readonly shape: readonly number[];
  readonly axis: number;
  readonly spacing: number;
  readonly epsilon: number;
}

const codes: Readonly<Record<KernelOperation, number>> = { derivatives: 0, smoothness: 1, weights: 2 };

function bytesOf(whole: readonly number[], real: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * (whole.length + real.length)));
  whole.forEach((value, k) => view.setBigInt64(8 * k, BigInt(value), true));
  real.forEach((value, k) => view.setFloat64(8 * (whole.length + k), value, true));
  return new Uint8Array(view.buffer);
}

function doubles(answer: Buffer): Float64Array {
  const numbers = new Float64Array(answer.length / 8);
  new Uint8Array(numbers.buffer).set(answer);
  return numbers;
}

function header({ operation, shape, axis, spacing, epsilon }: PythonTask, repeats: number): Uint8Array {
  const missing = operation === "derivatives" ? 3 - shape.length : 0;
  const sizes = operation === "derivatives" ? [...Array<number>(missing).fill(1), ...shape] : [shape[0]!, 1, 1];
  return bytesOf([codes[operation], ...sizes, axis + missing, repeats], [spacing, epsilon]);
}

/** Hands over the input and returns the result: both derivatives one after the other, or n x 3 numbers. */
export async function pythonResult(peer: Peer, task: PythonTask, input: Float64Array): Promise<Float64Array> {
  const points = task.shape.reduce((product, n) => product * n, 1);
  const length = task.operation === "derivatives" ? 2 * points : 3 * points;
  return doubles(
    await peer.ask([header(task, 0), new Uint8Array(input.buffer, input.byteOffset, input.byteLength)], 8 * length),
  );
}

/** Seconds, by the peer's own clock, of one run on what was handed over last. */
export async function pythonSeconds(peer: Peer, task: PythonTask): Promise<number> {
  return (await peer.ask([header(task, 1)], 8)).readDoubleLE(0);
}

const padded = (shape: readonly number[]): number[] => [...Array<number>(3 - shape.length).fill(1), ...shape];

/** Hands over initial values and returns what they become after `time`, by hj-reachability. */
export async function hjResult(
  peer: Peer,
  shape: readonly number[],
  values: Float64Array,
  time: number,
): Promise<Float64Array> {
  const head = bytesOf([...padded(shape), 0, 0], [time]);
  return doubles(
    await peer.ask([head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)], values.byteLength),
  );
}

/** Seconds of so many Runge-Kutta steps, three stages each. */
export async function hjSeconds(peer: Peer, shape: readonly number[], steps: number): Promise<number> {
  return (await peer.ask([bytesOf([...padded(shape), 0, steps], [0])], 8)).readDoubleLE(0);
}
