/** What a wisdom file holds: one entry a line, each with a checksum, under a header that names the format and its version. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Machine } from "./fingerprint.ts";
import type { CandidateModel } from "./model.ts";

export const wisdomVersion = 2;
export const wisdomHeader: string = `${JSON.stringify({ format: "mfgpu wisdom", version: wisdomVersion })}\n`;

const finite = z.number().nonnegative();
const count = z.number().int().nonnegative();
const machine = z.record(z.string(), z.string());
const affine = z.strictObject({ fixed: finite, each: finite });
const ratios = z.array(z.strictObject({ points: finite, ratio: finite }));
const sweep = z.strictObject({
  latency: finite,
  advection: finite,
  diffusion: finite,
  saturation: finite,
  ratios,
  spread: finite,
});
const model = z.strictObject({
  setup: affine,
  cold: finite,
  upload: affine,
  download: affine,
  hjb: sweep,
  fokkerPlanck: sweep,
  moving: z.strictObject({ hjb: finite, fokkerPlanck: finite }),
  relax: affine,
  column: finite,
  certify: z.strictObject({ sweeps: finite, each: finite }),
  beside: ratios,
  fewest: finite,
  most: finite,
  noise: finite,
});

/** A fitted model of a candidate on one kind of problem. */
export interface ModelEntry {
  readonly kind: "model";
  readonly candidate: string;
  readonly mode: string;
  readonly machine: Machine;
  readonly model: CandidateModel;
}

/** A finished solve: its time over what the model gives for the work that it really did. */
export interface OutcomeEntry {
  readonly kind: "outcome";
  readonly candidate: string;
  readonly mode: string;
  readonly machine: Machine;
  readonly points: number;
  readonly ratio: number;
}

/** How much work a problem took, on any machine: sub-steps per sweep and iterations to a tolerance. */
export interface WorkEntry {
  readonly kind: "work";
  readonly problem: string;
  readonly tolerance: number;
  readonly iterations: number;
  readonly hjb: number;
  readonly fokkerPlanck: number;
}

/** What was chosen for a task, so that the next choice does not flip for nothing. */
export interface ChoiceEntry {
  readonly kind: "choice";
  readonly task: string;
  readonly candidate: string;
  readonly machine: Machine;
}

export type WisdomEntry = ModelEntry | OutcomeEntry | WorkEntry | ChoiceEntry;

const entrySchema: z.ZodType<WisdomEntry> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("model"), candidate: z.string(), mode: z.string(), machine, model }),
  z.strictObject({
    kind: z.literal("outcome"),
    candidate: z.string(),
    mode: z.string(),
    machine,
    points: count,
    ratio: z.number().positive(),
  }),
  z.strictObject({
    kind: z.literal("work"),
    problem: z.string(),
    tolerance: finite,
    iterations: count,
    hjb: count,
    fokkerPlanck: count,
  }),
  z.strictObject({ kind: z.literal("choice"), task: z.string(), candidate: z.string(), machine }),
]);

function checksum(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** An entry as a line, its end included. */
export function lineOf(entry: WisdomEntry): string {
  const text = JSON.stringify(entry);
  return `${JSON.stringify({ sum: checksum(text), entry })}\n`;
}

/** A file's entries, or why it cannot be trusted. */
export type Reading = { readonly entries: readonly WisdomEntry[] } | { readonly reason: string };

/** Reads a whole file. One line that is wrong makes the file untrustworthy: nothing of it is used. */
export function readEntries(text: string): Reading {
  if (text === "") return { reason: "it is empty" };
  if (!text.endsWith("\n")) return { reason: "its last line is cut off" };
  const [first = "", ...lines] = text.slice(0, -1).split("\n");
  const header = parsed(first) as { readonly format?: unknown; readonly version?: unknown } | null | undefined;
  if (header?.format !== "mfgpu wisdom") return { reason: "it is no wisdom file of mfgpu" };
  if (header.version !== wisdomVersion) {
    return { reason: `it is of version ${JSON.stringify(header.version)}; this mfgpu reads version ${wisdomVersion}` };
  }
  const entries: WisdomEntry[] = [];
  for (const [i, line] of lines.entries()) {
    const outer = parsed(line) as { readonly sum?: unknown; readonly entry?: unknown } | null | undefined;
    const entry = entrySchema.safeParse(outer?.entry);
    // The checksum is of the text, so that one changed digit is noticed.
    if (!entry.success || outer?.sum !== checksum(JSON.stringify(outer?.entry))) {
      return { reason: `its line ${i + 2} is damaged` };
    }
    entries.push(entry.data);
  }
  return { entries };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Outcomes kept of one candidate on one kind of problem. */
const keptOutcomes = 30;

/** What is worth keeping: the newest of everything that replaces what was before, and the last outcomes. */
export function compacted(entries: readonly WisdomEntry[]): WisdomEntry[] {
  const seen = new Map<string, number>();
  const kept = entries.toReversed().filter((entry) => {
    const key = keyOf(entry);
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    return times <= (entry.kind === "outcome" ? keptOutcomes : 1);
  });
  return kept.toReversed();
}

function keyOf(entry: WisdomEntry): string {
  switch (entry.kind) {
    case "model":
    case "outcome":
      return JSON.stringify([entry.kind, entry.candidate, entry.mode, entry.machine]);
    case "work":
      return JSON.stringify([entry.kind, entry.problem, entry.tolerance]);
    case "choice":
      return JSON.stringify([entry.kind, entry.task, entry.machine]);
  }
}
