/** A study on disk: `study.json` says all that its results depend on, `runs/<id>.npz` are the results. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { MfgError } from "../errors.ts";
import { reason, replaceFile } from "../io/files.ts";
import { catalogueNames, loadCatalogueProblem, readProblemFile } from "../problem/catalogue.ts";
import { parseProblem } from "../problem/schema.ts";
import { schemeVersion } from "../scheme/version.ts";
import { canonicalJson, memberId } from "./identity.ts";
import { makeMembers, type Member } from "./members.ts";
import { type Measure, parseMeasure } from "./measures.ts";
import { plannerProblem } from "./socialCost.ts";
import { parseStudyFile, type StudyFile } from "./studyFile.ts";
import { planStudy, type StudyPlan } from "./studyPlan.ts";

const format = "mfgpu-study";
const formatVersion = 1;

/** A planned study, opened. */
export interface Study {
  readonly folder: string;
  readonly file: StudyFile;
  readonly members: readonly Member[];
  readonly measures: readonly Measure[];
  readonly plan: StudyPlan;
}

/** A study as it was asked for, before it is planned. */
export interface StudyRequest {
  readonly file: StudyFile;
  /** The problem as a problem file holds it. */
  readonly source: unknown;
}

/** What study.json holds. */
export interface StoredStudy {
  readonly format: string;
  readonly version: number;
  readonly schemeVersion: number;
  readonly file: StudyFile;
  readonly source: unknown;
  readonly plan: StudyPlan;
}

const studyPath = (folder: string): string => join(folder, "study.json");

/** Where the runs of a study stand. */
export const runsFolder = (folder: string): string => join(folder, "runs");

/** Where a member's run stands. */
export function runPath(folder: string, id: string): string {
  return join(runsFolder(folder), `${id}.npz`);
}

/** Where the failure of a member that cannot be solved stands. */
export function failurePath(folder: string, id: string): string {
  return join(runsFolder(folder), `${id}.failed.json`);
}

/**
 * Reads a study file and the problem it names.
 *
 * @throws MFGPU_FILE_READ, MFGPU_FILE_JSON, MFGPU_CONFIG_STUDY, MFGPU_PROBLEM_*
 */
export async function readStudyFile(path: string): Promise<StudyRequest> {
  return studyRequest(await readJson(path, "study file"), dirname(resolve(path)));
}

/** A study from what a study file holds; paths in it start from `folder`. */
export function studyRequest(input: unknown, folder: string = process.cwd()): StudyRequest {
  const file = parseStudyFile(input);
  const { problem } = file;
  if (typeof problem !== "string") return { file, source: parseProblem(problem).source };
  const named = catalogueNames().includes(problem) || !/[/\\]|\.json$/i.test(problem);
  const found = named
    ? loadCatalogueProblem(problem)
    : readProblemFile(isAbsolute(problem) ? problem : join(folder, problem));
  return { file, source: found.source };
}

/** Members and measures of a request, all of them validated. */
function prepared(request: StudyRequest, confirmed: boolean): Pick<Study, "members" | "measures"> {
  const members = makeMembers(request.file, request.source, confirmed);
  const { domain } = request.source as { readonly domain: readonly unknown[] };
  const measures = request.file.measures.map((text) => parseMeasure(text, domain.length));
  if (measures.some((measure) => measure.planner))
    for (const { problem } of members) plannerProblem(problem as Record<string, unknown>);
  return { members, measures };
}

/**
 * Opens the study of a folder, or plans it there.
 *
 * @param options.adapter where a new study is planned and tried
 * @param options.confirmed true where more than a million members are meant
 * @throws MFGPU_FILE_STUDY where the folder holds another study, or other things
 */
