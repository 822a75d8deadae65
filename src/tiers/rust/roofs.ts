/** What the processor can do at most by the micro-kernel of native/src/roofs.rs, on the tier's own threads. */
import { MfgError } from "../../errors.ts";
import { addon } from "./addon.ts";
import { wasmModule } from "./wasm.ts";

/** Operations per second of products and sums, each counted as one, fused where the processor can. */
export interface ProcessorRoof {
  readonly f64: number;
  readonly f32: number;
}

/** Milliseconds of a timed piece at least, and pieces; the fastest one counts. */
const leastMs = 2;
const pieces = 15;
const mostSteps = 2 ** 30;

/**
 * Measures on so many threads; waits for some hundredths of a second.
 *
 * @param variant `wasm`: what the WebAssembly build can do
 * @throws MFGPU_TIER_UNAVAILABLE where that build is not here
 */
export async function measureProcessorRoof(threads: number, variant?: string): Promise<ProcessorRoof> {
  const found = variant === "wasm" ? await wasmModule() : addon();
  if ("state" in found)
    throw new MfgError({ code: found.code, message: found.why, fix: found.fix, path: "tier", value: "rust" });
  const built = "addon" in found ? found.addon : found;
  const rateOf = (single: boolean): number => {
    const run = (steps: number): { readonly ms: number; readonly done: number } => {
      const begun = performance.now();
      const done = built.arithmetic(single, steps, { threads });
      return { ms: performance.now() - begun, done };
    };
    let steps = 2 ** 10;
    while (run(steps).ms < leastMs && steps < mostSteps) steps *= 2;
    const rates = Array.from({ length: pieces }, () => run(steps)).map(({ ms, done }) => (1000 * done) / ms);
    return Math.max(...rates);
  };
  return { f64: rateOf(false), f32: rateOf(true) };
}
