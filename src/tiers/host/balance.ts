import type { Discretisation } from "../../scheme/discretisation.ts";

/**
 * The share of the frozen source q that the diffusion along `axis` takes, where several axes have exits. At an exit the
 * source must balance the diffusion along the axis that leads to it, so the shares sum to 1 and go to 1 at that axis's
 * exits: w_a is proportional to the product of the other axes' distances to their exits. With one exit axis w = 1.
 *
 * Returns `balance` itself, or the scaled copy in `scratch`.
 */
export function exitWeights(
  d: Discretisation,
  axes: readonly number[],
  axis: number,
  balance: Float64Array,
  scratch: Float64Array,
): Float64Array {
  if (axes.length === 1) return balance;
  const { grid } = d;
  const distances = axes.map((a) => exitDistance(d, a));
  const own = axes.indexOf(axis);
  for (let i = 0; i < balance.length; i++) {
    let total = 0;
    let share = 0;
    for (let j = 0; j < axes.length; j++) {
      let product = 1;
      for (let other = 0; other < axes.length; other++) {
        if (other === j) continue;
        const a = axes[other]!;
        product *= distances[other]![Math.floor(i / grid.stride[a]!) % grid.shape[a]!]!;
      }
      total += product;
      if (j === own) share = product;
    }
    scratch[i] = (share / total) * balance[i]!;
  }
  return scratch;
}

/** Distance of each node of an axis to the nearest exit, smooth where both sides are exits, as a fraction of the length. */
function exitDistance(d: Discretisation, axis: number): Float64Array {
  const n = d.grid.shape[axis]!;
  const { lower, upper } = d.boundaries[axis]!;
  return Float64Array.from({ length: n }, (_, i) => {
    const x = (i + 0.5) / n;
    return (lower.kind === "exit" ? x : 1) * (upper.kind === "exit" ? 1 - x : 1);
  });
}
