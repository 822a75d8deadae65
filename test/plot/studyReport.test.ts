/** The page of a study that was really run: what stands in it, and that it needs nothing else. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordFailure, runBatch } from "../../src/batch/runBatch.ts";
import { openOrCreateStudy, type Study, studyRequest } from "../../src/batch/study.ts";
import type { StudyInput } from "../../src/batch/studyFile.ts";
import { studyHtml } from "../../src/plot/studyReport.ts";

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

async function planned(changes: Partial<StudyInput>): Promise<Study> {
  const folder = mkdtempSync(join(tmpdir(), "mfgpu-report-"));
  folders.push(folder);
  const input = {
    name: "a <study>",
    description: "Ripples & more.",
    problem: "r1",
    vary: { volatility: [0.4, 0.5, 0.6], "coupling.strength": [1, 2] },
    solve: { grid: 16, steps: 4, tier: "batched", tolerance: 1e-4 },
    warmStart: "off",
    measures: ["cost", "max(density(T))"],
    ...changes,
  };
  return openOrCreateStudy(studyRequest(input), join(folder, "out"), { workers: 1 });
}

const sectionsOf = (page: string): string[] => [...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title!);
const sectionOf = (page: string, title: string): string => page.split(`<h2>${title}</h2>`)[1]!.split("<h2>")[0]!;
const rowsOf = (section: string): number => section.match(/<tr>/g)!.length - 1;

describe("the report of a study", () => {
  let study: Study;
  let page: string;
  beforeAll(async () => {
    study = await planned({});
    const [batch] = study.plan.batches;
    // The last member fails: it has a reason and no run.
    await recordFailure(study, 5, { code: "MFGPU_NUMERICS_TEST", message: "too <wild> & steep" });
    await runBatch(study, batch!);
    page = await studyHtml(study);
  });

  test("has what was asked, a figure per measure, convergence, densities, members, plan and environment", () => {
    expect(sectionsOf(page)).toEqual([
      "The study",
      "What varies",
      "cost",
      "max(density(T))",
      "Convergence",
      "Densities",
      "Members that failed or did not converge",
      "Members",
      "Plan",
      "Environment",
    ]);
    expect(sectionOf(page, "The study")).toContain("Ripples &amp; more.");
    expect(sectionOf(page, "The study")).toContain("converged 5, not converged 0, failed 1");
    expect(sectionOf(page, "What varies")).toContain("<td>coupling.strength</td><td>1, 2</td>");
    expect(sectionOf(page, "Members")).toContain("<th>volatility</th>");
    expect(rowsOf(sectionOf(page, "Members"))).toBe(6);
    expect(sectionOf(page, "Plan")).toContain("<td>batched, f64</td>");
    expect(sectionOf(page, "Environment")).toMatch(
      /<td>5<\/td><td>batched<\/td><td>f64<\/td>.*<td>\d+\.\d+\.\d+<\/td>/,
    );
  });

  test("two numbers on a full grid are a map, and each is drawn against the measure", () => {
    const section = sectionOf(page, "cost");
    // The map and its colour bar.
    expect(section.match(/<image/g)).toHaveLength(2);
    // Five members over volatility, and five over the strength.
    expect(section.match(/<circle/g)).toHaveLength(10);
    expect(section).toContain("1 of 6 members are not drawn");
  });

  test("small multiples have a frame per solved member, and every member's residuals are a line", () => {
    expect(sectionOf(page, "Densities").match(/volatility = /g)).toHaveLength(5);
    expect(sectionOf(page, "Convergence").match(/<path[^>]* d="M/g)!.length).toBeGreaterThanOrEqual(5);
  });

  test("failures stand with their reason, escaped", () => {
    const section = sectionOf(page, "Members that failed or did not converge");
    expect(rowsOf(section)).toBe(1);
    expect(section).toContain("MFGPU_NUMERICS_TEST: too &lt;wild&gt; &amp; steep");
    expect(page).toContain("<title>mfgpu study: a &lt;study&gt;</title>");
  });

  test("needs no network and no script", () => {
    expect(page).not.toMatch(/<script|<link|<iframe|@import|url\(/i);
    const addresses = [...page.matchAll(/(?:src|href)="([^"]{0,40})/g)].map(([, address]) => address!);
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter((address) => !address.startsWith("data:image/png;base64,"))).toEqual([]);
  });
});

test("texts vary, nothing is a number: the members are a table all the same", async () => {
  const study = await planned({ vary: { terminalCost: ["cos(2*pi*x)", "sin(2*pi*x)"] }, measures: ["residual"] });
  for (const batch of study.plan.batches) await runBatch(study, batch);
  const page = await studyHtml(study);
  expect(sectionOf(page, "residual")).toContain("no parameter that is a number varies");
  expect(rowsOf(sectionOf(page, "Members"))).toBe(2);
  expect(sectionsOf(page)).not.toContain("Members that failed or did not converge");
});

test("nothing settled yet is an error that says what to do", async () => {
  await expect(studyHtml(await planned({}))).rejects.toMatchObject({ code: "MFGPU_FILE_STUDY", fix: /mfgpu study/ });
});
