/** What a plan says beside its choice. */
import type { Discretisation } from "../scheme/discretisation.ts";
import type { SolveOptions } from "../solver/options.ts";
import { reachable, type PlanCandidate } from "./candidates.ts";
import { tie } from "./choose.ts";
import { predict } from "./model.ts";
import { shippedModel } from "./shipped.ts";
import { taskOf } from "./task.ts";
import type { Ranked } from "./twoParts.ts";
import type { IterationWork } from "./work.ts";

/** True where moving data is more than a tie of a candidate's time. */
export function movesData(ranked: readonly Ranked[], name: string): boolean {
  const predicted = ranked.find(({ candidate }) => candidate.name === name)?.predicted;
  return predicted !== undefined && predicted.moving > tie * predicted.seconds;
}

/** A note where a precision that was not asked for would be much faster: the user may want to ask for it. */
export function fasterElsewhere(
  best: Ranked | undefined,
  candidates: readonly PlanCandidate[],
  barred: ReadonlyMap<string, string>,
  d: Discretisation,
  work: IterationWork,
  iterations: number,
  options: SolveOptions,
): string[] {
  if (!best || options.precision !== undefined) return [];
  const { parts, predicted } = best;
  const memory = parts[0]?.memory;
  if (!memory) return [];
  for (const candidate of candidates) {
    const { found, precision } = candidate;
    if (
      !barred.has(candidate.name) ||
      found.state === "unavailable" ||
      found.software ||
      candidate.parts ||
      candidate.barred === undefined
    )
      continue;
    const guess = predict(shippedModel(candidate, d.grid.shape.length), taskOf(d, 1, work, iterations, memory, true));
    if (guess.seconds < predicted.seconds / 3) {
      return [
        `${candidate.name} may be much faster; it reaches a residual of ${reachable[precision]} ` +
          `(--precision ${precision}, or --tolerance ${reachable[precision]}).`,
      ];
    }
  }
  return [];
}
