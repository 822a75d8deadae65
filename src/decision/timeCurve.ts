/** Predicted times over grid sizes. */
import type { Discretisation } from "../scheme/discretisation.ts";
import type { Rates } from "./rates.ts";
import { resized, workAt } from "./task.ts";
import { predictParts, type PlannedPart } from "./twoParts.ts";

/** A candidate's seconds as a function of how much finer the grid is. */
export function timeAt(
  d: Discretisation,
  rates: Rates,
  members: number,
  parts: readonly PlannedPart[],
): (scale: number) => number {
  return (scale) => {
    const shape = d.grid.shape.map((n) => Math.max(7, Math.round(n * scale)));
    const finer = resized(d, d.problem, shape, d.steps);
    const share = finer.grid.points / d.grid.points;
    const grown = parts.map((part) => ({ ...part, memory: { ...part.memory, bytes: share * part.memory.bytes } }));
    return predictParts(grown, finer, members, workAt(d, rates, shape), () => true).seconds;
  };
}

/** From eight points per axis to sixteen times the grid at hand, and no further than any machine goes. */
export function crossoverRange(d: Discretisation): [number, number] {
  const smallest = 8 / Math.min(...d.grid.shape);
  const largest = Math.min(16, (1e9 / d.grid.points) ** (1 / d.grid.shape.length));
  return [Math.min(1, smallest), Math.max(1, largest)];
}
