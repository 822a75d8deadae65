/** What a workspace on the GPU allocates, worked out before it does. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type { MemoryNeed, WorkspaceOptions } from "../../tier.ts";
import { memberDataBytes, stateBytesOf } from "./context.ts";
import { densityFieldBytes, densityScratch, type LineDevice } from "./densityFields.ts";
import { historyBytes } from "./fields.ts";
import { gridBytes } from "./gridUniform.ts";
import { andersonHistories, lineBuffers, lineSlices, sliceBytes } from "./linePlan.ts";
import { partyBytes } from "./lineParties.ts";
import { recorderBytes } from "./recorder.ts";
import { largestNeed, scratchBytes, type ScratchNeed } from "./scratch.ts";
import { stageTableBytes, valueHasStages } from "./stageTable.ts";
import { gaussianBytes, valueScratch } from "./valueKernels.ts";
import { valueLineBytes } from "./valueLine.ts";

/** Work fields that serve both sweeps of all members. */
export function sharedScratch(members: readonly Discretisation[]): ScratchNeed {
  return largestNeed(members.flatMap((d) => [valueScratch(d), densityScratch(d)]));
}

/** Members with the same key share the work fields of the forward sweep. */
export function densityKey(device: LineDevice, d: Discretisation): string {
  const exits = d.boundaries.map(({ lower, upper }) => [lower.kind === "exit", upper.kind === "exit"]);
  return JSON.stringify([densityFieldBytes(device, d), exits]);
}

/** Bytes of all that is made on the device, staging aside. Histories are counted in those of states. */
export function deviceMemoryNeed(
  device: LineDevice,
  members: readonly Discretisation[],
  options: WorkspaceOptions,
): MemoryNeed {
  const d = members[0]!;
  const stateBytes = stateBytesOf(options.precision);
  const { points } = d.grid;
  const each = historyBytes(d.steps + 1, points, stateBytes);
  const states = 2 + (options.keepTransported ? 1 : 0);
  const plain = andersonHistories(options.andersonDepth) * (4 / stateBytes);
  const histories = members.length * (states + plain);
  const densityFields = new Map(
    members.map((member) => [densityKey(device, member), densityFieldBytes(device, member)]),
  );
  const work =
    scratchBytes(d, sharedScratch(members), stateBytes) +
    [...densityFields.values()].reduce((sum, bytes) => sum + bytes, 0) +
    members.reduce(
      (sum, member) =>
        sum +
        gridBytes +
        memberDataBytes(member, stateBytes) +
        stageTableBytes(member, valueHasStages(member)) +
        valueLineBytes(device, member) +
        gaussianBytes(member),
      0,
    ) +
    recorderBytes;
  const fieldBytes = stateBytes * points;
  return { bytes: histories * each + work, histories, historyBytes: each, fields: work / fieldBytes, fieldBytes };
}

/** The same for members that are worked on by a workgroup each. */
export function lineMemoryNeed(
  device: LineDevice,
  members: readonly Discretisation[],
  options: WorkspaceOptions,
): MemoryNeed {
  const d = members[0]!;
  const stateBytes = stateBytesOf(options.precision);
  const { points } = d.grid;
  const each = historyBytes(d.steps + 1, points, stateBytes);
  const plain = andersonHistories(options.andersonDepth) * (4 / stateBytes);
  // They all stand in the shared buffers.
  const histories = members.length * (3 + plain);
  const shared = lineSlices(device, members, options)
    .map(({ from, to }) => sliceBytes(device, members.slice(from, to), options))
    .reduce((sum, bytes) => sum + lineBuffers.reduce((all, name) => all + bytes[name], 0), 0);
  const work = shared - histories * each + members.length * gridBytes + partyBytes(members.length);
  const fieldBytes = stateBytes * points;
  return { bytes: histories * each + work, histories, historyBytes: each, fields: work / fieldBytes, fieldBytes };
}
