// The compute pipelines. WGSL is read from shaders/, which lies three folders up both from src/ and
// from dist/; a kernel is the number format, then the preludes it needs, then its own file. A
// compile error names the file and line it came from.

import { readFile } from 'node:fs/promises';
import { FocusError } from '../../base/errors.js';
import type { Device } from './device.js';

/**
 * How vector elements are stored and computed with: a prelude of shaders/ and the bytes of an
 * element.
 */
export interface NumberFormat {
  readonly prelude: string;
  readonly bytes: number;
}

/** IEEE single precision. */
export const formatF32: NumberFormat = { prelude: 'number-f32', bytes: 4 };

/**
 * A pipeline with its layout; `bindings` are its storage bindings, `writable` the one it writes.
 */
export interface Kernel {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly number[];
}

/** The kernels of one number format. */
export interface Kernels {
  readonly format: NumberFormat;
  /**
   * At weighted + 2 · split: whether arcs have weights, and whether in-arcs read a vector of their
   * own.
   */
  readonly products: readonly Kernel[];
  readonly join: Kernel;
  readonly combine: Kernel;
  readonly scale: Kernel;
  readonly reduce: Kernel;
  readonly fold: Kernel;
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
const PRODUCT = ['summation', 'epilogue'];

/**
 * Compiles the kernels of a number format. Throws `failure` with file and line if a shader does not
 * compile.
 */
export async function compileKernels(device: Device, format: NumberFormat): Promise<Kernels> {
  const compile = (
    name: string,
    preludes: readonly string[],
    bindings: readonly number[],
    constants: Readonly<Record<string, number>> = {},
  ): Promise<Kernel> => compileKernel(device, format, { name, preludes, bindings, constants });
  const product = (weighted: number, split: number): Promise<Kernel> =>
    compile('product', PRODUCT, ALL, { weighted, split });
  const [products, join, combine, scale, reduce, fold] = await Promise.all([
    Promise.all([product(0, 0), product(1, 0), product(0, 1), product(1, 1)]),
    compile('join', PRODUCT, ALL),
    compile('combine', [], ALL),
    compile('scale', [], [2, 3, 4, 5]),
    compile('reduce', ['summation'], VECTORS),
    compile('fold', ['summation'], [2, 3]),
  ]);
  return { format, products, join, combine, scale, reduce, fold };
}

interface Recipe {
  readonly name: string;
  readonly preludes: readonly string[];
  readonly bindings: readonly number[];
  /** Values of the shader's `override` declarations. */
  readonly constants: Readonly<Record<string, number>>;
}

async function compileKernel(
  device: Device,
  format: NumberFormat,
  { name, preludes, bindings, constants }: Recipe,
): Promise<Kernel> {
  const label = [name, ...Object.entries(constants).map(([key, value]) => `${key}=${value}`)].join(
    ' ',
  );
  const parts = await Promise.all([format.prelude, ...preludes, name].map(readShader));
  const gpu = device.device;
  const code = parts.map(({ text }) => text).join('');
  gpu.pushErrorScope('validation');
  const module = gpu.createShaderModule({ label, code });
  const fault = gpu.popErrorScope();
  const { messages } = await device.settle(module.getCompilationInfo());
  const error = await device.settle(fault);
  // Warnings count as errors: Dawn prints them to standard output, in the middle of piped results.
  const worst = messages.find(({ type }) => type !== 'info');
  if (worst !== undefined) throw compileError(parts, worst);
  if (error !== null) throw new FocusError('failure', `shaders/${name}.wgsl: ${error.message}`);
  const layout = gpu.createBindGroupLayout({ label, entries: layoutEntries(bindings) });
  const pipeline = await device.settle(
    gpu.createComputePipelineAsync({
      label,
      layout: gpu.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: {
        module,
        entryPoint: 'main',
        constants,
      },
    }),
  );
  return { name: label, pipeline, layout, bindings };
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

/** Reads shaders/NAME.wgsl. Throws `failure` where the installation lacks it. */
export async function readShader(name: string): Promise<ShaderPart> {
  const file = `shaders/${name}.wgsl`;
  try {
    return { file, text: await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8') };
  } catch (cause) {
    throw new FocusError('failure', `${file}: cannot be read`, 'install focus-engine again', {
      cause,
    });
  }
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
