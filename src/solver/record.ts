import { readFileSync } from "node:fs";
import { compensatedSum } from "../scheme/sums.ts";
import { coordinates } from "../scheme/grid.ts";
import type { Workspace } from "../tiers/tier.ts";
import { andersonBeta, type MemberOutcome } from "./iteration.ts";
import type { MemoryPlan, SolveOptions, SolveRecord, SolveResult } from "./options.ts";

/** Version of this package, from its package.json (two folders up, in src and in dist alike). */
const version = (
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }
).version;

const finite = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && Number.isFinite(value) ? value : null;

/** Reads a member's arrays and writes its record. */
export async function resultOf(
  workspace: Workspace,
  member: number,
  outcome: MemberOutcome,
  plan: MemoryPlan,
  options: SolveOptions,
  tolerance: number,
  setup: number,
  begun: number,
): Promise<SolveResult> {
  const d = workspace.members[member];
  if (!d) throw new Error(`no member ${member}`);
  const reading = performance.now();
  const value = await workspace.take(member, "value");
  const kept = outcome.densityKind === "transported" && !plan.inPlace;
  const density = await workspace.take(member, kept ? "transported" : "density");
  const transfer = (performance.now() - reading) / 1000;
  const { certificate, history, clock } = outcome;
  const { phases } = workspace;
  const last = history[history.length - 1];
  const exploitability = finite(certificate?.exploitability);
  const cost = finite(certificate?.cost);
  const given = d.problem.source as { readonly domain?: unknown; readonly hamiltonian?: unknown };
  const record: SolveRecord = {
    problem: d.problem.name,
    dimension: d.grid.shape.length,
    grid: d.grid.shape,
    steps: d.steps,
    tier: workspace.tier,
    variant: workspace.place.variant ?? null,
    residency: workspace.place.residency,
    path: workspace.place.path ?? null,
    adapter: workspace.place.device,
    software: workspace.place.software,
    precision: workspace.precision,
    weno: d.scheme.weno,
    scheme: d.scheme,
    converged: outcome.stopReason === "tolerance",
    stopReason: outcome.stopReason,
    stopDetail: outcome.stopDetail,
    iterations: history.length,
    residual: finite(last?.residual),
    tolerance,
    exploitability,
    relativeExploitability:
      exploitability !== null && cost !== null && cost !== 0 ? exploitability / Math.abs(cost) : null,
    cost,
    dualityDefect: finite(certificate?.dualityDefect),
    massDrift: finite(last?.massDrift),
    minDensity: finite(last?.minDensity),
    mass: compensatedSum(d.initialDensity) * d.grid.cellVolume,
    outflow: outcome.lastDensity?.outflow ?? null,
    flooredCells: outcome.lastHjb?.floored ?? 0,
    limitedCells: outcome.lastDensity?.limited ?? 0,
    substeps: { hjb: outcome.lastHjb?.substeps ?? 0, fokkerPlanck: outcome.lastDensity?.substeps ?? 0 },
    partial: outcome.partial,
    densityKind: outcome.densityKind,
    relaxation: {
      method: plan.method,
      theta: typeof options.relaxation === "number" ? options.relaxation : null,
      depth: plan.andersonDepth,
      beta: plan.method === "anderson" ? andersonBeta : null,
      inPlace: plan.inPlace,
      replaced: outcome.replaced,
    },
    memory: plan,
    history,
    timings: {
      setup,
      hjb: clock.hjb / 1000,
      fokkerPlanck: clock.fokkerPlanck / 1000,
      relax: clock.relax / 1000,
      certify: clock.certify / 1000,
      transfer,
      ...(phases
        ? { upload: phases.upload / 1000, kernel: phases.kernel / 1000, download: phases.download / 1000 }
        : {}),
      total: (performance.now() - begun) / 1000,
    },
    domain: given.domain,
    hamiltonian: given.hamiltonian ?? { kind: "quadratic", control: d.hamiltonian.control },
    source: d.problem.source,
    versions: { mfgpu: version, node: process.versions.node },
    parts: null,
    plan: null,
    output: null,
  };
  return {
    record,
    value,
    density,
    t: d.levels.slice(),
    coordinates: d.grid.shape.map((_, a) => coordinates(d.grid, a)),
    shape: d.grid.shape,
  };
}
