/** What an adapter can do at most, measured: the copy of arrays that no cache holds, and fused products and sums. */
import type { Device } from "./device.ts";
import { foldGroups } from "./dispatch.ts";

export interface AdapterRoof {
  /** Bytes per second of a copy, read and write counted. */
  readonly bandwidth: number;
  /** f32 operations per second of fused products and sums, each counted as two. */
  readonly arithmetic: number;
}

const groupSize = 256;
/** Operations of one round of `multiply_add` in shaders/roofs.wgsl. */
const flopPerRound = 32;
const mostCopyBytes = 256 * 2 ** 20;
const passes = 5;
/** A timed submit takes at least so many milliseconds, but no more than `mostRepeats` dispatches. */
const leastMs = 20;
const mostRepeats = 1024;

/**
 * Measures the roofs of an open device, by the wall clock over many dispatches of one submit: device clocks may be coarse.
 *
 * @param small less work, for a program on the processor that only pretends to be a GPU
 */
export async function measureAdapterRoof(
  device: Device,
  small: boolean = device.adapter.software,
): Promise<AdapterRoof> {
  const bytes = small ? 4 * 2 ** 20 : Math.min(mostCopyBytes, device.bindingLimit - (device.bindingLimit % 16));
  const rounds = small ? 64 : 4096;
  const invocations = small ? 2 ** 14 : 2 ** 20;
  const source = await device.buffer("roof source", bytes);
  const copied = await device.buffer("roof copy", bytes);
  try {
    // a, b of the chains: they settle at b / (1 - a) and stay finite.
    await device.staging.upload(source, 0, Float32Array.of(0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25));
    const timeOf = async (
      entry: string,
      constants: Readonly<Record<string, number>>,
      count: number,
    ): Promise<number> => {
      const pipeline = await device.pipeline({
        shader: "roofs",
        entry,
        constants: { ...constants, group_size: groupSize },
      });
      const group = await device.bind(pipeline, { source, copied });
      const submit = async (repeats: number): Promise<number> => {
        const begun = performance.now();
        device.submit(pipeline.label, (encoder) => {
          const pass = encoder.beginComputePass();
          pass.setPipeline(pipeline.gpu);
          pass.setBindGroup(0, group);
          for (let k = 0; k < repeats; k++) pass.dispatchWorkgroups(...foldGroups(Math.ceil(count / groupSize)));
          pass.end();
        });
        await device.done();
        return performance.now() - begun;
      };
      await submit(1);
      let repeats = 1;
      while ((await submit(repeats)) < leastMs && repeats < mostRepeats) repeats *= 2;
      let best = Infinity;
      for (let k = 0; k < passes; k++) best = Math.min(best, (await submit(repeats)) / repeats);
      return best / 1000;
    };
    const copy = await timeOf("copy", {}, bytes / 16);
    const chains = await timeOf("multiply_add", { rounds }, invocations);
    return { bandwidth: (2 * bytes) / copy, arithmetic: (flopPerRound * rounds * invocations) / chains };
  } finally {
    source.destroy();
    copied.destroy();
  }
}
