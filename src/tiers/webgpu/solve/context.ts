/** What all parts of one workspace share, and what one member brings. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import { interpolationPoints } from "../../../scheme/levels.ts";
import { StageTimes } from "../../host/stageTimes.ts";
import type { Precision } from "../../tier.ts";
import type { Device } from "../device.ts";
import { aligned } from "../slices.ts";
import { uniformUsage } from "../usage.ts";
import {
  type ElementBytes,
  type Field,
  type FieldHistory,
  type FieldMaker,
  type FieldStore,
  fieldOf,
  historyBytes,
  partOf,
} from "./fields.ts";
import { gridBytes, gridUniform, type WallLayout, wallLayout, wallValues } from "./gridUniform.ts";
import type { MemberGrid, Recorder } from "./recorder.ts";
import { uploadFloats, uploadStates } from "./transfer.ts";

/** Where fields are made, and what they hold. */
export interface FieldContext {
  readonly device: Device;
  readonly precision: Precision;
  /** Bytes of a state: 4, or 8 for (hi, lo). */
  readonly stateBytes: ElementBytes;
  readonly store: FieldStore;
}

export interface SolveContext extends FieldContext {
  readonly recorder: Recorder;
}

export function stateBytesOf(precision: Precision): ElementBytes {
  return precision === "compensated" ? 8 : 4;
}

/** A moment between stored levels: the first level that is read and the weights of four. */
export interface StoredMoment {
  readonly first: number;
  readonly weights: ArrayLike<number>;
}

/** S of the four stored levels that a moment may read. */
export type SourceLevels = Readonly<Record<"source0" | "source1" | "source2" | "source3", Field>>;

/** The problem's own data of one member on the device. */
export class MemberData {
  readonly d: Discretisation;
  readonly grid: MemberGrid;
  /** Drift field, axis after axis; a few bytes where there is none. */
  readonly drift: Field;
  /** V of each level; the same field where V does not depend on time. */
  readonly potential: readonly Field[];
  /** m* of the coupling `target`, one field per level. */
  readonly goal: FieldHistory | undefined;
  /** g as states. */
  readonly terminal: Field;
  /** Wall values of all levels. */
  readonly #walls: Field;
  readonly #wallLevelBytes: number;
  readonly #wallParts = new Map<number, Field>();
  readonly #times: StageTimes;
  readonly #hasWalls: boolean;

  /** @param store where its fields are made */
  static async make(context: FieldContext, d: Discretisation, store: FieldMaker = context.store): Promise<MemberData> {
    const { device, stateBytes } = context;
    const layout = wallLayout(d, stateBytes);
    const uniform = await device.buffer("grid", gridBytes, uniformUsage);
    device.gpu.queue.writeBuffer(uniform, 0, gridUniform(d, layout));
    const { points } = d.grid;
    const levels = d.steps + 1;
    const drift = await store.field("drift field", 4 * Math.max(1, (d.hamiltonian.drift?.length ?? 0) * points));
    let at = 0;
    for (const component of d.hamiltonian.drift ?? []) {
      await uploadFloats(device, partial(drift, 4 * at, 4 * points), component);
      at += points;
    }
    const timed = d.potential.length > points;
    const potential = timed
      ? [...(await store.history("potential", levels, points, 4)).levels]
      : [await store.field("potential", 4 * points)];
    for (const [k, field] of potential.entries())
      await uploadFloats(device, field, d.potential.subarray(k * points, (k + 1) * points));
    let goal: FieldHistory | undefined;
    if (d.coupling.kind === "target") {
      goal = await store.history("target density", levels, points, stateBytes);
      for (const [k, field] of goal.levels.entries())
        await uploadStates(context, field, d.coupling.target.subarray(k * points, (k + 1) * points));
    }
    const terminal = await store.field("terminal cost", stateBytes * points);
    await uploadStates(context, terminal, d.terminalCost);
    const walls = await store.field("exit values", wallBytes(d, layout, stateBytes));
    if (layout.count > 0) await uploadStates(context, walls, wallValues(d, layout));
    return new MemberData(d, uniform, drift, potential, goal, terminal, walls, layout, stateBytes);
  }

  private constructor(
    d: Discretisation,
    uniform: GPUBuffer,
    drift: Field,
    potential: readonly Field[],
    goal: FieldHistory | undefined,
    terminal: Field,
    walls: Field,
    layout: WallLayout,
    stateBytes: ElementBytes,
  ) {
    this.d = d;
    this.grid = { buffer: uniform, group: undefined };
    this.drift = drift;
    this.potential = potential;
    this.goal = goal;
    this.terminal = terminal;
    this.#walls = walls;
    this.#hasWalls = layout.count > 0;
    this.#wallLevelBytes = layout.stride * stateBytes;
    this.#times = new StageTimes(d);
  }

  /** Weights of the stored levels at time t in the stored interval k. */
  moment(t: number, interval: number): StoredMoment {
    const { first, weights } = this.#times.at(t, interval);
    return { first, weights: weights.slice() };
  }

  /** V of a level. */
  potentialAt(level: number): Field {
    return this.potential[this.potential.length > 1 ? level : 0]!;
  }

  /** The exit values of all levels. */
  get walls(): Field {
    return this.#walls;
  }

  /** The exit values of the levels from `first` on that a moment reads: what `walls` is bound to. */
  wallsFrom(first: number): Field {
    if (!this.#hasWalls) return this.#walls;
    let part = this.#wallParts.get(first);
    if (!part) {
      const { steps, scheme } = this.d;
      const levels = interpolationPoints(steps, scheme.timeInterpolation);
      part = partOf(this.#walls, first * this.#wallLevelBytes, levels * this.#wallLevelBytes);
      this.#wallParts.set(first, part);
    }
    return part;
  }

  destroy(): void {
    this.grid.buffer.destroy();
  }
}

/** Part of a field that is only written from the host, at any multiple of 4 bytes. */
function partial(field: Field, offset: number, bytes: number): Field {
  return fieldOf(field.buffer, field.offset + offset, bytes);
}

function wallBytes(d: Discretisation, layout: WallLayout, stateBytes: ElementBytes): number {
  return Math.max(stateBytes, (d.steps + 1) * layout.stride * stateBytes);
}

/** Bytes of what a member's data hold as plain numbers: drift field and potential. */
export function numberBytes(d: Discretisation): number {
  const { points } = d.grid;
  const drift = aligned(4 * Math.max(1, (d.hamiltonian.drift?.length ?? 0) * points));
  return drift + (d.potential.length > points ? historyBytes(d.steps + 1, points, 4) : aligned(4 * points));
}

/** Bytes of what they hold as states: the coupling's target, terminal cost and exit values. */
export function constantBytes(d: Discretisation, stateBytes: ElementBytes): number {
  const { points } = d.grid;
  const goal = d.coupling.kind === "target" ? historyBytes(d.steps + 1, points, stateBytes) : 0;
  const walls = aligned(wallBytes(d, wallLayout(d, stateBytes), stateBytes));
  return goal + aligned(stateBytes * points) + walls;
}

/** Bytes of a member's data, as `MemberData.make` takes them. */
export function memberDataBytes(d: Discretisation, stateBytes: ElementBytes): number {
  return numberBytes(d) + constantBytes(d, stateBytes);
}
