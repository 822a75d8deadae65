import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { DOMParser } from "linkedom";
import { afterAll, describe, expect, it } from "vitest";
import { figureToPng, plotRun, writeFigure } from "../../src/plot/plot.ts";
import { snapshotLevels } from "../../src/plot/snapshots.ts";
import { failure } from "../io/support.ts";
import { crowd, history, imagesOf, markupOf, textsOf } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "mfgpu-plot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("plotRun in 1-D", () => {
  it("draws density, value, both ends and the convergence, with axes and colour bars", async () => {
    const { svg } = await plotRun(crowd({ shape: [40], steps: 10 }));
    const texts = textsOf(svg);
    expect(texts).toEqual(
      expect.arrayContaining([
        "crowd",
        "40 points, 10 time steps  \u00b7  WENO-Z  \u00b7  tier batched, f64",
        "(a) Density m(t, x)",
        "(b) Value u(t, x)",
        "(c) Density at the start and at the end",
        "(d) Convergence",
        "residual, exploitability",
        "iteration",
        "10\u207b\u2078",
        "t = 0",
        "t = 1",
      ]),
    );
    expect(texts.filter((text) => text === "time t")).toHaveLength(2);
    expect(texts.filter((text) => text === "position x")).toHaveLength(3);
    expect(texts.filter((text) => text === "m" || text === "u")).toHaveLength(2);
    // Two fields and two colour bars.
    const images = imagesOf(svg).map((png) => decode(png, { checkCrc: true }));
    expect(images).toHaveLength(4);
    expect(images[0]!.palette![254]).not.toStrictEqual(images[2]!.palette![254]);
  });

  it("labels the axes with units", async () => {
    const { svg } = await plotRun(crowd({ shape: [12], steps: 3 }), {
      units: { length: "km", time: "h" },
      title: "Walk",
    });
    const texts = textsOf(svg);
    expect(texts).toEqual(
      expect.arrayContaining(["Walk", "time t [h]", "position x [km]", "density m [km\u207b\u00b9]"]),
    );
    expect(svg).toContain("<title>Walk</title>");
  });

  it("takes the box from the record's domain, and from the cells where there is none", async () => {
    const run = crowd({ shape: [8], steps: 2, lengths: [4] });
    const labelsOf = async (record: object): Promise<string[]> =>
      textsOf((await plotRun({ ...run, record: { ...(run.record as object), ...record } })).svg);
    expect(await labelsOf({})).toContain("4");
    expect(await labelsOf({ domain: [{ from: -3, to: 9, boundary: "reflecting" }] })).toContain("8");
  });
});

describe("plotRun in 2-D", () => {
  it("draws six snapshots with one colour bar, arrows, the value and the convergence", async () => {
    const { svg } = await plotRun(crowd({ shape: [16, 12], steps: 10, lengths: [4, 3] }));
    const texts = textsOf(svg);
    expect(texts.filter((text) => text.startsWith("t = "))).toHaveLength(6);
    expect(imagesOf(svg)).toHaveLength(6 + 1 + 2);
    // Each snapshot's arrows twice: the rim and the arrow.
    expect(svg.match(/aria-label="vector"/g)).toHaveLength(12);
    expect(texts.filter((text) => text.startsWith("drift |b| \u2265 "))).toHaveLength(1);
    expect(texts).toEqual(expect.arrayContaining(["(b) Value u(t, x, y) at t = 0", "(c) Convergence", "x", "y"]));
  });

  it("points the arrows down the value", async () => {
    const run = crowd({ shape: [16, 16], steps: 1 });
    // u = x - y: the drift goes left and up, which is 45 degrees left of upwards on a square.
    run.value.forEach((_, i, value) => {
      const [x, y] = [Math.floor((i % 256) / 16), i % 16];
      value[i] = (x - y) / 16;
    });
    const { svg } = await plotRun(run);
    const turns = [...svg.matchAll(/rotate\((-?[\d.]+)\)/g)].map((match) => Number(match[1]));
    const arrows = turns.filter((turn) => turn !== -90);
    expect(arrows.length).toBeGreaterThan(100);
    expect(arrows.every((turn) => Math.abs(turn + 45) < 1e-6)).toBe(true);
  });

  it("says where the record's drift field could not be evaluated", async () => {
    const hamiltonian = { kind: "quadratic", control: 1, drift: ["function", "function"] };
    const { svg } = await plotRun(crowd({ shape: [8, 8], steps: 2, record: { hamiltonian } }));
    expect(svg).toContain("without the given drift field");
  });
});

