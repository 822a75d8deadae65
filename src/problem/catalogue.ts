import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MfgError } from "../errors.ts";
import { parseProblem } from "./schema.ts";
import { suggestion } from "./suggest.ts";
import type { Problem } from "./types.ts";

// Two levels up from src/problem and from dist/problem alike.
const folder = new URL("../../examples/", import.meta.url);

/** Names of the problems that come with the package, sorted. */
export function catalogueNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .toSorted();
}

/**
 * A problem of the catalogue, by name.
 *
 * @throws MfgError MFGPU_PROBLEM_UNKNOWN, with the names there are.
 *
 * @example
 * loadCatalogueProblem("two-crowds-1d").horizon; // 1
 */
export function loadCatalogueProblem(name: string): Problem {
  const names = catalogueNames();
  if (!names.includes(name)) {
    throw new MfgError({
      code: "MFGPU_PROBLEM_UNKNOWN",
      message: `There is no problem named "${name}" in the catalogue.`,
      fix: `${suggestion(name, names)} Or give the path of a problem file.`,
      value: name,
    });
  }
  return readProblemFile(fileURLToPath(new URL(`${name}.json`, folder)));
}

/**
 * Reads and checks a problem file.
 *
 * @param path of a JSON file, as in examples/
 * @throws MfgError MFGPU_FILE_READ where it cannot be read, MFGPU_FILE_JSON with line and column where it is no JSON, and
 * whatever `parseProblem` throws, with the file named.
 */
export function readProblemFile(path: string): Problem {
  const input = parseJson(readText(path), path);
  try {
    return parseProblem(input);
  } catch (error) {
    if (!(error instanceof MfgError)) throw error;
    const { code, message, fix, path: place, value } = error;
    throw new MfgError({
      code,
      message: `${path}: ${message}`,
      ...(fix === undefined ? {} : { fix }),
      ...(place === undefined ? {} : { path: place }),
      value,
      cause: error,
    });
  }
}

/**
 * The problem that a person means by a word: a catalogue name first, else the path of a problem file.
 *
 * @throws MfgError as `loadCatalogueProblem` and `readProblemFile` do.
 */
export function resolveProblem(nameOrPath: string): Problem {
  if (catalogueNames().includes(nameOrPath)) return loadCatalogueProblem(nameOrPath);
  const looksLikePath = /[/\\]|\.json$/i.test(nameOrPath) || (nameOrPath !== "" && existsSync(nameOrPath));
  return looksLikePath ? readProblemFile(nameOrPath) : loadCatalogueProblem(nameOrPath);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "reading it is not permitted" }[
        String(code)
      ] ?? (cause as Error).message;
    throw new MfgError({
      code: "MFGPU_FILE_READ",
      message: `The problem file ${path} cannot be read: ${why}.`,
      fix: `Give the path of a problem file, or a name of the catalogue: ${catalogueNames().join(", ")}.`,
      path,
      cause,
    });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = (cause as Error).message;
    // V8 names the position of a wrong character; where it names none, the text has ended too early.
    const position = Number(/position (\d+)/.exec(why)?.[1] ?? text.length);
    const lines = text.slice(0, position).split("\n");
    throw new MfgError({
      code: "MFGPU_FILE_JSON",
      message: `The problem file ${path} is not JSON at line ${lines.length}, column ${(lines.at(-1) ?? "").length + 1}: ${why}.`,
      fix: "Mend the file there: JSON wants double quotes, no comments and no comma before a closing bracket.",
      path,
      value: text.slice(Math.max(0, position - 20), position + 20),
      cause,
    });
  }
}
