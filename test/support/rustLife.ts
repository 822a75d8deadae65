/**
 * A process that opens and closes the native kernels many times, for test/tiers/rustKernels.test.ts. Prints one JSON document and
 * must end by itself.
 */
import { rustTier } from "../../src/tiers/rust/tier.ts";
import { growth } from "./life.ts";

const u = Float64Array.from({ length: 4096 }, (_, i) => Math.sin(i / 17));
const out = [new Float64Array(4096), new Float64Array(4096)] as const;
const walls = { lower: "exit", upper: "open" } as const;
const epsilon = { kind: "scaled", value: 1e-6 } as const;

const kernels = await growth(100, 1000, async () => {
  await using opened = await rustTier.kernels({ precision: "f64" });
  await opened.derivatives(u, { shape: [4096], axis: 0, spacing: 0.01, ...walls, variant: "z", epsilon }, ...out);
});
process.stdout.write(`${JSON.stringify({ kernels })}\n`);
