/** Sub-steps of u of a one-dimensional problem as the pieces of shaders/value_pieces.wgsl. */
import { hasExit, type Discretisation } from "../../../scheme/discretisation.ts";
import { rkl2, rklStages } from "../../../scheme/diffusion.ts";
import { axisRadius } from "../../host/stepLimits.ts";
import type { Precision } from "../../tier.ts";
import { packStruct, structOf, type StructLayout } from "../struct.ts";
import type { StoredMoment } from "./context.ts";
import { solveShaderText } from "./kernels.ts";
import type { StageTable } from "./stageTable.ts";

/** What becomes of the result of a piece, in WGSL. */
const outcome = { replaces: 0, isCoarse: 1, goesOn: 2, isExtrapolated: 3 } as const;

/** A sub-step from `start` down to `end`. */
export interface SubstepTimes {
  readonly start: number;
  readonly end: number;
}

export interface ValuePiece {
  /** Length of the sub-step that it belongs to: its limit is that of the whole, as in src/tiers/host/hjbSweep.ts. */
  readonly dt: number;
  /** Passes over its nodes, for what a dispatch may hold. */
  readonly passes: number;
  /** The struct Piece. */
  readonly packed: ArrayBuffer;
}

/** How sub-steps of u go: balanced splitting, diffusions by themselves, diffusion within the stages. */
export function valueWays(d: Discretisation): {
  readonly balanced: boolean;
  readonly splits: boolean;
  readonly diffusion: boolean;
} {
  const explicit = d.scheme.splitting === "explicit";
  return { balanced: hasExit(d) && !explicit && d.nu > 0, splits: !explicit && d.nu > 0, diffusion: explicit };
}

/** Sub-steps of a stored interval whose later end is at time `from`. */
export function substepsOf(from: number, to: number, count: number): SubstepTimes[] {
  const dt = (from - to) / count;
  return Array.from({ length: count }, (_, j) => ({
    start: from - j * dt,
    end: j === count - 1 ? to : from - (j + 1) * dt,
  }));
}

export class ValuePieces {
  readonly #d: Discretisation;
  readonly #moment: (t: number, interval: number) => StoredMoment;
  readonly #stages: StageTable;
  readonly #piece: StructLayout;
  readonly #firsts = new Map<number, number>();
  readonly #splits: boolean;

  constructor(
    d: Discretisation,
    moment: (t: number, interval: number) => StoredMoment,
    stages: StageTable,
    precision: Precision,
  ) {
    this.#d = d;
    this.#moment = moment;
    this.#stages = stages;
    this.#piece = structOf(solveShaderText("value_line", precision), "Piece");
    this.#splits = valueWays(d).splits;
  }

  get bytes(): number {
    return this.#piece.bytes;
  }

  /** RKL2 stages of half a sub-step of this length. */
  stagesOf(dt: number): number {
    return this.#splits ? rklStages(dt / 2, axisRadius(this.#d, 0)) : 0;
  }

  /** The pieces of one sub-step of the stored interval k: itself, or with Richardson itself and its two halves. */
  substep({ start, end }: SubstepTimes, k: number, stages: number = this.stagesOf(start - end)): ValuePiece[] {
    const dt = start - end;
    const piece = (from: number, length: number, becomes: number): ValuePiece => ({
      dt,
      passes: 4 + 2 * stages,
      packed: this.#packed(from, length, stages, becomes, k),
    });
    if (this.#d.scheme.splitting !== "richardson") return [piece(start, dt, outcome.replaces)];
    return [
      piece(start, dt, outcome.isCoarse),
      piece(start, dt / 2, outcome.goesOn),
      piece(start - dt / 2, dt / 2, outcome.isExtrapolated),
    ];
  }

  #packed(start: number, dt: number, stages: number, becomes: number, k: number): ArrayBuffer {
    const atStart = this.#moment(start, k).weights;
    const atMiddle = this.#moment(start - dt / 2, k).weights;
    const atEnd = this.#moment(start - dt, k).weights;
    // The second diffusion begins at the middle and ends half a step later, which is the end but for rounding.
    const atLast = this.#moment(start - dt / 2 - dt / 2, k).weights;
    const tau = dt / 2;
    return packStruct(this.#piece, {
      at_start: atStart,
      at_middle: atMiddle,
      at_end: atEnd,
      moved_first: moved(atStart, atMiddle),
      moved_second: moved(atMiddle, atLast),
      weight1: dt,
      weight2: dt / 4,
      weight3: (2 / 3) * dt,
      tau,
      first: stages > 0 ? this.#firstOf(stages) * tau : 0,
      stages,
      coefficients_at: stages > 0 ? this.#stages.at(stages) : 0,
      outcome: becomes,
    });
  }

  /** The first coefficient of RKL2. */
  #firstOf(stages: number): number {
    let first = this.#firsts.get(stages);
    if (first === undefined) this.#firsts.set(stages, (first = rkl2(stages).first));
    return first;
  }
}

function moved(from: ArrayLike<number>, to: ArrayLike<number>): number[] {
  return Array.from({ length: 4 }, (_, i) => to[i]! - from[i]!);
}
