/** The coupled iteration of one member: sweeps, residual, stop, relaxation (docs/numerics.md section 7). */
import type { Certificate, DensityReport, RelaxStep, SweepReport, Workspace } from "../tiers/tier.ts";
import type { IterationReport, MemoryPlan, SolveOptions, StopReason } from "./options.ts";

/** Sweeps of fictitious play before Anderson, and after a warm start. */
export const coldStartSweeps = 15;
const warmStartSweeps = 4;
/** Fictitious play after a warm start begins with the step of this sweep: a good guess must not be thrown away. */
const warmStartOffset = 6;
export const andersonBeta = 0.1;
/** Iterations without a tenth less residual before the run is called stagnated. */
const patience = 80;
/** A residual this many times the first one's size is a divergence. */
const divergence = 1e8;

/**
 * Sub-step counts are chosen anew once the residual is below this share of the first: what the first, wild iterations needed is
 * then over. Later (1e-4 of an absolute residual of 2) it cost 14 % more iterations on two-crowds-1d at 100 x 50, here 1 %.
 */
const calmShare = 5e-3;
/** After that, what an interval has too much is let go whenever the residual has fallen by this factor: a change costs least early. */
const settleEvery = 0.1;
/** So often a solve that met its tolerance goes on because an interval has more sub-steps than its equilibrium needs. */
const mostSettlings = 4;

const hjbSweep = "the HJB sweep";
const densitySweep = "the Fokker-Planck sweep";

/** Time spent, in milliseconds. */
export interface Clock {
  hjb: number;
  fokkerPlanck: number;
  relax: number;
  certify: number;
}

export interface MemberOutcome {
  readonly stopReason: StopReason;
  readonly stopDetail: string;
  readonly history: readonly IterationReport[];
  readonly certificate: Certificate | undefined;
  readonly lastHjb: SweepReport | undefined;
  readonly lastDensity: DensityReport | undefined;
  readonly densityKind: "transported" | "relaxed";
  readonly partial: "value" | "density" | null;
  /** Anderson steps in whose place one of fictitious play was taken. */
  readonly replaced: number;
  readonly clock: Readonly<Clock>;
}

/** Runs one member of a workspace one iteration at a time, so that members can take turns. */
export class MemberIteration {
  readonly #workspace: Workspace;
  readonly #member: number;
  readonly #options: SolveOptions;
  readonly #plan: MemoryPlan;
  readonly #tolerance: number;
  readonly #limit: number;
  readonly #warm: boolean;
  readonly #clock: Clock = { hjb: 0, fokkerPlanck: 0, relax: 0, certify: 0 };
  readonly #history: IterationReport[] = [];
  #lastHjb: SweepReport | undefined;
  #lastDensity: DensityReport | undefined;
  #certificate: Certificate | undefined;
  /** Residual at which counts are settled next; undefined before they were once. */
  #settleAt: number | undefined;
  #settlings = 0;
  #best = Infinity;
  #bestAt = 0;
  #stop: { reason: StopReason; detail: string } | undefined;
  #densityKind: "transported" | "relaxed" = "relaxed";
  #partial: "value" | "density" | null = null;
  #replaced = 0;

  constructor(
    workspace: Workspace,
    member: number,
    options: SolveOptions,
    plan: MemoryPlan,
    tolerance: number,
    warm: boolean,
  ) {
    this.#workspace = workspace;
    this.#member = member;
    this.#options = options;
    this.#plan = plan;
    this.#tolerance = tolerance;
    this.#limit = options.maxIterations ?? 200;
    this.#warm = warm;
  }

  get running(): boolean {
    return this.#stop === undefined;
  }

