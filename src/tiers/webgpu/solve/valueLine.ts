/** Sub-steps of u of a one-dimensional problem, many in one dispatch of one workgroup that keeps u in its memory. */
import { hasExit, type Discretisation } from "../../../scheme/discretisation.ts";
import { rkl2, rklStages } from "../../../scheme/diffusion.ts";
import { axisRadius } from "../../host/stepLimits.ts";
import { packStruct, structOf, type StructLayout } from "../struct.ts";
import { aligned } from "../slices.ts";
import type { MemberData, SolveContext, StoredMoment } from "./context.ts";
import type { LineDevice } from "./densityFields.ts";
import type { Field } from "./fields.ts";
import { type Kernel, loadKernel, solveShaderText } from "./kernels.ts";
import type { StageTable } from "./stageTable.ts";

/** Entries of `pieces` in shaders/value_line.wgsl, and bytes of one. */
const pieceCapacity = 512;
const pieceBytes = 112;
/** Numbers per node in workgroup memory; those of balanced splitting come last. */
const lineSlots = { plain: 6, balanced: 7 } as const;
/** Nodes times stages of one dispatch: some ten milliseconds of a workgroup on a GPU, some hundred in software. */
const largestWork = 2 ** 17;

/** What becomes of the result of a piece, in WGSL. */
const outcome = { replaces: 0, isCoarse: 1, goesOn: 2, isExtrapolated: 3 } as const;

/** A sub-step from `start` down to `end`. */
export interface SubstepTimes {
  readonly start: number;
  readonly end: number;
}

/** The speed at the start of a piece, and the length of its sub-step. */
export interface PieceSpeed {
  readonly word: number;
  readonly dt: number;
}

/** How lines of a plan stand in workgroup memory. */
export interface ValueLinePlan {
  readonly lanes: number;
  readonly length: number;
  readonly numbers: number;
}

/** Where sub-steps of u run in one workgroup: one dimension, fluxes that need no maxima of the grid, lines that fit. */
export function valueLinePlan(
  { gpu: { limits } }: LineDevice,
  d: Discretisation,
  workgroupBytes: number = limits.maxComputeWorkgroupStorageSize,
): ValueLinePlan | undefined {
  const [n, ...others] = d.grid.shape as [number, ...number[]];
  if (others.length > 0 || d.scheme.hamiltonianFlux === "glf") return undefined;
  const slots = isBalanced(d) ? lineSlots.balanced : lineSlots.plain;
  // Rounded up, so that grids of nearly one size share a pipeline.
  const length = 64 * Math.ceil(n / 64);
  if (4 * slots * length > workgroupBytes) return undefined;
  const lanes = n <= 96 ? 32 : n <= 384 ? 64 : Math.min(256, limits.maxComputeInvocationsPerWorkgroup);
  return { lanes, length, numbers: slots * length };
}

/** Bytes of the list of pieces of one member. */
export function valueLineBytes(device: LineDevice, d: Discretisation): number {
  return valueLinePlan(device, d) ? aligned(pieceCapacity * pieceBytes) : 0;
}

/** Whether diffusion runs against the frozen source (docs/numerics.md section 5.2). */
function isBalanced(d: Discretisation): boolean {
  return hasExit(d) && d.scheme.splitting !== "explicit" && d.nu > 0;
}

export class ValueLine {
  readonly #context: SolveContext;
  readonly #data: MemberData;
  readonly #kernel: Kernel;
  readonly #stages: StageTable;
  readonly #pieces: Field;
  readonly #piece: StructLayout;
  readonly #firsts = new Map<number, number>();
  /** First entry of the list that no recorded dispatch reads. */
  #free = 0;

  /** Undefined where the sub-steps of this member do not run in one workgroup. */
  static async make(
    context: SolveContext,
    data: MemberData,
    stages: StageTable,
    workgroupBytes: number,
  ): Promise<ValueLine | undefined> {
    const plan = valueLinePlan(context.device, data.d, workgroupBytes);
    if (!plan) return undefined;
    const { lanes, length, numbers } = plan;
    const sizes = { lanes, line_length: length, line_numbers: numbers };
    const kernel = await loadKernel(context.device, data.d, context.precision, "value_line", sizes);
    const pieces = await context.store.uniform("sub-steps of u", pieceCapacity * pieceBytes);
    return new ValueLine(context, data, kernel, stages, pieces);
  }

  private constructor(context: SolveContext, data: MemberData, kernel: Kernel, stages: StageTable, pieces: Field) {
    this.#context = context;
    this.#data = data;
    this.#kernel = kernel;
    this.#stages = stages;
    this.#pieces = pieces;
    this.#piece = structOf(solveShaderText("value_line", context.precision), "Piece");
  }

