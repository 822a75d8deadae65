/** Numbers and labels as pictures show them. */

const superscripts = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
const minus = "\u2212";

/** An integer as an exponent, in the characters of Unicode that stand high. */
export function superscript(exponent: number): string {
  return String(exponent)
    .replace("-", "\u207b")
    .replace(/\d/g, (digit) => superscripts.charAt(Number(digit)));
}

/** A number with at most `digits` significant digits, trailing zeros dropped, very large and small ones as a power of ten. */
export function formatNumber(value: number, digits = 3): string {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "\u221e" : `${minus}\u221e`;
  if (value === 0) return "0";
  const [mantissa = "", exponent = "0"] = value.toExponential(Math.max(0, digits - 1)).split("e");
  const power = Number(exponent);
  const plain = power >= -3 && power < Math.max(5, digits);
  const shown = plain
    ? String(Number(value.toPrecision(digits)))
    : `${Number(mantissa)}\u00d710${superscript(power)}`.replace(/^(-?)1\u00d7/, "$1");
  return shown.replace("-", minus);
}

/** A format for the ticks of an axis from `from` to `to`: as many digits as tell neighbouring ticks apart. */
export function tickFormat(from: number, to: number): (value: number) => string {
  const span = Math.abs(to - from);
  const largest = Math.max(Math.abs(from), Math.abs(to));
  const digits = Math.min(15, Math.max(2, Math.ceil(Math.log10((8 * largest) / span)) + 1));
  return (value) => formatNumber(Math.abs(value) < span * 1e-9 ? 0 : value, digits);
}

/** A power of ten as an axis shows it. */
export function formatDecade(value: number): string {
  return `10${superscript(Math.round(Math.log10(value)))}`;
}

/** Integers for the ticks of an axis of counts, at most about `most` of them, `steps` times a power of ten apart. */
export function countTicks(from: number, to: number, most: number, steps: readonly number[] = [1, 2, 5, 10]): number[] {
  const rough = Math.max(1, (to - from) / most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, power * (steps.find((m) => m * power >= rough) ?? 10));
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step);
}

/** The smallest and largest finite value; undefined where there is none. */
export function extentOf(values: Iterable<number>): readonly [number, number] | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low && value > -Infinity) low = value;
    if (value > high && value < Infinity) high = value;
  }
  return low <= high ? [low, high] : undefined;
}

/** Widens a range that is one value, or that differs by round-off alone, so that an axis can be drawn over it. */
export function openRange([low, high]: readonly [number, number]): readonly [number, number] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > 1e-12 * size) return [low, high];
  const half = size > 0 ? size / 10 : 0.5;
  return [(low + high) / 2 - half, (low + high) / 2 + half];
}
