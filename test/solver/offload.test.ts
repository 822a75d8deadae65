/** Offload: the batched solve with the derivatives of another tier gives the batched tier's equilibrium. */
import { describe, expect, test } from "vitest";
import type { ProblemInput } from "../../src/problem/input.ts";
import type { SolveOptions } from "../../src/solver/options.ts";
import { solve, solveOnTier } from "../../src/solver/solve.ts";
import { batchedFieldKernels } from "../../src/tiers/batched/fieldKernels.ts";
import { batchedTier } from "../../src/tiers/batched/tier.ts";
import { candidateText } from "../../src/tiers/candidate.ts";
import { withOffload } from "../../src/tiers/host/offload.ts";
import { tiers } from "../../src/tiers/registry.ts";
import type { Available, Precision, Tier } from "../../src/tiers/tier.ts";
import { worst } from "../support/exact.ts";
import { testPlace } from "../support/kernelTiers.ts";
import { plaza, r1 } from "./support.ts";

const line = (boundary: ProblemInput["domain"][number]["boundary"]): ProblemInput => ({
  name: "line",
  domain: [{ from: -1, to: 1, boundary }],
  horizon: 0.4,
  volatility: 0.4,
  coupling: { kind: "linear", strength: 0.5 },
  potential: "2*x^2",
  terminalCost: "x^2",
  initialDensity: "gauss(x, 0.2, 0.3)",
});
const box: ProblemInput = {
  ...line("periodic"),
  domain: [
    { from: -1, to: 1, boundary: { lower: "reflecting", upper: { kind: "exit", value: "0.4 + 0.1*y" } } },
    { from: -1, to: 1, boundary: "periodic" },
    { from: -1, to: 1, boundary: "open" },
  ],
  potential: "2*z^2 + cos(pi*y)",
  terminalCost: "z^2",
};
const twoExits: ProblemInput = {
  ...plaza,
  domain: [
    plaza.domain[0]!,
    { from: 0, to: 1, boundary: { lower: { kind: "exit", value: 0.3 }, upper: { kind: "exit", value: "0.1 + t" } } },
  ],
};

interface Game {
  readonly game: string;
  readonly problem: ProblemInput;
  readonly options: SolveOptions;
}

const games: readonly Game[] = [
  { game: "1-D periodic", problem: r1, options: { grid: 12, steps: 4 } },
  { game: "1-D reflecting", problem: line("reflecting"), options: { grid: 10, steps: 4 } },
  { game: "1-D open", problem: line("open"), options: { grid: 10, steps: 4, weno: "js" } },
  {
    game: "1-D exits of two values, one in motion",
    problem: line({ lower: { kind: "exit", value: "0.5 + t" }, upper: { kind: "exit", value: -0.3 } }),
    options: { grid: 11, steps: 4 },
  },
  {
    game: "1-D exit and open, in place",
    problem: line({ lower: { kind: "exit", value: "0.1 + t" }, upper: "open" }),
    options: { grid: 10, steps: 4, relaxation: 0.5, memoryBytes: 8700, maxIterations: 30 },
  },
  { game: "1-D explicit, m", problem: r1, options: { grid: 10, steps: 3, splitting: "explicit", weno: "m" } },
  { game: "2-D exit x periodic", problem: plaza, options: { grid: [9, 7], steps: 3 } },
  {
    game: "2-D exits on both axes, Strang",
    problem: twoExits,
    options: { grid: [7, 8], steps: 3, splitting: "strang" },
  },
  {
    game: "2-D power Hamiltonian, exits",
    problem: { ...twoExits, hamiltonian: { kind: "power", exponent: 3 } },
    options: { grid: 7, steps: 3 },
  },
  {
    game: "2-D fdm, power Hamiltonian",
    problem: { ...plaza, hamiltonian: { kind: "power", exponent: 1.5 } },
    options: { grid: 8, steps: 3, fokkerPlanck: "fdm" },
  },
  {
    game: "2-D drift, global flux",
    problem: { ...plaza, hamiltonian: { kind: "quadratic", drift: ["0.2*y", "cos(2*pi*x)"] } },
    options: { grid: 8, steps: 3, hamiltonianFlux: "glf" },
  },
  {
    game: "3-D reflecting, exit x periodic x open",
    problem: box,
    options: { grid: [8, 7, 9], steps: 2, maxIterations: 12 },
  },
];

