/** Tables of text. */

/** Rows under a heading, columns as wide as they need; those named in `right` are numbers and end at one edge. */
export function tableLines(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string[] {
  const widths = heading.map((name, c) => Math.max(name.length, ...rows.map((row) => (row[c] ?? "").length)));
  return [heading, ...rows].map((row) =>
    row
      .map((cell, c) => (right.includes(c) ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
