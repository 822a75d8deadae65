/** Solves one batch of a study and leaves its runs; what is there already is not solved again. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { cpus } from "node:os";
import { MfgError } from "../errors.ts";
import { replaceFile } from "../io/files.ts";
import { readRun, writeRun } from "../io/run.ts";
import { parseProblem } from "../problem/schema.ts";
import { discretisationOf } from "../solver/configure.ts";
import type { SolveOptions, SolveResult, WarmStart } from "../solver/options.ts";
import { solveBatch } from "../solver/solve.ts";
import type { Batch } from "./families.ts";
import type { Member } from "./members.ts";
import { couplingCost, plannerProblem } from "./socialCost.ts";
import { failurePath, runPath, type Study } from "./study.ts";
import { plannedOptions } from "./studyPlan.ts";

/** For the report: studies run on many machines. */
const processor = cpus()[0]?.model.trim() ?? "unknown";

export interface RunBatchOptions {
  /** Adapter of a tier that uses one, in place of the study's: a place, no part of what a member is. */
  readonly adapter?: string;
  readonly signal?: AbortSignal;
}

/** Why a member has no run. */
export interface MemberFailure {
  readonly code: string;
  readonly message: string;
}

/** True where a member needs no more work: it has a run, or it failed for a reason of its own. */
export function isSettled(study: Study, index: number): boolean {
  const { id } = planned(study, index);
  return existsSync(runPath(study.folder, id)) || existsSync(failurePath(study.folder, id));
}

/**
 * Solves the members of a batch that are not settled. A member that fails for its own reason is recorded as such; what
 * concerns the machine (a full disk, a missing tier) is thrown, and nothing is lost.
 */
export async function runBatch(study: Study, batch: Batch, options: RunBatchOptions = {}): Promise<void> {
  const pending = batch.members.filter((index) => !isSettled(study, index));
  if (pending.length === 0) return;
  const start = await parentDensity(study, batch.parent, options);
  try {
    await solveMembers(study, pending, start, options);
  } catch (error) {
    if (!ofAMember(error)) throw error;
    // Somebody in the batch is at fault: alone, each shows whether it is.
    for (const index of pending) {
      try {
        await solveMembers(study, [index], start, options);
      } catch (own) {
        if (!ofAMember(own)) throw own;
        await recordFailure(study, index, { code: own.code, message: own.message });
      }
    }
  }
}

/** Writes down that a member cannot be solved, so that it is not tried for ever. */
export async function recordFailure(study: Study, index: number, failure: MemberFailure): Promise<void> {
  const { id } = planned(study, index);
  await replaceFile(failurePath(study.folder, id), async (stream) => {
    stream.end(`${JSON.stringify({ id, parameters: study.members[index]?.parameters, ...failure }, null, 1)}\n`);
  });
}

/** Forgets the failures of a study, so that they are tried again. */
export async function forgetFailures(study: Study): Promise<void> {
  for (const { id } of study.plan.members) await rm(failurePath(study.folder, id), { force: true });
}

function planned(study: Study, index: number): Study["plan"]["members"][number] {
  const found = study.plan.members[index];
  if (found === undefined) throw new RangeError(`no member ${index}`);
  return found;
}

function memberOf(study: Study, index: number): Member {
  const found = study.members[index];
  if (found === undefined) throw new RangeError(`no member ${index}`);
  return found;
}

/** Errors that say something of the member and not of the machine. */
function ofAMember(error: unknown): error is MfgError {
  return error instanceof MfgError && /^MFGPU_(?:PROBLEM|CONFIG|NUMERICS)_/.test(error.code);
}

/** The equilibrium that a family starts from; solved here where its run is not there yet. */
async function parentDensity(
  study: Study,
  parent: number | null,
  options: RunBatchOptions,
): Promise<WarmStart | undefined> {
  if (parent === null) return undefined;
  const { id } = planned(study, parent);
  const path = runPath(study.folder, id);
  if (!isSettled(study, parent)) {
    await runBatch(study, { index: -1, members: [parent], parent: planned(study, parent).parent }, options);
  }
  if (!existsSync(path)) return undefined;
  const { density, t, shape, record } = await readRun(path);
  // A density that is no equilibrium is no better start than the initial one; and it depends on nothing but the parent.
  return (record as { readonly converged?: unknown }).converged === true ? { density, t, shape } : undefined;
}

async function solveMembers(
  study: Study,
  indices: readonly number[],
  start: WarmStart | undefined,
  { adapter, signal }: RunBatchOptions,
): Promise<void> {
  const members = indices.map((index) => memberOf(study, index));
  const [first] = members;
  if (first === undefined) return;
  const options: SolveOptions = {
    ...plannedOptions(study.plan, first.options, members.length),
    ...(adapter === undefined ? {} : { adapter }),
    ...(signal === undefined ? {} : { signal }),
  };
  const warmStarts = members.map(() => start);
  const results = await solveBatch(
    members.map(({ problem }) => problem),
    { ...options, warmStarts },
  );
  signal?.throwIfAborted();
  const plannerCosts = study.measures.some((measure) => measure.planner)
    ? await solvePlanners(members, results, options)
    : undefined;
  for (const [i, result] of results.entries()) {
    const index = indices[i];
    if (index === undefined) continue;
    const { id, parent } = planned(study, index);
    const record = {
      ...result.record,
      study: {
        id,
        parameters: memberOf(study, index).parameters,
        parent: parent === null ? null : planned(study, parent).id,
        warm: start !== undefined,
        plannerCost: plannerCosts?.[i] ?? null,
        processor,
      },
    };
    await writeRun(runPath(study.folder, id), { ...result, record });
  }
}

/** Social cost of the planner's optimum of each member, found from its equilibrium; null where that did not converge. */
async function solvePlanners(
  members: readonly Member[],
  equilibria: readonly SolveResult[],
  options: SolveOptions,
): Promise<(number | null)[]> {
  const problems = members.map(({ problem }) => plannerProblem(problem as Record<string, unknown>));
  const warmStarts = equilibria.map(({ record, density, t, shape }) =>
    record.converged ? { density, t, shape } : undefined,
  );
  const optima = await solveBatch(problems, { ...options, warmStarts });
  return optima.map(({ record, density }, i) => {
    const own = members[i];
    if (!record.converged || record.cost === null || own === undefined) return null;
    const with2 = discretisationOf(parseProblem(problems[i]), options);
    const with1 = discretisationOf(parseProblem(own.problem), options);
    return record.cost - couplingCost(with2, density) + couplingCost(with1, density);
  });
}
