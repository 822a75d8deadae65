/** Sub-steps of u of a one-dimensional problem, many in one dispatch of one workgroup that keeps u in its memory. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { aligned } from "../slices.ts";
import type { MemberData, SolveContext, SourceLevels, StoredMoment } from "./context.ts";
import type { LineDevice } from "./densityFields.ts";
import type { Field } from "./fields.ts";
import { type Kernel, loadKernel } from "./kernels.ts";
import type { StageTable } from "./stageTable.ts";
import { type SubstepTimes, ValuePieces, valueWays } from "./valuePieces.ts";

/** Entries of `pieces` in shaders/value_line.wgsl, and bytes of one. */
const pieceCapacity = 512;
const pieceBytes = 112;
/** Numbers per node in workgroup memory; those of balanced splitting come last. */
const lineSlots = { plain: 6, balanced: 7 } as const;
/** Nodes times stages of one dispatch: some ten milliseconds of a workgroup on a GPU, some hundred in software. */
const largestWork = 2 ** 17;

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
  const slots = valueWays(d).balanced ? lineSlots.balanced : lineSlots.plain;
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

export class ValueLine {
  readonly #context: SolveContext;
  readonly #data: MemberData;
  readonly #kernel: Kernel;
  readonly #stages: StageTable;
  readonly #pieces: Field;
  readonly #list: ValuePieces;
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
    this.#list = new ValuePieces(data.d, (t, k) => data.moment(t, k), stages, context.precision);
  }

  /**
   * Records sub-steps of the stored interval `k`, in as many dispatches as one submit can hold. `sources` are S at the four
   * levels that its moments read. Returns the speeds of the pieces in order.
   */
  async advance(
    u: Field,
    coarse: Field,
    sources: SourceLevels,
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
    for (const substep of substeps) {
      const pieces = this.#list.substep(substep, k);
      const each = pieces.reduce((sum, { passes }) => sum + d.grid.points * passes, 0);
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

  /** Records one dispatch; returns the word of its first piece. */
  #run(
    u: Field,
    coarse: Field,
    sources: SourceLevels,
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
    const { balanced, splits, diffusion } = valueWays(d);
    recorder.dispatch(
      this.#kernel,
      this.#data.grid,
      {
        u,
        coarse,
        walls: this.#data.wallsFrom(level),
        drift: this.#data.drift,
        coefficients: this.#stages.field,
        ...sources,
        words: recorder.wordField,
        pieces: this.#pieces,
      },
      {
        first_piece: first,
        pieces: packed.length,
        word,
        balanced: balanced ? 1 : 0,
        splits: splits ? 1 : 0,
        diffusion: diffusion ? 1 : 0,
      },
      [1, 1, 1],
      work,
    );
    return word;
  }
}
