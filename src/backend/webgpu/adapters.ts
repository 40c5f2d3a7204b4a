// Finds WebGPU adapters, through npm `webgpu` (Dawn, see dawn.ts) or a GPU object that is given,
// and describes them. Software adapters (SwiftShader, llvmpipe, …) compute correctly and slower than
// plain JavaScript: they are told apart by name too, because OpenGL drivers do not set
// isFallbackAdapter.

import { FocusError } from '../../base/errors.js';
import type { GraphicsApi } from './dawn.js';

export type { GraphicsApi } from './dawn.js';

/** One adapter as `focus doctor` shows it and as the automatic choice judges it. */
export interface AdapterDescription {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly driver: string;
  readonly api: GraphicsApi;
  /** True for an adapter that runs on the processor; the automatic choice never takes one. */
  readonly software: boolean;
  readonly limits: {
    readonly maxStorageBufferBindingSize: number;
    readonly maxBufferSize: number;
    readonly maxStorageBuffersPerShaderStage: number;
    readonly maxComputeInvocationsPerWorkgroup: number;
    readonly maxComputeWorkgroupsPerDimension: number;
  };
  readonly features: readonly string[];
}

/** The adapters found, or the reason why there can be none. */
export interface WebGpuProbe {
  /** Null where the package loads; else why it does not. */
  readonly unavailable: string | null;
  readonly adapters: readonly AdapterDescription[];
}

/** An adapter; it serves one device. */
export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly description: AdapterDescription;
}

const SOFTWARE_NAMES =
  /swiftshader|llvmpipe|lavapipe|softpipe|swrast|basic render|\bwarp\b|software/i;

/**
 * Describes every adapter that the given graphics interfaces offer; never throws for want of one.
 * @param apis default: the system's own interface only.
 */
export async function probeWebGpu(
  apis: readonly GraphicsApi[] = ['default'],
): Promise<WebGpuProbe> {
  const adapters: AdapterDescription[] = [];
  for (const api of apis) {
    const gpu = await entryOf(api);
    if (typeof gpu === 'string') return { unavailable: gpu, adapters };
    for (const options of requestsFor(api)) {
      const adapter = await gpu.requestAdapter(options);
      if (adapter === null) continue;
      const found = describe(adapter, api);
      if (!adapters.some((other) => isSame(other, found))) adapters.push(found);
    }
  }
  return { unavailable: null, adapters };
}

/**
 * Finds the adapter to use: the most powerful real one, else a software one where that is allowed.
 * Throws `no-backend`.
 * @param given the GPU object to ask; absent: Dawn's.
 */
export async function findAdapter(
  api: GraphicsApi,
  software: boolean,
  given?: GPU,
): Promise<FoundAdapter> {
  const gpu = given ?? (await entryOf(api));
  const fix =
    'use the cpu backend, or install a graphics driver; `focus doctor` lists what is there';
  if (typeof gpu === 'string') throw new FocusError('no-backend', `WebGPU: ${gpu}`, fix);
  let refused = '';
  for (const options of requestsFor(api)) {
    const adapter = await gpu.requestAdapter(options);
    if (adapter === null) continue;
    const description = describe(adapter, api);
    if (!description.software || software) return { adapter, description };
    refused = description.name;
  }
  const found = refused === '' ? 'no adapter found' : `only a software adapter found, ${refused}`;
  throw new FocusError('no-backend', `WebGPU (${api} graphics interface): ${found}`, fix);
}

/** Dawn's GPU object, or why it cannot be had. */
async function entryOf(api: GraphicsApi): Promise<GPU | string> {
  const { createGpu } = await import('./dawn.js');
  return createGpu(api);
}

/** OpenGL drivers satisfy only the compatibility level; the kernels need nothing above it. */
function requestsFor(api: GraphicsApi): readonly GPURequestAdapterOptions[] {
  if (api === 'opengles') return [{ featureLevel: 'compatibility' }];
  return [
    { powerPreference: 'high-performance' },
    { powerPreference: 'low-power' },
    { forceFallbackAdapter: true },
  ];
}

function describe({ info, limits, features }: GPUAdapter, api: GraphicsApi): AdapterDescription {
  const words = [info.vendor, info.architecture, info.device, info.description];
  const name = info.device || info.architecture || info.vendor || 'unnamed adapter';
  return {
    name: name.replace(/-+$/, ''),
    vendor: info.vendor,
    architecture: info.architecture,
    driver: info.description,
    api,
    software: info.isFallbackAdapter || SOFTWARE_NAMES.test(words.join(' ')),
    limits: {
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    },
    features: [...features].sort(),
  };
}

function isSame(a: AdapterDescription, b: AdapterDescription): boolean {
  return a.name === b.name && a.vendor === b.vendor && a.driver === b.driver;
}
