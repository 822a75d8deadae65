/** The public API of mfgpu. */
export { MfgError } from "./errors.ts";
export type { ErrorCode, ErrorParts } from "./errors.ts";

export { parseProblem } from "./problem/schema.ts";
export { catalogueNames, loadCatalogueProblem, readProblemFile, resolveProblem } from "./problem/catalogue.ts";
export type { FieldInput, ProblemInput, WallInput } from "./problem/input.ts";
export type {
  Axis,
  BoundaryKind,
  BoundarySide,
  Coupling,
  Dimension,
  Field,
  Hamiltonian,
  Problem,
} from "./problem/types.ts";

export type {
  Epsilon,
  FokkerPlanckMode,
  HamiltonianFlux,
  SchemeOptions,
  Splitting,
  TimeInterpolation,
  WenoVariant,
} from "./scheme/options.ts";

export type { CandidateText } from "./tiers/candidate.ts";
export type { Available, MemoryNeed, Precision, Residency, Tally, Tier, TierName, Unavailable } from "./tiers/tier.ts";

export { solve, solveBatch } from "./decision/solve.ts";
export type { AutoOptions } from "./decision/solve.ts";
export { planSolve } from "./decision/planner.ts";
export type { Planned, PlanningOptions } from "./decision/planner.ts";
export type { Plan, PlannedCandidate, PlanMode } from "./decision/plan.ts";
export { Wisdom, wisdomPath } from "./decision/wisdom.ts";
export { memoryNeedOf } from "./solver/solve.ts";
export { FixedPointIterator, FpFdmSolver, HjbWenoSolver } from "./solver/classes.ts";
export type { HjbWenoOptions, SweepOptions, SweepResult } from "./solver/classes.ts";
export type {
  BatchOptions,
  IterationReport,
  MemoryPlan,
  PlanRecord,
  Relaxation,
  SolveOptions,
  SolveRecord,
  SolveResult,
  StopReason,
  TierChoice,
  WarmStart,
} from "./solver/options.ts";

export { readRun, writeRun } from "./io/run.ts";
export type { RunFile } from "./io/run.ts";
export { figureToPng, plotRun, writeFigure } from "./plot/plot.ts";
export type { Figure, PlotOptions, PngOptions } from "./plot/plot.ts";

export { openOrCreateStudy, openStudy, readStudyFile, studyRequest } from "./batch/study.ts";
export type { Study, StudyRequest } from "./batch/study.ts";
export type { StudyFile, StudyInput } from "./batch/studyFile.ts";
export { runStudy } from "./batch/runStudy.ts";
export type { RunStudyOptions, StudyOutcome, StudyProgress } from "./batch/runStudy.ts";
export type { SummaryRow } from "./batch/summary.ts";
