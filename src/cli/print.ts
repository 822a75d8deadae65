/** What the commands write, and where: results on stdout, everything else on stderr. */
import { styleText } from "node:util";
import { MfgError } from "../errors.ts";

const longestValue = 200;

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The one JSON document of a command; numbers that are not finite become null. */
export function printJson(document: unknown): void {
  printLine(JSON.stringify(document, null, 2));
}

export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** True where text on stderr may be coloured: a terminal, and no NO_COLOR (https://no-color.org). */
export function coloured(): boolean {
  return process.stderr.isTTY && !process.env["NO_COLOR"];
}

function shown(value: unknown): unknown {
  if (typeof value === "string" && value.length > longestValue) {
    return `${value.slice(0, longestValue)}... (${value.length} characters)`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value === undefined) return null;
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return typeof value;
  return text.length > longestValue && typeof value === "object" ? `${text.slice(0, longestValue)}...` : value;
}

/** An error as the `error` of a JSON document. */
export function errorDocument(error: unknown): Record<string, unknown> {
  if (!(error instanceof MfgError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: "MFGPU_UNEXPECTED", message, path: null, value: null, fix: null };
  }
  const { code, message, path, fix } = error;
  return { code, message, path: path ?? null, value: shown(error.value), fix: fix ?? null };
}

/** Tells a person, or with `json` a program, what went wrong. */
export function printError(error: unknown, json: boolean): void {
  if (json) {
    printJson({ error: errorDocument(error) });
    return;
  }
  const mark = coloured() ? styleText("red", "error") : "error";
  if (!(error instanceof MfgError)) {
    note(`${mark}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return;
  }
  const { code, message, path, fix } = error;
  note(`${mark}: ${message} [${code}]`);
  if (path !== undefined) note(`  at:    ${path}`);
  if (error.value !== undefined) note(`  value: ${JSON.stringify(shown(error.value))}`);
  if (fix !== undefined) note(`  mend:  ${fix}`);
}
