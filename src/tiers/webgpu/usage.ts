/** Flags of WebGPU that the specification fixes; the package's own are objects that only a loaded Dawn has. */

export const usage = {
  mapRead: 0x1,
  mapWrite: 0x2,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const;

export const mapMode = { read: 1, write: 2 } as const;

export const computeStage = 0x4;

/** Buffers that shaders work on and that are loaded and read. */
export const storageUsage: number = usage.storage | usage.copySource | usage.copyTarget;
export const uniformUsage: number = usage.uniform | usage.copyTarget;
