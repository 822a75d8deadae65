/** Plans a study once: tier, precision, memory, batches and warm-start parents. Nothing of a result depends on anything else. */
import { availableParallelism, freemem } from "node:os";
import { planSolve } from "../decision/planner.ts";
import { findTier } from "../tiers/registry.ts";
import { candidateText, type CandidateText } from "../tiers/candidate.ts";
import { memoryNeedOf, solveBatch } from "../solver/solve.ts";
import type { SolveOptions } from "../solver/options.ts";
import { type Batch, makeBatches, nearestRoots, shapeGroups } from "./families.ts";
import { memberId, type StudyTier } from "./identity.ts";
import type { Member } from "./members.ts";
import type { StudyFile } from "./studyFile.ts";

/** What a trial of one family said about warm starts: iterations of one member from both starts. */
export interface WarmTrial {
  readonly cold: number;
  readonly warm: number;
}

export interface StudyPlan extends StudyTier {
  /** Deepest Anderson acceleration that the memory of one worker allows; null where the method needs none. */
  readonly andersonDepth: number | null;
  /** Bytes that one member of a batch may take. */
  readonly memberBytes: number;
  readonly workers: number;
  readonly warm: boolean;
  readonly trial: WarmTrial | null;
  /** Id and warm-start parent (an index) of every member. */
  readonly members: readonly { readonly id: string; readonly parent: number | null }[];
  readonly batches: readonly Batch[];
}

/** Members of one workspace where memory allows; more gained nothing in `npm run bench:study`. */
const largestBatch = 16;
/** Share of the free memory that all workers together may plan with. */
const memoryShare = 0.6;
/** Fewer members than this are not worth a trial of warm starts. */
const fewestForTrial = 24;
/** A warm start must save this share of the iterations to be worth its dependence. */
const worthwhile = 0.2;

/**
 * The tier that a study runs on: the one its options name, else what the planner predicts to be the fastest for a batch of
 * its first members, each on the threads that one of several workers has.
 */
async function studyTier(
  file: StudyFile,
  members: readonly Member[],
  workers: number,
  adapter: string | undefined,
): Promise<StudyTier & { readonly place: SolveOptions }> {
  const options: SolveOptions = { ...file.solve, ...(adapter === undefined ? {} : { adapter }) };
  const [sample] = shapeGroups(members);
  const first = sample?.[0];
  if (options.tier === undefined || options.tier === "auto") {
    const threads = options.threads ?? (workers > 1 ? 1 : availableParallelism());
    const { tier: _, ...rest } = { ...options, ...first?.options, ...place(options) };
    const batch = (sample ?? []).slice(0, largestBatch).map(({ problem }) => problem);
    const { ranked } = await planSolve(batch, { ...rest, threads }, { mode: "estimate" });
    const chosen = ranked[0]?.candidate;
    // Where nothing fits as a batch, a single member may: the tier that needs nothing else says what it lacks.
    const text = chosen?.text ?? "batched";
    const precision = chosen?.precision ?? "f64";
    return { tier: text, precision, place: { ...options, tier: text, precision } };
  }
  const { tier, variant, residency } = await findTier(options.tier, place(options));
  const text = candidateText(tier, { variant, residency });
  const precision = options.precision ?? tier.solvePrecisions(residency)[0];
  return { tier: text, precision, place: { ...options, tier: text as CandidateText, precision } };
}

function place({ adapter, threads }: SolveOptions): { adapter?: string; threads?: number } {
  return { ...(adapter === undefined ? {} : { adapter }), ...(threads === undefined ? {} : { threads }) };
}

/** Options of the solves of a study on one of several workers: tier and memory as planned, one thread each. */
export function plannedOptions(
  plan: Omit<StudyPlan, "members" | "batches">,
  options: SolveOptions,
  count: number,
): SolveOptions {
  return {
    ...options,
    tier: plan.tier as CandidateText,
    precision: plan.precision,
    threads: options.threads ?? (plan.workers > 1 ? 1 : availableParallelism()),
    memoryBytes: plan.memberBytes * count,
    ...(plan.andersonDepth === null ? {} : { andersonDepth: plan.andersonDepth }),
  };
}

