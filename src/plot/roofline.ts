/** A roofline: contestants under the roofs of their places, each named beside its mark, no name on another. */
import { escapeText, ink, textAt, textWidth, type Block } from "./blocks.ts";
import { chart, fontSize, type Frame, type Mark, type Studio } from "./charts.ts";
import { formatNumber } from "./numbers.ts";

/** A contestant: operations per byte, and 10^9 operations per second. */
export interface RooflineMark {
  readonly name: string;
  readonly intensity: number;
  readonly rate: number;
}

/** What a place can do at most: 10^9 bytes per second, and 10^9 operations per second of every kind of numbers. */
export interface RooflineRoof {
  readonly name: string;
  readonly bandwidth: number;
  readonly arithmetic: readonly { readonly label: string; readonly rate: number }[];
}

const labelGap = 15;
const legendColumns = 2;
const legendStep = 18;
const dashes = [undefined, "7 3", "2 3", "9 3 2 3", "12 4", "5 2 1 2 1 2"] as const;

type Range = readonly [number, number];

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Draws it. Lines of places differ in dashes; a ceiling is named where it ends. */
export function rooflineChart(studio: Studio, roofs: readonly RooflineRoof[], marks: readonly RooflineMark[]): Block {
  const rates = [...marks.map(({ rate }) => rate), ...roofs.flatMap((roof) => roof.arithmetic.map(({ rate }) => rate))];
  const low = 10 ** Math.floor(Math.log10(Math.min(...rates) / 1.5));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...rates) * 1.1));
  // Beyond the first and the last mark there is room for their names.
  const first = Math.min(1, ...marks.map(({ intensity }) => intensity));
  const last = Math.max(1, ...marks.map(({ intensity }) => intensity));
  const intensities: Range = [10 ** Math.floor(Math.log10(first) - 0.6), 10 ** (Math.ceil(Math.log10(last)) + 1)];
  const legendRows = Math.ceil(roofs.length / legendColumns);
  const frame: Frame = {
    width: 560,
    height: 400,
    margins: { left: 62, right: 8, top: 14 + legendStep * legendRows, bottom: 44 },
    x: { kind: "log", domain: intensities, label: "operations per byte" },
    y: { kind: "log", domain: [low, high], label: "10^9 operations per second" },
  };
  const { plot } = studio;
  const lines = roofs.flatMap((roof, k) =>
    ceilings(roof, intensities, [low, high]).map((points) => ({ points, dash: dashOf(k) })),
  );
  const drawn: Mark[] = [
    ...lines.map(({ points, dash }) =>
      plot.lineY(points, {
        x: "x",
        y: "y",
        stroke: "#555555",
        strokeWidth: 1.2,
        ...(dash && { strokeDasharray: dash }),
      }),
    ),
    plot.dot(marks, { x: "intensity", y: "rate", stroke: ink, fill: ink, r: 3 }),
  ];
  const body = chart(studio, frame, drawn);
  const at = ({ x, y }: Point): Point => ({
    x:
      frame.margins.left + (frame.width * Math.log10(x / intensities[0])) / Math.log10(intensities[1] / intensities[0]),
    y: frame.margins.top + (frame.height * Math.log10(high / y)) / Math.log10(high / low),
  });
  const [top, bottom] = [frame.margins.top + 8, frame.margins.top + frame.height - 12];
  const columns = [...new Set(marks.map(({ intensity }) => intensity))].toSorted((a, b) => a - b);
  const names = columns.flatMap((intensity, c) => {
    const own = marks.filter((mark) => mark.intensity === intensity);
    // Those of the lowest intensity stand on the left of their marks, the others on the right.
    const side = c === 0 && columns.length > 1 ? -1 : 1;
    const places = own.map(({ rate }) => at({ x: intensity, y: rate }));
    return placed(
      own.map(({ name }) => name),
      places,
      (places[0]?.x ?? 0) + side * 26,
      [top, bottom],
      side,
    );
  });
  const ends = roofs.flatMap(({ name, arithmetic }) =>
    arithmetic.map(({ label, rate }) => ({
      name: `${[name, label].filter(Boolean).join(" ")}: ${formatNumber(rate)}`,
      end: at({ x: intensities[1], y: rate }),
    })),
  );
  const right = frame.margins.left + frame.width;
  const roofNames = placed(
    ends.map(({ name }) => name),
    ends.map(({ end }) => end),
    right + 22,
    [top, bottom],
    1,
  );
  // The slopes are named above the frame.
  const slopes = roofs.map(({ name, bandwidth }, k) => {
    const x = frame.margins.left + (k % legendColumns) * (frame.width / legendColumns);
    const y = 10 + legendStep * Math.floor(k / legendColumns);
    const dash = dashOf(k);
    const style = dash === undefined ? "" : ` stroke-dasharray="${dash}"`;
    const line = `<line x1="${x}" x2="${x + 34}" y1="${y}" y2="${y}" stroke="#555555" stroke-width="1.2"${style}/>`;
    return line + textAt(`${name}: copy ${formatNumber(bandwidth)} GB/s`, x + 42, y + 4);
  });
  const widest = Math.max(0, ...ends.map(({ name }) => textWidth(name, fontSize)));
  return {
    width: right + 30 + widest,
    height: body.height,
    svg: [body.svg, ...slopes, ...names, ...roofNames].join("\n"),
  };
}

