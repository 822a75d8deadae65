/** A study as one self-contained page: what was asked, every measure over what varies, convergence, densities, members. */
import type { Study } from "../batch/study.ts";
import type { SummaryRow } from "../batch/summary.ts";
import { type Block, column, row, toSvg } from "./blocks.ts";
import { openStudio, type Studio } from "./charts.ts";
import { htmlPage, type Section, type Table } from "./decisionReport.ts";
import { formatNumber } from "./numbers.ts";
import { samplesOf, type SettledMember, settledMembers, studyPoints, toleranceOf } from "./studyData.ts";
import { convergence, densities, gap, measurePanel, numericParameters, type StudyPoint } from "./studyPanels.ts";

/** Small multiples on the page. */
const mostSamples = 12;
/** Members in the table of all; the summary has the rest. */
const mostRows = 500;
const figureMargin = 14;

/**
 * The report of what is settled of a study as one HTML page; it needs no network and no script.
 *
 * @throws MFGPU_FILE_STUDY where nothing is settled yet
 * @example
 * await writeFile("study.html", await studyHtml(await openStudy("runs/crowding")));
 */
export async function studyHtml(study: Study): Promise<string> {
  const settled = await settledMembers(study);
  const rows = settled.map((member) => member.row);
  const studio = await openStudio();
  const points = studyPoints(settled, "");
  const curves = convergence(studio, points, toleranceOf(settled), "");
  const samples = await samplesOf(study, settled, mostSamples);
  const sections: Section[] = [
    {
      title: "The study",
      ...(study.file.description ? { sentences: [study.file.description] } : {}),
      table: asked(study, rows),
    },
    { title: "What varies", table: varied(study) },
    ...(await measured(studio, study, settled)),
    {
      title: "Convergence",
      sentences: ["Undamped residual of every member; dotted: where a solve stops."],
      figure: toSvg(curves, figureMargin, "Convergence"),
    },
    ...(samples.length > 0
      ? [{ title: "Densities", figure: toSvg(await densities(studio, samples, ""), figureMargin, "Densities") }]
      : []),
    ...troubled(study, rows),
    members(study, rows),
    {
      title: "Plan",
      sentences: ["Made once, before the first member; no result depends on anything else."],
      table: planned(study),
    },
    { title: "Environment", sentences: ["Where the members were solved."], table: places(settled) },
  ];
  return htmlPage(`mfgpu study: ${study.file.name}`, sections);
}

const numberText = (value: number | string | boolean | null | undefined): string =>
  typeof value === "number" ? formatNumber(value, 4) : String(value ?? "-");

function asked({ file, members: all, measures }: Study, rows: readonly SummaryRow[]): Table {
  const failed = rows.filter(({ stopReason }) => stopReason === "failed").length;
  const converged = rows.filter((member) => member.converged).length;
  const problem = typeof file.problem === "string" ? file.problem : JSON.stringify(file.problem["name"]);
  const { combine } = file;
  return {
    heading: ["", ""],
    rows: [
      ["problem", problem],
      [
        "combined",
        typeof combine === "string" ? combine : `${combine.kind}, ${combine.count} points, seed ${combine.seed}`,
      ],
      [
        "options",
        Object.entries(file.solve)
          .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
          .join(", ") || "-",
      ],
      ["measures", measures.map(({ text }) => text).join(", ") || "-"],
      ["members", `${all.length}; settled ${rows.length}, not yet ${all.length - rows.length}`],
      [
        "of those settled",
        `converged ${converged}, not converged ${rows.length - converged - failed}, failed ${failed}`,
      ],
    ],
  };
}

function varied({ file }: Study): Table {
  return {
    heading: ["path", "values"],
    rows: Object.entries(file.vary).map(([path, values]) => [
      path,
      "from" in values
        ? `${values.from} to ${values.to}, ${values.scale}${typeof file.combine === "string" ? `, ${values.count} values` : ""}`
        : values.map(numberText).join(", "),
    ]),
  };
}