describe("plotRun in 3-D", () => {
  it("draws three planes at four times with one colour bar", async () => {
    const { svg } = await plotRun(crowd({ shape: [9, 8, 7], steps: 10 }));
    const texts = textsOf(svg);
    for (const plane of ["z = 0.5", "y = 0.438", "x = 0.5"]) {
      expect(texts.filter((text) => text.startsWith(`${plane},  t = `))).toHaveLength(4);
    }
    expect(imagesOf(svg)).toHaveLength(12 + 1);
    expect(texts).toContain("(b) Convergence");
  });

  it("cuts through the right plane", async () => {
    const run = crowd({ shape: [7, 7, 7], steps: 1 });
    // Only the nodes with y in the middle are full: the plane y = 0.5 is one colour, the others show a stripe.
    run.density.forEach((_, i, density) => {
      density[i] = Math.floor(i / 7) % 7 === 3 ? 1 : 0;
    });
    const { svg } = await plotRun(run);
    const means = imagesOf(svg)
      .slice(0, 6)
      .map((png) => {
        const { data } = decode(png);
        return Array.from(data).reduce((sum, x) => sum + x, 0) / data.length;
      });
    // Rows: z = 0.5, y = 0.5, x = 0.5, two times each.
    for (const row of [0, 2]) {
      for (const i of [0, 1]) expect(means[2 * row + i]).toBeLessThan(60);
    }
    expect([means[2], means[3]]).toStrictEqual([254, 254]);
  });
});

describe("every picture", () => {
  const runs = {
    "1-D": crowd({ shape: [7], steps: 1 }),
    "2-D": crowd({ shape: [7, 7], steps: 1 }),
    "3-D": crowd({ shape: [7, 7, 7], steps: 1 }),
  };

  it.each(Object.entries(runs))(
    "of the smallest run is well-formed and becomes a PNG of its size, %s",
    async (_, run) => {
      const { svg } = await plotRun(run);
      const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
      const png = decode(await figureToPng(svg, { scale: 1 }), { checkCrc: true });
      expect([png.width, png.height]).toStrictEqual([
        Number(root.getAttribute("width")),
        Number(root.getAttribute("height")),
      ]);
      expect(markupOf(svg)).not.toMatch(/NaN|undefined|Infinity|\[object/);
    },
  );

  it.each([
    ["tolerance", "Converged after 12 iterations"],
    ["stagnated", "Not converged (stagnated) after 12 iterations"],
    ["diverged", "Not converged (diverged) after 12 iterations"],
    ["limit", "Not converged (iteration limit reached) after 12 iterations"],
    ["aborted", "Not converged (interrupted) after 12 iterations"],
    ["another", "Not converged (another) after 12 iterations"],
  ])("says how the run ended: %s", async (stopReason, words) => {
    const run = crowd({ shape: [8], steps: 2, record: { stopReason, converged: stopReason === "tolerance" } });
    const line = textsOf((await plotRun(run)).svg).find((text) => text.includes("onverged"));
    expect(line).toContain(`${words}  \u00b7  residual 4\u00d710\u207b\u2079`);
  });

  it.each(["1-D", "2-D", "3-D"] as const)("of constant fields and no drift is drawn, %s", async (dimension) => {
    const run = runs[dimension];
    const flat = { ...run, density: run.density.map(() => 1), value: run.value.map(() => 0) };
    const { svg } = await plotRun(flat);
    expect(markupOf(svg)).not.toMatch(/NaN|undefined|Infinity/);
    expect(textsOf(svg).includes("no drift")).toBe(dimension === "2-D");
    const { data } = decode(imagesOf(svg)[0]!);
    expect(new Set(data)).toStrictEqual(new Set([254]));
  });

  it.each(["1-D", "2-D", "3-D"] as const)(
    "of a diverged run is drawn, what is not finite in grey, %s",
    async (dimension) => {
      const run = runs[dimension];
      const value = run.value.map((u, i) => (i % 3 === 0 ? Number.NaN : u * 1e250));
      const density = run.density.map((m, i) => (i % 5 === 0 ? Infinity : m));
      const { svg } = await plotRun({ ...run, value, density });
      expect(markupOf(svg)).not.toMatch(/NaN|undefined/);
      expect(svg).toContain("(grey: not finite)");
      expect([...decode(imagesOf(svg)[0]!).data]).toContain(255);
      await expect(figureToPng(svg, { scale: 0.5 })).resolves.toBeInstanceOf(Uint8Array);
    },
  );

  it.each([
    ["an empty record", {}],
    ["no record", null],
    ["a record of another form", { problem: 7, history: "none", residual: "small", hamiltonian: 3, domain: [1] }],
  ])("can do with %s", async (_, record) => {
    const { svg } = await plotRun({ ...runs["1-D"], record });
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["run", "no finished iteration on record"]));
  });

  it("shows single, zero and missing residuals as far as a logarithm can", async () => {
    const draw = async (entries: readonly object[]): Promise<string> =>
      (await plotRun(crowd({ shape: [8], steps: 2, record: { history: entries } }))).svg;
    const one = await draw(history.slice(0, 1));
    expect(one).toContain('aria-label="dot"');
    expect(textsOf(one)).not.toContain("exploitability");
    const zero = await draw([{ iteration: 1, residual: 0, exploitability: null }]);
    expect(textsOf(zero)).toContain("no residual that a logarithm could show");
    const huge = await draw([1e-20, 1, 1e280, null].map((residual, i) => ({ iteration: i + 1, residual })));
    expect(textsOf(huge)).toContain("10\u00b2\u2070\u2070");
  });

  it("escapes the name of the problem and cuts it to the width", async () => {
    const problem = `<b>&"\u0001${"long ".repeat(100)}`;
    const { svg } = await plotRun(crowd({ shape: [8], steps: 1, record: { problem } }));
    expect(svg).toContain("&lt;b&gt;&amp;&quot;\ufffdlong");
    expect(textsOf(svg)[0]!.endsWith("\u2026")).toBe(true);
    await expect(figureToPng(svg, { scale: 0.5 })).resolves.toBeInstanceOf(Uint8Array);
  });

  it("is the same twice", async () => {
    const run = runs["2-D"];
    expect((await plotRun(run)).svg).toBe((await plotRun(run)).svg);
  });
});

