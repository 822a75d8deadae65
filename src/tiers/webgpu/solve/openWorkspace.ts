/** The workspace of some members on a device, by the path that they take. */
import type { Discretisation } from "../../../scheme/discretisation.ts";
import type { MemoryNeed, WorkspaceOptions } from "../../tier.ts";
import type { Device } from "../device.ts";
import type { LineDevice } from "./densityFields.ts";
import { pathOf, type SolvePath } from "./linePlan.ts";
import { LineWorkspace } from "./lineWorkspace.ts";
import { deviceMemoryNeed, lineMemoryNeed } from "./memory.ts";
import { GpuWorkspace } from "./workspace.ts";

/** @param path for tests: the other one than the members' own */
export function openWorkspace(
  device: Device,
  members: readonly Discretisation[],
  options: WorkspaceOptions,
  path: SolvePath = pathOf(device, members, options),
): Promise<LineWorkspace | GpuWorkspace> {
  return path === "line" ? LineWorkspace.make(device, members, options) : GpuWorkspace.make(device, members, options);
}

/** Bytes of that workspace, before anything is allocated. */
export function workspaceNeed(
  device: LineDevice,
  members: readonly Discretisation[],
  options: WorkspaceOptions,
): MemoryNeed {
  const need = pathOf(device, members, options) === "line" ? lineMemoryNeed : deviceMemoryNeed;
  return need(device, members, options);
}
