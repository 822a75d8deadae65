/** Those who compute the kernels in `bench:peers`: our tiers, C, and Python, each with the same questions. */
import { readFileSync } from "node:fs";
import type { KernelContender } from "../../src/bench/contenders.ts";
import { epsilon, kernelData, layoutOf, waves, type KernelOperation } from "../../src/bench/kernelData.ts";
import { relativeDifference } from "../../src/bench/race.ts";
import type { Peer } from "./peer.ts";
import { pythonResult, pythonSeconds } from "./pythonPeer.ts";
import { peerDerivatives, peerSeconds, type WenoForm } from "./wenoPeer.ts";

/** Rounding of another order of operations; in f32 of every operation. */
export const bounds = { f64: 1e-12, f32: 1e-5 } as const;

/** Someone who computes the kernels: ours and peers alike. */
export interface Kernelist {
  readonly name: string;
  readonly precision: "f64" | "f32";
  readonly software: boolean;
  readonly can: (operation: KernelOperation) => boolean;
  /** Takes the input and returns everyone's results in one order: of derivatives both of every axis. */
  readonly load: (
    operation: KernelOperation,
    shape: readonly number[],
    spacing?: number,
    field?: Float64Array,
  ) => Promise<ArrayLike<number>[]>;
  /** Runs once on what was loaded; milliseconds by its own clock, or undefined where the wall clock counts. */
  readonly run: () => Promise<number | undefined>;
}

/** One of our tiers. */
export function ours(contender: KernelContender): Kernelist {
  const { name, precision, kernels, found } = contender;
  let call = async (): Promise<void> => undefined;
  return {
    name,
    precision,
    software: found.software,
    can: () => true,
    load: async (operation, shape, spacing, field) => {
      const data = kernelData(operation, shape, precision, field);
      const out = data.make();
      call = () =>
        field === undefined
          ? data.call(kernels, out)
          : kernels.derivatives(data.input, { ...layoutOf(shape, 0), spacing: spacing! }, out[0]!, out[1]!);
      await call();
      return [...out];
    },
    run: async () => {
      await call();
      return undefined;
    },
  };
}

/** A form of the program in C. */
export function cPeer(peer: Peer, form: WenoForm): Kernelist {
  let tasks: Parameters<typeof peerDerivatives>[1][] = [];
  return {
    name: `C ${form}`,
    precision: "f64",
    software: false,
    can: (operation) => operation === "derivatives",
    load: async (_, shape, spacing, field) => {
      tasks = shape.map((n, axis) => ({ form, shape, axis, spacing: spacing ?? 1 / n, epsilon }));
      const results: ArrayLike<number>[] = [];
      for (const task of tasks) {
        const { pMinus, pPlus } = await peerDerivatives(peer, task, field ?? waves(shape));
        results.push(pMinus, pPlus);
      }
      return results;
    },
    run: async () => {
      let seconds = 0;
      for (const task of tasks) seconds += await peerSeconds(peer, task, 1);
      return 1000 * seconds;
    },
  };
}

/** NumPy or Numba. */
export function pythonPeer(peer: Peer, name: string): Kernelist {
  let tasks: Parameters<typeof pythonResult>[1][] = [];
  return {
    name,
    precision: "f64",
    software: false,
    can: () => true,
    load: async (operation, shape, spacing, field) => {
      const axes = operation === "derivatives" ? shape.map((_, axis) => axis) : [0];
      tasks = axes.map((axis) => ({ operation, shape, axis, spacing: spacing ?? 1 / shape[axis]!, epsilon }));
      const input = field ?? (kernelData(operation, shape, "f64").input as Float64Array);
      const results: ArrayLike<number>[] = [];
      for (const task of tasks) {
        const result = await pythonResult(peer, task, input);
        if (operation !== "derivatives") results.push(result);
        else results.push(result.subarray(0, result.length / 2), result.subarray(result.length / 2));
      }
      return results;
    },
    run: async () => {
      let seconds = 0;
      for (const task of tasks) seconds += await pythonSeconds(peer, task);
      return 1000 * seconds;
    },
  };
}

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly dx: number;
    readonly values: readonly number[];
    readonly left: readonly number[];
    readonly right: readonly number[];
  }[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/fixtures/weno5_derivatives.json", import.meta.url), "utf8"),
) as Golden;

/** Why someone's derivatives are not those of the golden vectors; undefined where they are. */
export async function failsGolden({ precision, load }: Kernelist): Promise<string | undefined> {
  for (const { name, dx, values, left, right } of golden.cases) {
    const [minus, plus] = await load("derivatives", [values.length], dx, Float64Array.from(values));
    const apart = Math.max(relativeDifference([minus!], [left]), relativeDifference([plus!], [right]));
    if (!(apart <= bounds[precision]))
      return `it differs from the golden vectors (${name}) by ${apart.toExponential(1)}`;
  }
  return undefined;
}
