/** Whole Hamilton-Jacobi stages in `bench:peers`: our workspaces beside hj-reachability. */
import { fileURLToPath } from "node:url";
import { relativeDifference } from "../../src/bench/race.ts";
import { stageDiscretisation } from "../../src/bench/solve.ts";
import { workspaceOptions } from "../../src/decision/sample.ts";
import { candidatesFor, type PlanCandidate } from "../../src/decision/candidates.ts";
import type { Workspace } from "../../src/tiers/tier.ts";
import { Peer } from "./peer.ts";
import { ratio, reasonOf, rustOf, timed, type PeersRun, type Racer, type Result } from "./peerRows.ts";
import { hjResult, hjSeconds } from "./pythonPeer.ts";

/** Values at the end time: another length of the sub-steps, in f32 rounding too. */
const stageBounds = { f64: 1e-6, f32: 1e-4 } as const;

/** Runge-Kutta steps of one timed run, of hj-reachability and about as many of ours. */
const rungeKuttaSteps = 4;
const stagesPerStep = 3;

/** Numerical Hamiltonians of our own stages: the peer's, and the local one, which needs no maximum over the grid. */
const fluxes = ["glf", "llf"] as const;

/** Times the stages on one grid; `python` is that of the peers. */
export async function stageResult(python: string, shape: readonly number[], run: PeersRun): Promise<Result> {
  const { skip, wants } = run;
  const script = fileURLToPath(new URL("../peers/hj_stage.py", import.meta.url));
  const racing: Racer[] = [];
  const opened: AsyncDisposable[] = [];
  try {
    const all = await candidatesFor();
    const candidates = all.filter(
      // The WebAssembly build has no whole solves.
      ({ found, tier, variant, residency, name }) =>
        found.state === "available" &&
        residency === "resident" &&
        // Those two would take most of the time; mfgpu bench sets them beside the others.
        tier.name !== "scalar" &&
        tier.name !== "batched" &&
        variant !== "wasm" &&
        wants(name),
    );
    const truthful = all.find(({ tier, precision }) => tier.name === "batched" && precision === "f64")!;
    /** What batched makes of the problem with a numerical Hamiltonian. */
    const truthOf = async (flux: (typeof fluxes)[number]): Promise<Stages> => {
      const d = stageDiscretisation(shape, rungeKuttaSteps, flux);
      await using truth = await truthful.tier.workspace([d], workspaceOptions(truthful));
      await truth.load(0, d.initialDensity);
      await truth.hjb(0);
      return { d, wanted: (await truth.read(0, "value")).slice(0, d.grid.points) };
    };
    const truths = { glf: await truthOf("glf"), llf: await truthOf("llf") };
    for (const flux of fluxes) {
      const stages = truths[flux];
      for (const candidate of candidates) {
        const name = flux === "glf" ? candidate.name : `${candidate.name} ${flux}`;
        try {
          const racer = await ownStages(candidate, name, stages, opened, skip);
          if (racer) racing.push(racer);
        } catch (error) {
          skip(name, reasonOf(error));
        }
      }
    }
    const { d, wanted } = truths.glf;
    const { points } = d.grid;
    for (const precision of ["f32", "f64"] as const) {
      const label = `hj-reachability ${precision}`;
      if (!wants(label)) continue;
      try {
        const peer = new Peer(python, [script, precision]);
        opened.push(peer);
        const device = await peer.firstLine();
        const name = device.startsWith("cpu") ? label : `${label} (${device})`;
        const got = await hjResult(peer, shape, d.terminalCost, d.problem.horizon);
        const error = relativeDifference([got], [wanted]);
        if (!(error <= stageBounds[precision]))
          skip(name, `it differs from batched at the end time by ${error.toExponential(1)}; not timed`);
        else
          racing.push({
            name,
            software: false,
            error,
            each: points * rungeKuttaSteps * stagesPerStep,
            run: async () => 1000 * (await hjSeconds(peer, shape, rungeKuttaSteps)),
          });
      } catch (error) {
        skip(label, reasonOf(error));
      }
    }
    const rows = await timed(racing, run);
    const goal = shape.length === 2 || shape.length === 3 ? ">= 10" : null;
    const ratios = rows
      .filter(({ contestant }) => contestant.startsWith("hj-reachability"))
      .flatMap(({ contestant }) => [
        ...ratio(rows, contestant, rustOf(rows, "f32"), goal),
        ...ratio(rows, contestant, `${rustOf(rows, "f32")} llf`, null),
        ...ratio(rows, contestant, rustOf(rows, "f64"), null),
      ]);
    return { operation: "hjb-stages", shape, rows, ratios };
  } finally {
    for (const one of opened) await one[Symbol.asyncDispose]();
  }
}

/** Stages of one numerical Hamiltonian, and what is right. */
interface Stages {
  readonly d: ReturnType<typeof stageDiscretisation>;
  readonly wanted: Float64Array;
}

/** One of ours, checked; undefined where it is wrong. */
async function ownStages(
  candidate: PlanCandidate,
  name: string,
  { d, wanted }: Stages,
  opened: AsyncDisposable[],
  skip: PeersRun["skip"],
): Promise<Racer | undefined> {
  const workspace: Workspace = await candidate.tier.workspace([d], workspaceOptions(candidate));
  opened.push(workspace);
  await workspace.load(0, d.initialDensity);
  const { substeps } = await workspace.hjb(0);
  const error = relativeDifference([(await workspace.read(0, "value")).subarray(0, d.grid.points)], [wanted]);
  if (!(error <= (candidate.precision === "f64" ? stageBounds.f64 : stageBounds.f32))) {
    skip(name, `its stages differ from batched by ${error.toExponential(1)}; not timed`);
    return undefined;
  }
  return {
    name,
    software: candidate.found.state === "available" && candidate.found.software,
    error,
    each: d.grid.points * substeps * stagesPerStep,
    run: async () => {
      await workspace.hjb(0);
      return undefined;
    },
  };
}
