/** The kernels under test, every tier and variant of the registry, with the one table of their tolerances. */
import { candidateText } from "../../src/tiers/candidate.ts";
import { tiers } from "../../src/tiers/registry.ts";
import type { DerivativeLayout, KernelArray, Kernels, Tier, TierPlace } from "../../src/tiers/tier.ts";

export interface KernelTier {
  /** The candidate's name, such as `rust:native`. */
  readonly name: string;
  readonly precision: "f64" | "f32";
  /** Precision in which it calculates: `batched` stores f32 and calculates in f64. */
  readonly arithmetic: "f64" | "f32";
  readonly open: () => Promise<Kernels>;
  readonly array: (values: ArrayLike<number> | number) => KernelArray;
  /** Added to a scaled epsilon. */
  readonly epsilonFloor: number;
}

/** The adapter that this run was told to use: `software` where there is no GPU. */
export const testAdapter: string | undefined = process.env["MFGPU_ADAPTER"];

/**
 * What this run was promised: absent is a failure then and no skip. `npm test` names all that the machine must have;
 * without it the tiers that need nothing are promised.
 */
export const promisedTiers: readonly string[] = (process.env["MFGPU_EXPECT_TIERS"] ?? "scalar,batched").split(",");

/** A way to run kernels that is not here, and why. */
export interface AbsentTier {
  readonly name: string;
  readonly why: string;
}

/** Tests of the guard itself falsify one tier's answers this way; see guard.test.ts. */
const sabotage: string | undefined = process.env["MFGPU_TEST_SABOTAGE"];

const f64 = (values: ArrayLike<number> | number): KernelArray =>
  typeof values === "number" ? new Float64Array(values) : Float64Array.from(values);
const f32 = (values: ArrayLike<number> | number): KernelArray =>
  typeof values === "number" ? new Float32Array(values) : Float32Array.from(values);

/** The place on a tier that the tests use. */
export function testPlace(variant?: string): TierPlace {
  return {
    ...(variant === undefined ? {} : { variant }),
    ...(testAdapter === undefined ? {} : { adapter: testAdapter }),
  };
}

function kernelTier(tier: Tier, name: string, place: TierPlace, precision: "f64" | "f32"): KernelTier {
  return {
    name,
    precision,
    arithmetic: tier.name === "batched" ? "f64" : precision,
    open: async () => {
      const kernels = await tier.kernels({ ...place, precision });
      return sabotage !== undefined && tier.name === "batched" ? new FalseKernels(kernels, sabotage) : kernels;
    },
    array: precision === "f64" ? f64 : f32,
    epsilonFloor: precision === "f64" ? 1e-40 : 1e-30,
  };
}

const here: KernelTier[] = [];
const absent: AbsentTier[] = [];
for (const tier of tiers) {
  for (const variant of tier.variants.length > 0 ? tier.variants : [undefined]) {
    const name = candidateText({ ...tier, residencies: ["resident"] }, { variant, residency: undefined });
    const place = testPlace(variant);
    const answer = await tier.probe(place);
    if (answer.state === "unavailable") absent.push({ name, why: `${answer.why} ${answer.fix}` });
    else {
      for (const precision of tier.precisions)
        if (precision !== "compensated") here.push(kernelTier(tier, name, place, precision));
    }
  }
}

export const kernelTiers: readonly KernelTier[] = here;
export const absentTiers: readonly AbsentTier[] = absent;

/**
 * Relative tolerances by the arithmetic that a tier calculates in.
 *
 * - `f64`: a few dozen roundings of 1.1e-16, and the same again through weights that turn on a difference of indicators.
 * - `stored`: kept in f32, calculated in f64: one rounding of 6e-8 at the store.
 * - `f32`: a few dozen roundings of 6e-8, divisions of 2.5 units in the last place as WGSL allows. The nonlinear weights turn
 *   on small differences of indicators: with a relative epsilon of 1e-6 they may move by 1e-4 where they weigh
 *   candidates that differ by 1e-3 of the slope.
 *
 * `ghosts` adds the rounding of stored ghosts, which the cubic through the wall multiplies by up to 50. `cubic` is against
 * the exact derivative, so the rounding of the data counts, in units of |u|/h.
 */
export const tolerance = {
  golden: { f64: 1e-14, stored: 1e-6, f32: 1e-6 },
  derivatives: { f64: 2e-14, stored: 1e-7, f32: 3e-6 },
  ghosts: { f64: 2e-13, stored: 1e-5, f32: 1e-5 },
  cubic: { f64: 1e-13, stored: 2e-6, f32: 2e-6 },
  smoothness: { f64: 2e-14, stored: 2e-7, f32: 2e-6 },
  weights: { f64: 2e-14, stored: 2e-7, f32: 2e-6 },
} as const;

/** The column of `tolerance` that a tier is held to. */
export function toleranceOf(tier: KernelTier, operation: keyof typeof tolerance): number {
  return tolerance[operation][tier.precision === "f32" && tier.arithmetic === "f64" ? "stored" : tier.arithmetic];
}

/** Smallest positive number of a precision: what one rounding costs near zero. */
export const smallest = { f64: Number.MIN_VALUE, f32: 2 ** -149 } as const;

/** Smallest normal number of an arithmetic; what is smaller may count as zero there. */
export const smallestNormal = { f64: 2 ** -1022, f32: 2 ** -126 } as const;

/** Half a unit in the last place of 1. */
export const rounding = { f64: 2 ** -53, f32: 2 ** -24 } as const;

/** Kernels that lie: `weight` moves one weight by 1e-3, `idle` never computes. The suite must catch both. */
class FalseKernels implements Kernels {
  readonly #true: Kernels;
  readonly #lie: string;

  constructor(kernels: Kernels, lie: string) {
    this.#true = kernels;
    this.#lie = lie;
  }

  get tally(): Kernels["tally"] {
    return this.#lie === "idle" ? { launches: 0, bytesIn: 0, bytesOut: 0 } : this.#true.tally;
  }

  smoothness(stencils: KernelArray, out: KernelArray): Promise<void> {
    return this.#true.smoothness(stencils, out);
  }

  async weights(beta: KernelArray, linear: KernelArray, epsilon: number, out: KernelArray): Promise<void> {
    await this.#true.weights(beta, linear, epsilon, out);
    if (this.#lie === "weight") for (let i = 0; i < out.length; i += 3) out[i]! += 1e-3;
  }

  async derivatives(u: KernelArray, layout: DerivativeLayout, pMinus: KernelArray, pPlus: KernelArray): Promise<void> {
    await this.#true.derivatives(u, layout, pMinus, pPlus);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#true[Symbol.asyncDispose]();
  }
}
