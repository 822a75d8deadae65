/** Compute pipelines of one device: specialised by override constants, made once each. */
import { deviceError, fromGpuError, reasonOf } from "./deviceErrors.ts";
import { type Binding, bindingsOf, shaderText } from "./shader.ts";
import { computeStage } from "./usage.ts";

export interface PipelineRequest {
  /** File in the folder `shaders`, without `.wgsl`. */
  readonly shader: string;
  readonly entry: string;
  /** Values of the shader's override constants. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Buffers bound with an offset at each dispatch. */
  readonly dynamic?: readonly string[];
  /** Another text in place of the file's, for tests. */
  readonly text?: string;
}

export interface Pipeline {
  readonly label: string;
  readonly gpu: GPUComputePipeline;
  readonly bindings: readonly Binding[];
  readonly layouts: readonly GPUBindGroupLayout[];
}

interface ShaderModule {
  readonly module: GPUShaderModule;
  readonly bindings: readonly Binding[];
}

export class PipelineCache {
  readonly #gpu: GPUDevice;
  readonly #modules = new Map<string, Promise<ShaderModule>>();
  readonly #pipelines = new Map<string, Promise<Pipeline>>();

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** Raises MFGPU_DEVICE_SHADER, with place and reason, where it does not compile or its layout does not fit. */
  async get(request: PipelineRequest): Promise<Pipeline> {
    const { shader, entry, constants = {}, dynamic = [], text = "" } = request;
    const settings = Object.entries(constants).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([shader, entry, settings, dynamic, text]);
    let made = this.#pipelines.get(key);
    if (!made) {
      made = this.#make(request);
      this.#pipelines.set(key, made);
    }
    return made;
  }

  clear(): void {
    this.#modules.clear();
    this.#pipelines.clear();
  }

  async #make({ shader, entry, constants = {}, dynamic = [], text }: PipelineRequest): Promise<Pipeline> {
    const label = `${shader}.wgsl ${entry}`;
    const code = text ?? shaderText(shader);
    let compiled = this.#modules.get(code);
    if (!compiled) {
      compiled = compile(this.#gpu, shader, code);
      this.#modules.set(code, compiled);
    }
    const { module, bindings } = await compiled;
    this.#gpu.pushErrorScope("validation");
    const layouts = layoutsOf(this.#gpu, label, bindings, dynamic);
    const layout = this.#gpu.createPipelineLayout({ label, bindGroupLayouts: layouts });
    const failure = await this.#gpu.popErrorScope();
    if (failure) throw fromGpuError(failure, label);
    try {
      const gpu = await this.#gpu.createComputePipelineAsync({
        label,
        layout,
        compute: { module, entryPoint: entry, constants: { ...constants } },
      });
      return { label, gpu, bindings, layouts };
    } catch (error) {
      throw deviceError("MFGPU_DEVICE_SHADER", `${label}: ${reasonOf(error)}`, error);
    }
  }
}

async function compile(gpu: GPUDevice, shader: string, code: string): Promise<ShaderModule> {
  gpu.pushErrorScope("validation");
  const module = gpu.createShaderModule({ label: `${shader}.wgsl`, code });
  const failure = await gpu.popErrorScope();
  if (failure) {
    const { messages } = await module.getCompilationInfo();
    const first = messages.find(({ type }) => type === "error");
    if (!first) throw fromGpuError(failure, `${shader}.wgsl`);
    const line = code.split("\n")[first.lineNum - 1]?.trim() ?? "";
    throw deviceError(
      "MFGPU_DEVICE_SHADER",
      `${shader}.wgsl, line ${first.lineNum} with its includes: ${first.message}\n  ${line}`,
      failure,
    );
  }
  return { module, bindings: bindingsOf(code) };
}

/** Layouts of all that the text declares, so that the entries of one shader share bind groups. */
function layoutsOf(
  gpu: GPUDevice,
  label: string,
  bindings: readonly Binding[],
  dynamic: readonly string[],
): GPUBindGroupLayout[] {
  const groups = Math.max(-1, ...bindings.map(({ group }) => group)) + 1;
  return Array.from({ length: groups }, (_, group) =>
    gpu.createBindGroupLayout({
      label: `${label} group ${group}`,
      entries: bindings
        .filter((binding) => binding.group === group)
        .map(({ name, binding, type }) => ({
          binding,
          visibility: computeStage,
          buffer: { type, hasDynamicOffset: dynamic.includes(name) },
        })),
    }),
  );
}
