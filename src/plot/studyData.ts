/** From the folder of a study to what its picture shows. */
import { existsSync } from "node:fs";
import { MfgError } from "../errors.ts";
import { parametersText } from "../batch/members.ts";
import { runPath, type Study } from "../batch/study.ts";
import { recordOfRun, rowOf } from "../batch/summary.ts";
import { readRun } from "../io/run.ts";
import { recordOf } from "./record.ts";
import type { StudyPicture, StudyPoint, StudySample } from "./study.ts";

/** Members whose density is shown. */
const samples = 6;

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
  const points: StudyPoint[] = [];
  const solved: number[] = [];
  let tolerance: number | undefined;
  for (const { index } of study.members) {
    const row = await rowOf(study, index);
    if (row === undefined) continue;
    const id = study.plan.members[index]?.id ?? "";
    const record = existsSync(runPath(study.folder, id))
      ? recordOf(await recordOfRun(runPath(study.folder, id)))
      : undefined;
    tolerance ??= record?.tolerance;
    if (record) solved.push(index);
    points.push({
      parameters: row.parameters,
      measure: row.measures[chosen] ?? null,
      converged: row.converged,
      residuals: record?.history.map(({ residual }) => residual ?? Number.NaN) ?? [],
    });
  }
  if (points.length === 0) {
    throw new MfgError({
      code: "MFGPU_FILE_STUDY",
      message: `Nothing of the study in ${study.folder} is solved yet.`,
      fix: "Run it: mfgpu study FILE --out DIR.",
      path: study.folder,
    });
  }
  const { tier, precision } = study.plan;
  const converged = points.filter((point) => point.converged).length;
  return {
    name: study.file.name,
    remark: `${points.length} of ${study.members.length} members, ${converged} converged  \u00b7  tier ${tier}, ${precision}`,
    measure: chosen,
    points,
    samples: await samplesOf(study, solved),
    tolerance,
  };
}

/** Members spread evenly over the study, first and last among them. */
async function samplesOf(study: Study, solved: readonly number[]): Promise<StudySample[]> {
  const count = Math.min(samples, solved.length);
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
