/** The device of the GPU tests: a real GPU, or the software adapter that MFGPU_ADAPTER asks for. */
import process from "node:process";
import { findAdapter } from "../../src/tiers/dawn/adapter.ts";
import type { TierPlace } from "../../src/tiers/tier.ts";

/** Where GPU tests run. */
export const gpuPlace: TierPlace =
  process.env["MFGPU_ADAPTER"] === undefined ? {} : { adapter: process.env["MFGPU_ADAPTER"] };

const found = await findAdapter(gpuPlace);

/** Why there is no device for tests; undefined where there is one. A run that was promised the tier fails elsewhere. */
export const whyNoGpu: string | undefined = "state" in found ? `${found.why} ${found.fix}` : undefined;
