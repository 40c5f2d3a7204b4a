// Finds WebGPU adapters through npm `webgpu` (Dawn) and describes them. The package is imported on
// demand, so a machine where its binary cannot load still runs everything else. Software adapters
// (SwiftShader, llvmpipe, …) compute correctly and slower than plain JavaScript: they are told
// apart by name too, because OpenGL drivers do not set isFallbackAdapter.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FocusError } from '../../base/errors.js';

/**
 * What Dawn calls the graphics interface below it; `default` is the system's own (Vulkan, Metal or
 * Direct3D 12).
 */
export type GraphicsApi = 'default' | 'vulkan' | 'metal' | 'd3d12' | 'opengles';

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
    const gpu = await createGpu(api);
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
 */
export async function findAdapter(api: GraphicsApi, software: boolean): Promise<FoundAdapter> {
  const gpu = await createGpu(api);
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

/**
 * Dawn's entry objects, one for each interface, never let go: once one is collected, whatever is
 * left of its devices, destroyed or not, crashes the process.
 */
const entries = new Map<GraphicsApi, GPU>();

/** The entry object of Dawn, or why it cannot be had. */
async function createGpu(api: GraphicsApi): Promise<GPU | string> {
  // Dawn would find this out too, and print two lines about it that nobody asked for.
  if (
    process.platform === 'linux' &&
    (api === 'default' || api === 'vulkan') &&
    !hasVulkanLoader()
  ) {
    return 'no Vulkan loader (libvulkan.so.1) on this machine';
  }
  try {
    const { create } = await import('webgpu');
    const gpu = entries.get(api) ?? create(api === 'default' ? [] : [`backend=${api}`]);
    entries.set(api, gpu);
    return gpu;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return `the package \`webgpu\` cannot be loaded: ${reason}`;
  }
}

/**
 * Whether the dynamic loader would find libvulkan.so.1: on its path, in its cache, or in a usual
 * place.
 */
function hasVulkanLoader(): boolean {
  const name = 'libvulkan.so.1';
  const usual = [
    '/usr/lib',
    '/usr/lib64',
    '/lib',
    '/lib64',
    '/usr/local/lib',
    '/run/opengl-driver/lib',
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
  ];
  const path = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  if ([...path, ...usual].some((folder) => existsSync(join(folder, name)))) return true;
  const cache = '/etc/ld.so.cache';
  return existsSync(cache) && readFileSync(cache, 'latin1').includes(name);
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
