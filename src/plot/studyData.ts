/** From the folder of a study to what its picture shows. */
import { existsSync } from "node:fs";
import { MfgError } from "../errors.ts";
import { parametersText } from "../batch/members.ts";
import { runPath, type Study } from "../batch/study.ts";
import { recordOfRun, rowOf, type SummaryRow } from "../batch/summary.ts";
import { readRun } from "../io/run.ts";
import { recordOf } from "./record.ts";
import type { StudyPicture } from "./study.ts";
import type { StudyPoint, StudySample } from "./studyPanels.ts";

/** Members whose density is shown. */
const samples = 6;

/** A member that is solved or failed for good, with what its run says. */
export interface SettledMember {
  readonly row: SummaryRow;
  /** Undefined where it has no run. */
  readonly run: RunFacts | undefined;
}

/** What pictures and reports take from a member's record. */
export interface RunFacts {
  readonly residuals: readonly number[];
  readonly tolerance: number | undefined;
  /** Tier, precision, device, processor, version of mfgpu, version of Node. */
  readonly place: readonly string[];
}

/**
 * Rows and records of all members that are settled; their arrays are read where a measure needs them, and let go.
 *
 * @throws MFGPU_FILE_STUDY where nothing is settled yet
 */
export async function settledMembers(study: Study): Promise<SettledMember[]> {
  const settled: SettledMember[] = [];
  for (const { index } of study.members) {
    const row = await rowOf(study, index);
    if (row === undefined) continue;
    const path = runPath(study.folder, row.id);
    settled.push({ row, run: existsSync(path) ? factsOf(await recordOfRun(path)) : undefined });
  }
  if (settled.length > 0) return settled;
  throw new MfgError({
    code: "MFGPU_FILE_STUDY",
    message: `Nothing of the study in ${study.folder} is solved yet.`,
    fix: "Run it: mfgpu study FILE --out DIR.",
    path: study.folder,
  });
}

function factsOf(record: unknown): RunFacts {
  const { history, tolerance } = recordOf(record);
  return { residuals: history.map(({ residual }) => residual ?? Number.NaN), tolerance, place: placeOf(record) };
}

interface StoredPlace {
  readonly tier: string;
  readonly variant: string | null;
  readonly precision: string;
  readonly adapter: string;
  readonly software: boolean;
  readonly versions: { readonly mfgpu: string; readonly node: string };
  readonly study?: { readonly processor?: string };
}

function placeOf(record: unknown): readonly string[] {
  const { tier, variant, precision, adapter, software, versions, study } = record as StoredPlace;
  const name = variant === null ? tier : `${tier}:${variant}`;
  const device = software ? `${adapter} (software)` : adapter;
  return [name, precision, device, study?.processor ?? "-", versions.mfgpu, versions.node];
}

/** Members as points of a picture of one measure. */
export function studyPoints(settled: readonly SettledMember[], measure: string): StudyPoint[] {
  return settled.map(({ row, run }) => ({
    parameters: row.parameters,
    measure: row.measures[measure] ?? null,
    converged: row.converged,
    residuals: run?.residuals ?? [],
  }));
}

/** The stop of the solves, as the first run says; undefined where there is none. */
export function toleranceOf(settled: readonly SettledMember[]): number | undefined {
  return settled.find(({ run }) => run !== undefined)?.run?.tolerance;
}

/**
 * Reads what is settled of a study.
 *
 * @param measure one of the study's measures; the first where none is named
 * @throws MFGPU_CONFIG_MEASURE for a measure that the study has not, MFGPU_FILE_STUDY where nothing is settled yet
 */
export async function studyPicture(study: Study, measure?: string): Promise<StudyPicture> {
  const texts = study.measures.map(({ text }) => text);
  const chosen = measure ?? texts[0] ?? "residual";
  if (!texts.includes(chosen)) {
    throw new MfgError({
      code: "MFGPU_CONFIG_MEASURE",
      message: `The study has no measure ${chosen}.`,
      fix: `Use one of ${texts.join(", ")}.`,
      path: "--measure",
      value: chosen,
    });
  }
  const settled = await settledMembers(study);
  const points = studyPoints(settled, chosen);
  const { tier, precision } = study.plan;
  const converged = points.filter((point) => point.converged).length;
  return {
    name: study.file.name,
    remark: `${points.length} of ${study.members.length} members, ${converged} converged  \u00b7  tier ${tier}, ${precision}`,
    measure: chosen,
    points,
    samples: await samplesOf(study, settled, samples),
    tolerance: toleranceOf(settled),
  };
}

/** Solved members with their runs, `most` of them spread evenly over the study, first and last among them. */
export async function samplesOf(study: Study, settled: readonly SettledMember[], most: number): Promise<StudySample[]> {
  const solved = settled.filter(({ run }) => run !== undefined).map(({ row }) => row.member);
  const count = Math.min(most, solved.length);
  const chosen = Array.from(
    { length: count },
    (_, k) => solved[Math.round((k * (solved.length - 1)) / Math.max(1, count - 1))],
  );
  const found: StudySample[] = [];
  for (const index of new Set(chosen)) {
    const member = study.members[index ?? -1];
    const id = study.plan.members[index ?? -1]?.id;
    if (member === undefined || id === undefined) continue;
    const short = Object.fromEntries(
      Object.entries(member.parameters).map(([path, value]) => [
        path.split(".").at(-1) ?? path,
        typeof value === "number" ? Number(value.toPrecision(3)) : value,
      ]),
    );
    found.push({ title: parametersText(short), run: await readRun(runPath(study.folder, id)) });
  }
  return found;
}
