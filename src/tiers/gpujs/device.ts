/**
 * The device of gpu.js's WebGPU mode. gpu.js has one for the whole process and takes it from `navigator.gpu`; it gets an adapter
 * that tells when the last submit and the last readback were, for the phases of a call.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { MfgError } from "../../errors.ts";
import { type AdapterFacts, findAdapter } from "../dawn/adapter.ts";
import type { TierPlace } from "../tier.ts";
import { type Gpu, type Library, loadLibrary, type Mode } from "./library.ts";

/** When things happened on the device, by `performance.now()`, and how much was copied in. */
export interface Meter {
  /** Milliseconds in copies to the device so far. */
  upload: number;
  submitted: number;
  mapped: number;
  submits: number;
  readbacks: number;
}

/** The device while somebody uses it. */
export interface SharedDevice {
  readonly facts: AdapterFacts;
  readonly meter: Meter;
  /** Raises MFGPU_DEVICE_... for what went wrong on the device so far. */
  check(): void;
}

interface Held extends SharedDevice {
  readonly wish: string | undefined;
  users: number;
}

let held: Promise<Held> | undefined;

/**
 * Opens the device of a place, or shares the one that is open.
 *
 * @throws MFGPU_TIER_UNAVAILABLE where there is no such adapter, or another one is in use: gpu.js holds one per process
 */
export async function acquireDevice(place: Pick<TierPlace, "adapter">): Promise<SharedDevice> {
  const mine = (held ??= open(place.adapter).catch((error: unknown) => {
    held = undefined;
    throw error;
  }));
  const device = await mine;
  if (device.wish !== place.adapter) {
    throw new MfgError({
      code: "MFGPU_TIER_UNAVAILABLE",
      message: `gpu.js holds one GPU per process, and it holds ${device.facts.name}.`,
      fix: "Close what uses gpujs:webgpu first.",
      path: "adapter",
      value: place.adapter,
    });
  }
  if (held !== mine) return acquireDevice(place);
  device.users++;
  return device;
}

/** Gives the device back; the last one to do so closes it. */
export async function releaseDevice(device: SharedDevice): Promise<void> {
  const mine = device as Held;
  if (--mine.users > 0) return;
  held = undefined;
  const { WebGPUContext } = await loadLibrary();
  await WebGPUContext.destroy();
}

async function open(wish: string | undefined): Promise<Held> {
  const library = await loadLibrary();
  // Dawn's objects are freed by finalisers, which need a turn of the event loop (docs/decisions.md).
  await nextTurn();
  const found = await findAdapter(wish === undefined ? {} : { adapter: wish });
  if ("state" in found) {
    const { code, why, fix } = found;
    throw new MfgError({ code, message: why, fix, path: "adapter", value: wish });
  }
  const meter: Meter = { upload: 0, submitted: 0, mapped: 0, submits: 0, readbacks: 0 };
  const { device } = await withNavigator(meteredAdapter(found.adapter, meter), () => library.WebGPUContext.acquire());
  let failure: MfgError | undefined;
  const fail = (code: "VALIDATION" | "LOST", message: string, fix: string): void => {
    failure ??= new MfgError({
      code: `MFGPU_DEVICE_${code}`,
      message: `gpu.js on ${found.facts.name}: ${message}`,
      fix,
    });
  };
  // In place of gpu.js's own listener, which prints.
  device.onuncapturederror = ({ error }) =>
    fail("VALIDATION", error.message, "Use a smaller grid, or the tier webgpu; if it happens again, please report it.");
  void device.lost.then(({ message }) =>
    fail("LOST", message || "the device was lost", "Start again in a new process, or use another tier."),
  );
  const check = (): void => {
    if (failure) throw failure;
  };
  return { wish, users: 0, facts: found.facts, meter, check };
}

/** A `GPU` of gpu.js; mode `webgpu` is given only while `navigator.gpu` is there. */
export function createGpu(library: Library, mode: Mode): Gpu {
  if (mode !== "webgpu") return new library.GPU({ mode });
  return withNavigator(undefined, () => new library.GPU({ mode }));
}

/** Runs `work` with a `navigator.gpu` that gives this adapter; afterwards the global is what it was. */
function withNavigator<T>(adapter: unknown, work: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  const value = { gpu: { requestAdapter: async () => adapter ?? null } };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true, writable: true });
  try {
    return work();
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else Reflect.deleteProperty(globalThis, "navigator");
  }
}

function meteredAdapter(adapter: GPUAdapter, meter: Meter): Pick<GPUAdapter, "limits" | "requestDevice"> {
  return {
    limits: adapter.limits,
    requestDevice: async (descriptor) => {
      const device = await adapter.requestDevice(descriptor);
      const { queue } = device;
      const metered = {
        writeBuffer: (...args: Parameters<GPUQueue["writeBuffer"]>): undefined => {
          const begun = performance.now();
          queue.writeBuffer(...args);
          meter.upload += performance.now() - begun;
        },
        submit: (buffers: readonly GPUCommandBuffer[]): undefined => {
          queue.submit(buffers);
          meter.submitted = performance.now();
          meter.submits++;
        },
      };
      const createBuffer = device.createBuffer.bind(device);
      const lost = device.lost.then(({ message }) => ({ reason: "destroyed", message }));
      Object.defineProperties(device, {
        queue: { value: metered },
        createBuffer: { value: (what: GPUBufferDescriptor) => meteredBuffer(createBuffer(what), meter) },
        // gpu.js prints a loss that it did not ask for; here it is raised.
        lost: { value: lost },
      });
      return device;
    },
  };
}

function meteredBuffer(buffer: GPUBuffer, meter: Meter): GPUBuffer {
  const mapAsync = buffer.mapAsync.bind(buffer);
  const value = async (...args: Parameters<GPUBuffer["mapAsync"]>): Promise<undefined> => {
    await mapAsync(...args);
    meter.mapped = performance.now();
    meter.readbacks++;
  };
  return Object.defineProperty(buffer, "mapAsync", { value });
}
