import type { RunFile } from "../../src/io/run.ts";

/** The text of every text element, in order. */
export function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);
}

/** The picture without its images, whose letters mean nothing. */
export function markupOf(svg: string): string {
  return svg.replaceAll(/base64,[^"]*/g, "");
}

/** The embedded PNG images, in order. */
export function imagesOf(svg: string): Uint8Array[] {
  return [...svg.matchAll(/<image [^>]*href="data:image\/png;base64,([^"]+)"/g)].map((match) =>
    Buffer.from(match[1]!, "base64"),
  );
}

export interface RunShape {
  readonly shape: readonly number[];
  readonly steps: number;
  readonly lengths?: readonly number[];
  readonly record?: Record<string, unknown>;
}

export const history: readonly Record<string, number | null>[] = Array.from({ length: 12 }, (_, i) => ({
  iteration: i + 1,
  residual: 0.2 * 10 ** (-0.7 * i),
  exploitability: i === 11 ? 3e-8 : null,
  massDrift: 1e-16,
  minDensity: 0,
  seconds: 0.01,
}));

/** A crowd that drifts and spreads on a cell-centred box, its times graded. */
export function crowd({ shape, steps, lengths = shape.map(() => 1), record = {} }: RunShape): RunFile {
  const coordinates = shape.map((n, a) => Float64Array.from({ length: n }, (_, i) => ((i + 0.5) * lengths[a]!) / n));
  const t = Float64Array.from({ length: steps + 1 }, (_, k) => k / steps - 0.14 * Math.sin((2 * Math.PI * k) / steps));
  const points = shape.reduce((product, n) => product * n, 1);
  const value = new Float64Array(points * t.length);
  const density = new Float64Array(points * t.length);
  t.forEach((time, k) => {
    for (let p = 0; p < points; p++) {
      let rest = p;
      let m = 1;
      let u = 0;
      for (let a = shape.length - 1; a >= 0; a--) {
        const x = coordinates[a]![rest % shape[a]!]! / lengths[a]!;
        rest = Math.floor(rest / shape[a]!);
        m *= Math.exp(-((x - 0.3 - 0.3 * time) ** 2) / (0.02 + 0.1 * time));
        u += (x - 0.7) ** 2 * (1 + time);
      }
      value[k * points + p] = u;
      density[k * points + p] = m;
    }
  });
  const whole = {
    problem: "crowd",
    dimension: shape.length,
    grid: shape,
    steps,
    tier: "batched",
    precision: "f64",
    weno: "z",
    converged: true,
    stopReason: "tolerance",
    iterations: 12,
    residual: 4e-9,
    exploitability: 3e-8,
    massDrift: 2e-16,
    minDensity: 0,
    history,
    ...record,
  };
  return { value, density, t, coordinates, shape, record: whole };
}
