/**
 * A process that uses gpu.js and then does nothing, for test/tiers/gpujsLife.test.ts. Prints one JSON document and must end by
 * itself: nothing here calls exit.
 *
 * node --expose-gc --import tsx test/support/gpujsLife.ts cpu|webasm|webgpu idle|cycles
 */
import { openGpujsKernels } from "../../src/tiers/gpujs/kernels.ts";
import type { Mode } from "../../src/tiers/gpujs/library.ts";
import type { Kernels } from "../../src/tiers/tier.ts";
import { growth, idleShare } from "./life.ts";
import { gpuPlace } from "./webgpu.ts";

const [mode, what] = process.argv.slice(2) as [Mode, string];
/** Long enough for gpu.js to start its threads. */
const nodes = 20_000;
const field = Float32Array.from({ length: nodes }, (_, i) => Math.sin(i));
const [pMinus, pPlus] = [new Float32Array(nodes), new Float32Array(nodes)];

const open = (): Promise<Kernels> => openGpujsKernels(mode, gpuPlace);

async function derive(kernels: Kernels, n: number): Promise<void> {
  const epsilon = { kind: "scaled", value: 1e-6 } as const;
  const walls = { lower: "periodic", upper: "periodic" } as const;
  const layout = { shape: [n], axis: 0, spacing: 1, ...walls, variant: "z", epsilon } as const;
  await kernels.derivatives(field.subarray(0, n), layout, pMinus.subarray(0, n), pPlus.subarray(0, n));
}

async function idle(): Promise<Record<string, number>> {
  const kernels = await open();
  await derive(kernels, nodes);
  const whileOpen = await idleShare();
  await kernels[Symbol.asyncDispose]();
  return { open: whileOpen, closed: await idleShare() };
}

async function cycles(): Promise<Record<string, number>> {
  const opened = await growth(20, 200, async () => {
    await using kernels = await open();
    if (kernels.tally.launches > 0) throw new Error("kernels are not new");
  });
  // The pools of drivers and compilers fill for a hundred rounds; what grows after that is a leak.
  const used = await growth(100, mode === "webgpu" ? 100 : 200, async () => {
    await using kernels = await open();
    await derive(kernels, 64);
  });
  return { opened, used };
}

process.stdout.write(`${JSON.stringify(await (what === "idle" ? idle() : cycles()))}\n`);
