/** The operations of the backward sweep on the GPU, recorded one by one: those of src/tiers/host/fieldKernels.ts for u. */
import { gaussianWeights } from "../../../scheme/coupling.ts";
import { hasExit, type Discretisation } from "../../../scheme/discretisation.ts";
import { lineCount } from "../../../scheme/grid.ts";
import { type LegendreCoefficients, rkl2 } from "../../../scheme/diffusion.ts";
import type { Groups } from "../dispatch.ts";
import { aligned } from "../slices.ts";
import type { MemberData, SolveContext, SourceLevels, StoredMoment } from "./context.ts";
import type { Field, FieldMaker } from "./fields.ts";
import { type Kernel, loadKernel, loadKernels, type StepValues } from "./kernels.ts";
import { type Collected, costOf, groupsFor, groupsOf } from "./recorder.ts";
import type { Reductions } from "./reductions.ts";
import type { Scratch, ScratchNeed } from "./scratch.ts";
import { makeStageTable, type StageTable, valueHasStages } from "./stageTable.ts";
import { uploadFloats } from "./transfer.ts";
import { ValueLine } from "./valueLine.ts";

const names = [
  "hamiltonian",
  "hjb_stage",
  "combine_sources",
  "extrapolate_value",
  "check_finite",
  "source_level",
  "slope_growth",
  "running_cost",
] as const;
/** What a nonlocal coupling takes besides. */
const nonlocalNames = ["density_value", "convolve"] as const;
/** Diffusion of lines that are too long for workgroup memory. */
const longNames = ["diffuse_value_begin", "diffuse_value_stage"] as const;
type Name = (typeof names)[number] | (typeof nonlocalNames)[number] | (typeof longNames)[number];

/** Nodes that an invocation of shaders/hjb_stage.wgsl advances, as shaders/block_slopes.wgsl has it. */
const blockNodes = 4;

/** Numbers per node that the diffusion of a line keeps in workgroup memory. */
const lineSlots = 4;

/** How the lines of this member diffuse: entries of a slot and invocations of a workgroup; undefined where they are too long. */
function linePlan(
  workgroupBytes: number,
  limits: GPUSupportedLimits,
  d: Discretisation,
): { readonly length: number; readonly lanes: number } | undefined {
  const longest = Math.max(...d.grid.shape);
  const length = 64 * Math.ceil(longest / 64);
  if (4 * lineSlots * length > workgroupBytes) return undefined;
  const lanes = longest <= 96 ? 32 : longest <= 384 ? 64 : Math.min(256, limits.maxComputeInvocationsPerWorkgroup);
  return { length, lanes };
}

/** Numbers of work fields in the backward sweep. */
export const valueStates = { work: 0, coarse: 1, first: 2, second: 3, response: 4 } as const;
export const valueFloats = { source: 0, diffusion: 4, balance: 8 } as const;
/** Levels of the best response that are kept at a time. */
export const responseLevels = 4;

/** Work fields of the backward sweep and of the certificates. */
export function valueScratch(d: Discretisation): ScratchNeed {
  return {
    states: valueStates.response + Math.min(responseLevels, d.steps + 1),
    floats: hasExit(d) && d.scheme.splitting !== "explicit" ? valueFloats.balance + 1 : valueFloats.balance,
  };
}

/** Words in which a measured speed stands: one, or with glf one per axis. */
export interface SpeedWords {
  readonly word: number;
  /** The largest sum_a alpha_a / h_a, in 1/time. */
  rate(collected: Collected): number;
}

/** Weights of a nonlocal coupling, axis after axis. */
export interface GaussianTable {
  readonly field: Field;
  readonly at: readonly number[];
  readonly reach: readonly number[];
}

/** Bytes of the weights of a nonlocal coupling. */
export function gaussianBytes(d: Discretisation): number {
  const { coupling, grid } = d;
  if (coupling.kind !== "nonlocal") return 0;
  return aligned(4 * grid.spacing.reduce((sum, h) => sum + gaussianWeights(coupling.width, h).length, 0));
}

