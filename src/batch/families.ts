/**
 * Who starts from whom, and who is solved together. A study that starts warm has roots, solved from the initial density,
 * and families: each other member starts from the equilibrium of the nearest root. One generation, so that a lost member
 * costs its family at most, and all families can be solved at once.
 */
import { canonicalJson } from "./identity.ts";
import type { Member } from "./members.ts";

/** Members solved in one workspace; all of one grid, one set of options and one parent. */
export interface Batch {
  readonly index: number;
  readonly members: readonly number[];
  /** Member whose equilibrium all of them start from; null where they start from their initial density. */
  readonly parent: number | null;
}

/** One root for this many members, within the bounds below. */
const membersPerRoot = 24;
const mostRoots = 256;

/** Members that may share a workspace, keyed by what must agree. */
export function shapeGroups(members: readonly Member[]): Member[][] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const { domain } = member.problem as { readonly domain: readonly unknown[] };
    const key = canonicalJson({ options: member.options, axes: domain.length });
    const group = groups.get(key);
    if (group) group.push(member);
    else groups.set(key, [member]);
  }
  return [...groups.values()];
}

/** Positions of members in the unit cube of what varies; texts and truth values stand at their order of appearance. */
function positions(members: readonly Member[]): number[][] {
  const paths = Object.keys(members[0]?.parameters ?? {});
  const columns = paths.map((path) => {
    const values = members.map((member) => member.parameters[path]);
    const numbers = values.every((value) => typeof value === "number")
      ? values
      : values.map((value) => values.indexOf(value));
    const log = numbers.every((x) => x > 0) && Math.max(...numbers) / Math.min(...numbers) > 20;
    const scaled = log ? numbers.map(Math.log) : numbers;
    const low = scaled.reduce((a, b) => Math.min(a, b), Infinity);
    const high = scaled.reduce((a, b) => Math.max(a, b), -Infinity);
    return scaled.map((x) => (high > low ? (x - low) / (high - low) : 0));
  });
  return members.map((_, i) => columns.map((column) => column[i] ?? 0));
}

const distance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, k) => sum + (x - (b[k] ?? 0)) ** 2, 0);

/**
 * For each member of a group its root (itself for a root). Roots are spread by farthest-point sampling (Gonzalez 1985),
 * starting from the member nearest to the middle.
 */
export function nearestRoots(members: readonly Member[]): number[] {
  const points = positions(members);
  const wanted = Math.min(mostRoots, Math.max(1, Math.ceil(members.length / membersPerRoot)));
  const middle = points[0]?.map(() => 0.5) ?? [];
  let next = 0;
  points.forEach((point, i) => {
    if (distance(point, middle) < distance(points[next] ?? [], middle)) next = i;
  });
  const root = Array<number>(members.length).fill(next);
  const away = points.map((point) => distance(point, points[next] ?? []));
  for (let chosen = 1; chosen < wanted; chosen++) {
    next = away.reduce((farthest, d, i) => (d > (away[farthest] ?? 0) ? i : farthest), 0);
    if (away[next] === 0) break;
    points.forEach((point, i) => {
      const d = distance(point, points[next] ?? []);
      if (d < (away[i] ?? 0)) {
        away[i] = d;
        root[i] = next;
      }
    });
    root[next] = next;
  }
  return root;
}

/** Batches of at most `size`, roots first; `warm` false solves everybody from the initial density. */
export function makeBatches(members: readonly Member[], size: number, warm: boolean): Batch[] {
  const first: { members: number[]; parent: number | null }[] = [];
  const second: { members: number[]; parent: number | null }[] = [];
  for (const group of shapeGroups(members)) {
    const roots = warm ? nearestRoots(group) : group.map((_, i) => i);
    const indexOf = (i: number): number => group[i]?.index ?? -1;
    pack(
      first,
      size,
      null,
      group.flatMap((_, i) => (roots[i] === i ? [indexOf(i)] : [])),
    );
    const families = new Map<number, number[]>();
    roots.forEach((root, i) => {
      if (root !== i) families.set(root, [...(families.get(root) ?? []), indexOf(i)]);
    });
    for (const [root, children] of families) pack(second, size, indexOf(root), children);
  }
  return [...first, ...second].map((batch, index) => ({ index, ...batch }));
}

function pack(
  into: { members: number[]; parent: number | null }[],
  size: number,
  parent: number | null,
  members: readonly number[],
): void {
  // Even shares: eleven members in batches of at most ten go as six and five.
  const count = Math.ceil(members.length / size);
  for (let k = 0; k < count; k++) {
    const from = Math.floor((k * members.length) / count);
    const to = Math.floor(((k + 1) * members.length) / count);
    into.push({ members: members.slice(from, to), parent });
  }
}