/** Solves one member of the largest family from its initial density and from its root's equilibrium. */
async function tryWarm(
  members: readonly Member[],
  options: (member: Member) => SolveOptions,
): Promise<WarmTrial | null> {
  const group = shapeGroups(members).reduce((a, b) => (b.length > a.length ? b : a), []);
  if (group.length < fewestForTrial) return null;
  const roots = nearestRoots(group);
  // The median member of the largest family: neither the nearest nor the farthest.
  const sizes = new Map<number, number[]>();
  roots.forEach((root, i) => {
    if (root !== i) sizes.set(root, [...(sizes.get(root) ?? []), i]);
  });
  const [root, children] = [...sizes].reduce((a, b) => (b[1].length > a[1].length ? b : a), [0, [] as number[]]);
  const child = group[children[Math.floor(children.length / 2)] ?? -1];
  const parent = group[root];
  if (child === undefined || parent === undefined) return null;
  const [rootRun] = await solveBatch([parent.problem], options(parent));
  const [cold] = await solveBatch([child.problem], options(child));
  if (!rootRun?.record.converged || !cold) return null;
  const { density, t, shape } = rootRun;
  const [warm] = await solveBatch([child.problem], { ...options(child), warmStarts: [{ density, t, shape }] });
  if (!warm?.record.converged) return null;
  return { cold: cold.record.iterations, warm: warm.record.iterations };
}

/**
 * Plans a study.
 *
 * @param workers processes that it will run on at first; another number later changes nothing but the speed
 * @param adapter where it is planned and tried, in place of the study's own; not part of the plan
 * @throws MFGPU_TIER_* where the tier is not here, MFGPU_MEMORY_BUDGET where one member does not fit a worker's share
 */
export async function planStudy(
  file: StudyFile,
  members: readonly Member[],
  planner: boolean,
  workers: number = availableParallelism(),
  adapter?: string,
): Promise<StudyPlan> {
  const { tier, precision, place: base } = await studyTier(file, members, workers, adapter);
  const budget = ((file.solve as SolveOptions).memoryBytes ?? memoryShare * freemem()) / workers;
  let memberBytes = 0;
  let andersonDepth: number | null = null;
  for (const [sample] of shapeGroups(members)) {
    if (!sample) continue;
    const need = await memoryNeedOf(sample.problem, { ...sample.options, ...base, memoryBytes: budget });
    memberBytes = Math.max(memberBytes, need.bytes);
    if (need.method === "anderson") andersonDepth = Math.min(andersonDepth ?? Infinity, need.andersonDepth);
  }
  const size = Math.max(
    1,
    Math.min(largestBatch, Math.floor(budget / memberBytes), Math.ceil(members.length / workers)),
  );
  const frame = { tier, precision, andersonDepth, memberBytes, workers };
  const options = (member: Member): SolveOptions => ({
    ...plannedOptions({ ...frame, warm: false, trial: null }, member.options, 1),
    ...(adapter === undefined ? {} : { adapter }),
  });
  const trial = file.warmStart === "auto" ? await tryWarm(members, options) : null;
  const warm =
    file.warmStart === "on" || (trial !== null && trial.warm <= (1 - worthwhile) * trial.cold && members.length > 1);
  const batches = makeBatches(members, size, warm);
  const parents = Array<number | null>(members.length).fill(null);
  for (const batch of batches) for (const index of batch.members) parents[index] = batch.parent;
  const ids: string[] = [];
  const idOf = (index: number): string => {
    const parent = parents[index] ?? null;
    const member = members[index];
    if (member === undefined) throw new RangeError(`no member ${index}`);
    return (ids[index] ??= memberId(member, { tier, precision }, planner, parent === null ? undefined : idOf(parent)));
  };
  return {
    ...frame,
    warm,
    trial,
    members: members.map((_, i) => ({ id: idOf(i), parent: parents[i] ?? null })),
    batches,
  };
}