/** One section per measure: a map where two numbers vary on a full grid, else a chart per number that varies. */
async function measured(studio: Studio, study: Study, settled: readonly SettledMember[]): Promise<Section[]> {
  const sections: Section[] = [];
  for (const { text } of study.measures) {
    const points = studyPoints(settled, text);
    const drawn = points.filter((point) => point.converged && point.measure !== null).length;
    const left = points.length - drawn;
    sections.push({
      title: text,
      ...(left === 0
        ? {}
        : { sentences: [`${left} of ${points.length} members are not drawn: no equilibrium or no such measure.`] }),
      figure: toSvg(await measureFigure(studio, points, text), figureMargin, text),
    });
  }
  return sections;
}

async function measureFigure(studio: Studio, points: readonly StudyPoint[], measure: string): Promise<Block> {
  const names = numericParameters(points);
  if (names.length < 2) return measurePanel(studio, points, measure, "");
  const whole = names.length === 2 ? [await measurePanel(studio, points, measure, `over ${names.join(" and ")}`)] : [];
  const each = await Promise.all(names.map((name) => measurePanel(studio, points, measure, `over ${name}`, [name])));
  const panels = [...whole, ...each];
  const pairs = Array.from({ length: Math.ceil(panels.length / 2) }, (_, k) =>
    row(panels.slice(2 * k, 2 * k + 2), gap),
  );
  return column(pairs, gap);
}

function memberTable(study: Study, rows: readonly SummaryRow[], withErrors: boolean): Table {
  const paths = Object.keys(study.members[0]?.parameters ?? {});
  const texts = study.measures.map(({ text }) => text);
  return {
    heading: [
      "member",
      ...paths,
      "stop",
      "iterations",
      "residual",
      "mass drift",
      ...texts,
      ...(withErrors ? ["why"] : []),
    ],
    rows: rows.map((member) => [
      String(member.member),
      ...paths.map((path) => numberText(member.parameters[path])),
      member.stopReason,
      numberText(member.iterations),
      member.residual?.toExponential(1) ?? "-",
      member.massDrift?.toExponential(1) ?? "-",
      ...texts.map((text) => numberText(member.measures[text])),
      ...(withErrors ? [member.error ?? ""] : []),
    ]),
  };
}

/** Members that failed or did not converge, all of them. */
function troubled(study: Study, rows: readonly SummaryRow[]): Section[] {
  const found = rows.filter(({ converged }) => !converged);
  return found.length === 0
    ? []
    : [{ title: "Members that failed or did not converge", table: memberTable(study, found, true) }];
}

function members(study: Study, rows: readonly SummaryRow[]): Section {
  const shown = rows.slice(0, mostRows);
  return {
    title: "Members",
    ...(shown.length < rows.length
      ? { sentences: [`The first ${shown.length} of ${rows.length}; summary.csv has all.`] }
      : {}),
    table: memberTable(study, shown, false),
  };
}

function planned({ plan }: Study): Table {
  const { tier, precision, andersonDepth, memberBytes, workers, warm, trial, batches } = plan;
  const roots = new Set(batches.flatMap(({ parent }) => (parent === null ? [] : [parent]))).size;
  const sizes = batches.map((batch) => batch.members.length);
  return {
    heading: ["", ""],
    rows: [
      ["tier", `${tier}, ${precision}`],
      ["relaxation", andersonDepth === null ? "no acceleration" : `Anderson, depth at most ${andersonDepth}`],
      ["memory of a member", `${formatNumber(memberBytes / 1e6, 3)} MB`],
      ["batches", `${batches.length}, of ${Math.min(...sizes)} to ${Math.max(...sizes)} members`],
      ["worker processes", String(workers)],
      [
        "warm starts",
        warm
          ? `from ${roots} roots, each solved from its initial density`
          : "none: every member from its initial density",
      ],
      [
        "trial of a warm start",
        trial === null ? "none" : `${trial.warm} iterations, ${trial.cold} from the initial density`,
      ],
    ],
  };
}

/** Places and versions that the runs tell of, with how many members each has. */
function places(settled: readonly SettledMember[]): Table {
  const counts = new Map<string, number>();
  for (const { run } of settled) {
    if (run === undefined) continue;
    const key = JSON.stringify(run.place);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return {
    heading: ["members", "tier", "precision", "device", "processor", "mfgpu", "Node"],
    rows: [...counts].map(([key, count]) => [String(count), ...(JSON.parse(key) as string[])]),
  };
}