  /** One iteration, or as much of it as an abort lets through. */
  async advance(): Promise<void> {
    const iteration = this.#history.length;
    let doing = "waiting";
    try {
      this.#options.signal?.throwIfAborted();
      const begun = performance.now();
      doing = hjbSweep;
      const hjb = await this.#timed("hjb", () => this.#workspace.hjb(this.#member));
      if (hjb.failure) return this.#halt("diverged", failureText(hjb.failure, "HJB sweep", iteration));
      this.#lastHjb = hjb;
      doing = densitySweep;
      const step = this.#stepAt(iteration);
      const theta = step.kind === "blend" ? step.theta : 1;
      const density = await this.#timed("fokkerPlanck", () =>
        this.#workspace.fokkerPlanck(this.#member, this.#plan.inPlace ? { theta } : undefined),
      );
      if (density.failure)
        return this.#halt("diverged", failureText(density.failure, "Fokker-Planck sweep", iteration));
      this.#lastDensity = density;
      this.#densityKind = this.#plan.inPlace ? "relaxed" : "transported";
      doing = "the certificate";
      if (this.#options.exploitabilityEveryIteration && !this.#plan.inPlace) await this.#certify();
      const report: IterationReport = {
        iteration: iteration + 1,
        residual: density.residual,
        exploitability: this.#options.exploitabilityEveryIteration ? (this.#certificate?.exploitability ?? null) : null,
        massDrift: density.massDrift,
        minDensity: density.minDensity,
        seconds: (performance.now() - begun) / 1000,
      };
      this.#history.push(report);
      this.#options.onIteration?.(report, this.#member);
      if (!(await this.#unsettled(report))) this.#judge(report);
      if (this.#stop) {
        if (!this.#certificate || this.#plan.inPlace || !this.#options.exploitabilityEveryIteration)
          await this.#certify();
        return;
      }
      doing = "relaxation";
      if (!this.#plan.inPlace) {
        const taken = await this.#timed("relax", () =>
          this.#workspace.relax(this.#member, step, { kind: "blend", theta: this.#fictitious(iteration) }),
        );
        if (taken.step.kind !== step.kind) this.#replaced++;
        this.#densityKind = "relaxed";
      }
    } catch (error) {
      if (!this.#options.signal?.aborted) throw error;
      // The density is G(M)'s own history unless it is relaxed in place; the value is overwritten as its sweep goes.
      if (doing === hjbSweep) this.#partial = "value";
      if (doing === densitySweep && this.#plan.inPlace) this.#partial = "density";
      this.#halt(
        "aborted",
        `Aborted during ${doing} of iteration ${iteration + 1}; the record is that of the last finished one.`,
      );
    }
  }

  get outcome(): MemberOutcome {
    return {
      stopReason: this.#stop?.reason ?? "aborted",
      stopDetail: this.#stop?.detail ?? "Not finished.",
      history: this.#history,
      certificate: this.#certificate,
      lastHjb: this.#lastHjb,
      lastDensity: this.#lastDensity,
      densityKind: this.#densityKind,
      partial: this.#partial,
      replaced: this.#replaced,
      clock: this.#clock,
    };
  }

  #fictitious(iteration: number): number {
    return 2 / (iteration + (this.#warm ? warmStartOffset : 0) + 2);
  }

  #stepAt(iteration: number): RelaxStep {
    const { relaxation } = this.#options;
    if (typeof relaxation === "number") return { kind: "blend", theta: relaxation };
    const sweeps = this.#warm ? warmStartSweeps : coldStartSweeps;
    if (this.#plan.method === "anderson" && iteration >= sweeps) return { kind: "anderson", beta: andersonBeta };
    return { kind: "blend", theta: this.#fictitious(iteration) };
  }

  /**
   * Chooses sub-steps anew when the residual has fallen far, and at the end: true where the run goes on because an interval had
   * more than it needs. The equilibrium then hangs on the problem and not on the way there (docs/numerics.md section 3.4).
   */
  async #unsettled({ residual, iteration }: IterationReport): Promise<boolean> {
    if (residual <= this.#tolerance) {
      if (iteration >= this.#limit || this.#settlings === mostSettlings) return false;
      this.#settlings++;
      if ((await this.#workspace.settle(this.#member, false)) === 0) return false;
      [this.#best, this.#bestAt] = [Infinity, iteration];
      return true;
    }
    const first = (this.#history[0]?.residual ?? residual) * calmShare;
    if (residual <= (this.#settleAt ?? first)) {
      await this.#workspace.settle(this.#member, this.#settleAt === undefined);
      this.#settleAt = residual * settleEvery;
    }
    return false;
  }

  #judge(report: IterationReport): void {
    const { residual, iteration } = report;
    if (residual <= this.#tolerance)
      return this.#halt("tolerance", `The undamped residual ${residual.toExponential(2)} met the tolerance.`);
    const first = this.#history[0]?.residual ?? residual;
    if (!(residual <= divergence * Math.max(first, 1)))
      return this.#halt("diverged", `The residual grew to ${residual.toExponential(2)} in iteration ${iteration}.`);
    if (residual < 0.9 * this.#best) {
      this.#best = residual;
      this.#bestAt = iteration;
    }
    if (iteration - this.#bestAt >= patience) {
      return this.#halt(
        "stagnated",
        `The residual has not fallen by a tenth in ${patience} iterations; best ${this.#best.toExponential(2)}.`,
      );
    }
    if (iteration >= this.#limit)
      this.#halt("limit", `${iteration} iterations, the limit; residual ${residual.toExponential(2)}.`);
  }

  #halt(reason: StopReason, detail: string): void {
    this.#stop = { reason, detail };
  }

  async #certify(): Promise<void> {
    this.#certificate = await this.#timed("certify", () => this.#workspace.certify(this.#member));
    this.#densityKind = "transported";
  }

  async #timed<T>(part: keyof Clock, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.#clock[part] += performance.now() - begun;
    }
  }
}

function failureText(failure: NonNullable<SweepReport["failure"]>, sweep: string, iteration: number): string {
  const { level, index, field } = failure;
  return `The ${sweep} of iteration ${iteration + 1} met a ${field} that is not finite, or too fast to follow, at time level ${level}, point ${index}.`;
}
