/** Reads the imports of the sources and judges their direction. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Each file of src/ (path from src/, with "/") and the files of src/ that it imports, types included. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The floors from the ground up; rooms on one line stand on one floor. */
const floors: readonly (readonly string[])[] = [
  ["errors.ts"],
  ["problem"],
  ["scheme"],
  ["tiers"],
  ["solver"],
  ["decision"],
  ["bench", "batch", "io", "plot"],
  ["cli"],
];

/** Text files below `folder` with one of the `endings`, as paths from the root. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** Specifiers of static and dynamic imports and of re-exports in a source text; what stands in comments does not count. */
export function specifiersOf(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const statements = /^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm;
  const bare = /^\s*import\s*["']([^"']+)["']/gm;
  const dynamic = /\bimport\(\s*["']([^"']+)["']/g;
  return [statements, bare, dynamic].flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]!));
}

export function readImports(): ImportGraph {
  return new Map(
    filesBelow("src", [".ts"]).map((path) => {
      const file = path.slice("src/".length);
      const own = specifiersOf(readFileSync(join(root, path), "utf8")).filter((specifier) => specifier.startsWith("."));
      return [file, own.map((specifier) => posix.join(dirname(file), specifier))];
    }),
  );
}

function floorOf(file: string): number {
  return floors.findIndex((rooms) => rooms.includes(file.split("/")[0]!));
}

/** Rooms of tiers/ that every tier may use, and that know no tier. */
const sharedRooms: readonly (string | undefined)[] = ["host", "dawn"];

/** The tier (a folder of tiers/) that a file belongs to; undefined for what all tiers share. */
function tierOf(file: string): string | undefined {
  const [room, folder, inner] = file.split("/");
  return room === "tiers" && inner !== undefined && !sharedRooms.includes(folder) ? folder : undefined;
}

function fault(from: string, to: string): string | undefined {
  if (from === "index.ts") return undefined;
  if (to === "index.ts") return "index.ts is for those who use the package";
  if (floorOf(from) === -1) return `no floor is known for ${from}`;
  if (floorOf(to) > floorOf(from)) return "upwards";
  if (floorOf(to) === -1) return `no floor is known for ${to}`;
  const tier = tierOf(to);
  if (tierOf(from) !== undefined && tier !== undefined && tier !== tierOf(from)) return "from one tier into another";
  if (sharedRooms.some((folder) => from.startsWith(`tiers/${folder}/`)) && tier !== undefined)
    return "from what tiers share into one tier";
  if (tierOf(from) !== undefined && /^tiers\/[^/]+$/.test(to) && to !== "tiers/tier.ts")
    return "a tier knows tier.ts alone";
  if (from.startsWith("solver/") && tier !== undefined) return "the solver knows no tier by name";
  return undefined;
}

/** Imports that go upwards or break a rule of the tiers, one line each. */
export function misdirected(graph: ImportGraph): string[] {
  return [...graph].flatMap(([from, imports]) =>
    imports.flatMap((to) => {
      const reason = fault(from, to);
      return reason === undefined ? [] : [`${from} -> ${to}: ${reason}`];
    }),
  );
}

/** Circles of imports, each as the list of its files. */
export function circles(graph: ImportGraph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start !== -1) {
      found.push([...trail.slice(start), file].join(" -> "));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}
