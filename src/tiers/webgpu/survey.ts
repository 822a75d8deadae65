/** What an adapter is and how fast data and commands reach it: the measurements of `mfgpu doctor`. */
import type { AdapterFacts } from "../dawn/adapter.ts";
import { type Arithmetic, arithmeticOf, failedParts } from "./arithmeticProbe.ts";
import { type Device, openDevice } from "./device.ts";
import { GpuTimer } from "./timer.ts";
import { uniformUsage } from "./usage.ts";

export interface AdapterSurvey extends AdapterFacts {
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
  /** Longest binding that mfgpu uses, in bytes. */
  readonly bindingBytes: number;
  /** Smallest step of the device's clock that was seen, in ns; undefined where it has none. */
  readonly timestampGrainNs: number | undefined;
  /** 10^9 bytes per second, through the buffers that the kernels use. */
  readonly uploadGBs: number;
  readonly readbackGBs: number;
  readonly transferBytes: number;
  /** Between dispatches that wait for each other, in one submit. */
  readonly dispatchUs: number;
  /** Submit, copy of 256 bytes, map: median. */
  readonly roundTripUs: number;
  readonly arithmetic: Arithmetic;
  /** True where `compensated` can be offered. */
  readonly compensated: boolean;
}

const shownLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const;

const transferBytes = 64 * 2 ** 20;
const transfers = 3;
const roundTrips = 15;
const dispatches = 200;
const stampedPasses = 24;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/**
 * Opens an adapter, measures it and closes it again; about a second.
 *
 * @param adapter name of the adapter, as for `TierPlace`
 * @throws MFGPU_TIER_UNAVAILABLE where there is none, MFGPU_DEVICE_... where it fails
 */
export async function surveyAdapter(adapter?: string): Promise<AdapterSurvey> {
  await using device = await openDevice(adapter === undefined ? {} : { adapter });
  const { limits, features } = device.gpu;
  const arithmetic = await arithmeticOf(device);
  return {
    ...device.adapter,
    limits: Object.fromEntries(shownLimits.map((name) => [name, limits[name]])),
    features: [...features].toSorted(),
    bindingBytes: device.bindingLimit,
    ...(await transferSpeeds(device)),
    timestampGrainNs: await timestampGrain(device),
    dispatchUs: await dispatchTime(device),
    roundTripUs: await roundTripTime(device),
    arithmetic,
    compensated: failedParts(arithmetic).length === 0,
  };
}

async function transferSpeeds(
  device: Device,
): Promise<Pick<AdapterSurvey, "uploadGBs" | "readbackGBs" | "transferBytes">> {
  const bytes = Math.min(transferBytes, device.bindingLimit);
  const data = new Uint32Array(Math.floor(bytes / 4)).map((_, i) => i);
  const buffer = await device.buffer("transfer", data.byteLength);
  const up: number[] = [];
  const down: number[] = [];
  // The first makes the staging buffers.
  for (let k = 0; k <= transfers; k++) {
    const started = performance.now();
    await device.staging.upload(buffer, 0, data);
    await device.done();
    const between = performance.now();
    await device.staging.read(buffer, 0, data);
    if (k > 0) {
      up.push(between - started);
      down.push(performance.now() - between);
    }
  }
  buffer.destroy();
  const speed = (times: readonly number[]): number => data.byteLength / 1e6 / median(times);
  return { uploadGBs: speed(up), readbackGBs: speed(down), transferBytes: data.byteLength };
}

/** Greatest common divisor of the distances of many stamps. */
async function timestampGrain(device: Device): Promise<number | undefined> {
  const timer = await GpuTimer.create(device, stampedPasses);
  if (!timer) return undefined;
  const encoder = device.gpu.createCommandEncoder({ label: "timestamps" });
  for (let k = 0; k < stampedPasses; k++) encoder.beginComputePass(timer.stamp()).end();
  const pending = await device.staging.encodeRead(encoder, [timer.resolve(encoder)]);
  device.gpu.queue.submit([encoder.finish()]);
  const stamps = new BigUint64Array(2 * stampedPasses);
  await pending.finish([stamps]);
  timer.destroy();
  let grain = 0n;
  for (const stamp of stamps) {
    let [a, b] = [grain, stamp > stamps[0]! ? stamp - stamps[0]! : stamps[0]! - stamp];
    while (b > 0n) [a, b] = [b, a % b];
    grain = a;
  }
  return grain === 0n ? undefined : Number(grain);
}

/** Wall time of many dispatches that write the same numbers, less that of one, over their number. */
async function dispatchTime(device: Device): Promise<number> {
  const pipeline = await device.pipeline({ shader: "smoothness", entry: "main" });
  const params = await device.buffer("params", 4, uniformUsage);
  const [stencils, beta] = await Promise.all([device.buffer("stencils", 20), device.buffer("beta", 12)]);
  await device.staging.upload(params, 0, Uint32Array.of(1));
  const group = await device.bind(pipeline, { params, stencils, beta });
  const timeOf = async (count: number): Promise<number> => {
    const times: number[] = [];
    for (let k = 0; k < 5; k++) {
      const started = performance.now();
      device.submit("dispatches", (encoder) => {
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline.gpu);
        pass.setBindGroup(0, group);
        for (let i = 0; i < count; i++) pass.dispatchWorkgroups(1);
        pass.end();
      });
      await device.done();
      times.push(performance.now() - started);
    }
    return median(times);
  };
  await timeOf(1);
  const one = await timeOf(1);
  const many = await timeOf(dispatches + 1);
  for (const buffer of [params, stencils, beta]) buffer.destroy();
  return Math.max(0, ((many - one) * 1000) / dispatches);
}

async function roundTripTime(device: Device): Promise<number> {
  const buffer = await device.buffer("round trip", 256);
  const out = new Uint32Array(64);
  const times: number[] = [];
  for (let k = 0; k <= roundTrips; k++) {
    const started = performance.now();
    await device.staging.read(buffer, 0, out);
    if (k > 0) times.push((performance.now() - started) * 1000);
  }
  buffer.destroy();
  return median(times);
}
