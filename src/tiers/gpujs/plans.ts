/** Compiled computations of gpu.js, by what they compute and for which sizes; the last ones are kept. */
import type { WenoVariant } from "../../scheme/options.ts";
import { createGpu } from "./device.ts";
import { functions } from "./functions.ts";
import { checkMode, type Gpu, type Library, type Mode, type Rows } from "./library.ts";

/** Plans that are kept however large: three axes, with a last piece that is shorter, and the two operations on stencils. */
const fewestPlans = 8;
/** Numbers in and out of the plans that are kept beyond these: compiling takes 5 to 150 ms, and who takes sizes in turn pays it each time. */
const keptNumbers = 2 ** 26;
/** What a plan counts as at least: compiled code and its memory take a megabyte, however few its numbers. */
const fewestNumbers = 2 ** 18;

export interface Plan {
  /** In and out of a run, or what its code takes. */
  readonly numbers: number;
  run(...args: readonly unknown[]): Promise<Readonly<Record<string, Rows>>>;
  close(): Promise<void>;
}

/** One gpu.js for each plan, so that closing it frees all that it made. */
export class Plans {
  readonly module: Library;
  readonly mode: Mode;
  readonly #threads: boolean;
  readonly #kept = new Map<string, Plan>();

  constructor(module: Library, mode: Mode, threads: boolean) {
    this.module = module;
    this.mode = mode;
    this.#threads = threads;
  }

  /** Smoothness indicators: (stencils) -> s1, s2, s3. */
  smoothness(rows: number): Promise<Plan> {
    return this.#get(`smoothness ${rows}`, (5 + 3) * rows, (gpu) => {
      const step = gpu.createKernel(functions.indicator, {
        output: [rows],
        argumentTypes: { stencils: "Array", start: "Integer", p: "Float", q: "Float" },
      });
      return (stencils) => ({
        s1: step(stencils, 0, 1, -3),
        s2: step(stencils, 1, 1, 1),
        s3: step(stencils, 2, 3, -1),
      });
    });
  }

  /** JS weights: (beta, d0, d1, d2, epsilon) -> w1, w2, w3. */
  weights(rows: number): Promise<Plan> {
    return this.#get(`weights ${rows}`, (3 + 3) * rows, (gpu) => {
      const output = [rows];
      const sum = gpu.createKernel(functions.inverseSum, {
        output,
        argumentTypes: { beta: "Array", d0: "Float", d1: "Float", d2: "Float", epsilon: "Float" },
      });
      const step = gpu.createKernel(functions.weight, {
        output,
        argumentTypes: { beta: "Array", inverse: this.#resultType, k: "Integer", d: "Float", epsilon: "Float" },
      });
      return (beta, d0, d1, d2, epsilon) => {
        const inverse = sum(beta, d0, d1, d2, epsilon);
        return {
          w1: step(beta, inverse, 0, d0, epsilon),
          w2: step(beta, inverse, 1, d1, epsilon),
          w3: step(beta, inverse, 2, d2, epsilon),
        };
      };
    });
  }

  /** One-sided derivatives: (padded lines, scale, floor, unit, -unit) -> minus, plus; see `oneSided`. */
  derivatives(variant: WenoVariant, nodes: number, stride: number, slabs: number): Promise<Plan> {
    return this.#get(`${variant} ${nodes} ${stride} ${slabs}`, (1 + 2) * nodes * stride * slabs, (gpu) => {
      const step = gpu.createKernel(functions.oneSided, {
        output: slabs > 1 ? [nodes * stride, slabs] : [nodes * stride],
        constants: { stride, z: variant === "z" ? 1 : 0, mapped: variant === "m" ? 1 : 0 },
        constantTypes: { stride: "Integer", z: "Float", mapped: "Integer" },
        argumentTypes: { u: "Input", direction: "Integer", scale: "Float", floor: "Float", unit: "Float" },
      });
      return (u, scale, floor, unit, opposite) => ({
        minus: step(u, 1, scale, floor, unit),
        plus: step(u, -1, scale, floor, opposite),
      });
    });
  }

  /** What the result of a step is to the next: a plain array where steps run one by one, a region of memory elsewhere. */
  get #resultType(): "Array" | "Input" {
    return this.mode === "cpu" ? "Array" : "Input";
  }

  async close(): Promise<void> {
    const plans = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(plans.map((plan) => plan.close()));
  }

  async #get(
    key: string,
    numbers: number,
    describe: (gpu: Gpu) => (...args: readonly unknown[]) => Readonly<Record<string, unknown>>,
  ): Promise<Plan> {
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    const plan = this.#make(Math.max(fewestNumbers, numbers), describe);
    this.#kept.set(key, plan);
    let held = [...this.#kept.values()].reduce((sum, kept) => sum + kept.numbers, 0);
    for (const [oldest, stale] of this.#kept) {
      if (this.#kept.size <= fewestPlans || held <= keptNumbers) break;
      this.#kept.delete(oldest);
      held -= stale.numbers;
      await stale.close();
    }
    return plan;
  }

  #make(
    numbers: number,
    describe: (gpu: Gpu) => (...args: readonly unknown[]) => Readonly<Record<string, unknown>>,
  ): Plan {
    const gpu = createGpu(this.module, this.mode);
    const pipeline = gpu.createPipeline(describe(gpu), { threads: this.#threads });
    return {
      numbers,
      run: async (...args) => {
        const results = await pipeline(...args);
        checkMode(this.mode, pipeline);
        return results;
      },
      close: () => gpu.destroy(),
    };
  }
}
