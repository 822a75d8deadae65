/** Section `latency`: what the smallest call of every tier costs, and dispatches and round trips of the adapter. */
import { MfgError } from "../errors.ts";
import { type Device, openDevice } from "../tiers/webgpu/device.ts";
import { uniformUsage } from "../tiers/webgpu/usage.ts";
import type { Contender, KernelContender } from "./contenders.ts";
import { finiteError, kernelData } from "./kernelData.ts";
import type { SectionResult } from "./kernels.ts";
import { race, type Course, type Racer } from "./race.ts";
import type { Schedule } from "./schedule.ts";
import { adapterContender } from "./transfer.ts";

const smallestGrid = [16];
/** Dispatches of one submit, each of which waits for the one before. */
export const dispatches = 200;
const roundTripBytes = 256;

/** Runs the section. */
export async function benchLatency(
  contenders: readonly KernelContender[],
  adapter: string | undefined,
  course: Course,
  schedule: Schedule,
): Promise<SectionResult> {
  const callers = contenders.map((contender): Racer => {
    const data = kernelData("derivatives", smallestGrid, contender.precision);
    const out = data.make();
    return {
      contender,
      run: () => data.call(contender.kernels, out),
      error: () => finiteError(out),
      bound: 0,
      work: undefined,
      pointStages: undefined,
    };
  });
  const adapterPlace = adapterContender(contenders);
  const calls = await race("latency", "call", smallestGrid, callers, course, schedule.share(adapterPlace ? 2 : 1));
  if (!adapterPlace) return calls;
  try {
    await using device = await openDevice(adapter === undefined ? {} : { adapter });
    const own = await adapterRaces(device, adapterPlace, course, schedule);
    return {
      rows: [...calls.rows, ...own.rows],
      leftOut: [...calls.leftOut, ...own.leftOut],
      notes: [...calls.notes, ...own.notes],
    };
  } catch (error) {
    if (!(error instanceof MfgError)) throw error;
    const lost = { section: "latency", operation: "round-trip", shape: [], kind: "failed" } as const;
    const leftOut = [...calls.leftOut, { ...lost, contestant: adapterPlace.name, reason: error.message }];
    return { ...calls, leftOut };
  }
}

async function adapterRaces(
  device: Device,
  contender: Contender,
  course: Course,
  schedule: Schedule,
): Promise<SectionResult> {
  const pipeline = await device.pipeline({ shader: "smoothness", entry: "main" });
  const params = await device.buffer("params", 4, uniformUsage);
  const [stencils, beta] = await Promise.all([device.buffer("stencils", 20), device.buffer("beta", 12)]);
  const trip = await device.buffer("round trip", roundTripBytes);
  try {
    await device.staging.upload(params, 0, Uint32Array.of(1));
    const group = await device.bind(pipeline, { params, stencils, beta });
    const submit = async (count: number): Promise<void> => {
      device.submit("dispatches", (encoder) => {
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline.gpu);
        pass.setBindGroup(0, group);
        for (let i = 0; i < count; i++) pass.dispatchWorkgroups(1);
        pass.end();
      });
      await device.done();
    };
    const out = new Uint32Array(roundTripBytes / 4);
    const base = { contender, bound: 0, work: undefined, pointStages: undefined } as const;
    let own = 0;
    const dispatch: Racer = {
      ...base,
      // Many in one submit, less one in one submit, over their number: what one more of them costs.
      run: async () => {
        const begun = course.clock.now();
        await submit(1);
        const between = course.clock.now();
        await submit(dispatches + 1);
        own = Math.max(0, course.clock.now() - between - (between - begun)) / dispatches;
      },
      duration: () => own,
    };
    const roundTrip: Racer = { ...base, run: () => device.staging.read(trip, 0, out) };
    const budget = schedule.share(2);
    const trips = await race("latency", "round-trip", [roundTripBytes], [roundTrip], course, budget);
    const single = await race("latency", "dispatch", [dispatches], [dispatch], course, budget);
    return {
      rows: [...trips.rows, ...single.rows],
      leftOut: [...trips.leftOut, ...single.leftOut],
      notes: [...trips.notes, ...single.notes],
    };
  } finally {
    for (const buffer of [params, stencils, beta, trip]) buffer.destroy();
  }
}
