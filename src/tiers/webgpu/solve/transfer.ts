/** Numbers between JavaScript's f64 and the device's f32 or (hi, lo). */
import type { Device } from "../device.ts";
import type { ElementBytes, Field } from "./fields.ts";

export interface StateHolder {
  readonly device: Device;
  readonly stateBytes: ElementBytes;
}

/** Writes numbers, rounded to f32. */
export async function uploadFloats(device: Device, field: Field, values: Float64Array): Promise<void> {
  await device.staging.upload(field.buffer, field.offset, Float32Array.from(values));
}

/** Writes states: f32, or hi = f32(x) and lo = f32(x - hi), which together hold 48 bits of x. */
export async function uploadStates(
  { device, stateBytes }: StateHolder,
  field: Field,
  values: Float64Array,
): Promise<void> {
  if (stateBytes === 4) return uploadFloats(device, field, values);
  const pairs = new Float32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    const hi = Math.fround(values[i]!);
    pairs[2 * i] = hi;
    pairs[2 * i + 1] = values[i]! - hi;
  }
  await device.staging.upload(field.buffer, field.offset, pairs);
}

/** Reads states into `out`. */
export async function downloadStates(
  { device, stateBytes }: StateHolder,
  field: Field,
  out: Float64Array,
): Promise<void> {
  const floats = new Float32Array((out.length * stateBytes) / 4);
  await device.staging.read(field.buffer, field.offset, floats);
  if (stateBytes === 4) {
    out.set(floats);
    return;
  }
  for (let i = 0; i < out.length; i++) out[i] = floats[2 * i]! + floats[2 * i + 1]!;
}
