/**
 * One device per adapter and process, kept open: its pipelines take far longer to make than a small solve. A device that has
 * failed is not handed out again.
 */
import type { TierPlace } from "../tier.ts";
import { type Device, openDevice } from "./device.ts";

const devices = new Map<string, Promise<Device>>();

/** The process's device of a place; raises as `openDevice` does. */
export async function sharedDevice({ adapter }: Pick<TierPlace, "adapter">): Promise<Device> {
  const key = adapter ?? "";
  const known = await devices.get(key)?.catch(() => undefined);
  if (known && isWell(known)) return known;
  known?.close();
  const opened = openDevice(adapter === undefined ? {} : { adapter });
  devices.set(key, opened);
  return opened;
}

function isWell(device: Device): boolean {
  try {
    device.check();
    return true;
  } catch {
    return false;
  }
}
