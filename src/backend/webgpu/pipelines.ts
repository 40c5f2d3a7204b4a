// The compute pipelines of one number format. A kernel is the format's prelude, then the preludes
// it needs, then its own file; a compile error names the file and line it came from.

import { FocusError } from '../../base/errors.js';
import type { Device } from './device.js';
import type { NumberFormat, SumFormat } from './format.js';

/**
 * A pipeline with its layout; `bindings` are its storage bindings, `writable` the one it writes.
 */
export interface Kernel {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly number[];
}

/** The kernels of a product for one kind of sum. */
export interface ProductKernels {
  readonly plain: Kernel;
  /** For in-arcs that read a vector of their own; null where the format has no such products. */
  readonly split: Kernel | null;
  /** Adds up the segments of long rows. */
  readonly join: Kernel;
}

/** The kernels of one number format. */
export interface Kernels {
  readonly format: NumberFormat;
  /** Lanes of a workgroup. */
  readonly lanes: number;
  /** One for each of format.products. */
  readonly products: readonly ProductKernels[];
  readonly combine: Kernel;
  readonly scale: Kernel;
  readonly reduce: Kernel;
  readonly fold: Kernel;
  readonly amend: Kernel;
}

/**
 * Bytes of one kernel's parameters: the largest Params struct, in a multiple of every adapter's
 * offset alignment.
 */
export const PARAMETER_BYTES = 512;
/**
 * The binding that every kernel writes; binding 0 holds its parameters, the others are read only.
 */
export const OUT_BINDING = 2;

const ALL = [1, 2, 3, 4, 5, 6, 7, 8];
const VECTORS = [2, 3, 4, 5, 6, 7, 8];

/**
 * Compiles the kernels of a number format. Throws `failure` with file and line if a shader does not
 * compile.
 */
export async function compileKernels(device: Device, format: NumberFormat): Promise<Kernels> {
  const tree = device.leastSubgroup === null ? 'tree' : 'tree-subgroups';
  const summation = ['workgroup', format.summation, tree];
  const { reductions, splits } = format;
  const known = new Map<string, Promise<Kernel>>();
  const compile = (
    name: string,
    sum: SumFormat,
    preludes: readonly string[],
    bindings: readonly number[],
    constants: Readonly<Record<string, number>> = {},
  ): Promise<Kernel> => {
    const parts = [format.prelude, ...sum.preludes, ...preludes, name];
    const key = [...parts, ...Object.entries(constants)].join(' ');
    const recipe = { name: key, parts, bindings, constants };
    const kernel = known.get(key) ?? compileKernel(device, recipe);
    known.set(key, kernel);
    return kernel;
  };
  const product = async (sum: SumFormat): Promise<ProductKernels> => {
    const constants = { weighted: sum.weightWords > 0 ? 1 : 0, item_words: sum.itemWords };
    const preludes = [...summation, 'epilogue'];
    const [plain, split, join] = await Promise.all([
      compile('product', sum, preludes, ALL, { ...constants, split: 0 }),
      splits ? compile('product', sum, preludes, ALL, { ...constants, split: 1 }) : null,
      compile('join', sum, preludes, ALL),
    ]);
    return { plain, split, join };
  };
  const [products, combine, scale, reduce, fold, amend] = await Promise.all([
    Promise.all(format.products.map(product)),
    compile('combine', reductions, ['workgroup'], ALL),
    compile('scale', reductions, ['workgroup'], [2, 3, 4, 5]),
    compile('reduce', reductions, summation, VECTORS),
    compile('fold', reductions, summation, [2, 3]),
    compile(format.amend.name, reductions, ['workgroup'], format.amend.bindings),
  ]);
  return { format, lanes: device.workgroupSize, products, combine, scale, reduce, fold, amend };
}

interface Recipe {
  readonly name: string;
  readonly parts: readonly string[];
  readonly bindings: readonly number[];
  /** Values of the shader's `override` declarations, besides the workgroup's. */
  readonly constants: Readonly<Record<string, number>>;
}

async function compileKernel(
  device: Device,
  { name, parts, bindings, constants }: Recipe,
): Promise<Kernel> {
  const files = await Promise.all(
    parts.map(async (part) => ({
      file: `shaders/${part}.wgsl`,
      text: await device.readShader(part),
    })),
  );
  // A directive stands before all declarations.
  if (device.leastSubgroup !== null)
    files.unshift({ file: 'directive', text: 'enable subgroups;\n' });
  const gpu = device.device;
  const code = files.map(({ text }) => text).join('');
  gpu.pushErrorScope('validation');
  const module = gpu.createShaderModule({ label: name, code });
  const fault = gpu.popErrorScope();
  const { messages } = await device.settle(module.getCompilationInfo());
  const error = await device.settle(fault);
  // Warnings count as errors: Dawn prints them to standard output, in the middle of piped results.
  const worst = messages.find(({ type }) => type !== 'info');
  if (worst !== undefined) throw compileError(files, worst);
  if (error !== null) throw new FocusError('failure', `shader ${name}: ${error.message}`);
  const layout = gpu.createBindGroupLayout({ label: name, entries: layoutEntries(bindings) });
  const pipeline = await device.settle(
    gpu.createComputePipelineAsync({
      label: name,
      layout: gpu.createPipelineLayout({ label: name, bindGroupLayouts: [layout] }),
      compute: {
        module,
        entryPoint: 'main',
        constants: { ...constants, ...groupConstants(device, parts) },
      },
    }),
  );
  return { name, pipeline, layout, bindings };
}

/** Values of the overrides of workgroup.wgsl and tree-subgroups.wgsl. */
function groupConstants(
  { workgroupSize, leastSubgroup }: Device,
  parts: readonly string[],
): Record<string, number> {
  const group = { group_log2: Math.log2(workgroupSize) };
  if (leastSubgroup === null || !parts.includes('tree-subgroups')) return group;
  return { ...group, least_subgroup: leastSubgroup };
}

function layoutEntries(bindings: readonly number[]): GPUBindGroupLayoutEntry[] {
  const visibility = 0x4; // GPUShaderStage.COMPUTE
  const parameters: GPUBindGroupLayoutEntry = {
    binding: 0,
    visibility,
    buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: PARAMETER_BYTES },
  };
  const storage = bindings.map((binding): GPUBindGroupLayoutEntry => ({
    binding,
    visibility,
    buffer: { type: binding === OUT_BINDING ? 'storage' : 'read-only-storage' },
  }));
  return [parameters, ...storage];
}

interface ShaderPart {
  readonly file: string;
  readonly text: string;
}

/** Maps a line of the joined text back to the file that it stands in. */
function compileError(
  parts: readonly ShaderPart[],
  { lineNum, linePos, message, type }: GPUCompilationMessage,
) {
  let line = lineNum;
  for (const { file, text } of parts) {
    const lines = text.split('\n').length - 1;
    if (line <= lines) {
      return new FocusError(
        'failure',
        `${file}:${line}:${linePos}: WGSL ${type}: ${message}`,
        'please report this with the adapter named by `focus doctor`',
      );
    }
    line -= lines;
  }
  return new FocusError('failure', `WGSL ${type}: ${message}`);
}
