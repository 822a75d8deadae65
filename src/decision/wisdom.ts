/**
 * Measurements that outlive a process, in one file of JSON lines. Appends and replacements are made under a lock file, so
 * that several processes may share it; a file that cannot be trusted is set aside with the reason and never read again.
 */
import { randomBytes } from "node:crypto";
import { appendFile, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { MfgError } from "../errors.ts";
import { machineDifference, type Machine } from "./fingerprint.ts";
import {
  compacted,
  lineOf,
  readEntries,
  wisdomHeader,
  type ModelEntry,
  type OutcomeEntry,
  type WisdomEntry,
  type WorkEntry,
} from "./wisdomEntries.ts";

/** Lines above which the file is rewritten with what is worth keeping. */
const mostLines = 2000;
/** A lock older than this belongs to a process that died. */
const staleMs = 10_000;
const patienceMs = 3000;

/**
 * Where wisdom is kept: the user's cache folder of the platform, or XDG_CACHE_HOME.
 *
 * @param env the environment, handed in because a library reads none by itself
 */
export function wisdomPath(env: Readonly<Record<string, string | undefined>>): string {
  const xdg = env["XDG_CACHE_HOME"];
  const local = env["LOCALAPPDATA"];
  const folder =
    xdg !== undefined && isAbsolute(xdg)
      ? xdg
      : process.platform === "darwin"
        ? join(homedir(), "Library", "Caches")
        : process.platform === "win32" && local !== undefined
          ? local
          : join(homedir(), ".cache");
  return join(folder, "mfgpu", "wisdom.jsonl");
}

/** What is known from earlier. Everything that goes wrong with its file is a note and never an error. */
export class Wisdom {
  /** Undefined for wisdom that lives as long as the process. */
  readonly path: string | undefined;
  readonly #notes = new Set<string>();
  #entries: WisdomEntry[];
  #lines: number;

  private constructor(path: string | undefined, entries: readonly WisdomEntry[], notes: readonly string[]) {
    this.path = path;
    this.#entries = [...entries];
    this.#lines = entries.length;
    for (const line of notes) this.#notes.add(line);
  }

  /** Wisdom without a file. */
  static inMemory(): Wisdom {
    return new Wisdom(undefined, [], []);
  }

  /** Reads a file; one that is not there is empty wisdom, one that cannot be trusted is set aside. */
  static async open(path: string): Promise<Wisdom> {
    const notes: string[] = [];
    let text: string | undefined;
    try {
      text = await textOf(path);
      // The last line may be on its way; whoever writes it holds the lock.
      if (text !== undefined && text !== "" && !text.endsWith("\n")) text = await locked(path, () => textOf(path));
    } catch (error) {
      return new Wisdom(path, [], [`Wisdom is not used: ${path} cannot be read (${codeOf(error)}).`]);
    }
    if (text === undefined) return new Wisdom(path, [], []);
    const reading = readEntries(text);
    if ("entries" in reading) return new Wisdom(path, reading.entries, notes);
    const aside = `${path}.set-aside-${new Date().toISOString().replaceAll(/[:.]/g, "-")}-${randomBytes(2).toString("hex")}`;
    const before = text;
    try {
      // Only what was judged is set aside, not what another process has put there since.
      await locked(path, async () => {
        if ((await textOf(path)) === before) await rename(path, aside);
      });
      notes.push(`The wisdom file was set aside as ${aside}: ${reading.reason}. It is measured again.`);
    } catch (error) {
      notes.push(`The wisdom file ${path} is not used: ${reading.reason}. It cannot be set aside (${codeOf(error)}).`);
    }
    return new Wisdom(path, [], notes);
  }

  /** What a person should know: what was set aside or refused and why, what could not be written. */
  get notes(): readonly string[] {
    return [...this.#notes];
  }

  get entries(): readonly WisdomEntry[] {
    return this.#entries;
  }

  /** The newest model of a candidate for one kind of problem on this machine. */
  model(candidate: string, mode: string, machine: Machine): ModelEntry["model"] | undefined {
    const all = this.#all("model").filter((entry) => entry.candidate === candidate && entry.mode === mode);
    return this.#trusted(all, candidate, machine).at(-1)?.model;
  }

  /** How solves of a candidate turned out beside the model, oldest first. */
  outcomes(candidate: string, mode: string, machine: Machine): OutcomeEntry[] {
    const all = this.#all("outcome").filter((entry) => entry.candidate === candidate && entry.mode === mode);
    return this.#trusted(all, candidate, machine);
  }

  work(problem: string, tolerance: number): WorkEntry | undefined {
    return this.#all("work")
      .filter((entry) => entry.problem === problem && entry.tolerance === tolerance)
      .at(-1);
  }

  choice(task: string, machine: Machine): string | undefined {
    return this.#all("choice")
      .filter((entry) => entry.task === task && machineDifference(entry.machine, machine) === undefined)
      .at(-1)?.candidate;
  }

  #all<Kind extends WisdomEntry["kind"]>(kind: Kind): Extract<WisdomEntry, { kind: Kind }>[] {
    return this.#entries.filter((entry): entry is Extract<WisdomEntry, { kind: Kind }> => entry.kind === kind);
  }

  /** Those taken on this very machine; why others are refused becomes a note. */
  #trusted<Known extends { readonly machine: Machine }>(
    all: readonly Known[],
    candidate: string,
    now: Machine,
  ): Known[] {
    const trusted = all.filter((entry) => machineDifference(entry.machine, now) === undefined);
    const last = all.at(-1);
    if (trusted.length === 0 && last) {
      const why = machineDifference(last.machine, now) ?? "";
      this.#notes.add(`Wisdom of ${candidate} is refused: ${why}.`);
    }
    return trusted;
  }

  /** Remembers entries, here and in the file. Resolves to false where the file could not take them; a note says why. */
  async learn(entries: readonly WisdomEntry[]): Promise<boolean> {
    if (entries.length === 0) return true;
    this.#entries.push(...entries);
    const { path } = this;
    if (path === undefined) return true;
    try {
      await makeFolder(dirname(path));
      await locked(path, async () => {
        const there = await sizeOf(path);
        if (this.#lines + entries.length > mostLines) {
          const reading = readEntries((await textOf(path)) ?? "");
          const known = "entries" in reading ? reading.entries : [];
          const kept = compacted([...known, ...entries]);
          await replace(path, kept);
          this.#lines = kept.length;
          return;
        }
        await appendFile(path, (there > 0 ? "" : wisdomHeader) + entries.map(lineOf).join(""));
        this.#lines += entries.length;
      });
      return true;
    } catch (error) {
      this.#notes.add(`Nothing is remembered: ${path} cannot be written (${codeOf(error)}).`);
      return false;
    }
  }
}