describe("the sources of the room", () => {
  it("load the packages that draw only when something is drawn", () => {
    const folderOfSources = join(import.meta.dirname, "../../src/plot");
    const names = readdirSync(folderOfSources);
    expect(names).toContain("plot.ts");
    for (const name of names) {
      const text = readFileSync(join(folderOfSources, name), "utf8");
      expect(text).not.toMatch(/^import (?!type)[^;]*from "(@observablehq|linkedom|@resvg|fast-png)/m);
    }
  });
});

describe("snapshotLevels", () => {
  it("are nearest to even times, each once", () => {
    expect(snapshotLevels(Float64Array.of(0, 0.01, 0.02, 0.5, 0.98, 1), 5)).toStrictEqual([0, 2, 3, 4, 5]);
    expect(snapshotLevels(Float64Array.of(0, 2), 6)).toStrictEqual([0, 1]);
  });
});

describe("figureToPng", () => {
  it("scales, and refuses a scale that is none", async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="20"><rect width="10" height="20"/></svg>';
    const png = decode(await figureToPng(svg, { scale: 3 }));
    expect([png.width, png.height]).toStrictEqual([30, 60]);
    for (const scale of [0, -1, Number.NaN, 100])
      await failure(() => figureToPng(svg, { scale }), "MFGPU_CONFIG_SCALE");
  });

  it("has the shipped font with all the signs that labels use", async () => {
    const ink = async (text: string): Promise<string> => {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="30" font-family="Source Sans 3"><text x="5" y="22" font-size="20">${text}</text></svg>`;
      return Buffer.from(await figureToPng(svg, { scale: 1 })).toString("base64");
    };
    const missing = await ink("\u{10fffd}");
    const signs =
      "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u2212\u00d7\u00b7\u2265\u221e\u2026\u03c3";
    const drawn = await Promise.all(Array.from(signs, ink));
    expect(new Set(drawn).size).toBe(signs.length);
    expect(drawn).not.toContain(missing);
    expect(drawn).not.toContain(await ink(""));
  });
});

describe("writeFigure", () => {
  it("writes SVG and PNG by the ending", async () => {
    const figure = await plotRun(crowd({ shape: [8], steps: 1 }));
    await writeFigure(join(folder, "a.svg"), figure);
    await writeFigure(join(folder, "a.PNG"), figure, { scale: 1 });
    expect(readFileSync(join(folder, "a.svg"), "utf8")).toBe(figure.svg);
    expect(decode(readFileSync(join(folder, "a.PNG"))).width).toBe(1004);
  });

  it("refuses other endings and folders that do not exist, and leaves nothing", async () => {
    const figure = { svg: "<svg/>" };
    for (const name of ["a.pdf", "a", ".svg"]) {
      const error = await failure(() => writeFigure(join(folder, name), figure), "MFGPU_FILE_PICTURE_FORMAT");
      expect(error.path).toContain(name);
    }
    await failure(() => writeFigure(join(folder, "none", "a.svg"), figure), "MFGPU_FILE_NO_FOLDER");
    expect(readdirSync(folder).toSorted()).toStrictEqual(["a.PNG", "a.svg"]);
  });
});
