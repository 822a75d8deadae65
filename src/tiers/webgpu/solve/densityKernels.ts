/** The operations of the forward sweep on the GPU, recorded one by one: those of src/tiers/host/fieldKernels.ts for m. */
import { lineCount } from "../../../scheme/grid.ts";
import { rkl2 } from "../../../scheme/diffusion.ts";
import { exitAxes } from "../../host/pool.ts";
import { foldGroups, type Groups } from "../dispatch.ts";
import type { MemberData, SolveContext, StoredMoment } from "./context.ts";
import { type DensityFields, densityFloats } from "./densityFields.ts";
import { type DensityDiffusion, type DensityStage, fourLevels, nearest, type StrangStep } from "./densitySteps.ts";
import type { Field } from "./fields.ts";
import { groupSizeOf, type Kernel, loadKernel, type StepValues } from "./kernels.ts";
import { groupsOf } from "./recorder.ts";
import type { Scratch } from "./scratch.ts";

/**
 * What the limiter leaves in a cell, as a share: as `limiterGuard` of src/scheme/limiter.ts, for the round-off of f32
 * (docs/numerics.md section 5.2).
 */
export const limiterGuard32 = 1e-6;

const pointwise = [
  "interpolate_value",
  "optimal_drift",
  "drift_speed",
  "density_flux",
  "advective_flux",
  "flux_shares",
  "limited_fluxes",
  "outflow",
] as const;

type Name = (typeof pointwise)[number] | "diffuse_density" | "implicit_density" | "strang_line";

export class DensityKernels {
  readonly #context: SolveContext;
  readonly #data: MemberData;
  readonly #fields: DensityFields;
  readonly #share: Field;
  readonly #kernels: Readonly<Partial<Record<Name, Kernel>>>;
  /** One invocation per node, and per face of every axis. */
  readonly #nodes: Groups;
  readonly #faces: Groups;
  readonly #exits: number;

  static async make(
    context: SolveContext,
    data: MemberData,
    fields: DensityFields,
    scratch: Scratch,
  ): Promise<DensityKernels> {
    const { device, precision } = context;
    const { d } = data;
    const { inWorkgroup, lanes, length, numbers, strang } = fields.plan;
    const place = inWorkgroup ? "workgroup" : "storage";
    const onLines = d.scheme.fokkerPlanck === "fdm" ? "implicit_density" : "diffuse_density";
    const loaded = await Promise.all([
      ...pointwise.map(async (name) => [name, await loadKernel(device, d, precision, name)] as const),
      loadKernel(device, d, precision, `${onLines}_in_${place}`, {
        lanes,
        line_length: length,
        line_numbers: numbers,
      }).then((kernel) => [onLines, kernel] as const),
      ...(strang
        ? [
            loadKernel(device, d, precision, "strang_line", {
              lanes,
              line_length: strang.length,
              line_numbers: strang.numbers,
            }).then((kernel) => ["strang_line", kernel] as const),
          ]
        : []),
    ]);
    return new DensityKernels(context, data, fields, scratch, Object.fromEntries(loaded));
  }