/** What a Runge-Kutta stage is besides its fields. */
export interface ValueStage {
  readonly sources: SourceLevels;
  /** The frozen source of balanced splitting. */
  readonly balance: Field | undefined;
  /** Undefined: `out` holds it. */
  readonly base: Field | undefined;
  /** What is kept of u less its base: what the stages before added. */
  readonly keep: number;
  readonly weight: number;
  readonly diffusion: boolean;
  readonly report: boolean;
}

export class ValueKernels {
  readonly #context: SolveContext;
  readonly #data: MemberData;
  readonly #scratch: Scratch;
  readonly #reductions: Reductions;
  readonly #kernels: Readonly<Record<Name, Kernel>>;
  readonly #groups: Groups;
  readonly #blocks: Groups;
  readonly #gaussian: GaussianTable | undefined;
  readonly #line: Kernel | undefined;
  readonly #stages: StageTable;
  /** Whole sub-steps in one workgroup, where they fit. */
  readonly whole: ValueLine | undefined;
  readonly #legendre = new Map<number, LegendreCoefficients>();

  /** @param workgroupBytes memory of a workgroup; lines that need more diffuse stage by stage, and sub-steps in parts */
  static async make(
    context: SolveContext,
    data: MemberData,
    scratch: Scratch,
    reductions: Reductions,
    workgroupBytes: number = context.device.gpu.limits.maxComputeWorkgroupStorageSize,
  ): Promise<ValueKernels> {
    const { device, precision, store } = context;
    const { d } = data;
    const diffuses = d.nu > 0 && d.scheme.splitting !== "explicit";
    const plan = linePlan(workgroupBytes, device.gpu.limits, d);
    const wanted: Name[] = [...names];
    if (d.coupling.kind === "nonlocal") wanted.push(...nonlocalNames);
    if (diffuses && !plan) wanted.push(...longNames);
    const kernels = await loadKernels<Name>(device, d, precision, wanted);
    const sizes = plan && { lanes: plan.lanes, line_length: plan.length, line_numbers: lineSlots * plan.length };
    const line = sizes && diffuses ? await loadKernel(device, d, precision, "diffuse_value_line", sizes) : undefined;
    const stages = await makeStageTable(device, store, "stage coefficients of u", d, valueHasStages(d));
    const gaussian = await gaussianTable(context, d);
    const whole = await ValueLine.make(context, data, stages, workgroupBytes);
    return new ValueKernels(context, data, scratch, reductions, kernels, gaussian, line, stages, whole);
  }

  private constructor(
    context: SolveContext,
    data: MemberData,
    scratch: Scratch,
    reductions: Reductions,
    kernels: Readonly<Record<Name, Kernel>>,
    gaussian: GaussianTable | undefined,
    line: Kernel | undefined,
    stages: StageTable,
    whole: ValueLine | undefined,
  ) {
    this.whole = whole;
    this.#line = line;
    this.#stages = stages;
    this.#context = context;
    this.#data = data;
    this.#scratch = scratch;
    this.#reductions = reductions;
    this.#kernels = kernels;
    this.#groups = groupsOf(data.d);
    this.#blocks = groupsOf(data.d, blockNodes);
    this.#gaussian = gaussian;
  }

