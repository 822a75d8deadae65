import { describe, expect, test } from "vitest";
import { copyBandwidth } from "../../src/bench/copyRoof.ts";
import { openKernels } from "../../src/bench/contenders.ts";
import { measureRoofs } from "../../src/bench/roofs.ts";
import { addon, isAddon } from "../../src/tiers/rust/addon.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { rustTier } from "../../src/tiers/rust/tier.ts";
import { webgpuTier } from "../../src/tiers/webgpu/tier.ts";
import { gpuPlace } from "../support/webgpu.ts";

test("threads copy at once, at more than 100 MB/s", async () => {
  expect(await copyBandwidth(2)).toBeGreaterThan(1e8);
});

describe.skipIf(!isAddon(addon()))("the native tier", () => {
  test("every number of threads has both roofs, of both kinds of numbers", async () => {
    await using opened = await openKernels([rustTier], undefined, undefined);
    const { roofs, notes } = await measureRoofs(opened.contenders, undefined);
    expect(notes).toEqual([]);
    const places = new Set(
      opened.contenders.map(
        ({ variant, threads }) => `${variant === "wasm" ? "webassembly" : "processor"} x${threads}`,
      ),
    );
    expect(new Set(roofs.map(({ place }) => place))).toEqual(places);
    expect(places).toContain("processor x1");
    for (const { bandwidth, arithmetic } of roofs) {
      for (const rate of [bandwidth, arithmetic.f64, arithmetic.f32]) expect(rate).toBeGreaterThan(1e7);
    }
  });
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
      expect(arithmetic.f32).toBeGreaterThan(1e7);
    }
    // An adapter has no f64 at all.
    expect(roofs.map(({ arithmetic }) => arithmetic.f64 === null)).toEqual([false, true]);
  });
});