/** Removes a wisdom file. Resolves to false where there was none. */
export async function forgetWisdom(path: string): Promise<boolean> {
  if ((await sizeOf(path)) < 0) return false;
  await guarded(path, () => locked(path, () => rm(path, { force: true })));
  return true;
}

/** Writes what a wisdom file holds to another file; returns the number of entries. */
export async function exportWisdom(path: string, target: string): Promise<number> {
  const wisdom = await Wisdom.open(path);
  const kept = compacted(wisdom.entries);
  await guarded(target, () => replace(target, kept));
  return kept.length;
}

/**
 * Adds the entries of an exported file; returns their number. What was taken on another machine is kept and refused in use.
 *
 * @throws MFGPU_FILE_WISDOM with the reason for a file that cannot be trusted or is not there
 */
export async function importWisdom(path: string, source: string): Promise<number> {
  let text: string | undefined;
  try {
    text = await textOf(source);
  } catch (cause) {
    throw fault(source, `it cannot be read (${codeOf(cause)})`, cause);
  }
  if (text === undefined) throw fault(source, "it is not there");
  const reading = readEntries(text);
  if (!("entries" in reading)) throw fault(source, reading.reason);
  const wisdom = await Wisdom.open(path);
  if (!(await wisdom.learn(reading.entries))) throw fault(path, wisdom.notes.at(-1) ?? "it cannot be written");
  return reading.entries.length;
}

function fault(path: string, why: string, cause?: unknown): MfgError {
  return new MfgError({
    code: "MFGPU_FILE_WISDOM",
    message: `The wisdom file ${path} cannot be used: ${why}.`,
    fix: "Give a file that mfgpu plan --export wrote, and a folder that may be written to.",
    path,
    value: path,
    cause,
  });
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw fault(path, `it cannot be written (${codeOf(cause)})`, cause);
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Bytes of a file; -1 where there is none. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => -1,
  );
}

/** Makes a folder and those above it. Node's own `recursive` never returns where a file system takes no folders (/proc). */
async function makeFolder(path: string): Promise<void> {
  const { code } = await mkdir(path).then(
    () => ({ code: "done" }),
    (error: NodeJS.ErrnoException) => error,
  );
  if (code === "done" || code === "EEXIST") return;
  if (code !== "ENOENT" || dirname(path) === path) throw Object.assign(new Error(`mkdir ${path}`), { code });
  await makeFolder(dirname(path));
  await mkdir(path);
}

async function replace(path: string, entries: readonly WisdomEntry[]): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    await writeFile(temporary, wisdomHeader + entries.map(lineOf).join(""), { flag: "wx", flush: true });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Runs `work` while no other process writes the file. */
async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  const begun = Date.now();
  for (;;) {
    try {
      const handle = await open(lock, "wx");
      await handle.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const age = await stat(lock).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > staleMs) await rm(lock, { force: true });
    else if (Date.now() - begun > patienceMs) throw new Error("another process holds its lock");
    else await pause(5 + Math.random() * 20);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
