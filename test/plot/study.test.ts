import { describe, expect, test } from "vitest";
import { plotStudy, type StudyPicture } from "../../src/plot/study.ts";
import type { StudyPoint } from "../../src/plot/studyPanels.ts";

const points = (parameters: readonly Readonly<Record<string, number | string>>[]): StudyPoint[] =>
  parameters.map((own, i) => ({ parameters: own, measure: i, converged: true, residuals: [1, 0.1, 10 ** -(2 + i)] }));
const line = points([0.1, 0.2, 0.4].map((volatility) => ({ volatility })));
const table = points([1, 2, 3].flatMap((a) => [1, 10, 100].map((b) => ({ a, b }))));
const picture = (rest: Partial<StudyPicture>): StudyPicture => ({
  name: "a study",
  remark: "three members",
  measure: "cost",
  points: line,
  samples: [],
  tolerance: 1e-4,
  ...rest,
});
const run = (shape: readonly number[]): NonNullable<StudyPicture["samples"][number]>["run"] => {
  const size = shape.reduce((product, n) => product * n, 1);
  return {
    value: new Float64Array(2 * size),
    density: Float64Array.from({ length: 2 * size }, (_, i) => i % 7),
    t: Float64Array.of(0, 1),
    coordinates: shape.map((n) => Float64Array.from({ length: n }, (_, i) => (i + 0.5) / n)),
    shape,
    record: {},
  };
};

describe("the picture of a study", () => {
  test("one parameter: the measure as a line through its members, and the tolerance across the residuals", async () => {
    const { svg } = await plotStudy(picture({}));
    expect(svg).toContain("(a) cost");
    expect(svg).toContain("volatility");
    expect(svg).toContain("Convergence of 3 members");
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(svg).not.toContain("<image");
  });
  test("two parameters on a full grid: a map with a colour bar; missing members leave cells out", async () => {
    const { svg } = await plotStudy(picture({ points: table.slice(1) }));
    expect(svg.match(/<image/g)).toHaveLength(2);
    expect(svg).toContain("10\u00b2");
  });
  test("points that are no grid are dots, and texts alone are said to be no numbers", async () => {
    const scattered = points([0.11, 0.5, 0.93].map((a, i) => ({ a, b: a * a + i })));
    expect((await plotStudy(picture({ points: scattered }))).svg.match(/<circle/g)).toHaveLength(3);
    const texts = points(["x", "y"].map((potential) => ({ potential })));
    expect((await plotStudy(picture({ points: texts }))).svg).toContain("no parameter that is a number");
  });
  test("members that failed have no measure and no residuals, and are drawn nowhere", async () => {
    const failed: StudyPoint = { parameters: { volatility: 0.3 }, measure: null, converged: false, residuals: [] };
    const { svg } = await plotStudy(picture({ points: [...line, failed] }));
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(await plotStudy(picture({ points: [failed] }))).toMatchObject({
      svg: expect.stringContaining("no iterations on record"),
    });
  });
  test.each([[[9]], [[9, 8]], [[9, 8, 7]]])("densities of shape %j side by side, at most six", async (shape) => {
    const samples = Array.from({ length: 7 }, (_, i) => ({ title: `member ${i}`, run: run(shape) }));
    const { svg } = await plotStudy(picture({ samples }));
    expect(svg).toContain("member 5");
    expect(svg).not.toContain("member 6");
    expect(svg).not.toContain("NaN");
  });
});