  /**
   * source = f(x, t_level, m), and + V unless `bare`. Returns the word of the number of nodes in which a log coupling used its
   * floor. Uses two of the fields for diffusion where the coupling is nonlocal.
   */
  source(level: number, m: Field, source: Field, bare = false): number {
    const { recorder } = this.#context;
    const { d, grid } = this.#data;
    const word = recorder.words(1);
    const moment = d.coupling.kind === "mean" ? this.#reductions.record("sum_moments", grid, { m }, d.grid.points) : 0;
    const smooth_m = this.#gaussian ? this.#convolved(m, this.#gaussian) : this.#data.potentialAt(level);
    this.#dispatch(
      "source_level",
      {
        m,
        potential: this.#data.potentialAt(level),
        goal: this.#data.goal?.levels[level] ?? m,
        smooth_m,
        words: recorder.wordField,
        source,
      },
      { word, moment_word: moment, with_potential: bare ? 0 : 1 },
    );
    return word;
  }

  /** Words of the largest step of a source along each axis, see `slopeGrowth` of src/tiers/host/stepLimits.ts. */
  slopeGrowth(source: Field): number {
    const { recorder } = this.#context;
    const word = recorder.words(this.#data.d.grid.shape.length);
    this.#dispatch("slope_growth", { source, words: recorder.wordField }, { word });
    return word;
  }

  /** source = S at the moment whose levels have these weights. */
  combineSources(levels: SourceLevels, weights: ArrayLike<number>, source: Field): void {
    this.#dispatch("combine_sources", { ...levels, source }, { weights });
  }

  /** Measures the speed of u, and where `rate` is given adds -Hhat to it. */
  hamiltonian(u: Field, moment: StoredMoment, rate: Field | undefined): SpeedWords {
    const speed = this.#speedWords();
    const both = { ...this.#slopeFields(u, moment), rate: rate ?? this.#scratch.floats[valueFloats.diffusion]! };
    const numbers = { moment: moment.weights, speed_word: speed.word, speed_scale: 1, diffusion: 0 };
    // The maxima of glf must be whole before they are used.
    const glf = this.#data.d.scheme.hamiltonianFlux === "glf";
    if (!rate || glf) this.#dispatch("hamiltonian", both, { ...numbers, parts: 1 });
    if (rate) this.#dispatch("hamiltonian", both, { ...numbers, parts: glf ? 2 : 3 });
    return speed;
  }

  /**
   * One Runge-Kutta stage: out <- base (+) (keep (u - base) + weight (S - q - Hhat(u) (+ nu Lap u))). Returns where the speed of u
   * stands, if it is asked for.
   */
  stage(u: Field, moment: StoredMoment, out: Field, s: ValueStage): SpeedWords | undefined {
    const glf = this.#data.d.scheme.hamiltonianFlux === "glf";
    const speed = glf ? this.hamiltonian(u, moment, undefined) : s.report ? this.#speedWords() : undefined;
    const { sources, balance, base } = s;
    this.#dispatch(
      "hjb_stage",
      { ...this.#slopeFields(u, moment), ...sources, balance: balance ?? sources.source0, base: base ?? u, out },
      {
        moment: moment.weights,
        weights: moment.weights,
        keep: s.keep,
        balanced: balance ? 1 : 0,
        speed_word: speed?.word ?? 0,
        speed_scale: 1,
        report: s.report && !glf ? 1 : 0,
        diffusion: s.diffusion ? 1 : 0,
        weight: s.weight,
        in_place: base ? 0 : 1,
      },
    );
    return speed;
  }

  /**
   * u advanced in place over tau of u_s = nu u_aa + share of the frozen source along one axis, RKL2 with an odd number of
   * stages; the walls move linearly in between, as in `FieldKernels.diffuseValue`.
   */
  diffuse(
    u: Field,
    axis: number,
    tau: number,
    stages: number,
    source: Field | undefined,
    from: StoredMoment,
    to: StoredMoment,
  ): void {
    const c = this.#coefficients(stages);
    if (this.#line) return this.#diffuseLines(this.#line, u, axis, tau, c, source, from, to);
    const [rate0, change, even, odd] = this.#scratch.floats.slice(valueFloats.diffusion) as [
      Field,
      Field,
      Field,
      Field,
    ];
    const walls = this.#data.wallsFrom(from.first);
    this.#dispatch(
      "diffuse_value_begin",
      { u, walls, source: source ?? this.#data.potentialAt(0), rate0, increment: odd, change },
      { moment: from.weights, axis, balanced: source ? 1 : 0, first: c.first * tau },
    );
    let increment = odd;
    let next = even;
    for (let j = 2; j <= stages; j++) {
      const share = c.abscissa[j - 1]!;
      const mu = c.mu[j]!;
      const nu = c.nu[j]!;
      this.#dispatch(
        "diffuse_value_stage",
        { increment, walls, rate0, change, next, u },
        {
          walls_moved: Array.from({ length: 4 }, (_, i) => share * (to.weights[i]! - from.weights[i]!)),
          axis,
          keep: -nu,
          pull: mu + nu - 1,
          a: c.muTilde[j]! * tau,
          gamma: c.gammaTilde[j]! * tau,
          last: j === stages ? 1 : 0,
        },
      );
      [increment, next] = [next, increment];
    }
  }

  /** The same with one workgroup per line. */
  #diffuseLines(
    line: Kernel,
    u: Field,
    axis: number,
    tau: number,
    { stages, first }: LegendreCoefficients,
    source: Field | undefined,
    from: StoredMoment,
    to: StoredMoment,
  ): void {
    const { d, grid } = this.#data;
    const lines = lineCount(d.grid, axis);
    const fields = {
      u,
      walls: this.#data.wallsFrom(from.first),
      source: source ?? this.#data.potentialAt(0),
      coefficients: this.#stages.field,
    };
    const step = {
      moment: from.weights,
      walls_moved: Array.from({ length: 4 }, (_, i) => to.weights[i]! - from.weights[i]!),
      axis,
      balanced: source ? 1 : 0,
      stages,
      coefficients_at: this.#stages.at(stages),
      first: first * tau,
      tau,
      line_count: lines,
    };
    this.#context.recorder.dispatch(line, grid, fields, step, groupsFor(lines), 2 * stages * d.grid.points);
  }

  /** u <- u (+) (u - coarse)/3. */
  extrapolate(coarse: Field, u: Field): void {
    this.#dispatch("extrapolate_value", { coarse, u }, { factor: 1 / 3 });
  }

  /** Returns the word of the complement of the first index that is not finite. */
  checkFinite(field: Field): number {
    const { recorder } = this.#context;
    const word = recorder.words(1);
    this.#dispatch("check_finite", { field, words: recorder.wordField }, { word });
    return word;
  }

  /** cost = L, the running cost of the optimal control. */
  runningCost(u: Field, moment: StoredMoment, cost: Field): void {
    this.#dispatch("running_cost", { ...this.#slopeFields(u, moment), cost }, { moment: moment.weights });
  }

  #convolved(m: Field, { field: weights, at, reach }: GaussianTable): Field {
    const [even, odd] = this.#scratch.floats.slice(valueFloats.diffusion) as [Field, Field];
    this.#dispatch("density_value", { m, plain: even }, { unused: 0 });
    let [field, result] = [even, odd];
    for (let axis = 0; axis < at.length; axis++) {
      this.#dispatch("convolve", { field, weights, result }, { axis, weights_at: at[axis]!, reach: reach[axis]! });
      [field, result] = [result, field];
    }
    return field;
  }

  #coefficients(stages: number): LegendreCoefficients {
    let found = this.#legendre.get(stages);
    if (!found) this.#legendre.set(stages, (found = rkl2(stages)));
    return found;
  }

  #speedWords(): SpeedWords {
    const { d } = this.#data;
    const glf = d.scheme.hamiltonianFlux === "glf";
    const word = this.#context.recorder.words(glf ? d.grid.shape.length : 1);
    return {
      word,
      rate: (collected) =>
        glf ? d.grid.spacing.reduce((sum, h, a) => sum + collected.float(word + a) / h, 0) : collected.float(word),
    };
  }

  #slopeFields(u: Field, moment: StoredMoment): Record<"u" | "walls" | "drift" | "words", Field> {
    const { wordField } = this.#context.recorder;
    return { u, walls: this.#data.wallsFrom(moment.first), drift: this.#data.drift, words: wordField };
  }

  #dispatch(name: Name, fields: Readonly<Record<string, Field>>, step: StepValues): void {
    const { recorder } = this.#context;
    const cost = costOf(this.#groups);
    const groups = name === "hjb_stage" ? this.#blocks : this.#groups;
    recorder.dispatch(this.#kernels[name], this.#data.grid, fields, step, groups, cost);
  }
}

/** The weights of a nonlocal coupling on the device. */
export async function gaussianTable(
  { device, store }: { readonly device: SolveContext["device"]; readonly store: FieldMaker },
  d: Discretisation,
): Promise<GaussianTable | undefined> {
  const { coupling, grid } = d;
  if (coupling.kind !== "nonlocal") return undefined;
  const weights = grid.spacing.map((h) => gaussianWeights(coupling.width, h));
  const at: number[] = [];
  let length = 0;
  for (const list of weights) {
    at.push(length);
    length += list.length;
  }
  const all = new Float64Array(length);
  weights.forEach((list, a) => all.set(list, at[a]));
  const field = await store.field("Gaussian weights", 4 * length);
  await uploadFloats(device, field, all);
  return { field, at, reach: weights.map((list) => list.length - 1) };
}
