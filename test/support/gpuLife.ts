/**
 * A process that uses the GPU and then does nothing, for test/tiers/webgpuLife.test.ts. Prints one JSON document and must end
 * by itself: nothing here calls exit.
 *
 * node --expose-gc --import tsx test/support/gpuLife.ts idle|cycles
 */
import { openDevice } from "../../src/tiers/webgpu/device.ts";
import { WebgpuKernels } from "../../src/tiers/webgpu/kernels.ts";
import { growth, idleShare } from "./life.ts";
import { gpuPlace } from "./webgpu.ts";

const field = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i));
const [pMinus, pPlus] = [new Float32Array(4096), new Float32Array(4096)];

async function derive(kernels: WebgpuKernels): Promise<void> {
  const epsilon = { kind: "scaled", value: 1e-6 } as const;
  const walls = { lower: "periodic", upper: "periodic" } as const;
  await kernels.derivatives(
    field,
    { shape: [4096], axis: 0, spacing: 1, ...walls, variant: "z", epsilon },
    pMinus,
    pPlus,
  );
}

async function idle(): Promise<Record<string, number>> {
  const kernels = await WebgpuKernels.open(gpuPlace);
  await derive(kernels);
  const open = await idleShare();
  await kernels[Symbol.asyncDispose]();
  return { open, closed: await idleShare() };
}

async function cycles(): Promise<Record<string, number>> {
  const devices = await growth(50, 500, async () => {
    (await openDevice(gpuPlace)).close();
  });
  const kernels = await growth(20, 500, async () => {
    await using opened = await WebgpuKernels.open(gpuPlace);
    opened.device.check();
  });
  const runs = await growth(10, 30, async () => {
    await using opened = await WebgpuKernels.open(gpuPlace);
    await derive(opened);
  });
  return { devices, kernels, runs };
}

process.stdout.write(`${JSON.stringify(await (process.argv[2] === "idle" ? idle() : cycles()))}\n`);
