/** Dotted paths into a problem or into the options of a solve. */
import { nearest } from "../problem/suggest.ts";
import type { ParameterValue } from "./vary.ts";
import { shown, studyError } from "./studyFile.ts";

/** Options of a solve that a study may set or vary; the rest is for programs. */
export const solveOptionNames = [
  "grid",
  "steps",
  "tier",
  "precision",
  "adapter",
  "threads",
  "weno",
  "epsilon",
  "hamiltonianFlux",
  "fokkerPlanck",
  "splitting",
  "timeLevels",
  "timeInterpolation",
  "cfl",
  "fdmSubsteps",
  "tolerance",
  "maxIterations",
  "relaxation",
  "memoryBytes",
] as const;

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null;

/** Every dotted path to a number, text or truth value of a tree; entries of arrays by their index. */
export function leafPaths(tree: unknown, above = ""): string[] {
  if (!isTree(tree)) return [above];
  return Object.entries(tree).flatMap(([key, value]) => leafPaths(value, above === "" ? key : `${above}.${key}`));
}

/**
 * A deep copy of `tree` with the value at the path set. `domain[0].to` and `domain.0.to` are the same path.
 *
 * @param optional paths that may be set although the tree does not hold them, such as an option with a default
 * @throws MFGPU_CONFIG_STUDY for a path that does not exist, or leads to an object, with the nearest ones
 */
export function withValue(
  tree: unknown,
  path: string,
  value: ParameterValue,
  optional: readonly string[],
  root = "",
): unknown {
  const keys = path.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
  const copy = structuredClone(tree);
  const plain = keys.join(".");
  let at: unknown = copy;
  for (const key of keys.slice(0, -1)) at = isTree(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  const last = keys.at(-1) ?? "";
  const there = isTree(at) && Object.hasOwn(at, last);
  if (!isTree(at) || (!there && !optional.includes(plain))) throw unknownPath(tree, path, optional, root);
  if (there && isTree(at[last])) {
    const inside = leafPaths(at[last], plain);
    throw studyError(
      `vary.${root}${path}`,
      at[last],
      `vary.${root}${path} leads to ${shown(at[last])}, which is no number, text or truth value.`,
      `Name what is inside it: ${inside
        .slice(0, 6)
        .map((p) => root + p)
        .join(", ")}.`,
    );
  }
  at[last] = value;
  return copy;
}

function unknownPath(tree: unknown, path: string, optional: readonly string[], root: string): Error {
  const known = [...new Set([...leafPaths(tree), ...optional])];
  const near = nearest(path, known);
  const list = known.slice(0, 30).map((name) => root + name);
  return studyError(
    `vary.${root}${path}`,
    path,
    `vary.${root}${path}: there is no such path.`,
    `${near === undefined ? "" : `Did you mean "${root}${near}"? `}Known here: ${list.join(", ")}.`,
  );
}
