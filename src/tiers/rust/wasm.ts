/**
 * The WebAssembly build of the addon, for where no native one fits: the same functions in a memory of their own, so that
 * arrays are copied in and out. Loaded on first use, once per process.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { MfgError } from "../../errors.ts";
import type { KernelArray, Phases, Unavailable } from "../tier.ts";
import { firstLine, isThere, packageVersion } from "./addon.ts";
import type { Addon, AddonFile, AddonLayout, CallPlace } from "./addon.ts";

/** A running module: its functions, and its memory. */
export interface WasmModule {
  readonly addon: Addon;
  readonly memory: { readonly buffer: SharedArrayBuffer };
  malloc(bytes: number): number;
  free(address: number): void;
}

interface Loader {
  readonly load: (file: string, threads: number) => WasmModule;
}

const folder = new URL("../../../native/", import.meta.url);

/** Where a clone's set-up puts the module. */
export const wasmFile: AddonFile = {
  name: "native/build/mfgpu.wasm",
  specifier: fileURLToPath(new URL("build/mfgpu.wasm", folder)),
};

/** Starts a module; otherwise the answer says why it could not be. */
export async function loadWasm(file: AddonFile): Promise<WasmModule | Unavailable> {
  let why = "not there";
  if (isThere(file.specifier)) {
    try {
      const { load } = (await import(new URL("wasm/loader.mjs", folder).href)) as Loader;
      const module = load(file.specifier, availableParallelism());
      const { version } = module.addon.host();
      if (version === packageVersion()) return module;
      why = `it is of version ${version}, not ${packageVersion()}`;
    } catch (error) {
      why = firstLine(error);
    }
  }
  return {
    state: "unavailable",
    code: "MFGPU_TIER_UNAVAILABLE",
    why: `The WebAssembly build of the tier rust could not be started (${file.name}: ${why}).`,
    fix: "In a clone, run rustup target add wasm32-wasip1-threads and npm run build:native; or use the variant native.",
  };
}

let known: Promise<WasmModule | Unavailable> | undefined;

/** This process's module, or why there is none. */
export function wasmModule(): Promise<WasmModule | Unavailable> {
  return (known ??= loadWasm(wasmFile));
}

/** The module's functions over arrays of JavaScript's: copied in, called, copied back, each part timed. */
export class StagedAddon implements Addon {
  readonly #module: WasmModule;
  #upload = 0;
  #kernel = 0;
  #download = 0;

  constructor(module: WasmModule) {
    this.#module = module;
  }

  get phases(): Phases {
    return { upload: this.#upload, kernel: this.#kernel, download: this.#download };
  }

  host(): ReturnType<Addon["host"]> {
    return this.#module.addon.host();
  }

  arithmetic(single: boolean, steps: number, place: CallPlace): number {
    return this.#module.addon.arithmetic(single, steps, place);
  }

  smoothness(stencils: KernelArray, out: KernelArray, place: CallPlace): void {
    this.#now([stencils, out], (s, o) => this.#module.addon.smoothness(s, o, place));
  }

  async smoothnessLater(stencils: KernelArray, out: KernelArray, place: CallPlace): Promise<void> {
    await this.#later([stencils, out], (s, o) => this.#module.addon.smoothnessLater(s, o, place));
  }

  weights(beta: KernelArray, linear: readonly number[], epsilon: number, out: KernelArray, place: CallPlace): void {
    this.#now([beta, out], (b, o) => this.#module.addon.weights(b, linear, epsilon, o, place));
  }

  async weightsLater(
    beta: KernelArray,
    linear: readonly number[],
    epsilon: number,
    out: KernelArray,
    place: CallPlace,
  ): Promise<void> {
    await this.#later([beta, out], (b, o) => this.#module.addon.weightsLater(b, linear, epsilon, o, place));
  }

  derivatives(
    field: KernelArray,
    layout: AddonLayout,
    pMinus: KernelArray,
    pPlus: KernelArray,
    place: CallPlace,
  ): void {
    const { addon } = this.#module;
    this.#now([field, pMinus, pPlus], (u, minus, plus) => addon.derivatives(u, layout, minus, plus!, place));
  }

  async derivativesLater(
    field: KernelArray,
    layout: AddonLayout,
    pMinus: KernelArray,
    pPlus: KernelArray,
    place: CallPlace,
  ): Promise<void> {
    const { addon } = this.#module;
    await this.#later([field, pMinus, pPlus], (u, minus, plus) =>
      addon.derivativesLater(u, layout, minus, plus!, place),
    );
  }

  #now(
    arrays: readonly [KernelArray, KernelArray, KernelArray?],
    call: (a: KernelArray, b: KernelArray, c?: KernelArray) => void,
  ): void {
    const staged = this.#stage(arrays as readonly KernelArray[]);
    try {
      const start = performance.now();
      call(staged.views[0]!, staged.views[1]!, staged.views[2]);
      this.#kernel += performance.now() - start;
      this.#fetch(staged.views, arrays as readonly KernelArray[]);
    } finally {
      staged.release();
    }
  }

  async #later(
    arrays: readonly [KernelArray, KernelArray, KernelArray?],
    call: (a: KernelArray, b: KernelArray, c?: KernelArray) => Promise<void>,
  ): Promise<void> {
    const staged = this.#stage(arrays as readonly KernelArray[]);
    try {
      const start = performance.now();
      await call(staged.views[0]!, staged.views[1]!, staged.views[2]);
      this.#kernel += performance.now() - start;
      this.#fetch(staged.views, arrays as readonly KernelArray[]);
    } finally {
      staged.release();
    }
  }

  /** Copies of the arrays in the module's memory; the first one, the input, is filled. */
  #stage(arrays: readonly KernelArray[]): { readonly views: readonly KernelArray[]; readonly release: () => void } {
    const start = performance.now();
    const { memory } = this.#module;
    const addresses: number[] = [];
    const release = (): void => addresses.forEach((address) => this.#module.free(address));
    for (const array of arrays) {
      const address = this.#module.malloc(Math.max(8, array.byteLength));
      if (address === 0) {
        release();
        throw new MfgError({
          code: "MFGPU_MEMORY_WASM",
          message: `WebAssembly has no ${array.byteLength} bytes left; its memory ends at 4 GiB.`,
          fix: "Use the variant native, or smaller arrays.",
        });
      }
      addresses.push(address);
    }
    // Only now: an allocation may have made the memory longer, and a view of the shorter one would be copied again.
    const views = arrays.map((array, k) =>
      array instanceof Float64Array
        ? new Float64Array(memory.buffer, addresses[k], array.length)
        : new Float32Array(memory.buffer, addresses[k], array.length),
    );
    views[0]!.set(arrays[0]!);
    this.#upload += performance.now() - start;
    return { views, release };
  }

  #fetch(views: readonly KernelArray[], arrays: readonly KernelArray[]): void {
    const start = performance.now();
    for (let k = 1; k < arrays.length; k++) arrays[k]!.set(views[k]!);
    this.#download += performance.now() - start;
  }
}
