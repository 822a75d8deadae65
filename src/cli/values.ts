/** Readers of option values: text in, value out, or an MfgError that names the option, the value and the mend. */
import { MfgError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

function refuse(flag: string, value: string, message: string, fix: string, code: ErrorCode): never {
  throw new MfgError({ code, message: `${flag}: ${message}`, path: flag, value, fix });
}

function bad(flag: string, value: string, message: string, fix: string): never {
  refuse(flag, value, message, fix, "MFGPU_CONFIG_OPTION");
}

// Number("") is 0 and Number("0x10") is 16: neither is what somebody meant.
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function numberOf(text: string): number {
  return decimal.test(text) ? Number(text) : Number.NaN;
}

/** `512`, `512x512` or `64x64x64`: points per axis; one number stands for every axis. */
export function readGrid(flag: string, text: string): number | number[] {
  const counts = text.split(/x/i).map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (counts.length > 3 || !counts.every((n) => Number.isSafeInteger(n) && n > 0)) {
    bad(flag, text, "no grid", "Give the points per axis: 512, 512x512 or 64x64x64.");
  }
  const [first, ...others] = counts;
  return first !== undefined && others.length === 0 ? first : counts;
}

/** A whole number, `minimum` or more. */
export function readCount(flag: string, text: string, minimum: number): number {
  const n = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(n) || n < minimum) {
    bad(flag, text, "not a whole number in range", `Give a whole number, ${minimum} or more.`);
  }
  return n;
}

/** A finite number > 0. */
export function readPositive(flag: string, text: string): number {
  const x = numberOf(text);
  if (!(x > 0) || !Number.isFinite(x)) bad(flag, text, "not a positive number", "Give a number above 0, such as 1e-8.");
  return x;
}

/** One of `names`. */
export function readName<Name extends string>(
  flag: string,
  text: string,
  names: readonly Name[],
  code: ErrorCode = "MFGPU_CONFIG_OPTION",
): Name {
  const name = names.find((candidate) => candidate === text);
  return name ?? refuse(flag, text, "unknown name", `Choose one of ${names.join(", ")}.`, code);
}

/** `graded`, `uniform` or the grading itself, 0 to 1. */
export function readTimeLevels(flag: string, text: string): "graded" | "uniform" | number {
  if (text === "graded" || text === "uniform") return text;
  const grading = numberOf(text);
  if (!(grading >= 0 && grading <= 1)) {
    bad(flag, text, "no time levels", "Choose graded, uniform or a grading between 0 (uniform) and 1.");
  }
  return grading;
}

/** `anderson`, `fictitious` or a constant relaxation factor, above 0 and at most 1. */
export function readRelaxation(flag: string, text: string): "anderson" | "fictitious" | number {
  if (text === "anderson" || text === "fictitious") return text;
  const theta = numberOf(text);
  if (!(theta > 0 && theta <= 1)) {
    bad(flag, text, "no relaxation", "Choose anderson, fictitious or a factor above 0 and at most 1.");
  }
  return theta;
}

const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** `2GB`, `512MiB` or plain bytes; GB is 1e9 bytes, GiB is 2^30. */
export function readBytes(flag: string, text: string): number {
  const match = /^([\d.]+)\s*([a-z]*)$/i.exec(text);
  const bytes = Math.floor(numberOf(match?.[1] ?? "") * (byteUnits[match?.[2]?.toLowerCase() || "b"] ?? Number.NaN));
  if (!(bytes > 0 && bytes <= Number.MAX_SAFE_INTEGER)) {
    bad(flag, text, "no amount of memory", "Give a number of bytes with a unit: 800MB, 2GB, 2GiB.");
  }
  return bytes;
}

/** A path that ends in one of `endings`. */
export function readPath(flag: string, text: string, endings: readonly string[]): string {
  if (!endings.some((ending) => text.toLowerCase().endsWith(ending))) {
    bad(flag, text, "not a kind of file that is written", `End the name in ${endings.join(" or ")}.`);
  }
  return text;
}