  private constructor(
    context: SolveContext,
    data: MemberData,
    fields: DensityFields,
    scratch: Scratch,
    kernels: Readonly<Partial<Record<Name, Kernel>>>,
  ) {
    this.#context = context;
    this.#data = data;
    this.#fields = fields;
    this.#share = scratch.floats[densityFloats.share]!;
    this.#kernels = kernels;
    this.#nodes = groupsOf(data.d);
    const [x, y, z] = groupSizeOf(data.d);
    const [n2, n1, n0] = data.d.grid.shape.toReversed() as [number, number?, number?];
    this.#faces = [
      Math.ceil((n2 + 1) / x),
      n1 === undefined ? 1 : Math.ceil((n1 + 1) / y),
      n0 === undefined ? 1 : Math.ceil((n0 + 1) / z),
    ];
    this.#exits = exitAxes(data.d).reduce((mask, axis) => mask | (1 << axis), 0);
  }

  /** Whether `strang` is there: a one-dimensional problem that fits into workgroup memory. */
  get fused(): boolean {
    return this.#kernels.strang_line !== undefined;
  }

  /** A whole Strang step in one dispatch; limited cells and lines done again are counted as in `diffuse`. */
  strang({ m, levels, start, end, middle, dt, stages, balanced, fluxWeight }: StrangStep, limited: number): void {
    const { flux, stages: table } = this.#fields;
    this.#dispatch(
      "strang_line",
      {
        density: m,
        ...fourLevels(levels, start.first),
        walls: this.#data.wallsFrom(start.first),
        drift_field: this.#data.drift,
        coefficients: table.field,
        passed: flux,
        words: this.#context.recorder.wordField,
      },
      {
        at_start: start.weights,
        at_end: end.weights,
        at_middle: middle.weights,
        near: [start, end, middle].map(({ weights }) => nearest(weights)),
        flux_weights: [fluxWeight, fluxWeight / 6, (2 * fluxWeight) / 3],
        axis: 0,
        dt,
        tau: dt / 2,
        stages,
        first: rkl2(stages).first,
        coefficients_at: table.at(stages),
        has_diffusion: this.#data.d.nu > 0 ? 1 : 0,
        balanced: balanced ? 1 : 0,
        record: fluxWeight === 0 ? 0 : 1,
        guard: limiterGuard32,
        word: limited,
      },
      [1, 1, 1],
      // The five kernels of each of three stages, and two diffusions.
      this.#data.d.grid.points * (15 + 2 * stages),
    );
  }

  /** value = u between stored levels. */
  interpolate(levels: readonly Field[], { first, weights }: StoredMoment, value: Field): void {
    this.#dispatch(
      "interpolate_value",
      { ...fourLevels(levels, first), value },
      { weights, near: nearest(weights) },
      this.#nodes,
    );
  }

  /** The optimal drift of u at nodes and faces, for whatever follows; `moment` is that of the wall values. */
  drift(value: Field, moment: StoredMoment): void {
    const { nodeDrift: node_drift, faceDrift: face_drift } = this.#fields;
    const walls = this.#data.wallsFrom(moment.first);
    this.#dispatch(
      "optimal_drift",
      { value, walls, drift_field: this.#data.drift, node_drift, face_drift },
      { moment: moment.weights, faces: this.#fields.faces.at },
      this.#faces,
    );
  }

  /** Returns the word of the rate at which the drift empties cells, in 1/time. */
  driftSpeed(): number {
    const { recorder } = this.#context;
    const { nodeDrift: node_drift, faceDrift: face_drift } = this.#fields;
    const word = recorder.words(1);
    this.#dispatch(
      "drift_speed",
      { node_drift, face_drift, words: recorder.wordField },
      { faces: this.#fields.faces.at, word },
      this.#nodes,
    );
    return word;
  }

  /** Limited cells are added to the word `limited`. */
  stage(stage: DensityStage, limited: number): void {
    const { m, out, base, weight, intoBase, tau, diffusion, balanced, fluxWeight } = stage;
    const { nodeDrift: node_drift, faceDrift: face_drift, low, antidiffusive, flux } = this.#fields;
    const faces = this.#fields.faces.at;
    this.#dispatch(
      "density_flux",
      {
        density: m,
        node_drift,
        face_drift,
        frozen: balanced ? this.#fields.frozen : face_drift,
        low,
        antidiffusive,
      },
      { faces, tau, diffusion: diffusion ? 1 : 0, balanced: balanced ? this.#exits : 0 },
      this.#faces,
    );
    this.#shares(m, out, 1, limited);
    this.#dispatch(
      "limited_fluxes",
      { low, antidiffusive, share: this.#share, low_density: out, base, flux },
      {
        faces,
        weight,
        into_base: intoBase ? 1 : 0,
        flux_mode: fluxWeight === 0 ? 0 : 1,
        flux_weight: fluxWeight,
        has_low: 1,
      },
      this.#nodes,
    );
  }

  /** Freezes the high-order advective fluxes of the exit axes, from the drift of the last `drift`. */
  freeze(density: Field): void {
    const { nodeDrift: node_drift, frozen } = this.#fields;
    this.#dispatch("advective_flux", { density, node_drift, frozen }, { faces: this.#fields.faces.at }, this.#faces);
  }

  /**
   * m <- m - sum_a div(eta A) for the fluxes A that were added up; those that were used stand where `outflow` finds them
   * when it is told. `out` is overwritten.
   */
  correct(m: Field, out: Field, limited: number): void {
    const { antidiffusive, flux, low } = this.#fields;
    this.#shares(m, out, 0, limited, flux);
    this.#dispatch(
      "limited_fluxes",
      { low, antidiffusive: flux, share: this.#share, low_density: out, base: m, flux: antidiffusive },
      {
        faces: this.#fields.faces.at,
        weight: 1,
        into_base: 1,
        flux_mode: 2,
        flux_weight: 1,
        has_low: 0,
      },
      this.#nodes,
    );
  }

  /** Limited cells are added to the word `limited`, lines done again by implicit Euler to the next one. */
  diffuse({ m, axis, tau, stages, balanced, fluxWeight }: DensityDiffusion, limited: number): void {
    const { faces, faceDrift: face_drift, frozen, flux } = this.#fields;
    this.#onLines(
      "diffuse_density",
      stages,
      {
        density: m,
        coefficients: this.#fields.stages.field,
        frozen: balanced ? frozen : face_drift,
        face_drift,
        flux,
        words: this.#context.recorder.wordField,
      },
      {
        axis,
        faces: faces.at[axis]!,
        tau,
        stages,
        first: rkl2(stages).first,
        coefficients_at: this.#fields.stages.at(stages),
        balanced: balanced ? 1 : 0,
        flux_weight: fluxWeight,
        record: fluxWeight === 0 ? 0 : 1,
        guard: limiterGuard32,
        word: limited,
      },
      axis,
    );
  }

  /** One implicit Scharfetter-Gummel step along an axis with the drift of the last `drift`. */
  implicit(density: Field, axis: number, tau: number, record: boolean): void {
    const { faces, faceDrift: face_drift, flux } = this.#fields;
    this.#onLines(
      "implicit_density",
      // Four passes of cyclic reduction with their two ways.
      8 * Math.log2(this.#data.d.grid.shape[axis]!),
      { density, face_drift, flux },
      { axis, faces: faces.at[axis]!, tau, record: record ? 1 : 0 },
      axis,
    );
  }

  clearFlux(): void {
    this.#context.recorder.clear(this.#fields.flux);
  }

  clearOutflow(): void {
    this.#context.recorder.clear(this.#fields.outflow);
  }

  /**
   * Counts weight times the wall fluxes; `corrected`: those that `correct` let through. The totals are left in four words
   * from `word`: mass and cost, a pair each.
   */
  countOutflow(weight: number, moment: StoredMoment, word: number, corrected = false): void {
    const { flux, antidiffusive, outflow: totals } = this.#fields;
    const walls = this.#data.wallsFrom(moment.first);
    this.#dispatch(
      "outflow",
      { flux: corrected ? antidiffusive : flux, walls, totals, words: this.#context.recorder.wordField },
      { moment: moment.weights, faces: this.#fields.faces.at, weight, word },
      [1, 1, 1],
    );
  }

  #shares(
    density: Field,
    low_density: Field,
    has_low: number,
    word: number,
    antidiffusive: Field = this.#fields.antidiffusive,
  ): void {
    const { low, faces } = this.#fields;
    const words = this.#context.recorder.wordField;
    this.#dispatch(
      "flux_shares",
      { density, low, antidiffusive, low_density, share: this.#share, words },
      { faces: faces.at, guard: limiterGuard32, has_low, word },
      this.#nodes,
    );
  }

  /**
   * One workgroup per line, which passes over its nodes about `passes` times; lines whose scratch is in storage in several
   * dispatches.
   */
  #onLines(name: Name, passes: number, fields: Readonly<Record<string, Field>>, step: StepValues, axis: number): void {
    const { plan, lineScratch } = this.#fields;
    const count = lineCount(this.#data.d.grid, axis);
    const all = plan.inWorkgroup ? fields : { ...fields, line_memory: lineScratch };
    for (let first = 0; first < count; first += plan.lines) {
      const lines = Math.min(plan.lines, count - first);
      const cost = passes * lines * this.#data.d.grid.shape[axis]!;
      this.#dispatch(name, all, { ...step, first_line: first, line_count: lines }, foldGroups(lines), cost);
    }
  }

  #dispatch(
    name: Name,
    fields: Readonly<Record<string, Field>>,
    step: StepValues,
    groups: Groups,
    cost?: number,
  ): void {
    this.#context.recorder.dispatch(this.#kernels[name]!, this.#data.grid, fields, step, groups, cost);
  }
}
