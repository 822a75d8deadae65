/** A field on another grid over the same box, by cubic interpolation along every axis: smooth enough for WENO and for open walls. */
import type { Discretisation } from "../scheme/discretisation.ts";

const nodes = 4;

/** Four nodes and their Lagrange weights for every point of an axis; near walls the outermost four, a little extrapolated. */
function stencils(from: number, to: number, periodic: boolean): { readonly at: number[]; readonly weight: number[] }[] {
  return Array.from({ length: to }, (_, i) => {
    const position = periodic ? (i / to) * from : ((i + 0.5) / to) * from - 0.5;
    const below = Math.floor(position) - 1;
    const first = periodic ? below : Math.min(Math.max(0, below), Math.max(0, from - nodes));
    const x = position - first;
    const count = Math.min(nodes, from);
    const at = Array.from({ length: count }, (__, k) => (first + k + from) % from);
    const weight = at.map((__, k) =>
      at.reduce((product, ___, j) => (j === k ? product : (product * (x - j)) / (k - j)), 1),
    );
    return { at, weight };
  });
}

/** The field of one grid on another. */
export function onGridOf(field: Float64Array, shape: readonly number[], d: Discretisation): Float64Array {
  let data = field;
  const sizes = [...shape];
  d.grid.shape.forEach((n, a) => {
    const own = sizes[a] ?? 1;
    const spans = stencils(own, n, d.boundaries[a]?.lower.kind === "periodic");
    const before = sizes.slice(0, a).reduce((product, size) => product * size, 1);
    const after = sizes.slice(a + 1).reduce((product, size) => product * size, 1);
    const next = new Float64Array(before * n * after);
    for (let b = 0; b < before; b++) {
      spans.forEach(({ at, weight }, i) => {
        const to = (b * n + i) * after;
        at.forEach((node, k) => {
          const row = (b * own + node) * after;
          const w = weight[k] ?? 0;
          for (let c = 0; c < after; c++) next[to + c] = (next[to + c] ?? 0) + w * (data[row + c] ?? 0);
        });
      });
    }
    sizes[a] = n;
    data = next;
  });
  return data;
}