  /**
   * Records sub-steps of the stored interval `k`, in as many dispatches as one submit can hold. `sources` are S at the four
   * levels that its moments read. Returns the speeds of the pieces in order.
   */
  async advance(
    u: Field,
    coarse: Field,
    sources: readonly [Field, Field, Field, Field],
    k: number,
    substeps: readonly SubstepTimes[],
  ): Promise<PieceSpeed[]> {
    const { d } = this.#data;
    const { recorder } = this.#context;
    const speeds: PieceSpeed[] = [];
    let work = 0;
    let waiting: ArrayBuffer[] = [];
    const flush = async (): Promise<void> => {
      const word = this.#run(u, coarse, sources, k, waiting, work);
      waiting.forEach((_, p) => {
        const at = speeds.length - waiting.length + p;
        speeds[at] = { word: word + p, dt: speeds[at]!.dt };
      });
      waiting = [];
      work = 0;
      await recorder.breathe();
    };
    for (const { start, end } of substeps) {
      const pieces = this.#substep(start, end, k);
      const each = pieces.reduce((sum, { stages }) => sum + d.grid.points * (4 + 2 * stages), 0);
      if (waiting.length > 0 && (work + each > largestWork || waiting.length + pieces.length > pieceCapacity))
        await flush();
      work += each;
      for (const { dt, packed } of pieces) {
        waiting.push(packed);
        speeds.push({ word: 0, dt });
      }
    }
    if (waiting.length > 0) await flush();
    return speeds;
  }

  /** The pieces of one sub-step: itself, or with Richardson itself and its two halves. */
  #substep(
    start: number,
    end: number,
    k: number,
  ): { readonly dt: number; readonly stages: number; readonly packed: ArrayBuffer }[] {
    const { d } = this.#data;
    const dt = start - end;
    const splits = d.scheme.splitting !== "explicit" && d.nu > 0;
    const stages = splits ? rklStages(dt / 2, axisRadius(d, 0)) : 0;
    const piece = (from: number, length: number, becomes: number) => ({
      // The limit is that of the whole sub-step, also for its halves: as in src/tiers/host/hjbSweep.ts.
      dt,
      stages,
      packed: this.#packed(from, length, stages, becomes, k),
    });
    if (d.scheme.splitting !== "richardson") return [piece(start, dt, outcome.replaces)];
    return [
      piece(start, dt, outcome.isCoarse),
      piece(start, dt / 2, outcome.goesOn),
      piece(start - dt / 2, dt / 2, outcome.isExtrapolated),
    ];
  }

  #packed(start: number, dt: number, stages: number, becomes: number, k: number): ArrayBuffer {
    const atStart = this.#data.moment(start, k).weights;
    const atMiddle = this.#data.moment(start - dt / 2, k).weights;
    const atEnd = this.#data.moment(start - dt, k).weights;
    // The second diffusion begins at the middle and ends half a step later, which is the end but for rounding.
    const atLast = this.#data.moment(start - dt / 2 - dt / 2, k).weights;
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

  /** Records one dispatch; returns the word of its first piece. */
  #run(
    u: Field,
    coarse: Field,
    [source0, source1, source2, source3]: readonly [Field, Field, Field, Field],
    k: number,
    packed: readonly ArrayBuffer[],
    work: number,
  ): number {
    const { recorder, device } = this.#context;
    const { d } = this.#data;
    // What is written now arrives before all that is not submitted yet: entries that this still reads must stay.
    if (this.#free + packed.length > pieceCapacity) {
      recorder.submit();
      this.#free = 0;
    }
    const list = new Uint8Array(packed.length * pieceBytes);
    packed.forEach((bytes, p) => list.set(new Uint8Array(bytes), p * pieceBytes));
    device.gpu.queue.writeBuffer(this.#pieces.buffer, this.#free * pieceBytes, list);
    const word = recorder.words(packed.length);
    const first = this.#free;
    this.#free += packed.length;
    const { first: level }: StoredMoment = this.#data.moment(d.levels[k]!, k);
    const explicit = d.scheme.splitting === "explicit";
    recorder.dispatch(
      this.#kernel,
      this.#data.grid,
      {
        u,
        coarse,
        walls: this.#data.wallsFrom(level),
        drift: this.#data.drift,
        coefficients: this.#stages.field,
        source0,
        source1,
        source2,
        source3,
        words: recorder.wordField,
        pieces: this.#pieces,
      },
      {
        first_piece: first,
        pieces: packed.length,
        word,
        balanced: isBalanced(d) ? 1 : 0,
        splits: !explicit && d.nu > 0 ? 1 : 0,
        diffusion: explicit ? 1 : 0,
      },
      [1, 1, 1],
      work,
    );
    return word;
  }
}

function moved(from: ArrayLike<number>, to: ArrayLike<number>): number[] {
  return Array.from({ length: 4 }, (_, i) => to[i]! - from[i]!);
}
