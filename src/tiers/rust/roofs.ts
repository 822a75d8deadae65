/** What the processor can do at most by the micro-kernel of native/src/roofs.rs, on the tier's own threads. */
import { MfgError } from "../../errors.ts";
import { addon } from "./addon.ts";
import { wasmModule } from "./wasm.ts";

/** Operations per second of products and sums, each counted as one, fused where the processor can. */
export interface ProcessorRoof {
  readonly f64: number;
  readonly f32: number;
}

/** Milliseconds before anything is timed: an engine compiles WebAssembly well only once it has run for a while. */
const warmUpMs = { native: 0, wasm: 400 } as const;
/** Milliseconds of a timed piece at least, and pieces; the fastest one counts. */
const leastMs = 1;
const pieces = 25;
const mostSteps = 2 ** 30;

/**
 * Measures on so many threads; waits for some hundredths of a second, of WebAssembly for one.
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
      const started = performance.now();
      const done = built.arithmetic(single, steps, { threads });
      return { ms: performance.now() - started, done };
    };
    const begun = performance.now();
    while (performance.now() - begun < warmUpMs[variant === "wasm" ? "wasm" : "native"]) run(2 ** 16);
    let steps = 2 ** 10;
    // The least of three: one may have had to wait for the processor.
    while (Math.min(run(steps).ms, run(steps).ms, run(steps).ms) < leastMs && steps < mostSteps) steps *= 2;
    const rates = Array.from({ length: pieces }, () => run(steps)).map(({ ms, done }) => (1000 * done) / ms);
    return Math.max(...rates);
  };
  return { f64: rateOf(false), f32: rateOf(true) };
}
