/** What a GPU complains about, as errors of ours. */
import { MfgError } from "../../errors.ts";

export type DeviceErrorCode =
  | "MFGPU_DEVICE_LOST"
  | "MFGPU_DEVICE_CLOSED"
  | "MFGPU_DEVICE_VALIDATION"
  | "MFGPU_DEVICE_MEMORY"
  | "MFGPU_DEVICE_SHADER"
  | "MFGPU_DEVICE_ARITHMETIC"
  | "MFGPU_DEVICE_INTERNAL";

const fixes: Readonly<Record<DeviceErrorCode, string>> = {
  MFGPU_DEVICE_LOST:
    "Start again in a new process; a device that is lost does not come back in this one. Look at the driver's log.",
  MFGPU_DEVICE_CLOSED: "Open the device, the kernels or the workspace again.",
  MFGPU_DEVICE_VALIDATION: "This is a defect of mfgpu: please report it with the message.",
  MFGPU_DEVICE_MEMORY: "Use a smaller grid, fewer steps or a smaller --memory, or close what else uses the GPU.",
  MFGPU_DEVICE_SHADER:
    "This is a defect of mfgpu or of the driver: please report it with the message and `mfgpu doctor`.",
  MFGPU_DEVICE_ARITHMETIC: "Use --precision f32 there, or f64 on another tier; another driver version may do better.",
  MFGPU_DEVICE_INTERNAL: "This is a failure of the driver: update it, or use another tier.",
};

export function deviceError(code: DeviceErrorCode, message: string, cause?: unknown): MfgError {
  return new MfgError({ code, message, fix: fixes[code], ...(cause === undefined ? {} : { cause }) });
}

/** An error that an error scope or `uncapturederror` brought. Names are compared since the classes are no globals in Node. */
export function fromGpuError(error: GPUError, label: string): MfgError {
  const name = error.constructor.name;
  const code =
    name === "GPUOutOfMemoryError"
      ? "MFGPU_DEVICE_MEMORY"
      : name === "GPUInternalError"
        ? "MFGPU_DEVICE_INTERNAL"
        : "MFGPU_DEVICE_VALIDATION";
  return deviceError(code, `${label}: ${firstLines(error.message)}`, error);
}

/** The reason in something thrown. */
export function reasonOf(error: unknown): string {
  return firstLines(error instanceof Error ? error.message : String(error));
}

/** Dawn's messages end in a trail of contexts; its first lines say what is wrong. */
export function firstLines(message: string): string {
  return message.trim().split("\n").slice(0, 4).join("\n");
}
