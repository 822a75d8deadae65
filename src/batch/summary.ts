/** `summary.csv` and `summary.jsonl`: one row per settled member, made from its run and from nothing else. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../io/files.ts";
import { readNpz } from "../io/npz.ts";
import { readRun } from "../io/run.ts";
import type { MeasuredRun } from "./measures.ts";
import { failurePath, runPath, type Study } from "./study.ts";
import type { ParameterValue } from "./vary.ts";

/** What is tabulated of a member. Times are left out: the same study gives the same summary. */
export interface SummaryRow {
  readonly member: number;
  readonly id: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** `failed` where it could not be solved at all. */
  readonly stopReason: string;
  readonly converged: boolean;
  readonly iterations: number | null;
  readonly residual: number | null;
  readonly massDrift: number | null;
  readonly minDensity: number | null;
  readonly warm: boolean;
  readonly measures: Readonly<Record<string, number | null>>;
  readonly error: string | null;
}

interface StoredRecord {
  readonly stopReason: string;
  readonly converged: boolean;
  readonly iterations: number;
  readonly residual: number | null;
  readonly massDrift: number | null;
  readonly minDensity: number | null;
  readonly cost: number | null;
  readonly domain: readonly { readonly from: number; readonly to: number; readonly boundary: unknown }[];
  readonly study?: { readonly warm: boolean; readonly plannerCost: number | null };
}

/** The row of a member, or undefined where it is not settled. */
export async function rowOf(study: Study, index: number): Promise<SummaryRow | undefined> {
  const planned = study.plan.members[index];
  const member = study.members[index];
  if (planned === undefined || member === undefined) throw new RangeError(`no member ${index}`);
  const { id } = planned;
  const head = { member: index, id, parameters: member.parameters };
  const path = runPath(study.folder, id);
  if (!existsSync(path)) return failedRow(study, id, head);
  // Measures of the record need no arrays, and those are by far the most of a run.
  const plain = study.measures.every(({ text }) => /^[\w.]+$/.test(text));
  const run = plain ? { record: await recordOfRun(path) } : await readRun(path);
  const record = run.record as StoredRecord;
  const costs = { socialCost: record.cost, plannerCost: record.study?.plannerCost ?? null };
  const measured: MeasuredRun = { ...emptyRun, ...run, ...spaceOf(run, record), record: { ...record } };
  return {
    ...head,
    stopReason: record.stopReason,
    converged: record.converged,
    iterations: record.iterations,
    residual: record.residual,
    massDrift: record.massDrift,
    minDensity: record.minDensity,
    warm: record.study?.warm ?? false,
    measures: Object.fromEntries(study.measures.map(({ text, evaluate }) => [text, evaluate(measured, costs)])),
    error: null,
  };
}

const emptyRun = {
  value: new Float64Array(0),
  density: new Float64Array(0),
  t: new Float64Array(0),
  coordinates: [],
  shape: [],
};

/** The record of a run alone: its arrays, by far the most of it, are not read. */
export async function recordOfRun(path: string): Promise<unknown> {
  const { record } = await readNpz(path, ["record"]);
  return JSON.parse(String(record.data[0]));
}

function spaceOf(run: object, record: StoredRecord): Pick<MeasuredRun, "periodic" | "cellVolume"> {
  const shape = "shape" in run ? (run.shape as readonly number[]) : [];
  return {
    periodic: record.domain.map(({ boundary }) => boundary === "periodic"),
    cellVolume: shape.reduce((volume, n, a) => {
      const axis = record.domain[a];
      return axis === undefined ? volume : (volume * (axis.to - axis.from)) / n;
    }, 1),
  };
}

async function failedRow(
  study: Study,
  id: string,
  head: Pick<SummaryRow, "member" | "id" | "parameters">,
): Promise<SummaryRow | undefined> {
  const path = failurePath(study.folder, id);
  if (!existsSync(path)) return undefined;
  const { code, message } = JSON.parse(await readFile(path, "utf8")) as {
    readonly code: string;
    readonly message: string;
  };
  return {
    ...head,
    stopReason: "failed",
    converged: false,
    iterations: null,
    residual: null,
    massDrift: null,
    minDensity: null,
    warm: false,
    measures: Object.fromEntries(study.measures.map(({ text }) => [text, null])),
    error: `${code}: ${message}`,
  };
}

/** Keeps the rows of the settled members and writes them. */
export class Summary {
  readonly #study: Study;
  readonly #rows = new Map<number, SummaryRow>();

  constructor(study: Study) {
    this.#study = study;
  }

  get rows(): readonly SummaryRow[] {
    return [...this.#rows.values()].toSorted((a, b) => a.member - b.member);
  }

  /** Reads the rows of these members that are settled and not read yet. Returns how many rows are new. */
  async add(members: Iterable<number>): Promise<number> {
    let fresh = 0;
    for (const index of members) {
      if (this.#rows.has(index)) continue;
      const row = await rowOf(this.#study, index);
      if (row === undefined) continue;
      this.#rows.set(index, row);
      fresh++;
    }
    return fresh;
  }

  /** Writes both files, each whole or not at all. */
  async write(): Promise<void> {
    const { folder, members, measures } = this.#study;
    const { rows } = this;
    const paths = Object.keys(members[0]?.parameters ?? {});
    const columns: readonly (readonly [string, (row: SummaryRow) => Cell])[] = [
      ["member", (row) => row.member],
      ["id", (row) => row.id],
      ...paths.map((path) => [path, (row: SummaryRow) => row.parameters[path]] as const),
      ["stopReason", (row) => row.stopReason],
      ["iterations", (row) => row.iterations],
      ["residual", (row) => row.residual],
      ["massDrift", (row) => row.massDrift],
      ["minDensity", (row) => row.minDensity],
      ["warm", (row) => row.warm],
      // A measure that is a column already needs no second one.
      ...measures
        .filter(({ text }) => !["iterations", "residual", "massDrift", "minDensity"].includes(text))
        .map(({ text }) => [text, (row: SummaryRow) => row.measures[text]] as const),
      ["error", (row) => row.error],
    ];
    const lines = [
      columns.map(([name]) => csvText(name)),
      ...rows.map((row) => columns.map(([, get]) => csvText(get(row)))),
    ];
    await writeText(join(folder, "summary.csv"), `${lines.map((cells) => cells.join(",")).join("\n")}\n`);
    await writeText(join(folder, "summary.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  }
}

type Cell = string | number | boolean | null | undefined;

/** One cell (RFC 4180). */
function csvText(value: Cell): string {
  const text = String(value ?? "");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function writeText(path: string, text: string): Promise<void> {
  return replaceFile(path, async (stream) => {
    stream.end(text);
  });
}
