/**
 * Which members' jobs go into the same submits. Many members are two parties that take turns: while the device works for one, JavaScript
 * reads what it found for the other and prepares what comes next. Few members are one party, as halves would leave the device half empty.
 */
import type { Device } from "../device.ts";
import type { FieldStore } from "./fields.ts";
import { LineRunner, runnerBytes } from "./lineRunner.ts";

/** Members from which on half of them fill a large GPU: a hundred multiprocessors or more, two to four workgroups each. */
const twoFrom = 512;

/** How many members each party has; the first ones are in the first party, as neighbours share buffers. */
function partySizes(members: number, from = twoFrom): readonly number[] {
  return members < from ? [members] : [Math.ceil(members / 2), Math.floor(members / 2)];
}

/** Bytes of what the parties' runners make for themselves. */
export function partyBytes(members: number): number {
  return partySizes(members).reduce((sum, size) => sum + runnerBytes(size), 0);
}

/**
 * A runner for each party.
 *
 * @param tried for tests: nodes times passes of one workgroup in one dispatch, and from how many members on there are two parties
 */
export async function makeParties(
  device: Device,
  store: FieldStore,
  members: number,
  signal: AbortSignal | undefined,
  tried: { readonly budget?: number; readonly twoFrom?: number },
): Promise<LineParties> {
  const runners: LineRunner[] = [];
  const turns = { freeAt: 0 };
  const sizes = partySizes(members, tried.twoFrom);
  for (const size of sizes) runners.push(await LineRunner.make(device, store, size, turns, signal, tried.budget));
  return new LineParties(runners, sizes[0]!);
}

export class LineParties {
  readonly #runners: readonly LineRunner[];
  readonly #first: number;

  /** @param first members of the first party */
  constructor(runners: readonly LineRunner[], first: number) {
    this.#runners = runners;
    this.#first = first;
  }

  /** Who runs the jobs of a member. */
  runnerOf(member: number): LineRunner {
    return this.#runners[member < this.#first ? 0 : 1]!;
  }

  /** Dispatches so far. */
  get launches(): number {
    return this.#runners.reduce((sum, { launches }) => sum + launches, 0);
  }

  /** Until nothing is under way. */
  async settle(): Promise<void> {
    for (const runner of this.#runners) await runner.settle();
  }
}
