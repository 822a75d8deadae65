import { describe, expect, test } from "vitest";
import { copyBandwidth } from "../../src/bench/copyRoof.ts";
import { openKernels } from "../../src/bench/contenders.ts";
import { measureRoofs } from "../../src/bench/roofs.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { webgpuTier } from "../../src/tiers/webgpu/tier.ts";
import { gpuPlace } from "../support/webgpu.ts";

test("threads copy at once, at more than 100 MB/s", async () => {
  expect(await copyBandwidth(2)).toBeGreaterThan(1e8);
});

const here = (await webgpuTier.probe(gpuPlace)).state === "available";
describe.skipIf(!here)("with an adapter", () => {
  test("every place has its roofs once, an adapter's measured on an open device", async () => {
    await using opened = await openKernels([batchedTier, webgpuTier], gpuPlace.adapter, undefined);
    const { roofs, notes } = await measureRoofs(opened.contenders, gpuPlace.adapter);
    expect(notes).toEqual([]);
    expect(roofs.map(({ place }) => place.replace(/ .*/, ""))).toEqual(["javascript", "adapter"]);
    for (const { bandwidth, arithmetic } of roofs) {
      expect(bandwidth).toBeGreaterThan(1e7);
      expect(arithmetic).toBeGreaterThan(1e7);
    }
  });
});