export async function openOrCreateStudy(
  request: StudyRequest,
  folder: string,
  options: { readonly workers?: number; readonly adapter?: string; readonly confirmed?: boolean } = {},
): Promise<Study> {
  if (existsSync(studyPath(folder))) {
    const stored = await readStored(folder);
    const asked = canonicalJson({ file: request.file, source: request.source });
    if (canonicalJson({ file: stored.file, source: stored.source }) !== asked) {
      throw folderError(
        folder,
        "holds another study",
        "Choose another --out, or give the study file that this folder was made from.",
      );
    }
    return opened(folder, stored, options.confirmed ?? false);
  }
  await refuseForeignFolder(folder);
  const { members, measures } = prepared(request, options.confirmed ?? false);
  const planner = measures.some((measure) => measure.planner);
  const plan = await planStudy(request.file, members, planner, options.workers, options.adapter);
  await mkdir(runsFolder(folder), { recursive: true });
  const stored: StoredStudy = { format, version: formatVersion, schemeVersion, ...request, plan };
  await replaceFile(studyPath(folder), async (stream) => {
    stream.end(`${JSON.stringify(stored, null, 1)}\n`);
  });
  return { folder, file: request.file, members, measures, plan };
}

/**
 * Opens the study of a folder.
 *
 * @throws MFGPU_FILE_STUDY where there is none, or one of another version of the numbers
 */
export async function openStudy(folder: string): Promise<Study> {
  return opened(folder, await readStored(folder), true);
}

/** Writes a planned study into a folder. */
export async function storeStudy(folder: string, stored: StoredStudy): Promise<void> {
  await mkdir(runsFolder(folder), { recursive: true });
  await replaceFile(studyPath(folder), async (stream) => {
    stream.end(`${JSON.stringify(stored, null, 1)}\n`);
  });
}

/** What study.json of a folder holds, or undefined where there is none. */
export async function storedStudy(folder: string): Promise<StoredStudy | undefined> {
  return existsSync(studyPath(folder)) ? readStored(folder) : undefined;
}

async function readStored(folder: string): Promise<StoredStudy> {
  const stored = (await readJson(studyPath(folder), "study")) as Partial<StoredStudy>;
  if (stored.format !== format || stored.version !== formatVersion || stored.plan === undefined) {
    throw folderError(folder, "holds a study.json of another program or version", "Choose another folder.");
  }
  if (stored.schemeVersion !== schemeVersion) {
    throw folderError(
      folder,
      `was planned with version ${stored.schemeVersion} of the numbers; this is version ${schemeVersion}`,
      "Start the study again in a new folder: results of two versions are not mixed.",
    );
  }
  return stored as StoredStudy;
}

function opened(folder: string, stored: StoredStudy, confirmed: boolean): Study {
  const { members, measures } = prepared(stored, confirmed);
  const { plan } = stored;
  const planner = measures.some((measure) => measure.planner);
  // The ids say what the runs are; they must be those that this version would give.
  const wrong = members.findIndex((member, i) => {
    const parent = plan.members[i]?.parent ?? null;
    const parentId = parent === null ? undefined : plan.members[parent]?.id;
    return memberId(member, plan, planner, parentId) !== plan.members[i]?.id;
  });
  if (wrong >= 0 || members.length !== plan.members.length) {
    throw folderError(
      folder,
      "holds a study.json that was changed by hand",
      "Restore it, or start again in a new folder.",
    );
  }
  return { folder, file: stored.file, members, measures, plan };
}

/** Refuses a folder with other things in it: a study makes files by the thousand. */
async function refuseForeignFolder(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw folderError(folder, `cannot be read: ${reason(error)}`, "Choose another --out.", error);
  });
  if (there.length > 0 && !there.every((name) => name === "runs")) {
    throw folderError(
      folder,
      `holds other things (${there.slice(0, 3).join(", ")})`,
      "Give --out a new or empty folder.",
    );
  }
}

async function readJson(path: string, what: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new MfgError({
      code: "MFGPU_FILE_READ",
      message: `The ${what} ${path} cannot be read: ${reason(cause)}.`,
      fix: `Give the path of a ${what} that exists.`,
      path,
      value: path,
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MfgError({
      code: "MFGPU_FILE_JSON",
      message: `The ${what} ${path} is not JSON: ${reason(cause)}.`,
      fix: "Mend the file there.",
      path,
      value: path,
      cause,
    });
  }
}

function folderError(folder: string, why: string, fix: string, cause?: unknown): MfgError {
  return new MfgError({
    code: "MFGPU_FILE_STUDY",
    message: `${folder} ${why}.`,
    fix,
    path: "--out",
    value: folder,
    ...(cause === undefined ? {} : { cause }),
  });
}
