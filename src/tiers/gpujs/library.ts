/** gpu.js, as much of it as is used here. It is loaded on first use: that takes a tenth of a second. */
import { MfgError } from "../../errors.ts";

/** The ways in which gpu.js computes, by its own names. */
export type Mode = "cpu" | "webasm" | "webgpu";

/** What a kernel function is compiled for. */
export interface KernelSettings {
  /** Cells along x, or along x and y. */
  readonly output: readonly number[];
  readonly argumentTypes: Readonly<Record<string, "Array" | "Input" | "Integer" | "Float">>;
  readonly constants?: Readonly<Record<string, number>>;
  readonly constantTypes?: Readonly<Record<string, "Integer" | "Float">>;
}

/** One result: a row, or a list of rows. */
export type Rows = Float32Array | readonly Float32Array[];

/** Several kernels as one computation, with one copy in and one copy out. */
export interface Pipeline {
  (...args: readonly unknown[]): Promise<Readonly<Record<string, Rows>>>;
  /** The mode that really computes; null before the first call. */
  readonly backend: string | null;
  /** `generic` kernel by kernel, `fused-sync` and `fused-threaded` over one WebAssembly memory, `fused-encoder` in one submit. */
  readonly executorKind: string;
  /** Why the fused form was declined. */
  readonly fallbackReason: string | null;
}

/** A kernel while a pipeline is recorded: it takes arguments or earlier results and gives a result that cannot be read yet. */
export type Step = (...args: readonly unknown[]) => unknown;

export interface Gpu {
  createKernel(source: unknown, settings: KernelSettings): Step;
  createPipeline(
    record: (...args: readonly unknown[]) => Readonly<Record<string, unknown>>,
    settings: { readonly threads: boolean },
  ): Pipeline;
  destroy(): Promise<void>;
}

export interface Library {
  readonly GPU: new (settings: { readonly mode: Mode }) => Gpu;
  /** A flat array with the sizes along x and y. */
  readonly input: (values: Float32Array, size: readonly [number, number]) => unknown;
  /** The one device of all kernels of mode `webgpu`. It outlives each `Gpu`. */
  readonly WebGPUContext: {
    acquire(): Promise<{ readonly device: GPUDevice }>;
    destroy(): Promise<void>;
  };
  readonly WebAssemblyKernel: {
    readonly isSupported: boolean;
    readonly isSIMDSupported: boolean;
    readonly isThreadsSupported: boolean;
  };
}

let library: Promise<Library> | undefined;

/** gpu.js itself; rejects where it does not load. */
export async function loadLibrary(): Promise<Library> {
  return (library ??= import("gpu.js").then((module) => module as unknown as Library));
}

/** Executors that are the mode asked for, and not something in its place. */
const executors: Readonly<Record<Mode, readonly string[]>> = {
  cpu: ["generic"],
  webasm: ["fused-sync", "fused-threaded"],
  webgpu: ["fused-encoder"],
};

/**
 * Holds gpu.js to its mode: it falls back by itself where it cannot compile a function, and only says so when asked.
 *
 * @throws MFGPU_TIER_FALLBACK where something else computed
 */
export function checkMode(mode: Mode, pipeline: Pipeline): void {
  const { backend, executorKind, fallbackReason } = pipeline;
  if (backend === mode && executors[mode].includes(executorKind)) return;
  throw new MfgError({
    code: "MFGPU_TIER_FALLBACK",
    message: `gpu.js computed with ${backend ?? "nothing"} (${executorKind}) instead of ${mode}: ${fallbackReason ?? "no reason given"}`,
    fix: "This is a defect of mfgpu or of gpu.js: please report it, and use another variant or tier.",
    path: "tier",
    value: `gpujs:${mode}`,
  });
}
