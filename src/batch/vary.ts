/** From `vary` and `combine` to the parameter values of every member. */
import { mostSobolDimensions, sobolPoints } from "./sobol.ts";
import { type RangeInput, shown, studyError, type StudyFile } from "./studyFile.ts";

/** One value of one parameter. */
export type ParameterValue = number | string | boolean;

/** What a member has of its own: parameter paths to values, in the order of the file. */
export type Assignment = Readonly<Record<string, ParameterValue>>;

/** Members above which a study must be confirmed. */
export const confirmAbove = 1_000_000;

type Given = StudyFile["vary"][string];

function isRange(given: Given): given is RangeInput {
  return !Array.isArray(given);
}

/** Value of an interval at a share of the way through it. */
function within({ from, to, scale }: RangeInput, share: number): number {
  if (share === 0) return from;
  if (share === 1) return to;
  return scale === "log" ? from * (to / from) ** share : from + (to - from) * share;
}

function valuesOf(given: Given): readonly ParameterValue[] {
  if (!isRange(given)) return given;
  const { count } = given;
  return Array.from({ length: count }, (_, i) => within(given, count === 1 ? 0 : i / (count - 1)));
}

function checkRanges(vary: StudyFile["vary"]): void {
  for (const [path, given] of Object.entries(vary)) {
    if (!isRange(given) || given.scale === "linear" || (given.from > 0 && given.to > 0)) continue;
    throw studyError(
      `vary.${path}`,
      given,
      `vary.${path} is a log range from ${given.from} to ${given.to}.`,
      "Give both ends above 0, or leave scale at linear.",
    );
  }
}

/** Members that the file describes, before any of them is made. */
export function memberCount({ vary, combine }: Pick<StudyFile, "vary" | "combine">): number {
  if (typeof combine === "object") return combine.count;
  const counts = Object.values(vary).map((given) => (isRange(given) ? given.count : given.length));
  return combine === "zip" ? Math.max(...counts) : counts.reduce((product, count) => product * count, 1);
}

/**
 * The parameter values of every member; in a product the last parameter runs fastest.
 *
 * @throws MFGPU_CONFIG_STUDY for lists of different lengths in `zip`, log ranges that are not positive, and too many
 *   parameters for `sobol`
 */
export function assignments(file: Pick<StudyFile, "vary" | "combine">): Assignment[] {
  const { vary, combine } = file;
  checkRanges(vary);
  const paths = Object.keys(vary);
  const given = Object.values(vary);
  if (typeof combine === "object") {
    const points =
      combine.kind === "random"
        ? randomPoints(combine.count, paths.length, combine.seed)
        : shiftedSobol(combine.count, paths.length, combine.seed);
    return points.map((point) => assignment(paths, (a) => at(given[a], point[a] ?? 0)));
  }
  const lists = given.map(valuesOf);
  if (combine === "zip") {
    const [first] = lists;
    const odd = lists.findIndex((list) => list.length !== first?.length);
    if (odd >= 0) {
      throw studyError(
        `vary.${paths[odd]}`,
        given[odd],
        `zip pairs values, but ${paths[0]} has ${first?.length} and ${paths[odd]} has ${lists[odd]?.length}.`,
        "Give every parameter as many values, or combine them as a product.",
      );
    }
    return (first ?? []).map((_, i) => assignment(paths, (a) => lists[a]?.[i]));
  }
  let members: ParameterValue[][] = [[]];
  for (const list of lists) members = members.flatMap((member) => list.map((value) => [...member, value]));
  return members.map((member) => assignment(paths, (a) => member[a]));
}

function assignment(paths: readonly string[], value: (index: number) => ParameterValue | undefined): Assignment {
  return Object.fromEntries(
    paths.map((path, a) => {
      const found = value(a);
      if (found === undefined) throw new RangeError(`no value for ${shown(path)}`);
      return [path, found];
    }),
  );
}

/** The value at a share in [0, 1) of what was given: of an interval a number, of a list one of its entries. */
function at(given: Given | undefined, share: number): ParameterValue | undefined {
  if (given === undefined) return undefined;
  return isRange(given) ? within(given, share) : given[Math.min(given.length - 1, Math.floor(share * given.length))];
}

/** Uniform numbers in [0, 1) from a 32-bit counter (Steele, Lea & Flood 2014, SplitMix; 32-bit finaliser of MurmurHash3). */
function randomPoints(count: number, dimensions: number, seed: number): number[][] {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
  return Array.from({ length: count }, () => Array.from({ length: dimensions }, next));
}

/** Sobol points, moved as a whole by a random vector (Cranley & Patterson 1976); seed 0 leaves them where they are. */
function shiftedSobol(count: number, dimensions: number, seed: number): number[][] {
  if (dimensions > mostSobolDimensions) {
    throw studyError(
      "combine",
      "sobol",
      `A Sobol study varies at most ${mostSobolDimensions} parameters; this one varies ${dimensions}.`,
      'Use { "kind": "random" }.',
    );
  }
  const points = sobolPoints(count, dimensions);
  if (seed === 0) return points;
  const [shift = []] = randomPoints(1, dimensions, seed);
  return points.map((point) => point.map((x, a) => (x + (shift[a] ?? 0)) % 1));
}
