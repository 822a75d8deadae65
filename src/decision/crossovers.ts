/** At which grid size the answer changes. */
import type { Crossover } from "./plan.ts";

/** A candidate's time as a function of points per axis, and how far it may be off. */
export interface TimeCurve {
  readonly name: string;
  /** Seconds on the grid that is `scale` times as fine along every axis. */
  readonly seconds: (scale: number) => number;
  /** Relative uncertainty. */
  readonly uncertainty: number;
}

const perOctave = 8;

/**
 * Walks from coarse to fine grids and notes where another curve becomes the lowest.
 *
 * @param shape the grid of scale 1
 * @param range smallest and largest scale looked at
 */
export function crossoversOf(
  curves: readonly TimeCurve[],
  shape: readonly number[],
  range: readonly [number, number],
): Crossover[] {
  const found: Crossover[] = [];
  const scales = scalesOver(range);
  const grid = (scale: number): number[] => shape.map((n) => Math.max(7, Math.round(n * scale)));
  let last: TimeCurve | undefined;
  for (const [i, scale] of scales.entries()) {
    const best = lowest(curves, scale);
    if (last && best && best !== last) {
      const [from, to] = [last, best];
      const apart = (at: number): number => Math.abs(Math.log(from.seconds(at) / to.seconds(at)));
      const width = Math.log1p(Math.hypot(from.uncertainty, to.uncertainty));
      let low = i;
      let high = i;
      while (low > 0 && apart(scales[low] ?? scale) < width) low--;
      while (high < scales.length - 1 && apart(scales[high] ?? scale) < width) high++;
      found.push({
        grid: grid(scale),
        low: grid(scales[low] ?? scale),
        high: grid(scales[high] ?? scale),
        from: from.name,
        to: to.name,
      });
    }
    last = best ?? last;
  }
  return found;
}

/** Scales from the first to the last of a range, evenly in their logarithm. */
export function scalesOver([first, last]: readonly [number, number], each: number = perOctave): number[] {
  const count = Math.max(1, Math.ceil(Math.log2(last / first) * each));
  return Array.from({ length: count + 1 }, (_, k) => first * (last / first) ** (k / count));
}

function lowest(curves: readonly TimeCurve[], scale: number): TimeCurve | undefined {
  let best: TimeCurve | undefined;
  for (const curve of curves) if (!best || curve.seconds(scale) < best.seconds(scale)) best = curve;
  return best;
}