/** On a GPU made of software every one of some thousand calls takes a millisecond. */
const fewGames: readonly Game[] = [
  { game: "1-D periodic", problem: r1, options: { grid: 8, steps: 2, maxIterations: 2, relaxation: "fictitious" } },
  {
    game: "1-D exits",
    problem: line({ lower: { kind: "exit", value: "0.5 + t" }, upper: { kind: "exit", value: -0.3 } }),
    options: { grid: 8, steps: 2, maxIterations: 2, splitting: "strang" },
  },
  {
    game: "2-D exit x periodic",
    problem: plaza,
    options: { grid: 7, steps: 2, maxIterations: 1, splitting: "strang" },
  },
  { game: "3-D", problem: box, options: { grid: 7, steps: 1, maxIterations: 1, splitting: "strang" } },
];

/**
 * Largest difference from the batched tier, relative to the largest entry. f64: other orders of summation in the derivatives, some
 * 1e-15 each, carried along by the iteration to a tolerance of 1e-8.
 *
 * f32: the derivatives of u, rounded relative to its range R, err by about eps R/h with eps = 6e-8 and 1/h the nodes per unit,
 * here about 10, once per step in u; the density moves with the drift, hence with the same relative error times its own slopes.
 * Measured: 5e-8 in u, 4e-7 in m.
 */
const bounds: Readonly<Record<"f64" | "f32", { readonly value: number; readonly density: number }>> = {
  f64: { value: 1e-10, density: 1e-10 },
  f32: { value: 2e-6, density: 1e-5 },
};

interface Way {
  readonly name: string;
  readonly tier: Tier;
  readonly variant: string | undefined;
  readonly precision: Precision;
  readonly answer: Available;
}

const ways: Way[] = [];
const absent: { readonly name: string; readonly why: string }[] = [];
// The batched tier's own kernels, offloaded: there wherever the tests run, and in f64.
for (const tier of [withOffload(batchedTier, batchedFieldKernels), ...tiers]) {
  if (!tier.residencies.includes("offload")) continue;
  for (const variant of tier.variants.length > 0 ? tier.variants : [undefined]) {
    const name = candidateText(tier, { variant, residency: "offload" });
    const answer = await tier.probe(testPlace(variant));
    if (answer.state === "unavailable") absent.push({ name, why: answer.why });
    else for (const precision of tier.solvePrecisions("offload")) ways.push({ name, tier, variant, precision, answer });
  }
}

/** A tolerance that both precisions reach, so that both end at the equilibrium and not at a limit. */
const tolerance = { f64: 1e-8, f32: 1e-6 } as const;

