import { createRequire } from "node:module";
import { extname } from "node:path";
import { MfgError } from "../errors.ts";
import { replaceFile } from "../io/files.ts";

/** A finished picture. */
export interface Figure {
  /** A whole SVG document. */
  readonly svg: string;
}

export interface PngOptions {
  /** Pixels of the PNG per pixel of the SVG; default 2. */
  readonly scale?: number;
}

const fonts = ["400Regular/SourceSans3_400Regular.ttf", "600SemiBold/SourceSans3_600SemiBold.ttf"];

/**
 * A picture as PNG, drawn with the shipped font and no other, so that it looks alike on every machine.
 *
 * @param svg a whole SVG document
 * @throws MFGPU_CONFIG_SCALE where the scale is not above 0 and at most 16
 * @example
 * const png = await figureToPng((await plotRun(run)).svg, { scale: 3 });
 */
export async function figureToPng(svg: string, options: PngOptions = {}): Promise<Uint8Array> {
  const { scale = 2 } = options;
  if (!(scale > 0 && scale <= 16)) {
    throw new MfgError({
      code: "MFGPU_CONFIG_SCALE",
      message: `A picture cannot be scaled by ${scale}.`,
      fix: "Give a scale above 0 and at most 16.",
      path: "scale",
      value: scale,
    });
  }
  const { Resvg } = await import("@resvg/resvg-js");
  const { resolve } = createRequire(import.meta.url);
  const renderer = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: fonts.map((file) => resolve(`@expo-google-fonts/source-sans-3/${file}`)),
      defaultFontFamily: "Source Sans 3",
    },
  });
  return renderer.render().asPng();
}

/**
 * Writes a picture as SVG or PNG, by the ending of the path, whole or not at all.
 *
 * @throws MFGPU_FILE_PICTURE_FORMAT for another ending, and what `checkWritable` throws
 * @example
 * await writeFigure("run.svg", await plotRun(run));
 */
export async function writeFigure(path: string, figure: Figure, options: PngOptions = {}): Promise<void> {
  const ending = extname(path).toLowerCase();
  if (ending !== ".svg" && ending !== ".png") {
    throw new MfgError({
      code: "MFGPU_FILE_PICTURE_FORMAT",
      message: `${path}: pictures are written as .svg or .png, not as ${ending === "" ? "a file without an ending" : ending}.`,
      fix: "Let the path end in .svg or .png.",
      path,
      value: path,
    });
  }
  const content = ending === ".svg" ? figure.svg : await figureToPng(figure.svg, options);
  await replaceFile(path, async (stream) => {
    stream.end(content);
  });
}
