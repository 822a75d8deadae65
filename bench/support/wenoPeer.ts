/** The requests that bench/peers/weno5.c answers; its head comment is the protocol. */
import type { Peer } from "./peer.ts";

export type WenoForm = "textbook" | "shared";

/** One array, axis and form. */
export interface WenoTask {
  readonly form: WenoForm;
  readonly shape: readonly number[];
  readonly axis: number;
  readonly spacing: number;
  readonly epsilon: number;
}

function header(task: WenoTask, repeats: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(64));
  const missing = 3 - task.shape.length;
  const shape = [...Array<number>(missing).fill(1), ...task.shape];
  const whole = [task.form === "textbook" ? 0 : 1, ...shape, task.axis + missing, repeats];
  whole.forEach((value, k) => bytes.setBigInt64(8 * k, BigInt(value), true));
  bytes.setFloat64(48, task.spacing, true);
  bytes.setFloat64(56, task.epsilon, true);
  return new Uint8Array(bytes.buffer);
}

/** Hands over the field and returns both derivatives. */
export async function peerDerivatives(
  peer: Peer,
  task: WenoTask,
  field: Float64Array,
): Promise<{ readonly pMinus: Float64Array; readonly pPlus: Float64Array }> {
  const data = new Uint8Array(field.buffer, field.byteOffset, field.byteLength);
  const answer = await peer.ask([header(task, 0), data], 2 * field.byteLength);
  const both = new Float64Array(2 * field.length);
  new Uint8Array(both.buffer).set(answer);
  return { pMinus: both.subarray(0, field.length), pPlus: both.subarray(field.length) };
}

/** Seconds, by the peer's own clock, for `repeats` evaluations of the field handed over last. */
export async function peerSeconds(peer: Peer, task: WenoTask, repeats: number): Promise<number> {
  return (await peer.ask([header(task, repeats)], 8)).readDoubleLE(0);
}