describe.each(ways)("$name $precision", ({ tier, variant, answer, ...way }) => {
  const precision = way.precision === "f64" ? "f64" : "f32";

  test.each(answer.software ? fewGames : games)(
    "$game: the reference's equilibrium",
    { timeout: 120_000 },
    async ({ problem, options }) => {
      const both: SolveOptions = { tolerance: tolerance[precision], ...options };
      const { adapter } = testPlace();
      const there: SolveOptions = { ...both, precision, ...(adapter === undefined ? {} : { adapter }) };
      const [reference] = await solveOnTier(batchedTier, [problem], both);
      const [result] = await solveOnTier(tier, [problem], there, { variant, residency: "offload" });
      const { record, value, density } = result!;
      expect(worst(value, reference!.value)).toBeLessThanOrEqual(bounds[precision].value * largest(reference!.value));
      expect(worst(density, reference!.density)).toBeLessThanOrEqual(
        bounds[precision].density * largest(reference!.density),
      );
      expect(record.memory.inPlace).toBe(reference!.record.memory.inPlace);
      expect(record.stopReason).toBe(reference!.record.stopReason);
      expect(record.substeps).toEqual(reference!.record.substeps);
      const scale = Math.abs(reference!.record.cost ?? 1);
      expect(Math.abs(record.exploitability! - reference!.record.exploitability!)).toBeLessThanOrEqual(
        10 * bounds[precision].value * scale,
      );

      // The record says where it was computed, and what the transfers took.
      expect(record).toMatchObject({ tier: tier.name, variant: variant ?? null, residency: "offload", precision });
      expect(record).toMatchObject({ adapter: answer.device, software: answer.software });
      const { upload, kernel, download, hjb, fokkerPlanck, certify } = record.timings;
      expect(kernel).toBeGreaterThan(0);
      expect(upload).toBeGreaterThan(precision === "f32" ? 0 : -1);
      expect(download).toBeGreaterThanOrEqual(0);
      expect(upload! + kernel! + download!).toBeLessThanOrEqual(hjb + fokkerPlanck + certify);
      expect(reference!.record.timings).not.toHaveProperty("kernel");
    },
  );
});

for (const { name, why } of absent) test(`${name} is absent`, ({ skip }) => skip(why));

test("gpujs solves by offload, in f32 and to the tolerance of f32, where nothing else is said", async () => {
  const { record } = await solve(r1, { tier: "gpujs", grid: 8, steps: 2 });
  expect(record).toMatchObject({ tier: "gpujs", variant: "cpu", residency: "offload", precision: "f32" });
  expect(record.tolerance).toBe(1e-4);
  expect(record.converged).toBe(true);
});

test("a batch shares the slopes' memory: members are what they are alone", async () => {
  const tier = withOffload(batchedTier, batchedFieldKernels);
  const way = { variant: undefined, residency: "offload" } as const;
  const problems = [line("reflecting"), line({ lower: { kind: "exit", value: 0.2 }, upper: "open" })];
  const options = { grid: 9, steps: 3 };
  const together = await solveOnTier(tier, problems, options, way);
  for (const [i, problem] of problems.entries()) {
    const [alone] = await solveOnTier(tier, [problem], options, way);
    expect(together[i]!.value).toEqual(alone!.value);
    expect(together[i]!.density).toEqual(alone!.density);
  }
});

test("slopes count in the memory: two fields per axis, and one more where u is rounded", async () => {
  const tier = withOffload(batchedTier, batchedFieldKernels);
  const options = { grid: [9, 8], steps: 3, maxIterations: 1 };
  const bytes = async (residency: "resident" | "offload", precision: Precision): Promise<number> => {
    const [result] = await solveOnTier(tier, [plaza], { ...options, precision }, { variant: undefined, residency });
    return result!.record.memory.bytes;
  };
  const resident = await bytes("resident", "f64");
  expect((await bytes("offload", "f64")) - resident).toBe(4 * 8 * 72);
  expect((await bytes("offload", "f32")) - resident).toBe(5 * 4 * 72);
});

test("the kernels close with the workspace, also where the sweep was aborted", async () => {
  const stop = new AbortController();
  let closed = 0;
  const tier = withOffload(
    {
      ...batchedTier,
      kernels: async (options) => {
        const kernels = await batchedTier.kernels(options);
        const close = kernels[Symbol.asyncDispose].bind(kernels);
        return Object.assign(kernels, {
          [Symbol.asyncDispose]: async () => {
            closed++;
            await close();
          },
        });
      },
    },
    batchedFieldKernels,
  );
  const options = { grid: 100, steps: 500, signal: stop.signal };
  const running = solveOnTier(tier, [r1], options, { variant: undefined, residency: "offload" });
  setTimeout(() => stop.abort(), 100);
  const [result] = await running;
  expect(result!.record.stopReason).toBe("aborted");
  expect(closed).toBe(1);
});

function largest(numbers: Float64Array): number {
  return numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