const dashOf = (k: number): string | undefined => dashes[k % dashes.length];

/** The lines of a roof inside the frame: the slope of the memory up to each ceiling, then level. */
function ceilings({ bandwidth, arithmetic }: RooflineRoof, [first, last]: Range, [low, high]: Range): Point[][] {
  const start = Math.max(first, low / bandwidth);
  const levels = arithmetic.length > 0 ? arithmetic.map(({ rate }) => rate) : [high];
  return levels.map((rate) => {
    const ridge = Math.min(last, Math.max(start, rate / bandwidth));
    const on = (x: number): Point => ({ x, y: Math.min(rate, x * bandwidth) });
    return [on(start), on(ridge), on(last)];
  });
}

/** Names beside their points, moved apart where they would touch, each tied to its point by a thin line. */
function placed(
  names: readonly string[],
  points: readonly Point[],
  x: number,
  [top, bottom]: Range,
  side: 1 | -1,
): string[] {
  const heights = spread(
    points.map(({ y }) => y),
    labelGap,
    top,
    bottom,
  );
  return names.map((name, k) => {
    const { x: px, y: py } = points[k] ?? { x, y: top };
    const y = heights[k] ?? py;
    const tie = `<line x1="${px + side * 4}" y1="${py}" x2="${x - side * 3}" y2="${y}" stroke="#999999" stroke-width="0.7"/>`;
    const width = textWidth(name, fontSize);
    // No line runs through a name.
    const ground = `<rect x="${side > 0 ? x - 2 : x - width - 2}" y="${y - 6}" width="${width + 4}" height="${labelGap - 2}" fill="white" fill-opacity="0.85"/>`;
    const text = `<text x="${x}" y="${y + 4}" font-size="${fontSize}" fill="${ink}" text-anchor="${side > 0 ? "start" : "end"}">${escapeText(name)}</text>`;
    return tie + ground + text;
  });
}

/**
 * The numbers moved apart by at least `gap`, in their order and no further than it takes: those who would touch stand around the
 * middle of their own. Within the bounds, if all have room there.
 */
export function spread(numbers: readonly number[], gap: number, low: number, high: number): number[] {
  const sorted = numbers.map((value, index) => ({ value, index })).toSorted((a, b) => a.value - b.value);
  type Run = typeof sorted;
  const half = (run: Run): number => (gap * (run.length - 1)) / 2;
  const middle = (run: Run): number => run.reduce((sum, { value }) => sum + value, 0) / run.length;
  const runs: Run[] = [];
  for (const entry of sorted) {
    let run = [entry];
    for (;;) {
      const before = runs.at(-1);
      if (!before || middle(run) - half(run) - middle(before) - half(before) >= gap) break;
      runs.pop();
      run = [...before, ...run];
    }
    runs.push(run);
  }
  const free = runs.flatMap((run) => run.map(({ index }, k) => ({ index, at: middle(run) - half(run) + gap * k })));
  const places = Array<number>(numbers.length).fill(0);
  let limit = high;
  const below = free.toReversed().map(({ index, at }) => {
    const lowered = Math.min(at, limit);
    limit = lowered - gap;
    return { index, at: lowered };
  });
  limit = low;
  for (const { index, at } of below.toReversed()) {
    places[index] = Math.max(at, limit);
    limit = Math.max(at, limit) + gap;
  }
  return places;
}
