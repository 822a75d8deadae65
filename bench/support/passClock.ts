/** Times every dispatch of a WebGPU device by its own timestamps: while it runs, each dispatch has a compute pass of its own. */

/** All dispatches of one pipeline. */
export interface KernelTime {
  readonly label: string;
  readonly count: number;
  readonly ns: number;
}

/** Timestamps of one query set: two a dispatch; what comes after is not timed. */
const capacity = 4096;
/** Bits of GPUBufferUsage and GPUMapMode, which have no names in Node. */
const usage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, queryResolve: 0x200 } as const;
const mapRead = 1;

type EncoderMaker = (this: GPUDevice, descriptor?: GPUCommandEncoderDescriptor) => GPUCommandEncoder;

export class PassClock {
  readonly #gpu: GPUDevice;
  #labels: string[] | undefined;
  #queries: GPUQuerySet | undefined;
  #device: GPUDevice | undefined;

  /** @param gpu any device: all devices of the process are timed, one at a time */
  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    const shared = Object.getPrototypeOf(gpu) as GPUDevice;
    const real = Reflect.get<object, "createCommandEncoder">(shared, "createCommandEncoder") as EncoderMaker;
    const stamped = (owner: GPUDevice, encoder: GPUCommandEncoder): GPUCommandEncoder => this.#stamped(owner, encoder);
    const wanted = (): boolean => this.#labels !== undefined;
    shared.createCommandEncoder = function (this: GPUDevice, descriptor) {
      const encoder = real.call(this, descriptor);
      return wanted() ? stamped(this, encoder) : encoder;
    };
  }

  /** Runs the work and returns the time of each pipeline, the longest first. */
  async during(work: () => Promise<unknown>): Promise<readonly KernelTime[]> {
    this.#labels = [];
    this.#queries = undefined;
    await work();
    const labels = this.#labels;
    this.#labels = undefined;
    const device = this.#device ?? this.#gpu;
    const queries = this.#queries as GPUQuerySet | undefined;
    if (!queries || labels.length === 0) return [];
    const count = 2 * labels.length;
    const resolved = device.createBuffer({ size: 8 * count, usage: usage.queryResolve | usage.copySource });
    const read = device.createBuffer({ size: 8 * count, usage: usage.mapRead | usage.copyTarget });
    const encoder = device.createCommandEncoder();
    encoder.resolveQuerySet(queries, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, read, 0, 8 * count);
    device.queue.submit([encoder.finish()]);
    await read.mapAsync(mapRead);
    const stamps = new BigUint64Array(read.getMappedRange().slice(0));
    for (const made of [resolved, read, queries]) made.destroy();
    const sums = new Map<string, { count: number; ns: number }>();
    labels.forEach((label, k) => {
      const sum = sums.get(label) ?? { count: 0, ns: 0 };
      sums.set(label, { count: sum.count + 1, ns: sum.ns + Number(stamps[2 * k + 1]! - stamps[2 * k]!) });
    });
    return [...sums].map(([label, sum]) => ({ label, ...sum })).toSorted((a, b) => b.ns - a.ns);
  }

  /** The encoder, whose compute passes become one pass a dispatch. */
  #stamped(device: GPUDevice, encoder: GPUCommandEncoder): GPUCommandEncoder {
    this.#device = device;
    this.#queries ??= device.createQuerySet({ type: "timestamp", count: capacity });
    const labels = this.#labels!;
    const queries = this.#queries;
    const beginComputePass = (): GPUComputePassEncoder => {
      let pipeline: GPUComputePipeline | undefined;
      const groups = new Map<number, readonly [GPUBindGroup, readonly number[] | undefined]>();
      return {
        setPipeline: (next: GPUComputePipeline) => (pipeline = next),
        setBindGroup: (i: number, group: GPUBindGroup, offsets?: readonly number[]) => groups.set(i, [group, offsets]),
        dispatchWorkgroups: (...sizes: [number, number?, number?]) => {
          const first = 2 * labels.length;
          const timed = first + 2 <= capacity;
          const pass = encoder.beginComputePass(
            timed
              ? {
                  timestampWrites: {
                    querySet: queries,
                    beginningOfPassWriteIndex: first,
                    endOfPassWriteIndex: first + 1,
                  },
                }
              : {},
          );
          pass.setPipeline(pipeline!);
          for (const [i, [group, offsets]] of groups) pass.setBindGroup(i, group, offsets ?? []);
          pass.dispatchWorkgroups(...sizes);
          pass.end();
          if (timed) labels.push(pipeline!.label);
        },
        end: () => undefined,
      } as unknown as GPUComputePassEncoder;
    };
    return new Proxy(encoder, {
      get: (target, name) => {
        if (name === "beginComputePass") return beginComputePass;
        const own: unknown = Reflect.get(target, name, target);
        return typeof own === "function" ? (own.bind(target) as unknown) : own;
      },
    });
  }
}
