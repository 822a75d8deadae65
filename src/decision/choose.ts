/** Which of the candidates with a predicted time is taken. */
import type { Prediction } from "./model.ts";

/** A candidate as the choice sees it. */
export interface Rival {
  readonly name: string;
  /** Simpler ones have smaller ranks. */
  readonly rank: number;
  readonly predicted: Prediction;
  /** Relative noise of its measurements. */
  readonly noise: number;
}

/** Times closer than this are ties, and so are those within their noise, up to `widestTie`. */
export const tie = 0.05;
const widestTie = 0.1;

export interface Choice {
  readonly name: string;
  readonly why: string;
  readonly notes: readonly string[];
}

/**
 * The fastest; among those as fast as it within the noise the simplest; and what was chosen before, unless the gain is
 * more than 10 % or two standard deviations.
 *
 * @param rivals at least one
 * @param before what was chosen the last time; may be none of them
 */
export function choose(rivals: readonly Rival[], before?: string): Choice | undefined {
  const byTime = rivals.toSorted((a, b) => a.predicted.seconds - b.predicted.seconds || a.rank - b.rank);
  const [fastest] = byTime;
  if (!fastest) return undefined;
  const width = (other: Rival): number =>
    Math.min(widestTie, Math.max(tie, 2 * Math.hypot(other.noise, fastest.noise)));
  const within = (other: Rival): boolean => other.predicted.seconds <= fastest.predicted.seconds * (1 + width(other));
  const simplest = byTime.filter(within).toSorted((a, b) => a.rank - b.rank)[0] ?? fastest;
  const earlier = rivals.find(({ name }) => name === before);
  if (earlier && earlier !== simplest && within(earlier)) {
    return {
      name: earlier.name,
      why: `${earlier.name} was chosen before, and ${simplest.name} gains less than the noise beside it.`,
      notes: [],
    };
  }
  const notes =
    before !== undefined && before !== simplest.name
      ? [`The choice changed from ${before} to ${simplest.name}${earlier ? changed(earlier, simplest) : ""}.`]
      : [];
  if (simplest !== fastest) {
    const why = `${simplest.name} is within the noise of ${fastest.name}, the fastest, and simpler.`;
    return { name: simplest.name, why, notes };
  }
  // Of candidates that do the same the time is the same.
  const next = byTime.find(({ predicted }) => predicted.seconds > fastest.predicted.seconds);
  const gain = next ? `, ${ratioText(next.predicted.seconds / fastest.predicted.seconds)} less than ${next.name}` : "";
  return { name: fastest.name, why: `${fastest.name} is predicted to take the least time${gain}.`, notes };
}

function changed(earlier: Rival, now: Rival): string {
  return `, which is predicted to take ${ratioText(earlier.predicted.seconds / now.predicted.seconds)} less time`;
}

function ratioText(ratio: number): string {
  return ratio < 2 ? `${(100 * (ratio - 1)).toFixed(0)} %` : `${ratio.toPrecision(2)} times`;
}
