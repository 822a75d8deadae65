/** Boxes of SVG that are put beside and below each other. */

/** A drawn box: SVG content whose upper left corner is (0, 0), in pixels. */
export interface Block {
  readonly width: number;
  readonly height: number;
  readonly svg: string;
}

export interface TextStyle {
  /** Pixels. */
  readonly size?: number;
  readonly bold?: boolean;
  readonly colour?: string;
  readonly anchor?: "start" | "middle" | "end";
}

/** The fonts of a picture, the shipped one first. */
export const fontFamily = "'Source Sans 3', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif";
export const ink = "#222222";

/** Text as XML takes it: markup escaped, characters that XML 1.0 forbids replaced. */
export function escapeText(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** A line of text with its baseline at (x, y). */
export function textAt(text: string, x: number, y: number, style: TextStyle = {}): string {
  const { size = 13, bold = false, colour = ink, anchor = "start" } = style;
  const weight = bold ? ' font-weight="600"' : "";
  return `<text x="${x}" y="${y}" font-size="${size}"${weight} fill="${colour}" text-anchor="${anchor}">${escapeText(text)}</text>`;
}

/** About how wide a text of the shipped font is: its mean character is half as wide as it is high. */
export function textWidth(text: string, size: number): number {
  return text.length * size * 0.5;
}

/** One line of text as a block of its own. */
export function textLine(text: string, width: number, style: TextStyle = {}): Block {
  const size = style.size ?? 13;
  return { width, height: Math.ceil(size * 1.4), svg: textAt(text, 0, size, style) };
}

/** Blocks from left to right, tops aligned. */
export function row(blocks: readonly Block[], gap = 0): Block {
  let x = 0;
  const parts = blocks.map((block) => {
    const part = moved(block, x, 0);
    x += block.width + gap;
    return part;
  });
  return { width: Math.max(0, x - gap), height: Math.max(0, ...blocks.map((b) => b.height)), svg: parts.join("\n") };
}

/** Blocks from top to bottom, left sides aligned. */
export function column(blocks: readonly Block[], gap = 0): Block {
  let y = 0;
  const parts = blocks.map((block) => {
    const part = moved(block, 0, y);
    y += block.height + gap;
    return part;
  });
  return { width: Math.max(0, ...blocks.map((b) => b.width)), height: Math.max(0, y - gap), svg: parts.join("\n") };
}

/** An empty block. */
export function space(width: number, height: number): Block {
  return { width, height, svg: "" };
}

/** The block as a whole SVG document on white. */
export function toSvg(block: Block, margin: number, title: string): string {
  const width = Math.ceil(block.width + 2 * margin);
  const height = Math.ceil(block.height + 2 * margin);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontFamily}" color="${ink}">
<title>${escapeText(title)}</title>
<rect width="${width}" height="${height}" fill="white"/>
${moved(block, margin, margin)}
</svg>
`;
}

function moved(block: Block, x: number, y: number): string {
  return block.svg === "" ? "" : `<g transform="translate(${round(x)},${round(y)})">${block.svg}</g>`;
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
